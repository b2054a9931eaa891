"""The one entry: what is judged, skipped or unanalysable, and what is reported."""

from __future__ import annotations

import pytest

from qualitywatch import rulebook
from qualitywatch.analysis import CHECKS, analyse, examine, skip_reason
from qualitywatch.analysis.symbols.elsewhere import Elsewhere
from qualitywatch.model import (
    SEVERITY_OF_TYPE,
    Change,
    Confidence,
    Severity,
    ViolationType,
    When,
)
from qualitywatch.rulebook import Rule, Rulebook, Section
from qualitywatch.rulebook.words import packed
from tests.factories import change

DROPPED = ViolationType.PLACEHOLDER_DROPPED
INCOMPLETE = ViolationType.INCOMPLETE_CODE
MALFORMED = ViolationType.MALFORMED_SYNTAX


def rule(check: str | None, type: ViolationType = INCOMPLETE, **fields) -> Rule:
    """A rule for every language, with the severity of its type."""
    sections = tuple(
        Section(language=name, line=1)
        for name in ("python", "javascript", "jsx", "typescript", "tsx")
    )
    plain = {
        "id": check,
        "severity": SEVERITY_OF_TYPE[type],
        "confidence": Confidence.CERTAIN,
        "message": "`{symbol}` {name}",
        "remedy": "Put it back.",
        "since": "0.1.0",
        "tags": (),
        "sections": sections,
    }
    return Rule(type=type, check=check, **{**plain, **fields})


HOLLOWED = rule("hollowed-body")
BOOK = Rulebook.holding(
    [
        HOLLOWED,
        rule("elided-code", DROPPED),
        rule("silent-drop", DROPPED, when=When.SETTLED),
        rule("broken-syntax", MALFORMED, when=When.SETTLED),
        rule("confessed-stub", confidence=Confidence.LIKELY),
        rule("conflict-marker", MALFORMED),
    ]
)

BEFORE = """\
def total(cart):
    net = sum(line.price for line in cart)
    tax = net * RATE
    return net + tax


def show(cart):
    text = str(total(cart))
    print(text)
    return text
"""
PASS = BEFORE.replace(BEFORE.split("):\n")[1].partition("\n\n")[0], "    pass")


def found(change: Change, book: Rulebook = BOOK, **fields):
    analysis = analyse(change, book, **fields)
    assert not analysis.unanalysable
    assert not analysis.skipped
    return analysis.violations


def test_a_violation_says_it_all():
    (violation,) = found(change(BEFORE, PASS, path="shop/cart.py"))

    assert violation.rule == "hollowed-body"
    assert violation.type is INCOMPLETE
    assert violation.severity is Severity.HIGH
    assert violation.confidence is Confidence.LIKELY
    assert (violation.line, violation.column) == (2, 5)
    assert (violation.end_line, violation.end_column) == (2, 8)
    assert violation.path == "shop/cart.py"
    assert violation.language == "python"
    assert violation.symbol == "total"
    assert violation.message == "`total` total"
    assert violation.excerpt == "pass"
    assert violation.evidence.lost_lines == 3
    assert violation.evidence.base_ranges == ((2, 4),)


@pytest.mark.parametrize(
    ("before", "after"),
    [(BEFORE, BEFORE), (None, BEFORE), (BEFORE, None), (None, None), ("", BEFORE)],
)
def test_a_change_that_takes_nothing_away_is_clean(before, after):
    assert not found(change(before, after))


def test_the_fingerprint_does_not_move_with_the_line():
    (one,) = found(change(BEFORE, PASS))
    (other,) = found(change(BEFORE, f"import os\n\n\n{PASS}"))

    assert other.line == one.line + 3
    assert one.fingerprint == other.fingerprint
    assert len(one.fingerprint) == 16


def test_the_strongest_violation_of_a_unit_wins():
    after = PASS.replace("    pass", "    # ... rest of the function unchanged")

    assert ["elided-code"] == [v.rule for v in found(change(BEFORE, after))]


