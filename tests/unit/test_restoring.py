"""Putting back exactly the lost block, and refusing where nobody can know it."""

from __future__ import annotations

from textwrap import dedent

import msgspec
import pytest

from qualitywatch import rulebook
from qualitywatch.analysis import examine
from qualitywatch.analysis.restoring.mend import mend
from qualitywatch.analysis.restoring.restore import WAYS, restored
from qualitywatch.analysis.restoring.words import Refusal, Restored
from qualitywatch.model import Change, Violation

RULES = rulebook.load()
SERVICE = dedent("""\
    import json

    LIMIT = 100


    class Orders:
        \"\"\"All orders.\"\"\"

        def __init__(self, store):
            self.store = store

        def total(self, lines):
            \"\"\"What they cost.\"\"\"
            amount = 0
            for line in lines:
                if line.price > LIMIT:
                    raise ValueError("too dear")
                amount += line.price * line.count
            return amount

        # Sent orders stay.
        @property
        def open(self):
            found = [order for order in self.store if not order.sent]
            found.sort(key=lambda order: order.day)
            return found

        def report(self):
            rows = [self.total(order.lines) for order in self.open]
            return json.dumps(rows)
    """)
BODY = SERVICE[SERVICE.index("        amount = 0") : SERVICE.index("\n    # Sent")]
OPEN = SERVICE[SERVICE.index("    # Sent") : SERVICE.index("    def report")]
REMARK = "        # ... rest of the method unchanged\n"
NESTED = dedent("""\
    def grouped(books):
        found = {}

        def place(book):
            names = found.setdefault(book.author.lower(), [])
            names.append(book)
            names.sort()

        for book in books:
            place(book)
        return found
    """)
SCRIPT = "".join(
    f"function {name}(order) {{\n  const {name}d = order.copy();\n"
    f"  store.{name}({name}d);\n  log.info({name}d);\n  return {name}d;\n}}\n\n"
    for name in ("save", "cancel", "close")
)


def violations(base: bytes, now: bytes | None, path: str) -> list[Violation]:
    """What the change of *path* took away."""
    found = examine(Change(path=path, before=base, after=now), RULES)
    return [one for one in found.analysis.violations if one.rule in WAYS]


def restore(base: str, now: str, path: str = "app.py") -> Restored | Refusal:
    """What comes of the first violation."""
    was, has = base.encode(), now.encode()
    [violation, *_] = violations(was, has, path)
    return restored(was, has, path, violation)


def reason(outcome: Restored | Refusal) -> str:
    assert isinstance(outcome, Refusal), outcome
    return outcome.reason


def text(outcome: Restored | Refusal) -> str:
    assert isinstance(outcome, Restored), outcome
    return outcome.content.decode()


# What comes back, and what stays


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(BODY, REMARK, id="remark"),
        pytest.param(BODY, f"{REMARK}        pass\n", id="remark and pass"),
        pytest.param(f"{BODY}\n", REMARK, id="remark and no blank line"),
        pytest.param(BODY, "        pass\n", id="pass"),
        pytest.param(BODY, "        raise NotImplementedError\n", id="stub"),
        pytest.param(BODY, "        pass  # TODO: implement\n", id="confession"),
        pytest.param(
            '"""What they cost."""\n' + BODY, REMARK.strip() + "\n", id="documentation"
        ),
        pytest.param(
            SERVICE[SERVICE.index("        for") : SERVICE.index("        return a")],
            REMARK,
            id="a block of a body",
        ),
        pytest.param(OPEN, "    # ... other methods remain the same\n\n", id="method"),
        pytest.param(OPEN, "", id="silent drop"),
        pytest.param(
            SERVICE[SERVICE.index("    def __init__") :],
            "    # ... methods unchanged\n    pass\n",
            id="class",
        ),
        pytest.param(SERVICE[SERVICE.index("        for line") :], "", id="cut"),
        pytest.param(SERVICE[SERVICE.index(" dear") :], "", id="cut in a line"),
    ],
)
def test_lost_code_comes_back(old: str, new: str) -> None:
    assert SERVICE == text(restore(SERVICE, SERVICE.replace(old, new)))


