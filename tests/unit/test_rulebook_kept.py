"""The rules we ship are read once, and again when a file has changed."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib.util import cache_from_source
from pathlib import Path

import pytest

from qualitywatch import rulebook
from qualitywatch.rulebook.kept import kept
from qualitywatch.rulebook.rule import Rule

RULES = rulebook.load().rules[:3]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of rules, and bytecode that is kept below the test's own folder."""
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path / "bytecode"))
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    code = sys.modules[kept.__module__].__file__ or ""
    Path(cache_from_source(code)).parent.mkdir(parents=True)
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "one.md").write_text("one")
    return folder


def counting() -> tuple[list[int], Callable[[], tuple[Rule, ...]]]:
    calls: list[int] = []

    def read() -> tuple[Rule, ...]:
        calls.append(1)
        return RULES

    return calls, read


def test_a_second_look_reads_nothing(folder: Path):
    calls, read = counting()

    assert kept(folder, read) == RULES
    assert kept(folder, read) == RULES
    assert len(calls) == 1


@pytest.mark.parametrize("change", ["text", "time", "new", "gone"])
def test_a_changed_file_is_read_again(folder: Path, change: str):
    calls, read = counting()
    kept(folder, read)
    rule = folder / "one.md"
    {
        "text": lambda: rule.write_text("another"),
        "time": lambda: os.utime(rule, (1, 1)),
        "new": lambda: (folder / "two.md").write_text("two"),
        "gone": rule.unlink,
    }[change]()

    kept(folder, read)

    assert len(calls) == 2


@pytest.mark.parametrize("content", [b"", b"\xff" * 40, b"\x92\x90\x90"])
def test_what_can_not_be_decoded_is_not_believed(folder: Path, content: bytes):
    calls, read = counting()
    kept(folder, read)
    (place,) = (folder.parent / "bytecode").rglob("*.rules")
    place.write_bytes(content)

    assert kept(folder, read) == RULES
    assert len(calls) == 2


def test_nothing_is_written_where_python_writes_no_bytecode(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    calls, read = counting()
    kept(folder, read)
    kept(folder, read)

    assert len(calls) == 2
    assert not list((folder.parent / "bytecode").rglob("*.rules*"))


def test_what_is_kept_is_what_stands_in_the_files():
    files = rulebook.BUILT_IN.rglob("*.md")
    read = [
        rulebook.read(path, validate=False) for path in files if path.stem != "README"
    ]

    assert rulebook.load() == rulebook.Rulebook.holding(read)
