"""A text that ends in the middle, and a person who deletes the end of a file."""

from __future__ import annotations

import pytest

from qualitywatch.analysis.checks.truncated_file import truncated_file
from qualitywatch.analysis.hit import Hit
from qualitywatch.analysis.syntax.balance import ends_inside
from qualitywatch.languages import LANGUAGES
from qualitywatch.traces import Around
from tests.unit.test_compare import compare

FUNCTION = (
    "function {0}(rows) {{\n  const sum_{0} = rows.map(to_{0});\n"
    "  if (sum_{0}.length) {{\n    log_{0}(sum_{0});\n  }}\n  return sum_{0};\n}}\n\n"
)
SCRIPT = "".join(FUNCTION.format(name) for name in ("one", "two", "three"))
LINES = SCRIPT.splitlines(keepends=True)
KEYS = frozenset(code.key for code in compare(None, SCRIPT, "javascript").after.code)
PYTHON = "".join(
    f"def {name}(rows):\n    first = {name}_of(rows)\n"
    f"    second = first + {name}_more\n"
    f"    log_{name}(second)\n    return second\n\n\n"
    for name in ("one", "two", "three")
)


def hits(before: str, after: str, language: str = "javascript", **fields) -> list[Hit]:
    return list(truncated_file(compare(before, after, language, **fields)))


@pytest.mark.parametrize("cut", [n for n in range(2, 15) if n not in (7, 8)])
def test_a_script_that_ends_inside_a_function_was_cut(cut):
    (hit,) = hits(SCRIPT, "".join(LINES[:cut]))

    assert "certain" == hit.confidence
    assert "three" in hit.evidence.lost_symbols


def test_a_line_may_be_cut_itself():
    (hit,) = hits(SCRIPT, SCRIPT[: SCRIPT.index("to_two") + 2])

    assert (("two", "three"), "two") == (
        ("two", *hit.evidence.lost_symbols),
        hit.symbol,
    )


@pytest.mark.parametrize("cut", [7, 8, 15, 16])
def test_who_deletes_whole_functions_at_the_end_has_cut_nothing(cut):
    assert not hits(SCRIPT, "".join(LINES[:cut]))


def test_an_end_that_is_still_there_was_not_cut():
    assert not hits(SCRIPT, SCRIPT.replace("  if (sum_two.length) {\n", ""))


def test_what_was_written_anew_below_the_end_was_not_cut():
    new = "function four() {\n  a();\n  b();\n  c();\n"

    assert not hits(SCRIPT, "".join(LINES[:8]) + new + "}\n")


def test_a_tail_that_became_comments_was_not_cut():
    tail = "".join(f"// {line}" for line in LINES[11:])

    assert not hits(SCRIPT, "".join(LINES[:11]) + tail)


def test_a_tail_that_went_to_another_file_is_not_lost():

    assert not hits(SCRIPT, "".join(LINES[:11]), around=Around(lines=KEYS))


@pytest.mark.parametrize("cut", [2, 3, 4, 9, 10, 11])
def test_a_python_body_that_stops_short_before_lost_functions_is_likely(cut):
    (hit,) = hits(PYTHON, "".join(PYTHON.splitlines(keepends=True)[:cut]), "python")

    assert "likely" == hit.confidence


@pytest.mark.parametrize("cut", [5, 12, 15, 18])
def test_python_that_proves_nothing_is_silent(cut):
    """Between two functions, or with nothing behind the one that is cut."""
    text = "".join(PYTHON.splitlines(keepends=True)[:cut])

    assert not hits(PYTHON, text, "python")


def test_python_that_gained_a_line_was_edited():
    text = "".join(PYTHON.splitlines(keepends=True)[:3]) + "    return 3\n"

    assert not hits(PYTHON, text, "python")


@pytest.mark.parametrize(
    ("language", "before", "after"),
    [
        (
            "json",
            '{"a": {"b": 1},\n"c": [1, 2,\n3],\n"d": 4,\n"e": 5}',
            '{"a": {"b": 1},',
        ),
        (
            "css",
            "a {\n x: 1;\n y: 2;\n}\nb {\n z: 3;\n w: 4;\n v: 5;\n}",
            "a {\n x: 1;",
        ),
        ("dart", "f() {\n a();\n b();\n}\ng() {\n c();\n d();\n}", "f() {\n a();"),
        (
            "html",
            "<main>\n<b>x</b>\n<i>y</i>\n<u>z</u>\n<s>w</s>\n</main>",
            "<main>\n<b>x</b>",
        ),
    ],
)
def test_it_needs_no_functions_and_no_grammar(language, before, after):
    assert ["certain"] == [hit.confidence for hit in hits(before, after, language)]


@pytest.mark.parametrize("language", ["text", "markdown"])
def test_prose_ends_where_it_ends(language):
    before = "A list (of\nthings\nand others\nand more\nand all)\n"

    if language in LANGUAGES:
        assert not hits(before, "A list (of\n", language)


BALANCED = [
    ("javascript", "f('(');\nconst r = `[`; // {\n/* ( */"),
    ("go", 'x := "(" // {\ny := `[`'),
    ("html", "<p>one<p>two<br><img src='a>b'><script>if (a < b) {}</script>"),
]


@pytest.mark.parametrize(("language", "text"), BALANCED)
def test_signs_in_strings_and_comments_open_nothing(language, text):
    assert ends_inside(LANGUAGES[language], text, text) is False


def test_a_base_that_does_not_come_out_even_gives_no_answer():
    assert ends_inside(LANGUAGES["rust"], "match c { '(' => {", "x") is None


@pytest.mark.parametrize("rest", ["", "\n", " \n\n"])
def test_a_file_of_functions_that_holds_nothing_any_more_was_emptied(rest):
    (hit,) = hits(SCRIPT, rest)

    assert ("likely", 1) == (hit.confidence, hit.line)
    assert {"one", "two", "three"} <= set(hit.evidence.lost_symbols)


@pytest.mark.parametrize(
    ("before", "fields"),
    [
        ("\n".join(f"export * from './part{n}';" for n in range(20)), {}),
        (FUNCTION.format("one"), {}),
        (SCRIPT, {"around": Around(lines=KEYS)}),
    ],
    ids=["no functions", "a few lines", "moved to another file"],
)
def test_who_empties_what_holds_no_code_has_lost_nothing(before, fields):
    assert not hits(before, "", **fields)