def test_honest_edits_of_the_same_file_stay() -> None:
    """Other units, new ones, and the documentation of the very function."""
    honest = (
        SERVICE.replace("LIMIT = 100", "LIMIT = 250")
        .replace("What they cost.", "What all lines cost together.")
        .replace("order.day", "order.day, order.id")
        .replace("import json\n", "import json\n\nimport logging\n")
        .replace(
            "    def report", "    def close(self):\n        pass\n\n    def report"
        )
    )

    assert honest == text(restore(SERVICE, honest.replace(BODY, REMARK)))


def test_new_lines_beside_a_remark_stay() -> None:
    """The most usual form: what is there, and something new behind it."""
    more = '        logging.info("counted")\n'

    lazy = SERVICE.replace(BODY, f"        # ... existing code ...\n{more}")

    assert SERVICE.replace(BODY, BODY + more) == text(restore(SERVICE, lazy))


def test_new_method_above_a_remark_for_others_stays() -> None:
    """With the blank line that the agent put between them."""
    more = "    def close(self):\n        self.store.close()\n\n"

    lazy = SERVICE.replace(OPEN, f"{more}    # ... other methods unchanged\n\n")

    assert SERVICE.replace(OPEN, more + OPEN) == text(restore(SERVICE, lazy))


def test_new_line_above_a_remark_keeps_the_blank_line_of_the_base() -> None:
    """It went with the block, since the text has none there."""
    base = SERVICE.replace("        amount = 0\n", "        amount = 0\n\n")
    block = base[base.index("\n        for line") : base.index("        return a")]
    more = '        logging.info("counted")\n'

    lazy = base.replace(block, more + REMARK)

    assert base.replace(block, more + block) == text(restore(base, lazy))


def test_all_remarks_of_one_unit_give_way() -> None:
    """One violation tells of the unit; its second remark must not be left."""
    lazy = SERVICE.replace(
        SERVICE[SERVICE.index("            if l") : SERVICE.index("            am")],
        "            # ... existing checks ...\n",
    ).replace("        amount = 0\n", "        # ... existing code ...\n")

    assert SERVICE == text(restore(SERVICE, lazy))


def test_deleted_file_comes_back_whole() -> None:
    """Where something still imports it."""
    [violation] = violations(
        SERVICE.encode(), SERVICE.replace(OPEN, "").encode(), "a.py"
    )

    outcome = restored(SERVICE.encode(), None, "a.py", violation)

    assert SERVICE == text(outcome)


def test_file_that_was_deleted_after_a_remark_stays_deleted() -> None:
    """That is another change."""
    base, now = SERVICE.encode(), SERVICE.replace(BODY, REMARK).encode()
    [violation] = violations(base, now, "app.py")

    assert "the file is gone now" in reason(restored(base, None, "app.py", violation))


def test_violation_is_found_again_where_lines_moved() -> None:
    """The file went on after it was judged."""
    base, lazy = SERVICE.encode(), SERVICE.replace(BODY, REMARK)
    [violation] = violations(base, lazy.encode(), "app.py")
    later = lazy.replace("import json\n", "import json\nimport logging\n")

    outcome = restored(base, later.encode(), "app.py", violation)

    assert SERVICE.replace("json\n\n", "json\nimport logging\n\n", 1) == text(outcome)


