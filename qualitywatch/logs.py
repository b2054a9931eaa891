"""The daemon's log: one JSON object a line, bounded on the disk, harmless to print.

What is logged comes from file names, agents and git, so everything outside ASCII is
escaped: no record spans two lines, moves a cursor or turns text round. A token never
gets in. A storm of one message is counted, not written: a few a second go through, the
next one says how many were left out.
"""

from __future__ import annotations

import json
import logging
import math
import os
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

from qualitywatch.audit.decision import without_tokens

FOLDER, FILE_NAME = "logs", "daemon.jsonl"
MAX_BYTES = 8_000_000  # of one file
OLD_FILES = 5  # beside it: 48 MB together
BURST = 20  # of one message at once ...
A_SECOND = 2.0  # ... and in the long run
MOST_KINDS = 1000  # of messages that are counted apart

_NAME = "qualitywatch"
_SIGNS = 2000  # of one text
_TRACE_SIGNS = 8000
_OURS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


@contextmanager
def setup(state_dir: Path, level: str) -> Iterator[None]:
    """Write what is logged in the block to the state folder's log.

    Whatever others log in this process, such as a library, is written from "warning"
    on; our own from *level* on.
    """
    file = file_of(state_dir)
    file.parent.mkdir(mode=0o700, exist_ok=True)
    handler = _Handler(file)
    root, ours = logging.getLogger(), logging.getLogger(_NAME)
    before = ours.level
    root.addHandler(handler)
    set_level(level)
    try:
        yield
    finally:
        root.removeHandler(handler)
        ours.setLevel(before)
        handler.close()


def file_of(state_dir: Path) -> Path:
    """The newest file of the log."""
    return state_dir / FOLDER / FILE_NAME


def set_level(level: str) -> None:
    """Log our own messages from *level* on."""
    logging.getLogger(_NAME).setLevel(level.upper())


class JsonLine(logging.Formatter):
    """A log record as one line of JSON in ASCII."""

    def format(self, record: logging.LogRecord) -> str:
        """Its time, level, part and message, then whatever fields came with it."""
        moment = datetime.fromtimestamp(record.created, UTC)
        fields: dict[str, object] = {
            "time": moment.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "part": record.name.removeprefix(f"{_NAME}."),
            "message": _text(record.getMessage()),
        }
        for name, value in vars(record).items():
            if name not in _OURS:
                fields.setdefault(_text(name), _value(value))
        if record.exc_info and record.exc_info[1] is not None:
            lines = "".join(traceback.format_exception(record.exc_info[1]))
            fields["traceback"] = without_tokens(lines[-_TRACE_SIGNS:])
        return json.dumps(fields, ensure_ascii=True).replace("\x7f", "\\u007f")


class Collapsing(logging.Filter):
    """Lets a few of each message through a second; counts the others."""

    def __init__(self) -> None:
        super().__init__()
        self._buckets: dict[tuple[str, int, object], _Bucket] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """True for what is written; it says how many like it were left out before."""
        kind = (record.name, record.levelno, record.msg)
        bucket = self._buckets.get(kind)
        if bucket is None:
            if len(self._buckets) >= MOST_KINDS:
                kind = (record.name, record.levelno, None)  # ever new texts are one
            bucket = self._buckets.setdefault(kind, _Bucket(time.monotonic()))
        if not bucket.take(time.monotonic()):
            return False
        if bucket.left_out:
            record.left_out, bucket.left_out = bucket.left_out, 0
        return True

    def left_out(self) -> int:
        """How many were counted and not written so far."""
        return sum(bucket.left_out for bucket in self._buckets.values())


class _Bucket:
    """How many more of one message may be written now."""

    def __init__(self, now: float) -> None:
        self._level = float(BURST)
        self._at = now
        self.left_out = 0

    def take(self, now: float) -> bool:
        """True where one more may be written at *now*; else it is counted."""
        self._level = min(BURST, self._level + (now - self._at) * A_SECOND)
        self._at = now
        if self._level < 1:
            self.left_out += 1
            return False
        self._level -= 1
        return True


class _Handler(RotatingFileHandler):
    """The files themselves: only their owner reads them, and a full disk stops nobody.

    What could not be written is counted, and said by the next record that can be.
    """

    def __init__(self, path: Path) -> None:
        self._lost = 0
        self._collapsing = Collapsing()
        super().__init__(path, maxBytes=MAX_BYTES, backupCount=OLD_FILES, delay=True)
        self.setFormatter(JsonLine())
        self.addFilter(self._collapsing)
        self.addFilter(_is_worth_it)

    def emit(self, record: logging.LogRecord) -> None:
        """Write *record*, with how many could not be written before it."""
        if self._lost:
            record.lost, self._lost = self._lost, 0
        super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:
        """Count what could not be written; nobody is stopped by it."""
        self._lost = getattr(record, "lost", 0) + 1

    def close(self) -> None:
        """Say how many were left out last, then close the file."""
        count, self._collapsing = self._collapsing.left_out(), Collapsing()
        if count:
            last = {
                "levelno": logging.INFO,
                "levelname": "INFO",
                "name": f"{_NAME}.logs",
            }
            message = {"msg": "the last repeats were counted", "left_out": count}
            self.emit(logging.makeLogRecord({**last, **message}))
        super().close()

    def _open(self) -> TextIOWrapper:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(self.baseFilename, flags, 0o600)
        os.fchmod(descriptor, 0o600)
        return os.fdopen(descriptor, "a", encoding="ascii")


def _is_worth_it(record: logging.LogRecord) -> bool:
    """Ours as their level says; of others what is wrong."""
    is_ours = record.name == _NAME or record.name.startswith(f"{_NAME}.")
    return is_ours or record.levelno >= logging.WARNING


def _text(value: object) -> str:
    return without_tokens(str(value)[:_SIGNS])


def _value(value: object) -> object:
    is_plain = value is None or isinstance(value, bool | int)
    return value if is_plain or _is_number(value) else _text(value)


def _is_number(value: object) -> bool:
    """JSON knows no infinity."""
    return isinstance(value, float) and math.isfinite(value)
