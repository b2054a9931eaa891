"""What merges, tools and chats leave: only what is new, only outside strings."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qualitywatch.analysis.checks import leftovers
from qualitywatch.analysis.checks.leftovers import (
    conflict_marker,
    markdown_fence,
    patch_envelope,
    search_replace_mark,
    tool_call,
)
from qualitywatch.analysis.checks.preamble import assistant_preamble
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


@pytest.mark.parametrize(
    ("check", "language", "before", "after", "lines"),
    [
        (search_replace_mark, "python", None, "<<<<<<< SEARCH\nx = 1\n", [1]),
        (search_replace_mark, "go", None, "package a\n>>>>>>> REPLACE\n", [2]),
        (search_replace_mark, "rust", None, "------- SEARCH\n", [1]),
        (search_replace_mark, "python", None, "x = '>>>>>>> REPLACE'\n", []),
        (search_replace_mark, "python", "<<<<<<< SEARCH\n", "<<<<<<< SEARCH\n", []),
        (conflict_marker, "python", None, "<<<<<<< SEARCH\n=======\n>>>>>>> a\n", []),
        (patch_envelope, "python", None, "*** Begin Patch\nx = 1\n", [1]),
        (patch_envelope, "java", None, "class A {}\n@@ -1,2 +1,3 @@\n", [2]),
        (patch_envelope, "ruby", None, "@@count = 1\n", []),
        (patch_envelope, "python", None, "+a = 1\n+b = 2\n+c = 3\n+d = 4\n", [1]),
        (patch_envelope, "python", None, "x = (1\n+ 2\n+ 3)\n", []),
        (patch_envelope, "bash", None, "patch <<'E'\n@@ -1 +1 @@\nE\n", []),
        (tool_call, "python", None, "<function_calls>\nx = 1\n", [1]),
        (tool_call, "python", None, "x = 1\n</content>\n", [2]),
        (tool_call, "html", None, "<content>\n</content>\n", []),
        (tool_call, "tsx", None, "const a = (\n<content>\n</content>\n);\n" * 5, []),
        (tool_call, "json", None, '{"name": "a", "arguments": {}}\n', []),
        (tool_call, "python", None, "X = '<function_calls>'\n", []),
        (assistant_preamble, "python", None, "Here is the code:\nx = 1\n", [1]),
        (assistant_preamble, "python", None, "# Here is the code:\nx = 1\n", []),
        (assistant_preamble, "python", None, "x = 1\nAll of it works now.\n", [2]),
        (assistant_preamble, "yaml", None, "summary: all of it works\n", []),
        (assistant_preamble, "html", None, "<p>\nHere is the list:\n</p>\n", []),
    ],
)
def test_other_leftovers(check, language, before, after, lines):
    assert lines == [hit.line for hit in check(compare(before, after, language))]


@pytest.mark.parametrize(
    "check",
    [conflict_marker, search_replace_mark, patch_envelope, tool_call, markdown_fence],
)
def test_inputs_of_tests_may_hold_anything(check):
    text = f"{CONFLICT}<<<<<<< SEARCH\n*** Begin Patch\n<function_calls>\n```\n"
    comparison = compare(None, text)
    comparison.path = "tests/fixtures/a.py"

    assert [] == list(check(comparison))


MARKS = (
    leftovers._OURS,
    leftovers._EDITED,
    leftovers._FENCE,
    leftovers._PATCH,
    leftovers._CALL,
    leftovers._CALL_PART,
    leftovers._JSON_CALL,
)


@pytest.mark.parametrize("mark", MARKS, ids=lambda mark: mark.pattern[:12])
@settings(max_examples=40)
@given(data=st.data())
def test_the_look_at_a_whole_text_misses_no_mark(mark, data):
    line = data.draw(st.from_regex(f"^(?:{mark.pattern})").filter(is_one_line))

    assert leftovers._may_hold_marks(compare(None, line))
    assert leftovers._may_hold_marks(compare("x = 1\n", f"x = 1\n{line}\n"))


def is_one_line(text: str) -> bool:
    return "\n" not in text and "\r" not in text and "\0" not in text
