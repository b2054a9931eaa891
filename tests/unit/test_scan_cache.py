"""The cache of scans: never a wrong answer, never a crash."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qualitywatch.scan import cache as caches
from qualitywatch.scan.cache import MAX_TREES, Cache, NoCache
from qualitywatch.scan.rows import UNSURE, Row, Stamp, State, is_settled, unread

KEY = b"k" * 16
ROOT = Path("/project")
ROWS = {
    "src/app.py": Row(
        stamp=Stamp(1, 2, 3, 4), digest=b"d", state=State.COUNTED, functions=3
    ),
    "src/ä \n.py": Row(stamp=UNSURE, digest=b"e", state=State.APART, reason="tests"),
}


@pytest.fixture
def notes() -> list[str]:
    """What people were told."""
    return []


@pytest.fixture
def file(notes: list[str]) -> Path:
    """The file of the cache, with `ROWS` in it."""
    Cache(ROOT, KEY, notes.append).save(ROWS)
    (found,) = Path(os.environ["XDG_CACHE_HOME"], "qualitywatch", "scan").iterdir()
    return found


def test_rows_come_back(file: Path, notes: list[str]) -> None:
    assert ROWS == Cache(ROOT, KEY, notes.append).load()
    assert [] == notes


def test_nobody_else_can_read_it(file: Path) -> None:
    modes = [oct(place.stat().st_mode & 0o777) for place in (file.parent, file)]

    assert ["0o700", "0o600"] == modes


def test_other_rules_and_other_trees_know_nothing(file: Path, notes: list[str]) -> None:
    assert {} == Cache(ROOT, b"other", notes.append).load()
    assert {} == Cache(Path("/other"), KEY, notes.append).load()
    assert [] == notes


def test_no_cache_forgets() -> None:
    cache = NoCache()
    cache.save(ROWS)

    assert {} == cache.load()


def test_what_may_be_chance_is_not_kept(notes: list[str]) -> None:
    """A crash, or a name that no text can hold."""
    rows = {**ROWS, "crash.py": unread("SIGSEGV"), "a\udcff.py": ROWS["src/app.py"]}
    cache = Cache(ROOT, KEY, notes.append)

    cache.save(rows)

    assert ROWS == cache.load()


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-5])


def _other_types(file: Path) -> None:
    file.write_bytes(msgspec.msgpack.encode([KEY, {"a.py": ["x", 1, 2]}]))


def _negative(file: Path) -> None:
    row = [[1, 2, 3, 4], b"d", 0, -5, "", b""]
    file.write_bytes(msgspec.msgpack.encode([KEY, {"a.py": row}]))


def _link(file: Path) -> None:
    file.rename(file.with_name("other"))
    file.symlink_to(file.with_name("other"))


def _pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def _writable(file: Path) -> None:
    file.chmod(0o666)


def _open_folder(file: Path) -> None:
    file.parent.chmod(0o777)


def _too_large(file: Path) -> None:
    with file.open("r+b") as stream:
        stream.truncate(caches.MAX_BYTES + 1)


@pytest.mark.parametrize(
    "spoil",
    [
        _cut,
        _other_types,
        _negative,
        _link,
        _pipe,
        _writable,
        _open_folder,
        _too_large,
    ],
)
def test_spoilt_cache_is_left_alone(
    file: Path, notes: list[str], spoil: Callable[[Path], None]
) -> None:
    """It is as if there were none, and people are told."""
    spoil(file)

    assert {} == Cache(ROOT, KEY, notes.append).load()
    assert 1 == len(notes)
    assert "cache" in notes[0]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(st.binary(max_size=200))
def test_any_bytes_are_no_harm(file: Path, content: bytes) -> None:
    file.write_bytes(content)

    assert {} == Cache(ROOT, KEY, lambda _text: None).load()


def test_folder_that_can_not_be_made(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, notes: list[str]
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    cache = Cache(ROOT, KEY, notes.append)

    cache.save(ROWS)

    assert {} == cache.load()
    assert notes


def test_relative_cache_folder_is_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The convention: such a value counts for nothing, and the home folder does."""
    monkeypatch.setenv("XDG_CACHE_HOME", "here")
    monkeypatch.setenv("HOME", str(tmp_path))

    Cache(ROOT, KEY, lambda _text: None).save(ROWS)

    assert (tmp_path / ".cache" / "qualitywatch" / "scan").is_dir()


def test_too_many_rows_are_not_kept(
    monkeypatch: pytest.MonkeyPatch, notes: list[str]
) -> None:
    monkeypatch.setattr(caches, "MAX_BYTES", 10)
    cache = Cache(ROOT, KEY, notes.append)

    cache.save(ROWS)

    assert ["the cache is not kept: it would be too large"] == notes


def test_only_the_newest_trees_are_kept(file: Path, notes: list[str]) -> None:
    old = [file.with_name(f"old{number}") for number in range(MAX_TREES)]
    for at, place in enumerate(old):
        place.write_bytes(b"")
        os.utime(place, (at, at))

    Cache(ROOT, KEY, notes.append).save(ROWS)

    assert not old[0].exists()
    assert all(place.exists() for place in (*old[1:], file))


@pytest.mark.parametrize(
    ("stamp", "settled"),
    [
        (Stamp(5, 1, 1, 5), True),
        (Stamp(10, 1, 1, 5), False),
        (Stamp(5, 1, 1, 10), False),  # its date was set back
        (Stamp(99, 1, 1, 5), False),  # it comes from the future
    ],
)
def test_young_files_are_not_trusted(stamp: Stamp, settled: bool) -> None:
    assert settled == is_settled(stamp, before_ns=10)
