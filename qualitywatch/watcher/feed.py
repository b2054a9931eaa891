"""watchdog's side: its threads collect notes, the loop reads them."""

from __future__ import annotations

import asyncio
import logging
import threading
import warnings
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer

from qualitywatch.watcher import watches
from qualitywatch.watcher.dirty import LIMIT

if TYPE_CHECKING:
    from watchdog.observers.api import BaseObserver

# The default of watchdog also asks for opened and closed unread files: its own rescans
# make such events, and on a large tree the queue never empties again.
LEAN: list[type[FileSystemEvent]] = [
    FileCreatedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileDeletedEvent,
    FileClosedEvent,
    DirCreatedEvent,
    DirMovedEvent,
    DirDeletedEvent,
]
_LOG = "watchdog.observers.inotify_c"
_BATCH = 2000  # notes read before the loop gets a turn


class Feed:
    """Events of a root and of single folders, handed to *read* in the loop.

    *lost* is called where events were dropped: by the kernel, or by us because nobody
    read them.
    """

    def __init__(
        self,
        *,
        read: Callable[[FileSystemEvent], None],
        done: Callable[[], None],
        lost: Callable[[], None],
    ) -> None:
        self._read = read
        self._done = done
        self._lost = lost
        self._loop = asyncio.get_running_loop()
        self._notes: deque[FileSystemEvent] = deque()
        self._is_told = False
        self._observer: BaseObserver | None = None
        self._threads: set[threading.Thread] = set()
        self._log = _OverflowLog(self._lost_in_thread)

    async def start(self, root: Path, folders: Sequence[Path]) -> str | None:
        """Begin; the reason where the system gives no events at all."""
        logging.getLogger(_LOG).addHandler(self._log)
        observing = asyncio.to_thread(self._observe, root, folders)
        starting = asyncio.ensure_future(observing)
        try:
            await asyncio.shield(starting)
        except OSError as error:
            return f"the system gives no events: {error.strerror or error}"
        except asyncio.CancelledError:  # a thread is not: else nobody would stop it
            await asyncio.wait([starting])
            raise
        return None

    @property
    def is_alive(self) -> bool:
        """False when a thread has died: then no event will ever come again."""
        return all(thread.is_alive() for thread in self._threads)

    def watches(self) -> int | None:
        """How many folders the kernel watches for us; `None` where nothing tells."""
        descriptor = getattr(_inotify(self._observer), "_inotify_fd", None)
        return watches.count(descriptor) if isinstance(descriptor, int) else None

    async def stop(self) -> None:
        """End the threads."""
        logging.getLogger(_LOG).removeHandler(self._log)
        observer, self._observer = self._observer, None
        self._threads = set()
        if observer is not None:
            await asyncio.to_thread(_end, observer)

    def _observe(self, root: Path, folders: Sequence[Path]) -> None:
        # Two folders made at once are registered twice, which does no harm.
        warnings.filterwarnings("ignore", "Callback with id", RuntimeWarning)
        self._observer = observer = Observer()
        handler = _Handler(self._note)
        observer.schedule(handler, str(root), recursive=True, event_filter=LEAN)
        for folder in folders:
            observer.schedule(handler, str(folder), event_filter=LEAN)
        observer.start()
        threads = (observer, _inotify(observer), *observer.emitters)
        self._threads = {t for t in threads if isinstance(t, threading.Thread)}

    # In watchdog's thread.

    def _note(self, event: FileSystemEvent) -> None:
        if len(self._notes) > LIMIT:
            self._notes.clear()
            self._lost_in_thread()
        self._notes.append(event)
        if not self._is_told:
            self._is_told = True
            self._loop.call_soon_threadsafe(self._read_notes)

    def _lost_in_thread(self) -> None:
        self._loop.call_soon_threadsafe(self._lost)

    # In the loop.

    def _read_notes(self) -> None:
        self._is_told = False
        for _ in range(min(_BATCH, len(self._notes))):
            self._read(self._notes.popleft())
        if self._notes and not self._is_told:
            self._is_told = True
            self._loop.call_soon(self._read_notes)
        self._done()


class _Handler(FileSystemEventHandler):
    def __init__(self, note: Callable[[FileSystemEvent], None]) -> None:
        self._note = note

    def on_any_event(self, event: FileSystemEvent) -> None:
        self._note(event)


class _OverflowLog(logging.Handler):
    """watchdog tells nobody but its log that the kernel dropped events."""

    def __init__(self, tell: Callable[[], None]) -> None:
        super().__init__(logging.WARNING)
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        if "overflow" in record.getMessage():
            self._tell()


def _inotify(observer: BaseObserver | None) -> object:
    """watchdog's thread that reads from the kernel: there is no public way to it."""
    return getattr(observer, "_inotify_fd", None)


def _end(observer: BaseObserver) -> None:
    observer.stop()
    if observer.is_alive():
        observer.join()
