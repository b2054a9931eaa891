"""A selection becomes an inventory: what is known stays, the rest is judged."""

from __future__ import annotations

import hashlib
import os
import platform
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec

from qualitywatch import config
from qualitywatch.installed import version_of
from qualitywatch.languages import LANGUAGES
from qualitywatch.model import Inventory
from qualitywatch.rulebook import Rulebook
from qualitywatch.scan.folding import Found, Scan, folded
from qualitywatch.scan.judging import Item, rows
from qualitywatch.scan.rows import UNSURE, Row, State, is_settled, told, unread
from qualitywatch.scan.selection import File, Selection

RESTLESS_NS = 2_000_000_000
"""A file changed less than this ago may change again within one tick of its clock."""

_JUDGED_WITH = ("tree-sitter", "libcst", "google-re2", "msgspec", "PyYAML")
_PACKAGE = Path(__file__).parents[1]

Counted = Callable[[Iterator[Row], int], Iterator[Row]]


class Keeper(Protocol):
    """Keeps rows from one scan to the next."""

    def load(self) -> dict[str, Row]:
        """The rows of the last scan, by path."""
        ...

    def save(self, rows: Mapping[str, Row]) -> None:
        """Keep *rows* instead."""
        ...


class Judge(NamedTuple):
    """By what files are judged, and by how many processes."""

    rules: Rulebook
    limits: config.Analysis
    processes: int | None = None

    @property
    def key(self) -> bytes:
        """Changes when the same content could be judged otherwise."""
        parts = [
            self.rules.digest,
            *(rule.id for rule in self.rules.rules),
            *(rule.id for rule in self.rules.resting),
            str(self.limits.max_file_bytes),
            platform.python_version(),
            *_programs(),
        ]
        text = "\0".join(parts).encode("utf-8", "surrogateescape")
        return hashlib.blake2b(text, digest_size=16).digest()


def scan(
    selection: Selection,
    judge: Judge,
    cache: Keeper,
    *,
    counted: Counted = lambda found, _total: found,
) -> Scan:
    """The inventory of *selection*; *counted* sees each file pass that is judged."""
    started, started_ns = time.perf_counter(), time.time_ns()
    known = cache.load()
    found, left = _compared(selection.files, known)
    cached = len(found)
    if left:
        judged = counted(_judged(selection, left, known, judge), len(left))
        found += _read(left, judged, known)
    _keep(cache, known, found, selection, before_ns=started_ns - RESTLESS_NS)
    return folded(
        found,
        skipped=selection.skipped,
        unread=selection.unread,
        cached=cached,
        duration_ms=round((time.perf_counter() - started) * 1000, 1),
    )


def _compared(
    files: Iterable[File], known: Mapping[str, Row]
) -> tuple[list[Found], list[File]]:
    """What is known of unchanged files, and the files to look into."""
    found: list[Found] = []
    left: list[File] = []
    for file in files:
        row = known.get(file.path)
        is_same = row is not None and row.stamp == file.stamp
        inventory = _told(row) if row is not None and is_same else None
        if row is None or inventory is None:
            left.append(file)
        else:
            found.append(Found(file.path, row, inventory))
    return found, left


_NOTHING = Inventory()


def _told(row: Row) -> Inventory | None:
    """What a row of the cache tells; `None` where somebody has tampered with it."""
    if row.state in (State.SAME, State.GONE):
        return None
    if not row.told:
        return _NOTHING
    try:
        return told(row)
    except (msgspec.DecodeError, ValueError):
        return None


def _judged(
    selection: Selection,
    files: Iterable[File],
    known: Mapping[str, Row],
    judge: Judge,
) -> Iterator[Row]:
    from qualitywatch.workers.batches import Batches  # only where something is judged

    items = (_item(selection.root, file, known.get(file.path)) for file in files)
    with Batches(judge.rules, judge.limits, processes=judge.processes) as batches:
        yield from batches.run(
            rows,
            items,
            failed=lambda _item, reason: unread(reason),
            weight=lambda item: item.size,
        )


def _item(root: Path, file: File, row: Row | None) -> Item:
    is_sound = row is not None and _told(row) is not None
    known = row.digest if row is not None and is_sound else b""
    return Item(str(root), file.path, file.stamp.size, known)


def _read(
    files: Iterable[File], judged: Iterable[Row], known: Mapping[str, Row]
) -> Iterator[Found]:
    """Each file with its row; a file whose content is known has the row it had."""
    for file, row in zip(files, judged, strict=True):
        if row.state is State.SAME:
            row = msgspec.structs.replace(known[file.path], stamp=row.stamp)
        if row.state is not State.GONE:
            yield Found(file.path, row, told(row))


def _keep(
    cache: Keeper,
    known: Mapping[str, Row],
    found: Iterable[Found],
    selection: Selection,
    *,
    before_ns: int,
) -> None:
    """Save what is known now, unless that is what was known before."""
    kept = {path: row for path, row in known.items() if not selection.covers(path)}
    for path, row, _ in found:
        if row.stamp != UNSURE and not is_settled(row.stamp, before_ns=before_ns):
            row = msgspec.structs.replace(row, stamp=UNSURE)
        kept[path] = row
    if kept.keys() != known.keys() or any(
        row is not known[path] and row != known[path] for path, row in kept.items()
    ):
        cache.save(kept)


def _programs() -> Iterator[str]:
    """The versions of what judges, and the state of our own code."""
    modules = {
        language.grammar[0] for language in LANGUAGES.values() if language.grammar
    }
    names = sorted(module.replace("_", "-") for module in modules)
    for name in (*names, *_JUDGED_WITH, "qualitywatch"):
        yield f"{name} {version_of(name)}"
    yield from sorted(_modules(_PACKAGE))


def _modules(folder: str | os.PathLike[str]) -> Iterator[str]:
    """Path, size and time of each module of ours."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".py"):
                status = entry.stat()
                yield f"{entry.path} {status.st_size} {status.st_mtime_ns}"
            elif entry.is_dir():
                yield from _modules(entry.path)
