"""A version of a file that was read a moment ago is not read again."""

from __future__ import annotations

from weakref import ref

import pytest

from qualitywatch import rulebook
from qualitywatch.analysis import examine
from qualitywatch.analysis.outlines.outline import Outline
from qualitywatch.analysis.sources.kept import MAX_ONE, Kept
from qualitywatch.analysis.sources.source import Refused, Source
from qualitywatch.languages import LANGUAGES
from qualitywatch.model import Change

PYTHON = LANGUAGES["python"]


def read(kept: Kept, content: bytes, path: str = "a.py") -> Source:
    return kept.read(path, content, PYTHON, max_bytes=MAX_ONE * 4)


def test_same_content_is_read_once() -> None:
    kept = Kept()

    assert read(kept, b"a = 1\n") is read(kept, b"a = 1\n")


def test_other_paths_and_contents_are_other_sources() -> None:
    kept = Kept()
    first = read(kept, b"a = 1\n")

    assert read(kept, b"a = 1\n", "b.py").path == "b.py"
    assert read(kept, b"a = 2\n") is not first


def test_the_oldest_goes_first() -> None:
    kept = Kept(most=15)
    first, second = read(kept, b"a = 1\n"), read(kept, b"b = 2\n")
    read(kept, b"a = 1\n")  # asked for again: it is younger now
    read(kept, b"c = 3\n")

    assert read(kept, b"a = 1\n") is first
    assert read(kept, b"b = 2\n") is not second


def test_large_texts_are_not_kept() -> None:
    kept = Kept()
    large = b"#" * (MAX_ONE + 1)

    assert read(kept, large) is not read(kept, large)


def test_what_is_refused_is_refused_again() -> None:
    kept = Kept()

    for _ in range(2):
        with pytest.raises(Refused):
            read(kept, b"a\0")


def test_what_is_kept_no_longer_is_freed_at_once() -> None:
    """Units know each other: they would hold on to the tree of their text."""
    kept = Kept(most=40)
    first = read(kept, b"class A:\n    def f(self): pass\n")
    method = first.once(Outline).units[-1]
    known = ref(first)
    del first
    read(kept, b"b = 1\n" * 6)
    del method

    assert known() is None


def test_only_what_is_not_kept_is_forgotten() -> None:
    """A large text is nobody's once it is judged; a kept one may be asked for again."""
    kept = Kept()
    small, large = read(kept, b"a = 1\n"), read(kept, b"#" * (MAX_ONE + 1))
    outlines = [source.once(Outline) for source in (small, large)]
    for source in (small, large):
        kept.leave(source)

    assert small.once(Outline) is outlines[0]
    assert large.once(Outline) is not outlines[1]


def test_what_is_judged_only_once_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would only take the memory that the next tree needs; the verdict is one."""
    rules = rulebook.load()
    change = Change(path="a.py", before=b"a = 1\n", after=b"# ... existing code\n")
    found = examine(change, rules)
    monkeypatch.setattr(Kept, "read", None)

    assert examine(change, rules, keep=False) == found
    assert found.analysis.violations
