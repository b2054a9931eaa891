"""Conflict markers and Markdown fences: only new ones, only outside strings."""

from __future__ import annotations

import pytest

from qualitywatch.analysis.checks.leftovers import conflict_marker, markdown_fence
from tests.unit.test_compare import compare

CONFLICT = "<<<<<<< HEAD\na = 1\n=======\na = 2\n>>>>>>> other\n"


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        (None, CONFLICT, [1]),
        ("a = 1\n", f"x = 1\n{CONFLICT}", [2]),
        (None, CONFLICT * 2, [1, 6]),
        (CONFLICT, f"x = 1\n{CONFLICT}", []),
        (None, f'"""\n{CONFLICT}"""\n', []),
        (None, "\n".join(f"  {line}" for line in CONFLICT.split("\n")), []),
        (None, "<<<<<<< HEAD\na = 1\n", []),
        (None, "=======\n>>>>>>> other\n", []),
        (None, ">>>>>>> other\n=======\n<<<<<<< HEAD\n", []),
        (None, "<<<<<<<< eight\n=======\n>>>>>>> other\n", []),
    ],
)
def test_conflict_marker(before, after, lines):
    assert lines == [hit.line for hit in conflict_marker(compare(before, after))]


@pytest.mark.parametrize(
    ("language", "before", "after", "lines"),
    [
        ("python", None, "```python\nx = 1\n```\n", [1, 3]),
        ("python", "x = 1\n", "x = 1\n```\n", [2]),
        ("python", "```\n", "x = 1\n```\n", []),
        ("python", None, '"""\n```\nx\n```\n"""\n', []),
        ("python", None, "    ```\n", []),
        ("python", None, "```python and more words\n", []),
        ("javascript", None, "/*\n```js\n```\n*/\n", []),
        ("typescript", None, "```typescript\nlet a = 1;\n", [1]),
        ("javascript", None, "let a = 1;\n~~~\n", [2]),
    ],
)
def test_markdown_fence(language, before, after, lines):
    found = markdown_fence(compare(before, after, language))

    assert lines == [hit.line for hit in found]
