"""The labelled stubs of the corpus, set into new functions of their languages.

A line that confesses is found, whatever the confidence; what only looks like a stub
never blocks anybody.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest

from qualitywatch import rulebook
from qualitywatch.analysis import analyse
from qualitywatch.model import Confidence, Severity, ViolationType
from tests.factories import change

DATA = Path(__file__).parent / "data" / "corpus"
RULES = rulebook.load()
Row = dict[str, str]

BODIES = {  # a new function around a remark: suffix, text
    "python": (".py", "def search(query):\n    {remark}\n    pass\n"),
    "typescript": (
        ".ts",
        "export function search(query: string) {\n  {remark}\n  return [];\n}\n",
    ),
    "tsx": (
        ".tsx",
        "export const search = (query: string) => {\n  {remark}\n  return [];\n};\n",
    ),
    "javascript": (".js", "export function search(query) {\n  {remark}\n}\n"),
    "kotlin": (
        ".kt",
        "class Search {\n    fun run(query: String) {\n        {remark}\n    }\n}\n",
    ),
    "csharp": (
        ".cs",
        "public class Search\n{\n    public int Run(int query)\n    {\n"
        "        {remark}\n    }\n}\n",
    ),
}
WHOLE = {  # look-alikes that are whole functions or members: suffix, text
    "python": (".py", "class Field:\n    {code}\n"),
    "go": (".go", "package ast\n\n{code}\n"),
    "c": (".c", "#include <linux/can.h>\n\n{code}\n"),
    "rust": (".rs", "{code}\n"),
    "java": (".java", "final class Tripwire {\n    {code}\n}\n"),
    "typescript": (".ts", "{code}\n"),
    "ruby": (".rb", "class Solution\n  {code}\n  def run = compute(3)\nend\n"),
}


@cache
def rows(label: str) -> tuple[Row, ...]:
    lines = (DATA / "remarks.jsonl").read_text(encoding="utf-8").splitlines()
    return tuple(row for row in map(json.loads, lines) if row["label"] == label)


def set_into(template: tuple[str, str], text: str) -> tuple[str, str]:
    """The path and the whole text of a new file that holds *text*."""
    suffix, shell = template
    place = "{remark}" if "{remark}" in shell else "{code}"
    margin = shell[: shell.index(place)].rpartition("\n")[2]
    lines = text.replace(" ⏎ ", f"\n{margin}    ")
    return f"src/search{suffix}", shell.replace(place, lines)


def found(path: str, text: str) -> list[tuple[str, bool]]:
    """The incomplete code in a new file: rule, and whether it would block."""
    analysis = analyse(change(None, text, path), RULES)
    return [
        (violation.rule, violation.reaches(Severity.HIGH, Confidence.LIKELY))
        for violation in analysis.violations
        if violation.type is ViolationType.INCOMPLETE_CODE
    ]


@pytest.mark.parametrize("row", rows("stub"), ids=lambda row: row["comment"][:40])
def test_what_confesses_is_found(row: Row) -> None:
    if row["language"] not in BODIES:
        assert row["language"] == "dart"  # has no grammar, so it has no functions
        return

    assert found(*set_into(BODIES[row["language"]], row["comment"]))


LOOKALIKES = [row for row in rows("stub-lookalike") if row["language"] in WHOLE]


@pytest.mark.parametrize("row", LOOKALIKES, ids=lambda row: row["comment"][:40])
def test_what_only_looks_like_a_stub_blocks_nobody(row: Row) -> None:
    path, text = set_into(WHOLE[row["language"]], row["comment"])

    assert [] == [rule for rule, blocks in found(path, text) if blocks]
