"""Edits that a door may be shown, honest and lazy, each in files of its own."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

Files = Mapping[str, str]


class Edit(NamedTuple):
    """What stood there, what stands there after it; a file that is missing is gone."""

    before: Files
    after: Files
    rules: tuple[str, ...] = ()  # what every door must say, sorted
    renamed: Files = MappingProxyType({})  # new path -> old one, as a watcher sees it


PY = """\
from decimal import Decimal


class Till:
    def total(self, prices, taxes):
        net = sum(prices)
        tax = sum(price * taxes.get(price, 0.19) for price in prices)
        discount = net * 0.02 if net > 1000 else 0
        return net + tax - discount

    def show(self, prices):
        text = ", ".join(str(Decimal(price)) for price in prices)
        print(text, self.total(prices, {}))
        return text
"""
PY_BODY = PY[PY.index("        net =") : PY.index("    def show")]
LATER = "\n    def later(self, prices):\n"
PY_USE = """\
from %s.till import half


def run(numbers):
    return [half(number) for number in numbers]
"""
HALF = """\


def half(number):
    whole, rest = divmod(number, 2)
    if rest:
        raise ValueError(number)
    return whole
"""
THIRD = """\


def half(number):
    parts = [number * share for share in (0.5, 0.3, 0.2)]
    for part in parts:
        print(part, round(part, 2))
    return parts[0]
"""
TS = """\
export class Queue {
  private rows: string[] = [];

  push(row: string): number {
    const clean = row.trim();
    if (!clean) {
      throw new Error("empty");
    }
    this.rows.push(clean);
    return this.rows.length;
  }

  drain(): string[] {
    const all = this.rows.slice();
    this.rows = [];
    for (const row of all) {
      this.writeLine(row);
    }
    return all;
  }

  private writeLine(row: string): void {
    const at = new Date().toISOString();
    const line = `${at} ${row}`;
    console.log(line);
  }
}
"""
TS_DRAIN = TS[TS.index("    const all") : TS.index("    return all;")]
TS_LOG = TS[TS.index("  private writeLine") :].removesuffix("}\n")
GO = """\
package till

import "errors"

func Total(prices []int) (int, error) {
	sum := 0
	for _, price := range prices {
		if price < 0 {
			return 0, errors.New("negative")
		}
		sum += price
	}
	return sum, nil
}
"""
GO_BODY = GO[GO.index("\tsum := 0") : GO.index("}\n", GO.index("\treturn sum"))]


def _one(name: str, before: str, after: str, *rules: str) -> Edit:
    return Edit({name: before}, {name: after}, rules)


EDITS: Mapping[str, Edit] = MappingProxyType(
    {
        "python honest": _one(
            "py1/till.py", PY, PY.replace("net > 1000", "net > 2000")
        ),
        "python hollowed": _one(
            "py2/till.py", PY, PY.replace(PY_BODY, "        pass\n\n"), "hollowed-body"
        ),
        "python elided": _one(
            "py3/till.py",
            PY,
            PY.replace(PY_BODY, "        # ... rest of the method unchanged\n\n"),
            "elided-code",
        ),
        "python syntax": _one(
            "py4/till.py",
            PY,
            PY.replace("def show(self", "def show((self"),
            "broken-syntax",
        ),
        "python new stub": _one(
            "py5/till.py",
            PY,
            PY + LATER + "        raise NotImplementedError\n",
            "new-stub",
        ),
        "python confession": _one(
            "py6/till.py",
            PY,
            PY + LATER + "        # TODO: implement\n        pass\n",
            "confessed-stub",
        ),
        "python suppressed": _one(
            "py7/till.py",
            PY,
            PY.replace(
                PY_BODY,
                "        pass  # qualitywatch: allow hollowed-body -- they said so\n\n",
            ),
            "hollowed-body",
            "new-suppression",
        ),
        "python secret": _one(
            "py8/till.py",
            PY,
            PY + '\n\nKEY = "AKIAQ3EGRIJKLMNOPQ7Z"\n',
            "hard-coded-secret",
        ),
        "python still imported": Edit(
            {"py9/till.py": PY + HALF, "py9/use.py": PY_USE % "py9"},
            {"py9/till.py": PY, "py9/use.py": PY_USE % "py9"},
            ("silent-drop",),
        ),
        "python moved": Edit(
            {"py10/till.py": PY + THIRD, "py10/use.py": PY_USE % "py10"},
            {
                "py10/till.py": PY,
                "py10/parts.py": THIRD.lstrip(),
                "py10/use.py": (PY_USE % "py10").replace("till", "parts"),
            },
        ),
        "python renamed": Edit(
            {"py11/till.py": PY + HALF, "py11/use.py": PY_USE % "py11"},
            {
                "py11/till.py": PY + HALF.replace("half", "halved"),
                "py11/use.py": (PY_USE % "py11").replace("half", "halved"),
            },
        ),
        "python file renamed and hollowed": Edit(
            {"py12/till.py": PY + THIRD},
            {"py12/desk.py": (PY + THIRD).replace(PY_BODY, "        pass\n\n")},
            ("hollowed-body",),
            {"py12/desk.py": "py12/till.py"},
        ),
        "python file written anew and hollowed": Edit(
            {"py14/till.py": PY + THIRD},
            {"py14/desk.py": (PY + THIRD).replace(PY_BODY, "        pass\n\n")},
            ("hollowed-body",),
        ),
        "python file gone": Edit(
            {"py13/till.py": PY_USE % "py13", "py13/a.py": "a = 1\n"},
            {"py13/a.py": "a = 1\n"},
        ),
        "typescript honest": _one("ts1/queue.ts", TS, TS.replace('"empty"', '"blank"')),
        "typescript elided": _one(
            "ts2/queue.ts",
            TS,
            TS.replace(TS_DRAIN, "    // ... existing code ...\n"),
            "elided-code",
        ),
        "typescript still called": _one(
            "ts3/queue.ts", TS, TS.replace("\n" + TS_LOG, ""), "silent-drop"
        ),
        "typescript syntax": _one(
            "ts4/queue.ts",
            TS,
            TS.replace("drain(): string[] {", "drain(): string[ {"),
            "broken-syntax",
        ),
        "go honest": _one("go1/till.go", GO, GO.replace("negative", "below zero")),
        "go hollowed": _one(
            "go2/till.go",
            GO,
            GO.replace(GO_BODY, "\t// TODO: implement\n\treturn 0, nil\n").replace(
                'import "errors"\n\n', ""
            ),
            "hollowed-body",
        ),
        "go syntax": _one(
            "go3/till.go",
            GO,
            GO.replace("if price < 0 {", "if price < 0"),
            "broken-syntax",
        ),
        "not to be read": Edit(
            {"raw/a.py": "a = 1\n"}, {"raw/a.py": "a = '\x00\x01'\n"}
        ),
    }
)