@pytest.mark.parametrize(
    ("path", "base", "now"),
    [
        (
            "a.go",
            "package a\n\nfunc total(n int) int {\n\ts := 0\n"
            "\tfor i := 0; i < n; i++ {\n\t\ts += i\n\t}\n\treturn s\n}\n",
            'package a\n\nfunc total(n int) int { panic("not implemented") }\n',
        ),
        (
            "a.js",
            "function total(n) {\n  let s = 0;\n  for (const i of n) {\n    s += i;\n"
            "  }\n  return s;\n}\n",
            "function total(n) { /* ... existing code ... */ }\n",
        ),
        (
            "a.py",
            "def total(n):\n    s = 0\n    for i in n:\n        s += i\n    return s\n",
            "def total(n): ...\n",
        ),
        (
            "mark.js",
            "\ufefffunction total(n) {\n  let s = 0;\n  for (const i of n) {\n"
            "    s += i;\n  }\n  return s;\n}\n",
            "\ufefffunction total(n) { /* ... existing code ... */ }\n",
        ),
        (
            "A.vue",
            "<template>\n  <p>{{ s }}</p>\n</template>\n\n<script>\nexport default {\n"
            "  total(n) {\n    let s = 0;\n    for (const i of n) {\n      s += i;\n"
            "    }\n    return s;\n  },\n};\n</script>\n",
            "<template>\n  <p>{{ s }}</p>\n</template>\n\n<script>\nexport default {\n"
            "  total(n) {\n    // ... existing code ...\n  },\n};\n</script>\n",
        ),
    ],
)
def test_stub_on_the_line_of_its_head_and_script_in_a_page(
    path: str, base: str, now: str
) -> None:
    """Where whole lines do not do, the bytes between head and end are exchanged."""
    assert base == text(restore(base, now, path))


# Bytes


@pytest.mark.parametrize(
    "written",
    [
        pytest.param(lambda text: text.replace("\n", "\r\n").encode(), id="CRLF"),
        pytest.param(lambda text: b"\xef\xbb\xbf" + text.encode(), id="UTF-8 mark"),
        pytest.param(lambda text: text.replace("    ", "\t").encode(), id="tabs"),
        pytest.param(lambda text: text.removesuffix("\n").encode(), id="no last end"),
        pytest.param(
            lambda text: (
                ("# coding: latin-1\n" + text)
                .replace("dear", "d\xe9")
                .encode("latin-1")
            ),
            id="Latin-1",
        ),
        pytest.param(
            lambda text: text.replace("dear", "d\u00e9 \U0001f600").encode(), id="signs"
        ),
    ],
)
@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(BODY, REMARK, id="remark"),
        pytest.param(OPEN, "", id="silent"),
        pytest.param(SERVICE[SERVICE.index("        found") :], "", id="cut"),
        pytest.param(
            SERVICE[SERVICE.index("        rows") :],
            "        # ... rest of the file unchanged\n",
            id="remark at the end",
        ),
    ],
)
def test_bytes_are_those_of_the_base(written, old, new) -> None:
    base, now = written(SERVICE), written(SERVICE.replace(old, new))
    [violation, *_] = violations(base, now, "app.py")

    outcome = restored(base, now, "app.py", violation)

    assert isinstance(outcome, Restored), outcome
    assert base == outcome.content


@pytest.mark.parametrize(
    ("base", "now", "why"),
    [
        pytest.param(
            SERVICE.replace("\n", "\r\n").encode(),
            SERVICE.replace(BODY, REMARK).encode(),
            "the line ends differ: CRLF in the base, LF now",
            id="line ends",
        ),
        pytest.param(
            b"\xef\xbb\xbf" + SERVICE.encode(),
            SERVICE.replace(BODY, REMARK).encode(),
            "one version has a UTF-8 mark",
            id="mark",
        ),
    ],
)
def test_bytes_that_do_not_fit_are_refused(base: bytes, now: bytes, why: str) -> None:
    [violation, *_] = violations(base, now, "app.py")

    assert why in reason(restored(base, now, "app.py", violation))


# What nobody can know


