"""Patterns that are compiled when they are first used."""

from __future__ import annotations

import gc
import re

import pytest

from qualitywatch import analysis
from qualitywatch.regex import Later, linear, regex


def test_nothing_is_compiled_before_it_is_used() -> None:
    """A broken pattern shows when that happens."""
    broken = regex("(")

    with pytest.raises(re.error):
        broken.search("x")


def test_a_pattern_answers_as_the_compiled_one() -> None:
    later, now = regex(r"(?P<a>\d)(x)?", re.IGNORECASE), re.compile(r"(?P<a>\d)(x)?", 2)

    assert now.pattern == later.pattern
    assert now.sub("-", "1X2") == later.sub("-", "1X2")
    assert now.groupindex == later.groupindex
    assert now.findall("1X 2") == later.findall("1X 2")


def test_a_pattern_is_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    later = regex("a")
    assert later.search("a")
    monkeypatch.setattr(re, "compile", None)

    assert later.match("a")


def test_a_linear_pattern_is_one_of_re2() -> None:
    """Which knows no look-around, and says so at its first use."""
    assert ["1"] == linear(r"\d").findall("a1")
    with pytest.raises(Exception, match="invalid perl operator"):
        linear("(?=a)").search("a")


def test_every_pattern_of_the_analysis_compiles() -> None:
    """Else a slip of the pen would show in one file of a thousand."""
    assert analysis
    gc.unfreeze()  # a command that another test has run puts aside what is there
    found = [each for each in gc.get_objects() if type(each) is Later]

    assert len(found) > 100
    for each in found:
        if each.pattern != "(":
            assert each.groups >= 0
