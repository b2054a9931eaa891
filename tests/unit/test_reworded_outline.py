"""What a base takes over from the new text is what it would have found itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qualitywatch.analysis.outlines.outline import Outline
from qualitywatch.analysis.outlines.reworded import base_outline
from qualitywatch.analysis.outlines.units import Unit
from qualitywatch.analysis.sources.source import Refused, Source
from qualitywatch.languages import LANGUAGES, Language

PADDING = "\n" * 2_000  # less is parsed sooner than compared
PYTHON = '''\
class Shelf:
    """What is kept.

    For ever.
    """

    LIMIT = 10

    @cached
    def load(self, row):
        first = row.first  # of many
        return first(row, 1)

    def drop(self, row):
        if row:
            return 2
        # what is left
'''
SCRIPT = """\
app.get(
  "/users",
  (request) => {
    const limit = 10;
    return find(limit);
  },
);
const LAST = 1;
const routes = {
  list: function () {
    return 1;
  },
};
"""
WORDS = ("x", "renamed_thing", "def", "function", "10", "'é'", "", "  # no", "  // no")


def source(text: str, language: str = "python") -> Source:
    return Source.read("a.py", f"{text}{PADDING}".encode(), LANGUAGES[language])


def taken(old: str, new: str, language: str = "python") -> tuple[bool, Source]:
    """Whether the base took over what the new text has, and the base."""
    before, after = source(old, language), source(new, language)
    after.follows(before)
    base_outline(before, after)
    return "captures" not in before.__dict__, before


def facts(unit: Unit) -> tuple[object, ...]:
    nodes = (unit.node, unit.outer, unit.body)
    return (
        *(unit.index, unit.kind, unit.name, unit.reach, unit.parent, unit.line),
        *(unit.start_line, unit.end_line, unit.body_line, unit.statements),
        *(unit.decorators, unit.modifiers, unit.signature, unit.bases),
        [child.index for child in unit.children],
        [node and (node.type, node.byte_range) for node in nodes],
    )


def known(read: Source) -> tuple[object, ...]:
    """All that a base could take over."""
    units = read.once(Outline).units
    return [facts(unit) for unit in units], read.comments(), read.bare, read.code


@pytest.mark.parametrize(
    ("language", "text", "old", "new"),
    [
        ("python", PYTHON, "(row, 1)", "(line_of, 1)"),  # where the function ends
        ("python", PYTHON, "if row", "if line"),
        ("javascript", SCRIPT, "LAST", "FIRST"),  # outside all units
        ("javascript", SCRIPT, "limit =", "most ="),  # the route is named above it
        ("javascript", SCRIPT, "return 1", "return 1000"),
    ],
)
def test_words_inside_a_body_leave_the_units_as_they_were(
    language: str, text: str, old: str, new: str
):
    is_taken, before = taken(text, text.replace(old, new), language)

    assert is_taken
    assert known(source(text, language)) == known(before)


@pytest.mark.parametrize(
    ("language", "text", "old", "new"),
    [
        ("python", PYTHON, "def load", "def fetch"),
        ("python", PYTHON, "@cached", "@property"),
        ("javascript", SCRIPT, "return 1;\n  }", "return 1; }"),
        ("python", PYTHON, "is kept", "was kept"),
        ("python", PYTHON, "    For ever.", ""),
        ("python", PYTHON, "row.first", "line.first"),  # beside a comment
        ("python", PYTHON, "  # of many", ""),  # which leaves no place behind
        ("javascript", SCRIPT, "/users", "/people"),
        ("javascript", SCRIPT, "list:", "all:"),
        ("html", '<pre id="orders">\n  row\n</pre>\n', "id=", "ud="),  # its name
        ("javascript", "run(() => {\n  go();\n});\n", "go", "stop"),  # nobody's
        ("css", ".a {\n  color: red;\n}\n", "red", "blue"),
    ],
)
def test_what_names_a_unit_or_is_a_comment_is_looked_for_again(
    language: str, text: str, old: str, new: str
):
    is_taken, before = taken(text, text.replace(old, new), language)

    assert not is_taken
    assert known(source(text, language)) == known(before)


def test_a_call_that_is_all_of_the_text_gives_its_name():
    text = 'app.get(\n"/users",\n() => {\n%s})' % ("  go();\n" * 400)
    before = Source.read("a.js", text.encode(), LANGUAGES["javascript"])
    new = text.replace("users", "people").encode()
    after = Source.read("a.js", new, LANGUAGES["javascript"])
    after.follows(before)

    assert after.reworded == (1,)
    assert ["", "app.get(/users)"] == [
        u.name for u in base_outline(before, after).units
    ]


def test_a_function_that_left_no_place_behind_is_found():
    """What went tells nothing about the ranges that changed."""
    whole = f"{SCRIPT}start(); const stop = () => 1;\n"
    is_taken, before = taken(whole, whole.replace(" const stop = () => 1;", ""), "tsx")

    assert not is_taken
    assert "stop" in [unit.name for unit in before.once(Outline).units]


@pytest.mark.parametrize("blanks", [0, 12])
def test_a_unit_that_ends_where_the_line_begins(blanks: int):
    """To Scala the blanks before the bracket belong to the block."""
    text = "class A {\n    def b(): Int =\n      1\n%s}\n"
    old, new = text % (" " * (12 - blanks)), text % (" " * blanks)
    _, before = taken(old, new, "scala")

    assert known(source(old, "scala")) == known(before)


SAMPLES = sorted((Path(__file__).parents[1] / "data" / "languages").iterdir())


@settings(max_examples=300)
@given(st.sampled_from(SAMPLES), st.data())
def test_whatever_is_edited_on_single_lines(path: Path, data: st.DataObject):
    language = next(
        (each for each in LANGUAGES.values() if path.suffix in each.suffixes), None
    )
    text = path.read_text()
    lines = text.split("\n")
    for at in data.draw(st.lists(st.integers(0, len(lines) - 1), max_size=3)):
        words = lines[at].split(" ")
        words[data.draw(st.integers(0, len(words) - 1))] = data.draw(
            st.sampled_from(WORDS)
        )
        lines[at] = " ".join(words)
    assert language is not None
    _must_agree(language, text, "\n".join(lines))
    _must_agree(language, "\n".join(lines), text)


def _must_agree(language: Language, old: str, new: str) -> None:
    try:
        _, before = taken(old, new, language.name)
        expected = known(source(old, language.name))
    except Refused:
        return
    assert expected == known(before)
