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
from qualitywatch.languages import LANGUAGES
from qualitywatch.model import Confidence, Severity, Violation, ViolationType
from tests import hosts
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
    return [(row, in_its_language(row)) for row in labelled(file, "dropped")]


def in_its_language(row: Row, *, keeps_code: bool = False) -> Setting:
    """The row where it stood, or something like it, in code of its language."""
    language, context = row["language"], row["context"]
    if language in PLACES:
        place = place_of(context)
        known = place if place in PLACES[language] else "function"
        put = beside if keeps_code else dropped
        return put(row["comment"], language, known)
    host = hosts.host_of(language, context)
    put = hosts.beside if keeps_code else hosts.dropped
    return put(row["comment"], host, hosts.place_of(host, context))


def beside_code(*, edited: bool) -> Iterator[tuple[Row, Setting]]:
    """Every look-alike as a comment of Python and of TypeScript, or as it is."""
    for row in look_alikes():
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


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("file", "floor"),
    [
        ("remarks.jsonl", 0.98),
        ("more_remarks.jsonl", 0.98),
        ("fresh_remarks.jsonl", 0.98),
    ],
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


@pytest.mark.parametrize("host", hosts.languages())
def test_a_plain_remark_is_found_in_every_host(host: str) -> None:
    text = "... rest of the code remains the same ..."
    missing = [
        place
        for place in hosts.places(host)
        if not is_found(hosts.dropped(commented(text, host, place), host, place))
    ]

    assert missing == []


def commented(text: str, host: str, place: str) -> str:
    """*text* as a comment of what stands at *place*."""
    marks = {"style": "/* {} */", "script": "// {}", "string": "<!-- {} -->"}
    if place in marks:
        return marks[place].format(text)
    if place == "element":
        return f"<!-- {text} -->"
    language = LANGUAGES["php" if host == "phtml" else host]
    if language.line_comments:
        return f"{language.line_comments[0]} {text}"
    opening, closing = language.block_comments[0]
    return f"{opening} {text} {closing}"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("file", ["remarks.jsonl", "fresh_remarks.jsonl"])
def test_remarks_beside_code_that_stays_block_nobody(file: str) -> None:
    settings = [
        (row, in_its_language(row, keeps_code=True))
        for row in labelled(file, "dropped")
        if is_comment(row)
    ]

    assert alarms(settings) == []


def is_comment(row: Row) -> bool:
    """False for what breaks the syntax of its language wherever it stands."""
    return "bare text" not in row["context"] and row["language"] != "json"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("edited", [False, True])
def test_look_alikes_block_nobody(edited: bool) -> None:
    assert alarms(beside_code(edited=edited)) == []


SHARES = 9
"""Of the look-alikes each host sees one part, and all hosts together see all often."""


@pytest.mark.timeout(300)
@pytest.mark.parametrize("host", [host for host in hosts.languages() if host != "json"])
def test_look_alikes_in_every_host_block_nobody(host: str) -> None:
    share = hosts.languages().index(host) % SHARES
    found = [
        (row, put(commented(bare(row), host, place), host, place))
        for row in look_alikes()[share::SHARES]
        for place in hosts.places(host)
        if place != "string"
        for put in (hosts.beside, hosts.new_file)
    ]

    assert alarms(found) == []


def look_alikes() -> list[Row]:
    files = ("remarks.jsonl", "more_remarks.jsonl", "fresh_remarks.jsonl")
    return [row for file in files for row in labelled(file, "lookalike")]


def bare(row: Row) -> str:
    """The words of a row; a form of comment inside another would end it early."""
    comment = row["comment"]
    return comment.strip("{}@<>-!/*#; \t") if comment[:1] in "{@/*#-;<" else comment


def test_code_that_speaks_of_marks_blocks_nobody() -> None:
    found = [
        (row, Setting("patch.py", "", f"def merge(text):\n    {row['comment']}\n"))
        for row in labelled("remarks.jsonl", "malformed-lookalike")
    ]

    assert alarms(found) == []


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
