"""Large inputs get their answer well within the time of a test."""

from __future__ import annotations

import importlib

import pytest

from qualitywatch.analysis.checks.preamble import assistant_preamble
from qualitywatch.analysis.checks.remark_for_body import remark_for_body
from qualitywatch.analysis.checks.silent_drop import silent_drop
from qualitywatch.analysis.comparing.compare import Comparison
from qualitywatch.analysis.symbols import words
from qualitywatch.analysis.symbols.exports import offer
from tests.samples import source

GONE = 2_000

_LINES = ("b = a + {0}", "c = b * 2", "d = c + a", "return d")
_BODIES = {
    "a.py": "def work_{0}(a):\n    " + "\n    ".join(_LINES) + "\n\n",
    "a.go": "func work_{0}(a int) int {{\n\t" + "\n\t".join(_LINES) + "\n}}\n\n",
    "a.ts": "function work_{0}(a) {{\n  " + ";\n  ".join(_LINES) + ";\n}}\n\n",
}
_CALLERS = {
    "a.py": ("import os\n", "def main():\n", "    work_{0}(1)\n", ""),
    "a.go": ("package p\n", "func main() {\n", "\twork_{0}(1)\n", "}\n"),
    "a.ts": ("import x from 'y';\n", "function main() {\n", "  work_{0}(1);\n", "}\n"),
}


def compared(path: str, before: str | None, after: str) -> Comparison:
    base = None if before is None else source(path, before)
    return Comparison(base, source(path, after))


@pytest.mark.parametrize("path", ["a.py", "a.ts"])
def test_what_a_file_offers_among_blank_lines(path):
    found = offer(source(path, "x = 1\n" + "\n" * 50_000 + "y = 2\n"))

    assert not found.is_open


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", "\n\n\u00a0\n \t from x import *\n"),
        ("a.ts", "\n\n\u00a0 \texport * from 'x'\n"),
    ],
)
def test_an_open_offer_behind_blanks(path, text):
    assert offer(source(path, text)).is_open


@pytest.mark.parametrize("path", _BODIES)
def test_many_functions_that_are_gone_and_still_called(path):
    head, opening, call, closing = _CALLERS[path]
    rest = opening + "".join(call.format(n) for n in range(GONE)) + closing
    bodies = "".join(_BODIES[path].format(n) for n in range(GONE))

    hits = list(silent_drop(compared(path, head + bodies + rest, head + rest)))

    assert [hit.names["name"] for hit in hits] == [f"work_{n}" for n in range(GONE)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a", [0, 6]), ("b", [2, 15, 17]), ("a$", [6]), ("é", [19]), ("none", [])],
)
def test_the_places_of_a_word(name, expected):
    data = "a b   a$ $b ba\nb.b é bb".encode()

    assert list(words.places(data, name.encode())) == expected


def test_many_remarks_in_one_list():
    remarks = "  // ... rest of the items\n" * 20_000

    alone = list(remark_for_body(compared("a.ts", None, f"const x = [\n{remarks}]\n")))
    beside = list(remark_for_body(compared("a.ts", None, f"let x = [\n{remarks}1]\n")))

    assert (len(alone), beside) == (20_000, [])


def test_a_list_is_judged_once_for_all_its_remarks(monkeypatch):
    module = importlib.import_module("qualitywatch.analysis.checks.remark_for_body")
    judge, asked = module._has_no_content, []
    monkeypatch.setattr(
        module, "_has_no_content", lambda node: asked.append(node) or judge(node)
    )
    text = "const x = [\n" + "  // ... rest of the items\n" * 50 + "]\n"

    assert len(list(remark_for_body(compared("a.ts", None, text)))) == 50
    assert len(asked) == 1


def test_a_sentence_above_many_remarks():
    text = "Here is the updated code:\n" + "// as it was\n" * 70_000

    assert [hit.line for hit in assistant_preamble(compared("a.ts", None, text))] == [1]


def test_many_keys_that_changed():
    before = "".join(f"key_{n}: value {n}\n" for n in range(20_000))

    assert compared("a.yaml", before, before.replace("value", "other")).loss is None


def test_many_tests_that_are_gone():
    tests = "".join(f"def test_{n}():\n    assert value_{n}\n\n" for n in range(8_000))
    lost = compared("test_a.py", f"import os\n{tests}", "import os\n").loss

    assert lost is not None
    assert lost.lost_lines == 16_000
