"""What libcst may see, and how deep a tree may be."""

from __future__ import annotations

import pytest

from qualitywatch.analysis.sources.cost import (
    MAX_CHAIN,
    MAX_CHARACTERS,
    MAX_DEPTH,
    MAX_NESTING,
    affordable,
)
from qualitywatch.analysis.sources.source import Refused, Source
from qualitywatch.languages import LANGUAGES


def nested(opening: str, closing: str, depth: int) -> str:
    return opening * depth + "1" + closing * depth + "\n"


@pytest.mark.parametrize("sign", ["()", "[]", "{}"])
def test_nesting_has_a_limit(sign):
    opening, closing = sign

    assert affordable(nested(opening, closing, MAX_NESTING))
    assert not affordable(nested(opening, closing, MAX_NESTING + 1))


@pytest.mark.parametrize("link", ["+1", "-", "not ", "and a ", "'a' "])
def test_a_chain_has_a_limit(link):
    assert affordable(f"x = {link * (MAX_CHAIN - 1)}1\n")
    assert not affordable(f"x = {link * (MAX_CHAIN + 1)}1\n")


@pytest.mark.parametrize(
    "text",
    [
        "x = a" + ".a" * 1001,
        "x = " + "lambda: " * 1001 + "1",
        "x = f'{" + "a + " * 1001 + "a}'",
        "x = a" + "()" * 1001,
        "x = a" + "[0]" * 1001,
        "if a:\n    b\n" + "elif a:\n    b\n" * 1001,
        "x = " + 'f"{' * 200 + "1" + '}"' * 200,
        "x = f'{" + "(" * 101 + "}'",
        nested("(", ")", 20) * 300,
        "x = [" + "1," * 60_000 + "]",
        "#" * (MAX_CHARACTERS + 1),
    ],
)
def test_bombs_are_not_affordable(text):
    assert not affordable(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x = ')))' + '((('\n" * 400,
        "# ((((((\n" * 2000,
        '"""\n' + "(" * 500 + '\n"""\n',
        "def f(a, b):\n    return g(a)[b] + {'k': (1, 2)}['k'][0]\n" * 500,
        "x = [" + "a + b,\n" * 2000 + "]\n",
        "x = 'it''s'\n",
        "x = '\n",
    ],
)
def test_ordinary_code_is_affordable(text):
    assert affordable(text)


@pytest.mark.parametrize("language", ["python", "javascript", "json", "yaml", "rust"])
def test_a_tree_deeper_than_anybody_writes_is_refused(language):
    deep = Source.read("x", nested("[", "]", MAX_DEPTH).encode(), LANGUAGES[language])

    with pytest.raises(Refused, match="nests deeper"):
        _ = deep.tree


def test_what_people_write_is_not_too_deep():
    text = "x = " + " + ".join(["'a'"] * 500) + "\n"

    assert Source.read("x", text.encode(), LANGUAGES["python"]).tree
