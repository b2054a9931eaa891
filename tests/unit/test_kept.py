"""A version of a file that was read a moment ago is not read again."""

from __future__ import annotations

import pytest

from qualitywatch.analysis.sources.kept import MAX_ONE, Kept
from qualitywatch.analysis.sources.source import Refused, Source
from qualitywatch.languages import LANGUAGES

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
