"""Weakened tests: where a test ends, what it asserts, and what counts as weaker."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qualitywatch.analysis.comparing.compare import Comparison
from qualitywatch.analysis.sources.source import Source
from qualitywatch.analysis.weakening.assertions import (
    MAX_ASSERTIONS,
    MAX_STATEMENT,
    Strength,
    _words_of,
    assertions,
    words_of,
)
from qualitywatch.analysis.weakening.cases import cases
from qualitywatch.analysis.weakening.changes import weakened
from qualitywatch.analysis.weakening.files import is_test_path, may_hold_tests
from qualitywatch.analysis.weakening.kinds import Kind, Weakened
from qualitywatch.analysis.weakening.loosening import loosened_number
from qualitywatch.languages import LANGUAGES

TRIVIAL = [
    "assert True",
    "assert x or True",
    "assert total == total",
    "assert len(x) >= 0",
    'assert "it works"',
    "self.assertTrue(True)",
    "self.assertEqual(a, a)",
    "expect(true).toBe(true)",
    "expect(x).toEqual(x)",
    "expect(1).toBeTruthy()",
    "expect(list.length).toBeGreaterThanOrEqual(0)",
    "expect(x > 1 || true).toBe(true)",
    "assert!(true);",
    "assert_eq!(a, a);",
    "assert.Equal(t, got, got)",
    "EXPECT_TRUE(true);",
    "XCTAssertEqual(x, x)",
    "assertThat(true).isTrue();",
    "$this->assertTrue(true);",
    "assert_equal x, x",
    "true shouldBe true",
    "[ 1 -eq 1 ]",
]
REAL = [
    ("assert x == 1", Strength.EXACT),
    ("assert f(x), 'a == a'", Strength.EXISTS),
    ("assert x is not None", Strength.EXISTS),
    ("assert 'a' in x", Strength.PART),
    ("self.assertEqual(a, b)", Strength.EXACT),
    ("$this->assertTrue($called);", Strength.EXISTS),
    ("expect(x).not.toBe(x)", Strength.PART),
    ("expect(list.map(x => x.id)).toEqual(ids)", Strength.EXACT),
    ("expect(x).toBeDefined()", Strength.EXISTS),
    ("request(app).get('/').expect('Vary', 'a', done)", Strength.EXACT),
    ("with pytest.raises(ValueError, match='a in b'):", Strength.EXACT),
    ('[ "$status" -eq 0 ]', Strength.EXACT),
]


@pytest.mark.parametrize("text", TRIVIAL)
def test_trivial(text: str) -> None:
    (found,) = assertions([(1, text)])

    assert found.is_trivial
    assert Strength.NONE == found.strength


@pytest.mark.parametrize(("text", "strength"), REAL)
def test_real(text: str, strength: Strength) -> None:
    (found,) = assertions([(1, text)])

    assert not found.is_trivial
    assert strength == found.strength


NO_ASSERTIONS = [
    "total = compute(x)",
    "assert.doesNotThrow(() => parse(x));",
    "self.fail('never here')",
    'let done = expectation(description: "done")',
]


@pytest.mark.parametrize("text", NO_ASSERTIONS)
def test_no_assertion(text: str) -> None:
    assert [] == assertions([(1, text)])


def test_what_stands_inside_an_assertion_is_no_other_one() -> None:
    rows = ["assert all(", "    verify(order)", "    for order in orders", ")"]

    assert [1] == [each.line for each in assertions(list(enumerate(rows, 1)))]


def test_so_many_assertions_are_read_of_one_test() -> None:
    rows = [(line, "assert f() == 1") for line in range(MAX_ASSERTIONS + 5)]

    assert MAX_ASSERTIONS == len(assertions(rows))


NUMBERS = [
    ("assert seconds < 1", "assert seconds < 10", ("1", "10")),
    ("assert seconds < 10", "assert seconds < 1", None),
    ("expect(a).toBeCloseTo(b, 5)", "expect(a).toBeCloseTo(b, 2)", ("5", "2")),
    ("assertAlmostEqual(a, b, 7)", "assertAlmostEqual(a, b, 1)", ("7", "1")),
    ("approx(1.5, rel=1e-6)", "approx(1.5, rel=0.1)", ("1e-6", "0.1")),
    ("assertGreater(n, 100)", "assertGreater(n, 10)", ("100", "10")),
    ("assert total == 119", "assert total == 120", None),
    ("assert a < 1 and b < 1", "assert a < 2 and b < 2", None),
]


@pytest.mark.parametrize(("old", "new", "said"), NUMBERS)
def test_bounds(old: str, new: str, said: tuple[str, str] | None) -> None:
    assert said == loosened_number(old, new)


PATHS = [
    ("tests/test_a.py", True),
    ("shop/tests.py", True),
    ("src/test/java/A.java", True),
    ("src/UnitTests/A.cs", True),
    ("contest/latest.py", False),
    ("src/attest.py", False),
]


@pytest.mark.parametrize(("path", "is_test"), PATHS)
def test_paths(path: str, is_test: bool) -> None:
    assert is_test == is_test_path(path)


EVERYWHERE = ["rust", "java", "kotlin", "groovy", "csharp", "bash"]


@pytest.mark.parametrize(
    ("language", "may"),
    [*((name, True) for name in EVERYWHERE), ("python", False), ("go", False)],
)
def test_where_a_header_alone_proves_a_test(language: str, may: bool) -> None:
    source = Source.read("src/billing", b"total = 1\n", LANGUAGES[language])
    assert may == may_hold_tests(source)


def ends(text: str, language: str, path: str) -> list[tuple[str, int, int]]:
    """Name, first and last line of each test."""
    source = Source.read(path, text.encode(), LANGUAGES[language])
    return [(c.name, c.first, c.end) for c in cases(source) if c.kind == "test"]


def test_a_test_ends_with_its_block() -> None:
    text = "@mark(\n    1,\n)\ndef test_a(\n    x,\n):\n    f()\n\n    g()\n\n\ny = 1\n"

    assert [("test_a", 1, 9)] == ends(text, "python", "tests/test_a.py")


def test_braces_on_lines_of_their_own() -> None:
    text = "class T\n{\n  [Fact]\n  public void A()\n  {\n    F();\n  }\n  int x;\n}\n"

    assert [("A", 3, 7)] == ends(text, "csharp", "a.cs")


def test_a_test_ends_before_what_belongs_to_nobody() -> None:
    text = "  it 'a' do\n    f\n# out\n  ) end\n  \n\n# end\n  it 'b' do\n   \n  end\n"

    assert [("a", 1, 4), ("b", 8, 10)] == ends(text, "ruby", "a_spec.rb")


def test_a_bracket_ends_a_test_and_a_directive_does_not() -> None:
    text = "TEST(A, B) {\n  f();\n#ifdef X\n  g();\n#endif\n}\n}\n"

    assert [("A, B", 1, 6)] == ends(text, "cpp", "tests/a.cpp")


def test_an_annotation_makes_a_test() -> None:
    text = "#[test]\nfn a() {\n    f();\n}\n\nfn b() {\n    g();\n}\n"

    assert [("a", 1, 4)] == ends(text, "rust", "src/lib.rs")


# Changes

BEFORE = """\
def test_total(cart):
    cart.add(Line(100))
    assert cart.total() == 119
    assert cart.tax() == 19