@pytest.mark.parametrize(
    ("now", "why"),
    [
        pytest.param(
            SERVICE.replace(BODY, "        pass\n").replace(
                "total(self, lines)", "total(self, lines, rate)"
            ),
            "the signature of Orders.total was changed as well",
            id="signature",
        ),
        pytest.param(
            SERVICE.replace(
                SERVICE[
                    SERVICE.index("        amount = 0") : SERVICE.index("    # Sent")
                ],
                "        amount = self.start\n        # ... rest unchanged\n\n",
            ),
            "edited and dropped code can not be told apart",
            id="edited beside",
        ),
        pytest.param(
            SERVICE.replace(BODY, f"{REMARK}        return Money(cents=4)\n"),
            "edited and dropped code can not be told apart",
            id="another return",
        ),
        pytest.param(
            SERVICE.replace(BODY, f"{REMARK}        amounts += 1\n"),
            "edited and dropped code can not be told apart",
            id="like line",
        ),
        pytest.param(
            SERVICE.replace(
                OPEN,
                "    @property\n    def closed(self):\n        return self.done\n\n",
            ),
            "is new and stands where it was",
            id="something else in its place",
        ),
        pytest.param(
            SERVICE.replace("def open", "def unsent"),
            "goes on as Orders.unsent",
            id="renamed",
        ),
        pytest.param(
            SERVICE.replace(BODY, "        # Ann knows the rates.\n        pass\n"),
            "the comment in line 14 is new",
            id="comment of unknown meaning",
        ),
        pytest.param(
            SERVICE[: SERVICE.index("            if line")]
            + "            yield (line\n",
            "behind the cut, is new",
            id="new code behind a cut",
        ),
    ],
)
def test_what_can_not_be_told_apart_is_refused(now: str, why: str) -> None:
    assert why in reason(restore(SERVICE, now))


@pytest.mark.parametrize(
    ("now", "why"),
    [
        pytest.param(
            SCRIPT.replace("function save(order) {", "function save({ id, day }) {")
            .replace("  const saved = order.copy();\n", "  // ... existing code ...\n")
            .replace("  store.save(saved);\n  log.info(saved);\n", ""),
            "the head of save was changed as well",
            id="head",
        ),
        pytest.param(
            SCRIPT.replace(
                SCRIPT[: SCRIPT.index("function cancel")],
                "if (old) {\n  function save(order) {\n    // ... existing code ...\n"
                "  }\n}\n\n",
            ),
            "the head of save",
            id="another indentation",
        ),
    ],
)
def test_remark_that_is_not_in_a_place_of_its_own_is_refused(
    now: str, why: str
) -> None:
    assert why in reason(restore(SCRIPT, now, "app.js"))


def test_remark_behind_code_is_refused() -> None:
    """To put it back would take the code away, or break the line."""
    now = SERVICE.replace(BODY, f"        self.audit(lines)  {REMARK.strip()}\n")

    assert "the remark shares line 14 with code" in reason(restore(SERVICE, now))


def test_remark_over_the_border_of_two_methods() -> None:
    """The end of one and the head of the next: what is left parses as one method."""
    base = SCRIPT[SCRIPT.index("function save") : SCRIPT.index("function close")]
    block = base[base.index("  store.save") : base.index("  store.cancel")]

    assert base == text(
        restore(base, base.replace(block, "  // ... existing code ...\n"), "app.js")
    )


def test_remark_that_is_there_twice_now_is_not_guessed() -> None:
    """Neither is on the line that was judged."""
    base = SERVICE.encode()
    lazy = SERVICE.replace(BODY, REMARK)
    [violation] = violations(base, lazy.encode(), "app.py")
    tail = OPEN[OPEN.index("        found") :]
    later = lazy.replace(tail, f"{REMARK}\n").replace("import json", "\nimport json")

    outcome = restored(base, later.encode(), "app.py", violation)

    assert "the file changed since" in reason(outcome)


