"""One walk finds what a walk for each question would find."""

from __future__ import annotations

from functools import cache

import pytest

from qualitywatch import rulebook
from qualitywatch.analysis.patterns.query import Combined, compile_combined
from qualitywatch.analysis.sources.source import Source, nodes_of
from qualitywatch.languages import LANGUAGES, Language

QUOTES = frozenset({"string", "template_string", "string_literal"})
RULES = rulebook.load()
PATTERNS = tuple(rule for rule in RULES.rules if rule.check is None)
TEXTS = [
    pytest.param(
        example.after, LANGUAGES[example.language], id=f"{rule.id}:{example.line}"
    )
    for rule in PATTERNS
    for example in rule.examples[:12:6]
    if LANGUAGES[example.language].grammar is not None
]


@cache
def compiled(language: Language) -> Combined:
    return compile_combined(language, PATTERNS, counted=(QUOTES,))


@pytest.mark.parametrize(("text", "language"), TEXTS)
def test_finds_what_single_walks_find(text: str, language: Language) -> None:
    combined = compiled(language)
    surveyed, plain = (
        Source.read(f"a{at}", text.encode(), language) for at in range(2)
    )
    surveyed.survey = combined.survey

    assert spans(surveyed) == spans(plain)
    assert combined.hits(surveyed) == combined.hits(plain)
    assert places(surveyed) == places(plain)


def spans(source: Source) -> dict[str, list[tuple[int, int, str]]]:
    return {
        name: [(node.start_byte, node.end_byte, node.type) for node in nodes]
        for name, nodes in source.captures.items()
    }


def places(source: Source) -> list[tuple[int, int]]:
    return [(node.start_byte, node.end_byte) for node in nodes_of(source, QUOTES)]