def test_a_dropped_symbol_is_told_once():
    after = "# ... existing functions\n" + BEFORE[BEFORE.index("def show") :]
    (violation,) = found(change(BEFORE, after))

    assert violation.rule == "elided-code"
    assert violation.evidence.still_referenced == ("total",)


def test_a_save_is_judged_by_the_rules_for_a_save():
    after = BEFORE[BEFORE.index("def show") :]

    assert not found(change(BEFORE, after), when=When.SAVE)
    assert ["silent-drop"] == [v.rule for v in found(change(BEFORE, after))]


def test_a_rule_judges_only_the_languages_it_has_a_section_for():
    only = rule("hollowed-body", sections=(Section(language="tsx", line=1),))

    assert not found(change(BEFORE, PASS), Rulebook.holding([only]))


def test_code_that_moved_to_another_file_is_not_hollowed():
    rules = Rulebook.holding([rule("hollowed-body")])
    elsewhere = Elsewhere()
    there = examine(change(None, BEFORE, path="totals.py"), rules)
    elsewhere.put("totals.py", there.traces.gains)
    here = examine(change(BEFORE, PASS), rules)
    around = elsewhere.around("app.py", here.traces.missing)

    assert here.analysis.violations
    assert not found(change(BEFORE, PASS), around=around)


def test_a_file_renamed_to_another_language_is_new():
    renamed = Change(
        path="a.ts", old_path="a.py", before=BEFORE.encode(), after=b"let a = 1;\n"
    )

    assert not found(renamed)


def test_a_renamed_file_is_compared_with_what_it_was():
    renamed = Change(
        path="new.py",
        old_path="old.py",
        before=BEFORE.encode(),
        after=PASS.encode(),
    )

    assert ["hollowed-body"] == [v.rule for v in found(renamed)]


EVAL = '(call function: (identifier) @name (#eq? @name "eval")) @hit'
QUERY = rule(
    None,
    ViolationType.SECURITY_RISK,
    id="runs-text",
    sections=(Section(language="python", line=1, query=EVAL, packed=packed(EVAL)),),
)


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        (None, "eval(x)\n", [1]),
        ("eval(x)\n", "y = 1\neval(x)\n", []),
        ("eval(x)\n", "eval(x)\neval(y)\n", [2]),
        ("eval(x)\n", "eval(x)\neval(x)\n", [2]),
    ],
)
def test_a_query_finds_only_what_the_change_brought(before, after, lines):
    violations = found(change(before, after), Rulebook.holding([QUERY]))

    assert lines == [violation.line for violation in violations]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def a():\n    return 1\n", "def a():\n    return 1\n    b()\n"),
        ("def a():\n    return 1\n    b()\n", "def a():\n    return 1\n    c()\n"),
        (BEFORE, PASS),
    ],
)
def test_a_change_alone_is_judged_as_among_others(before, after):
    rules = rulebook.load()
    alone = examine(change(before, after), rules, keep=False, single=True)

    assert alone.analysis.violations
    assert examine(change(before, after), rules, keep=False) == alone


def test_equal_violations_have_fingerprints_of_their_own():
    one, other = found(change(None, "eval(x)\neval(x)\n"), Rulebook.holding([QUERY]))

    assert one.fingerprint != other.fingerprint


def test_risks_are_not_hidden_by_other_violations():
    after = PASS.replace("    pass", "    eval(cart)\n    # ... rest of the function")
    book = Rulebook.holding([*BOOK.rules, QUERY])

    rules = {violation.rule for violation in found(change(BEFORE, after), book)}
    assert {"elided-code", "runs-text"} <= rules