@pytest.mark.parametrize(
    ("stub", "filled"),
    [
        pytest.param(
            SERVICE.replace(BODY, "        pass\n"),
            SERVICE.replace(BODY, "        pass\n        return self.sum(lines)\n"),
            id="function",
        ),
        pytest.param(
            SERVICE[: SERVICE.index("    def __init__")] + "    pass\n",
            SERVICE[: SERVICE.index("    def __init__")] + "    pass\n    rate = 3\n",
            id="class",
        ),
    ],
)
def test_stub_that_was_filled_meanwhile_is_left_alone(stub: str, filled: str) -> None:
    """What was written since would be lost."""
    base = SERVICE.encode()
    [violation, *_] = violations(base, stub.encode(), "app.py")

    outcome = restored(base, filled.encode(), "app.py", violation)

    assert "is no stub any more" in reason(outcome)


def test_honest_comment_beside_a_remark_stays() -> None:
    """Though its words might as well be a title of other code."""
    more = "        # Other options.\n"

    lazy = SERVICE.replace(BODY, f"{more}{REMARK}")

    assert SERVICE.replace(BODY, more + BODY) == text(restore(SERVICE, lazy))


@pytest.mark.parametrize(("last", "is_kept"), [("emit(7)", False), ("emit(7);", True)])
def test_new_last_line_may_be_another_result(last: str, is_kept: bool) -> None:
    """Where a function gives back what its last line is worth."""
    head = "fn total(rows: &[u32]) {\n"
    body = "    let mut s = 0;\n    for row in rows {\n        s += row;\n    }\n"
    body += "    send(s);\n"

    outcome = restore(
        f"{head}{body}}}\n",
        f"{head}    // ... existing code ...\n    {last}\n}}\n",
        "a.rs",
    )

    assert is_kept is isinstance(outcome, Restored)


def test_two_places_that_fit_as_well_are_refused() -> None:
    """Lines above the remark were taken out too, and what is left is there twice."""
    steps = ("open", "tick", "wipe", "tick", "fill", "seal", "ship")
    base = "def pack(box):\n" + "".join(f"    box.{one}()\n" for one in steps)
    now = "def pack(box):\n    box.wipe()\n    box.tick()\n    # ... rest unchanged\n"

    outcome = restore(f"{base}    return box\n", f"{now}    return box\n")

    assert "not clear which lines" in reason(outcome)


def test_unit_that_is_gone_right_behind_a_remark_is_not_left_out() -> None:
    """The remark may stand for both."""
    now = SERVICE.replace(BODY, REMARK).replace(OPEN, "").encode()
    found = violations(SERVICE.encode(), now, "app.py")
    [elided] = [one for one in found if one.rule == "elided-code"]

    outcome = restored(SERVICE.encode(), now, "app.py", elided)

    assert "Orders.open, which stood right behind, is gone" in reason(outcome)


def test_lines_that_are_gone_right_behind_a_remark_are_not_left_out() -> None:
    """They stood in the function around the one that the remark is in."""
    block = NESTED[NESTED.index("        names =") : NESTED.index("    return")]

    outcome = restore(NESTED, NESTED.replace(block, "        # ... rest unchanged\n"))

    assert "line 9 of the base, which stood right behind" in reason(outcome)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        pytest.param(
            SCRIPT[SCRIPT.index("  log.info(canceld)") :], "  log.inf", "", id="cut"
        ),
        pytest.param(
            SCRIPT[SCRIPT.index("  store.cancel") : SCRIPT.index("function close")],
            "  // ... existing code ...\n",
            "",
            id="bracket lost as well",
        ),
        pytest.param(
            SCRIPT[SCRIPT.index("function cancel") : SCRIPT.index("function close")],
            "function annul(bill) {\n  // ... existing code ...\n",
            "can not be told apart",
            id="new head",
        ),
    ],
)
def test_text_that_is_torn_is_aligned_by_its_lines(
    old: str, new: str, why: str
) -> None:
    """Its units may end anywhere."""
    outcome = restore(SCRIPT, SCRIPT.replace(old, new), "app.js")

    if why:
        assert why in reason(outcome)
    else:
        assert SCRIPT == text(outcome)


