"""The labelled remarks, set into code: what must be found, and what must stay quiet.

A remark that replaces code is PLACEHOLDER_DROPPED; one that reads alike, in code where
nothing was lost, blocks nobody. The floors are for whole sets: single rows may fail.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest

from qualitywatch import rulebook
from qualitywatch.analysis import analyse
from qualitywatch.model import Confidence, Severity, Violation, ViolationType
from tests.factories import change
from tests.remark_places import PLACES, SUFFIX, Setting, beside, dropped, place_of

DATA = Path(__file__).parent / "data" / "corpus"
RULES = rulebook.load()
Row = dict[str, str]


@cache
def rows(file: str) -> tuple[Row, ...]:
    lines = (DATA / file).read_text(encoding="utf-8").splitlines()
    return tuple(json.loads(line) for line in lines)


def labelled(file: str, label: str) -> list[Row]:
    return [row for row in rows(file) if row["label"] == label]


def judged(setting: Setting) -> tuple[Violation, ...]:
    analysis = analyse(change(setting.before, setting.after, setting.path), RULES)
    assert analysis.unanalysable == ()
    return analysis.violations


def blocking(setting: Setting) -> list[str]:
    """The rules that the default policy answers with a quarantine."""
    return [
        violation.rule
        for violation in judged(setting)
        if violation.reaches(Severity.HIGH, Confidence.LIKELY)
    ]


def is_found(setting: Setting) -> bool:
    return any(
        violation.type is ViolationType.PLACEHOLDER_DROPPED
        and violation.reaches(Severity.HIGH, Confidence.LIKELY)
        for violation in judged(setting)
    )


def missed(found: Iterable[tuple[Row, Setting]]) -> list[str]:
    return [
        f"{row['language']}, {row['context']}: {row['comment']}"
        for row, setting in found
        if not is_found(setting)
    ]


def alarms(settings: Iterable[tuple[Row, Setting]]) -> list[str]:
    return [
        f"{', '.join(blocked)}: {row['comment']}"
        for row, setting in settings
        if (blocked := blocking(setting))
    ]


def in_place_of_code(file: str) -> list[tuple[Row, Setting]]:
    return [
        (row, dropped(row["comment"], row["language"], place_of(row["context"])))
        for row in labelled(file, "dropped")
        if row["language"] in PLACES
    ]


def beside_code(*, edited: bool) -> Iterator[tuple[Row, Setting]]:
    """Every look-alike as a comment of Python and of TypeScript, or as it is."""
    for file in ("remarks.jsonl", "more_remarks.jsonl"):
        for row in labelled(file, "lookalike"):
            for language in spoken(row):
                text = rewritten(row, language)
                place = "element" if "JSX" in row["context"] else "function"
                yield row, beside(text, language, place, edited=edited)


def spoken(row: Row) -> Sequence[str]:
    if row["context"] == "JSX":
        return ("tsx", "jsx")
    return ("python", "typescript")


def rewritten(row: Row, language: str) -> str:
    """The comment in the form of *language*; documentation stays documentation."""
    comment, context = row["comment"], row["context"]
    bare = comment.strip("/*#-;<>! \t") if comment[:1] in "/*#-;<" else comment
    if is_documentation(row):
        if language == "python":
            return f'"""An example.\n\n{bare}\n"""'
        return f"/**\n * {bare}\n */"
    if context in ("string", "template literal"):
        text = comment.replace("\\", "").replace("`", "").replace('"', "'")
        if language == "python":
            return f'NOTICE = """\n{text}\n"""'
        return f"const notice = `\n{text.replace('${', '$')}\n`;"
    if context == "JSX":
        return comment
    return f"# {bare}" if language == "python" else f"// {bare}"


def is_documentation(row: Row) -> bool:
    names = ("doc", "javadoc", "POD", "JSDoc", "header")
    return (
        any(name in row["context"] for name in names)
        or row["comment"].startswith(("* ", "///", "*   "))
        or row["comment"].startswith("...")
    )


@pytest.mark.parametrize(
    ("file", "floor"), [("remarks.jsonl", 0.98), ("more_remarks.jsonl", 0.95)]
)
def test_remarks_in_place_of_code_are_found(file: str, floor: float) -> None:
    settings = in_place_of_code(file)

    missing = missed(settings)

    assert len(missing) <= (1 - floor) * len(settings), "\n".join(missing)


@pytest.mark.parametrize("language", PLACES)
def test_a_plain_remark_is_found_in_every_place(language: str) -> None:
    missing = [
        place
        for place in PLACES[language]
        if not is_found(dropped(a_remark(language, place), language, place))
    ]

    assert missing == []


def a_remark(language: str, place: str) -> str:
    text = "... rest of the code remains the same ..."
    if place in ("element", "template"):
        return f"{{/* {text} */}}" if place == "element" else f"<!-- {text} -->"
    return f"# {text}" if language == "python" else f"// {text}"


def test_remarks_beside_code_that_stays_block_nobody() -> None:
    settings = [
        (row, beside(row["comment"], row["language"], place_of(row["context"])))
        for row in labelled("remarks.jsonl", "dropped")
        if row["language"] in PLACES and "bare text" not in row["context"]
    ]

    assert alarms(settings) == []


@pytest.mark.parametrize("edited", [False, True])
def test_look_alikes_block_nobody(edited: bool) -> None:
    assert alarms(beside_code(edited=edited)) == []


def test_honest_stubs_block_nobody() -> None:
    found = [
        (row, stubbed(row["comment"], row["language"]))
        for row in labelled("remarks.jsonl", "stub-lookalike")
        if row["language"] in ("python", "typescript")
    ]

    assert alarms(found) == []


def stubbed(code: str, language: str) -> Setting:
    """An idiom as new code, with the class or the function that it needs around it."""
    lines = [line.strip() for line in code.split("⏎")]
    head, body = lines[0], lines[1:]
    if head.startswith("#"):
        after = f"def solve(values):\n    {head}\n    return sorted(values)[0]\n"
    elif head.startswith("def "):
        after = "class Base:\n" + f"    {head}\n" + f"        {body[0]}\n"
    elif head.startswith("//"):
        after = (
            f"function solve(list: number[]) {{\n  {head}\n  return sort(list)\n}}\n"
        )
    elif head.startswith("}"):
        after = f"export function run() {{\n  try {{\n    start();\n  {head}\n}}\n"
    elif head.startswith("abstract"):
        after = f"abstract class Base {{\n  {head}\n}}\n"
    elif head.startswith("raise"):
        after = f"def connect(url):\n    {head}\n"
    else:
        after = head + "\n"
    return Setting(path="new" + SUFFIX[language], before="", after=after)