@pytest.mark.parametrize(
    ("path", "content", "reason"),
    [
        ("a.py", b"x = 1\n", None),
        ("bin/tool", b"#!/usr/bin/env python3\nx = 1\n", None),
        ("build/tool.py", b"x = 1\n", None),
        ("vendor.py", b"x = 1\n", None),
        ("uv.lock", b"", "lock file"),
        ("web/node_modules/a/index.js", b"x", "vendored or built: node_modules/"),
        ("vendor/a.py", b"x", "vendored or built: vendor/"),
        ("jquery.min.js", b"x", "generated or minified, by its name"),
        ("api_pb2.py", b"x", "generated or minified, by its name"),
        ("bundle.js", b"a();" * 3000, "minified"),
        ("bundle.py", b"a();" * 3000, None),
        ("long.js", b"x = 1\n" * 3000 + b"/" * 6000, None),
        ("logo.png", b"\x89PNG\0\0", "binary"),
        ("README.md", b"# hi", "prose"),
        ("docs/guide.txt", b"hi", "prose"),
        ("LICENSE", b"hi", "prose"),
        ("history.py", b"x = 1", None),
        ("install.sh", b"ls", None),
        ("requirements-dev.txt", b"click", None),
        ("CMakeLists.txt", b"project(a)", None),
        ("prices.csv", b"1,2", "data"),
        ("fix.patch", b"@@", "data"),
        ("Makefile", b"all:", None),
        ("schema.sql", b"select 1", None),
        ("tool.unknown", b"x", None),
        ("tool.unknown", None, None),
        ("tool.unknown", b"\xff\xfe", "in no known language, and not UTF-8"),
        ("tool.unknown", b"x" * 600_000, "in no known language, and large"),
        ("report.ipynb", b"{}", None),
    ],
)
def test_what_is_skipped(path, content, reason):
    assert reason == skip_reason(path, content)


def test_a_pointer_of_git_lfs_is_skipped():
    pointer = (
        b"version https://git-lfs.github.com/spec/v1\n"
        b"oid sha256:" + b"0" * 64 + b"\nsize 12\n"
    )

    assert skip_reason("model.py", pointer) == "LFS pointer"
    assert skip_reason("model.py", pointer + b"import os\n") is None


def test_a_change_does_not_make_a_file_minified():
    dense = "total=lambda cart:0;" * 1000
    analysis = analyse(change(BEFORE, dense), BOOK)

    assert not analysis.skipped


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        (b"x = 1\n", b"x = '\xff'\n", "is not UTF-8 text"),
        (b"x = '\xff'\n", b"x = 1\n", "the base is not UTF-8 text"),
        (None, b"x\0", "holds a NUL byte"),
        (None, b"# coding: utf-7\n", "declares the encoding 'utf-7'"),
    ],
)
def test_what_can_not_be_read_is_never_clean(before, after, reason):
    analysis = analyse(Change(path="a.py", before=before, after=after), BOOK)

    assert [("a.py", reason)] == [(u.path, u.reason) for u in analysis.unanalysable]


def test_a_problem_of_the_outside_world_is_handed_on():
    analysis = analyse(change(None, None, problem="permission denied"), BOOK)

    assert [("app.py", "permission denied")] == [
        (u.path, u.reason) for u in analysis.unanalysable
    ]


def test_a_file_over_the_limit_is_unanalysable():
    analysis = analyse(change(None, "x = 1\n" * 100), BOOK, max_bytes=100)

    assert "larger than 100 bytes" in analysis.unanalysable[0].reason


def test_a_file_over_the_limit_is_never_the_same():
    """Whoever reads files stops behind the limit: what follows may differ."""
    cut = "x = 1\n" * 100

    analysis = analyse(change(cut, cut), BOOK, max_bytes=100)

    assert "larger than 100 bytes" in analysis.unanalysable[0].reason


def test_every_check_bears_every_shape_of_text():
    shapes = ["", "\t#", "def f(", "}" * 50, "é\x0c", "((" * 2000]
    book = Rulebook.holding([rule(check) for check in CHECKS])
    for path in ("a.py", "a.js", "a.tsx"):
        for before in (None, *shapes, BEFORE):
            for after in (*shapes, BEFORE):
                analysis = analyse(change(before, after, path=path), book)
                assert not analysis.skipped
