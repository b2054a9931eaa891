"""Fenced blocks and markers become examples."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualitywatch.errors import RuleError
from qualitywatch.rulebook import Example, markers
from tests.rule_files import SOUND, parsed

OWN = "left-breakpoint"
AFTER = "```python after\nb\n```"


def example(blocks: str) -> Example:
    """The third example of the sound rule, written as *blocks*."""
    return parsed(f"{SOUND}\n{blocks}").examples[2]


@pytest.mark.parametrize(
    ("line", "code", "finds"),
    [
        ("x = 1  # finds", "x = 1", {(1, "own")}),
        ("x = 1 // finds", "x = 1", {(1, "own")}),
        ("x = 1  # finds other-id", "x = 1", {(1, "other-id")}),
        ("x = 1  # finds own, other-id", "x = 1", {(1, "own"), (1, "other-id")}),
        ("// ... rest unchanged  // finds", "// ... rest unchanged", {(1, "own")}),
        ("# ... existing code ...  # finds", "# ... existing code ...", {(1, "own")}),
        ("<p/> {/* finds */}", "<p/>", {(1, "own")}),
        ("<p></p> <!-- finds -->", "<p></p>", {(1, "own")}),
        ("<p></p> <!-- finds a-b -->", "<p></p>", {(1, "a-b")}),
        ("x(); /* finds */", "x();", {(1, "own")}),
        ("x = 1  # it finds", "x = 1  # it finds", set()),
        ("x = 1  # finds the way.", "x = 1  # finds the way.", set()),
        ("finds", "finds", set()),
        ("x = '# finds'", "x = '# finds'", set()),
    ],
)
def test_marker(line: str, code: str, finds: set[tuple[int, str]]) -> None:
    """A marker is the whole last comment of a line, and is taken out."""
    marked = markers.strip(line, "own")

    assert (code, finds) == (marked.text, set(marked.finds))


@given(st.lists(st.text(alphabet="ab #/{}*<>!-\t", max_size=12)))
def test_text_without_markers_is_kept(lines: list[str]) -> None:
    """Where nothing is marked, nothing is changed."""
    text = "\n".join(lines)

    assert text == markers.strip(text, "own").text


def test_single_block_is_a_new_file() -> None:
    """One block has no before; its name fits the language."""
    shown = example("```python\nprint(1)\n```")

    assert (None, "print(1)\n", "example.py") == (shown.before, shown.after, shown.path)


def test_two_blocks_are_a_change() -> None:
    """`before` and `after` are two sides of one example."""
    shown = example("```python before\na\n```\n\n```python after\nb\nc  # finds\n```")

    assert ("a\n", "b\nc\n") == (shown.before, shown.after)
    assert {(2, OWN)} == shown.finds


def test_fixed_belongs_to_the_block_before_it() -> None:
    """`fixed` is the expected result of the example before it."""
    shown = example("```python\na  # finds\n```\n```python fixed\nb\n```")

    assert "b\n" == shown.fixed


def test_options_of_a_fence() -> None:
    """An example may have a name of its own, and no newline at its end."""
    shown = example("```python path=tests/test_app.py no-newline\nprint(1)\n```")

    assert ("tests/test_app.py", "print(1)") == (shown.path, shown.after)


@pytest.mark.parametrize(("fence", "inner"), [("````", "```"), ("~~~", "```")])
def test_longer_fence_holds_a_shorter_one(fence: str, inner: str) -> None:
    """An example can show a fence."""
    shown = example(f"{fence}python\n{inner}python\na\n{inner}\n{fence}")

    assert f"{inner}python\na\n{inner}\n" == shown.after


def test_known_limit_states_what_should_be() -> None:
    """An example among the known limits is marked, and belongs to its language."""
    blocks = "## Known limits\n\n```python\ntrace()  # should find\n```"
    shown = example(blocks)

    assert shown.known_limit
    assert {(1, OWN)} == shown.finds


@pytest.mark.parametrize(
    ("blocks", "line", "problem"),
    [
        ("```python before\na\n```", 38, "without an `after`"),
        ("```python after\na\n```", 38, "without a `before`"),
        ("```python before\na\n```\n```python\na\n```", 38, "without an `after`"),
        (f"```python before\na # finds\n```\n{AFTER}", 39, "marker in a `before`"),
        ("```python\na  # should find\n```", 39, "`should find` outside"),
        ("```python fixd\na\n```", 38, "can not be understood"),
        ("```python path=\na\n```", 38, "can not be understood"),
        ("```python before path=a\na\n```\n```python after path=b\n```", 41, "differ"),
        ("## Known limits\n```jsx\na\n```", 39, "has no section"),
        ("## Known limits\n```pascal\na\n```", 39, "unknown language"),
    ],
)
def test_refuses(blocks: str, line: int, problem: str) -> None:
    """A block that has no meaning is refused at its line."""
    with pytest.raises(RuleError, match=problem) as caught:
        example(blocks)

    assert f"rule.md:{line}" == caught.value.place
