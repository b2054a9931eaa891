"""What a sieve lets pass, and the lines it names, never miss what `re` finds."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualitywatch.analysis.sources.sieve import Sieve

PATTERNS = (
    (r"\bfor now\b|\{\s*\}", re.IGNORECASE),
    (r"\bend\b|stub(?! for)", re.NOFLAG),
    (r"^\s*todo\b", re.IGNORECASE | re.MULTILINE),
)
WORDS = (
    "for",
    "NOW",
    "end",
    "é",
    "ſ",
    "stub for",
    "{",
    "}",
    "\n",
    "\x0b",
    "todo",
    "\x1c",
)
TEXTS = st.lists(st.sampled_from((*WORDS, " ")), max_size=12).map("".join)


@pytest.mark.parametrize(("pattern", "flags"), PATTERNS)
@given(text=TEXTS)
def test_finds_what_re_finds(pattern: str, flags: re.RegexFlag, text: str) -> None:
    found, wanted = Sieve(pattern, flags).search(text), re.search(pattern, text, flags)

    assert (found and found.span()) == (wanted and wanted.span())


@pytest.mark.parametrize(("pattern", "flags"), PATTERNS)
@given(text=TEXTS)
def test_no_line_is_missed(pattern: str, flags: re.RegexFlag, text: str) -> None:
    lines = enumerate(text.split("\n"), 1)
    wanted = {number for number, line in lines if re.search(pattern, line, flags)}

    named = list(Sieve(pattern, flags).lines(text))

    assert wanted <= set(named)
    assert named == sorted(set(named))