"""


def weak(before: str | None, after: str) -> list[Weakened]:
    """What the change of a Python test does to it."""
    path, language = "tests/test_cart.py", LANGUAGES["python"]
    old = None if before is None else Source.read(path, before.encode(), language)
    new = Source.read(path, after.encode(), language)
    return list(weakened(Comparison(old, new)))


def test_one_violation_a_test() -> None:
    """A trivial assertion in place of two real ones is told once."""
    after = "def test_total(cart):\n    assert True\n"

    assert [Kind.TRIVIAL] == [each.kind for each in weak(BEFORE, after)]


def test_deleted_tests_of_a_file_are_told_once() -> None:
    tests = BEFORE + BEFORE.replace("total", "price") + BEFORE.replace("total", "sum")

    (found,) = weak(tests, "import pytest\n")

    assert (Kind.DELETED, "and 2 more are gone") == (found.kind, found.said)


def test_a_skip_may_give_its_reason_in_a_remark() -> None:
    bare, told = (
        weak(BEFORE, f"@pytest.mark.skip{remark}\n{BEFORE}")[0]
        for remark in ("", "  # the rates are down, see #12")
    )

    assert ("medium", "low") == (bare.severity, told.severity)


def test_what_stands_in_a_remark_was_not_just_dropped() -> None:
    lost = BEFORE.replace("    assert cart.tax()", "    # assert cart.tax()")

    (found,) = weak(BEFORE, lost.replace("100", "101") + "    cart.close()\n")

    assert (Kind.REMOVED, "an assertion was commented out") == (found.kind, found.said)


def test_what_another_test_took_over_is_not_lost() -> None:
    tax = "    assert cart.tax() == 19\n"

    assert [] == weak(BEFORE, BEFORE.replace(tax, "") + f"\n\ndef test_tax():\n{tax}")


def test_no_assertion_is_left_among_new_lines() -> None:
    above = BEFORE.replace("total", "other") + "\n\n"
    after = "def test_total(cart):\n    cart.add(Line(200))\n    cart.add(Line(1))\n"

    (found,) = weak(above + BEFORE, above + after)

    assert (Kind.REMOVED, "no assertion is left") == (found.kind, found.said)


def test_what_asserted_nothing_before_is_no_loss_and_no_news() -> None:
    idle, tax = "    assert True\n", "    assert cart.tax() == 19\n"

    assert [] == weak(BEFORE + idle, BEFORE)
    assert [Kind.REMOVED] == [
        each.kind for each in weak(BEFORE + idle, BEFORE.replace(tax, "") + idle)
    ]


def test_a_return_above_the_assertions() -> None:
    above, total = "from shop import Line\n\n\n", "    assert cart.total()"
    after = BEFORE.replace(total, f"    return\n{total}")

    (found,) = weak(above + BEFORE, above + after)

    assert (Kind.SKIPPED, 6) == (found.kind, found.line)


def test_a_word_directly_in_the_body_switches_a_test_off() -> None:
    stop = '    pytest.skip("the rates are down")\n'
    head, rest = BEFORE.split("\n", 1)

    (found,) = weak(BEFORE, f"{head}\n{stop}{rest}")

    assert (Kind.SKIPPED, 2) == (found.kind, found.line)
    assert [] == weak(BEFORE, f"{head}\n    if down:\n    {stop}{rest}")


def test_nothing_long_is_kept() -> None:
    words_of("short" * 3)
    kept = _words_of.cache_info().currsize

    assert words_of("long " * MAX_STATEMENT) == "long " * (MAX_STATEMENT - 1) + "long"
    assert kept == _words_of.cache_info().currsize


STEPS = {
    "reformatted": lambda text: text.replace(
        "(Line(100))", "(\n        Line(100)\n    )"
    ),
    "commented": lambda text: text.replace("== 119", "== 119  # with the tax"),
    "renamed": lambda text: text.replace("test_total", "test_sum_of_cart"),
    "added": lambda text: text + "\n\ndef test_new():\n    assert new() == 1\n",
    "asserted more": lambda text: text + "    assert cart.net() == 100\n",
    "moved": lambda text: "X = 1\n\n\n" + text,
    "quoted": lambda text: text.replace("19\n", '19, "tax"\n'),
    "in a class": lambda text: (
        "class TestCart:\n" + "".join(f"    {line}\n" for line in text.splitlines())
    ),
}


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(sorted(STEPS)), max_size=4, unique=True))
def test_honest_edits_weaken_nothing(names: list[str]) -> None:
    after = BEFORE
    for name in names:
        after = STEPS[name](after)

    assert [] == weak(BEFORE, after)


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="(){}[]\"'\n\\ \tasert=x#@:,.", max_size=400))
def test_no_text_is_too_odd(noise: str) -> None:
    assert isinstance(weak(BEFORE, f"def test_total(x):\n    assert {noise}"), list)
