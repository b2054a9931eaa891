"""A query is tried before it may judge."""

from __future__ import annotations

import pytest

from qualitywatch.languages import LANGUAGES
from qualitywatch.rulebook.queries import compile_read_query
from qualitywatch.rulebook.rehearsal import bursts

PYTHON = LANGUAGES["python"]
TEXT = "def f(a, b):\n    return a + b\n"


@pytest.mark.parametrize(
    ("query", "too_many"),
    [
        ("(module (_) @a (_) @b (_) @c (_) @hit)", True),
        ("(_ (_) @a (_) @b (_) @c (_) @hit)", True),
        ("(_ (_)* @a (_)* @b (_)* @hit)", True),
        ("(call function: (identifier) @name) @hit", False),
        ("(function_definition body: (block (return_statement) @hit))", False),
        ("(_) @hit", False),
    ],
)
def test_bursts(query, too_many):
    assert too_many == bursts(compile_read_query(PYTHON, query), PYTHON, [TEXT])


def test_a_query_without_examples_is_tried_too():
    assert not bursts(compile_read_query(PYTHON, "(_) @hit"), PYTHON, [])