def test_restored_text_must_parse() -> None:
    """The cut is mended, but a bracket that an edit opened stays open."""
    now = SCRIPT[: SCRIPT.index("  store.close")].replace(
        "  log", "  if (x) {\n  log", 1
    )

    assert "does not parse" in reason(restore(SCRIPT, now, "app.js"))


def test_code_that_lives_elsewhere_is_not_doubled() -> None:
    """A remark beside it stands for nothing that is gone."""
    lines = BODY.replace("lines", "all_lines").replace("line.", "row.")
    moved = SERVICE.replace(BODY, REMARK) + f"\n\ndef total(lines):\n{BODY}{lines}"
    [lazy] = violations(
        SERVICE.encode(), SERVICE.replace(BODY, REMARK).encode(), "app.py"
    )

    outcome = restored(SERVICE.encode(), moved.encode(), "app.py", lazy)

    assert "another place" in reason(outcome)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"rule": "swallowed-exception"}, "not of code that is gone"),
        ({"excerpt": "# ... something else"}, "the file changed since"),
    ],
)
def test_other_violations_are_refused(change: dict[str, str], why: str) -> None:
    base, now = SERVICE.encode(), SERVICE.replace(BODY, REMARK).encode()
    [violation] = violations(base, now, "app.py")

    outcome = restored(
        base, now, "app.py", msgspec.structs.replace(violation, **change)
    )

    assert why in reason(outcome)


def test_without_a_base_there_is_nothing_to_put_back() -> None:
    now = SERVICE.replace(BODY, REMARK).encode()
    [violation] = violations(SERVICE.encode(), now, "app.py")

    assert "nothing was lost" in reason(restored(None, now, "app.py", violation))
    assert "a notebook" in reason(restored(now, now, "a.ipynb", violation))


# A whole change


def test_all_violations_of_a_change_are_mended() -> None:
    """Until the judge has nothing left to say."""
    lazy = SERVICE.replace(BODY, REMARK).replace(OPEN, "")
    change = Change(path="app.py", before=SERVICE.encode(), after=lazy.encode())

    mended = mend(change, RULES)

    assert SERVICE.encode() == mended.content
    assert {"elided-code", "silent-drop"} == {one.rule for one in mended.restored}
    assert ((), ()) == (mended.refused, mended.left)


def test_what_can_not_be_mended_is_named_and_stays() -> None:
    """The others come back all the same."""
    half = SERVICE.replace("def open", "def unsent")
    lazy = half.replace(BODY, REMARK)
    change = Change(path="app.py", before=SERVICE.encode(), after=lazy.encode())

    mended = mend(change, RULES)

    assert half.encode() == mended.content
    assert ["silent-drop"] == [one.violation.rule for one in mended.refused]
    assert ["silent-drop"] == [one.rule for one in mended.left]


def test_only_one_violation_is_mended_where_one_is_meant() -> None:
    """The others are named."""
    base, head = SERVICE.encode(), SERVICE.index("    def total")
    without = SERVICE[:head] + SERVICE[SERVICE.index("    # Sent") :]
    tail = OPEN[OPEN.index("        found") :]
    lazy = without.replace(tail, f"{REMARK}\n")
    found = violations(base, lazy.encode(), "app.py")
    [elided] = [one for one in found if one.rule == "elided-code"]
    change = Change(path="app.py", before=base, after=lazy.encode())

    mended = mend(change, RULES, only=elided)

    assert without.encode() == mended.content
    assert ["silent-drop"] == [one.rule for one in mended.left]


def test_repaired_violation_needs_nothing() -> None:
    """Somebody was faster."""
    base = SERVICE.encode()
    [violation] = violations(base, SERVICE.replace(BODY, REMARK).encode(), "app.py")
    change = Change(path="app.py", before=base, after=base)

    mended = mend(change, RULES, only=violation)

    assert base == mended.content
    assert "the file changed since" in mended.refused[0].reason
