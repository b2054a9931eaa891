"""A rule file is cut fast, and as its plain reading says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualitywatch import rulebook
from qualitywatch.errors import RuleError
from qualitywatch.rulebook import markdown
from qualitywatch.rulebook.reading import define
from tests.rule_files import SOUND, parsed, spoilt, written

LINES = st.lists(
    st.sampled_from(
        (
            "",
            "# title",
            "## section ##",
            "### deeper",
            "prose",
            "```",
            "```python",
            "```toml",
            "```query",
            "````",
            "````python path=a.py",
            "~~~",
            "~~~~ text",
            "``` a`b",
            "``` ",
            "~~~ ",
            " ```",
            "\t~~~",
            "``",
        )
    ),
    max_size=14,
)
SHIPPED = sorted(rulebook.BUILT_IN.glob("*/*.md"))


def plainly(text: str) -> list[tuple[object, ...]] | int:
    """Headings, blocks and prose, line by line; else the line of the fault."""
    found: list[tuple[object, ...]] = []
    fence, start = "", 0
    for number, line in enumerate(text.split("\n"), start=1):
        if fence:
            if line.startswith(fence) and not line.rstrip().strip(fence[0]):
                fence = ""
            else:
                found[-1][2].append(line)
        elif opening := re.match(r"(`{3,}|~{3,})[ \t]*([^`]*)$", line):
            fence, start = opening[1], number
            found.append((number, tuple(opening[2].split()), []))
        elif re.match(r"[ \t]+(```|~~~)", line):
            return number
        elif heading := re.match(r"(#{1,2})[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*$", line):
            found.append((number, len(heading[1]), heading[2]))
    return start if fence else found


def cut(text: str) -> list[tuple[object, ...]] | int:
    """The same, as the product reads it."""
    try:
        parts = markdown.cut(text, source="rule.md")
    except RuleError as error:
        return int(error.place.removeprefix("rule.md:"))
    found: list[tuple[object, ...]] = []
    for part in parts:
        if part.level:
            found.append((part.line, part.level, part.title))
        for block in part.blocks:
            inside = block.text.split("\n")[:-1]
            found.append((block.line, block.words, inside))
    return found


@given(LINES)
def test_a_file_is_cut_as_it_reads(lines: list[str]) -> None:
    """Looking for the next fence finds what reading every line finds."""
    text = "\n".join(lines)

    assert plainly(text) == cut(text)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_what_judges_is_the_same_without_the_examples(path: Path) -> None:
    """Our rules are read without their examples: it may not show."""
    said = {"source": str(path), "id": path.stem, "type": rulebook.read(path).type}
    text = path.read_text(encoding="utf-8")

    assert rulebook.parse(text, **said) == define(text, **said)


BROKEN = spoilt("print()\n", "print()  # should find\n")


def test_a_broken_example_is_found_when_a_rule_is_read_in_full(tmp_path: Path) -> None:
    """As a repository's own rules are."""
    with pytest.raises(RuleError, match="should find"):
        rulebook.load(written(tmp_path, BROKEN).parents[1])


def test_a_broken_example_is_found_when_it_is_asked_for(tmp_path: Path) -> None:
    """As `rules test` asks for it."""
    rule = rulebook.read(written(tmp_path, BROKEN), validate=False)

    with pytest.raises(RuleError, match="should find"):
        assert rule.examples


def test_each_section_has_its_own_examples() -> None:
    """A heading for two languages makes two sections."""
    js = "\n## JavaScript, TypeScript\n\n```query\n(debugger_statement) @hit\n```\n"
    js += "\n```javascript\ndebugger  // finds\n```\n\n```typescript\nf()\n```\n"
    rule = parsed(SOUND + js)

    assert [2, 1, 1] == [len(rule.examples_of(section)) for section in rule.sections]
    assert 4 == len(rule.examples)
