"""Tests that a change leaves alone are known without looking where they end."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualitywatch.analysis.sources.skipping import language_of
from qualitywatch.analysis.sources.source import Source
from qualitywatch.analysis.weakening.cases import (
    Case,
    cases,
    doubtful_cases,
    touched_cases,
)
from qualitywatch.analysis.weakening.changes import _if_all_are_trivial
from qualitywatch.analysis.weakening.dialects import DIALECTS
from qualitywatch.analysis.weakening.headers import Header
from qualitywatch.languages import LANGUAGES

PIECES = st.sampled_from(
    (
        "def test_{n}():\n    assert f({n})\n",
        "def test_{n}(\n    a={n},\n):\n    assert True; f()\n",
        "@skip\ndef test_{n}():\n    assert f({n})\n    # done\n",
        "class Test{n}:\n    def test_a(self):\n        assertEqual(g, g)\n",
        "    assert (\n        {n}\n    == {n})\n",
        "    assert g()\n",
        "x = {n}\n",
        '"""\n',
        "    )\n",
        "@skip(\n",
        "# {n}\n",
        "\n\n",
    )
)
TEXTS = st.lists(PIECES, max_size=8).map(
    lambda pieces: "".join(each.format(n=n) for n, each in enumerate(pieces))
)


def source(text: str, path: str = "test_a.py", language: str = "python") -> Source:
    return Source.read(path, text.encode(), LANGUAGES[language])


def texts(found: list[Case]) -> list[tuple[str, ...]]:
    return [case.raw if case.kind == "test" else ("", *case.raw[:1]) for case in found]


def without(
    all_cases: list[Case], touched: list[Case]
) -> list[tuple[str, tuple[str, ...], list[str]]]:
    """What stands in the cases that were not given: groups are their heads alone."""
    given_lines = {(case.kind, case.line) for case in touched}
    return [
        (
            case.name,
            case.raw if case.kind == "test" else (),
            [text for _, text in case.head],
        )
        for case in all_cases
        if (case.kind, case.line) not in given_lines
    ]


@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_what_is_left_out_is_the_same_on_both_sides(
    above: str, old: str, new: str, below: str
) -> None:
    before, after = source(above + old + below), source(above + new + below)

    was, now = touched_cases(before, after)

    assert without(cases(before), was) == without(cases(after), now)


def test_those_around_an_edit_are_left_out() -> None:
    pieces = [f"def test_{n}():\n    assert f({n})\n\n\n" for n in range(5)]
    edited = [*pieces[:2], pieces[2].replace("f(2)", "f(3)\n    assert 1"), *pieces[3:]]

    was, now = touched_cases(source("".join(pieces)), source("".join(edited)))

    assert [case.name for case in was] == [case.name for case in now] == ["test_2"]


def test_an_annotation_above_a_shared_line_touches_its_test() -> None:
    text = "x = 1\n@a\ndef test_1():\n    assert f()\n\ndef test_2():\n    assert g()\n"

    was, now = touched_cases(source(text), source(text.replace("@a", "@skip\n@a")))

    assert [case.name for case in was] == [case.name for case in now] == ["test_1"]


@given(TEXTS)
def test_who_asserts_nothing_is_doubtful(text: str) -> None:
    new = source(text)
    doubtful = {case.line for case in doubtful_cases(new)}

    for case in cases(new):
        if case.kind == "test" and _if_all_are_trivial(case) is not None:
            assert case.line in doubtful


def test_who_asserts_something_is_not_doubtful() -> None:
    real = "def test_{n}():\n    assert f(\n        {n},\n    )\n\n"
    text = "".join(real.format(n=n) for n in range(3))

    assert [case.name for case in doubtful_cases(source(text))] == []


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("python", "    async def test_größe(self):"),
        ("typescript", "  it.only(\n\n    'works', () => {"),
        ("typescript", "test.each([1])(`works`, () => {"),
        ("java", "    @Test(timeout = 1) public <T> void größer() {"),
        ("rust", "pub(crate) async fn größe() {"),
        ("cpp", 'TEST_CASE("a") {'),
        ("php", "    public function testGröße(): void"),
        ("ruby", "  it 'works' do"),
        ("scala", '  it should "work" in {'),
        ("bash", "@test 'works' {"),
    ],
)
def test_no_header_is_overlooked(language: str, line: str) -> None:
    header = DIALECTS[language].header
    text = f"first\n{line}\n"

    assert 2 in list(header.lines(text.encode()))
    assert header.match(text, 6) is not None


def test_a_header_is_no_condition() -> None:
    header = Header(r"^ (?! return\b ) (?P<name>\w+) [ ] \(")

    assert list(header.lines(b"a (\nreturn (\nb[\n")) == [1, 2]
    assert isinstance(header.match("a (", 0), re.Match)
    assert header.match("return (", 0) is None


@pytest.mark.parametrize("path", ["a.test.js", "a_test.dart"])
@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("it/**/.only(", "it.only("),
        ("it./* a *//* b */only(", "it.only("),
        ("await/**/it(", "await it("),
        ("await/* a *//* b */it(", "await it("),
        ("it(/*\n*/'a')", "it(\n'a')"),
    ],
)
def test_a_remark_parts_two_words_and_hides_nothing(
    path: str, said: str, read: str
) -> None:
    """A blank in place of `/**/` would make of `it/**/.only` no test at all."""
    code = Source.read(path, said.encode(), language_of(path, None))

    assert read == code.bare


NESTED = """\
describe('cart', () => {
  it('is empty', () => {
    expect(cart.size).toBe(0)
  })
  it(

    'adds', () => {
    with(cart, () => {
      add(1)
    })
    if (a) {
    } else {
      expect(cart.size).toBe(1)
    }
  })
  it('holds', () => {
    expect(cart.size).toBe(2)
  })
})
"""


@pytest.mark.parametrize(
    ("old", "new", "names"),
    [
        ("add(1)", "add(2)", ["adds"]),
        ("toBe(1)", "toBe(2)", ["adds"]),
        ("it('holds',", "it('holds', ", ["holds"]),
    ],
)
def test_around_an_edit_are_the_blocks_still_open(
    old: str, new: str, names: list[str]
) -> None:
    """A blank line inside the header of a block does not end it."""
    before, after = (
        source(text, "a.test.ts", "typescript")
        for text in (NESTED, NESTED.replace(old, new))
    )

    was, now = touched_cases(before, after)

    assert [case.name for case in was] == [case.name for case in now] == names


def test_a_header_in_an_edit_may_go_on_below_it() -> None:
    text = "x()\nit(\n\n  'adds', () => {\n    f()\n})\n"
    before = source(text, "a.test.ts", "typescript")
    after = source(text.replace("it(", "it.skip("), "a.test.ts", "typescript")

    was, now = touched_cases(before, after)

    assert [case.name for case in was] == [case.name for case in now] == ["adds"]
