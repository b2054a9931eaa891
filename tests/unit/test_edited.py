"""A text that is parsed from the tree of the one before: the same tree, less work."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qualitywatch.analysis.sources.edited import MIN_BYTES, MOST_EDITS, edited
from qualitywatch.analysis.sources.source import Source
from qualitywatch.languages import LANGUAGES

FUNCTIONS = "".join(
    f'def step_{n}(row):\n    """Step {n}."""\n    return load(row, {n})\n\n\n'
    for n in range(60)
)
LINES = FUNCTIONS.split("\n")
PIECES = (
    *("return None", "    if row:", "x = [", "]", '"""', "# rest", "class A:", ""),
    *("        pass", "    é = 'ü'", "def step_9(row):", "\\", "@wraps"),
)


def source(text: str, language: str = "python") -> Source:
    return Source.read("a.py", text.encode(), LANGUAGES[language])


def shape(read: Source) -> list[tuple[str, int, int]]:
    """Every node of the tree, with its place."""
    found, waiting = [], [read.tree.root_node]
    while waiting:
        node = waiting.pop()
        found.append((node.type, node.start_byte, node.end_byte))
        waiting += node.children
    return found


@settings(max_examples=150, deadline=None)
@given(
    first=st.integers(0, len(LINES)),
    gone=st.integers(0, 12),
    new=st.lists(st.sampled_from(PIECES), max_size=6),
)
def test_the_tree_is_the_one_that_parsing_anew_gives(
    first: int, gone: int, new: list[str]
):
    text = "\n".join([*LINES[:first], *new, *LINES[first + gone :]])
    before, after, alone = source(FUNCTIONS), source(text), source(text)
    after.follows(before)

    assert shape(alone) == shape(after)


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.integers(0, len(LINES) - 1), st.sampled_from(PIECES), min_size=1, max_size=20
    )
)
def test_so_it_is_where_single_lines_became_others(new: dict[int, str]):
    text = "\n".join(new.get(at, line) for at, line in enumerate(LINES))
    before, after, alone = source(FUNCTIONS), source(text), source(text)
    after.follows(before)

    assert shape(alone) == shape(after)


def test_each_line_is_an_edit_of_its_own():
    """What stands between two edits is taken over as well."""
    text = FUNCTIONS.replace("load(row, 3)", "load(row)").replace("row, 51)", "row)")
    before, after = source(FUNCTIONS), source(text)

    near = edited(before.tree, before.data, after.data)

    assert near is not None
    is_touched = [node.has_changes for node in near.tree.root_node.children]
    assert [3, 51] == [at for at, touched in enumerate(is_touched) if touched]


def test_many_edits_are_one():
    """A text like a table, a fifth of it new: one by one they would cost more."""
    rows = [f"value = {number}" for number in range(5 * MOST_EDITS + 5)]
    new = [f"{row}0" if at % 5 == 0 else row for at, row in enumerate(rows)]
    old, text = "\n".join(rows), "\n".join(new)

    near = edited(source(old).tree, old.encode(), text.encode())

    assert near is None


def test_what_both_share_is_not_parsed_again(monkeypatch: pytest.MonkeyPatch):
    before, after = source(FUNCTIONS), source(FUNCTIONS.replace("load(row, 30)", "0"))
    near = edited(before.tree, before.data, after.data)

    assert near is not None
    (changed,) = near.tree.changed_ranges(after.tree)
    assert changed.end_byte - changed.start_byte < 40


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (FUNCTIONS, "x = 1\n" * MIN_BYTES),  # another text
        (FUNCTIONS, FUNCTIONS[: MIN_BYTES - 1]),  # too short to be worth it
        (f"{FUNCTIONS}def (:\n", FUNCTIONS),  # errors: how they are read is no matter
    ],
)
def test_nothing_is_taken_over_where_it_does_not_help(old: str, new: str):
    assert edited(source(old).tree, old.encode(), new.encode()) is None


@pytest.mark.parametrize(
    ("old", "new", "rows"),
    [
        ("load(row, 3)", "load(line, 3)", (17,)),
        ("load(row, 3)", "(row, 3)", None),  # no call any more
        ("load(row, 3)", "load(row)", None),  # an argument less
        ("load(row, 3)", "load(row, 3)  # rest", None),
        ("load(row, 3)\n", "load(\n        row, 3)\n", None),  # another line
    ],
)
def test_other_words_are_told_from_other_code(
    old: str, new: str, rows: tuple[int, ...] | None
):
    before, after = source(FUNCTIONS), source(FUNCTIONS.replace(old, new, 1))
    after.follows(before)
    back = source(FUNCTIONS)
    back.follows(after)

    assert rows == after.reworded
    assert rows == back.reworded


def test_a_text_that_follows_another_one_is_compared_anew():
    """One that is kept has a tree that was made beside its first base."""
    text = FUNCTIONS.replace("load(row, 3)", "load(line, 3)", 1)
    before, after, other = source(FUNCTIONS), source(text), source("x = 1\n" * 999)
    after.follows(before)
    assert after.reworded == (17,)

    after.follows(other)

    assert after.reworded is None


def test_another_language_has_another_tree():
    before, after = source(FUNCTIONS, "ruby"), source(FUNCTIONS)
    after.follows(before)

    assert shape(source(FUNCTIONS)) == shape(after)
