"""The file a replay is written to as it goes, so that it can stop and go on.

The first line says on what terms it was made: which range, rules, settings and version.
Every other line is a commit. A commit's judgement depends on nothing else, so a later
run adds the commits that are still missing, also those that were made since.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import msgspec

from qualitywatch import config
from qualitywatch.errors import InTheWay, UserError
from qualitywatch.history.chosen import Wanted
from qualitywatch.history.replayed import Replayed
from qualitywatch.model import Noun
from qualitywatch.reports.safe import json_text

FORMAT = 1
_ANOTHER = "name another file, or delete this one"


class Terms(Noun):
    """Whatever a judgement depends on beside the commit."""

    version: str  # of this program
    rules: str  # their digest
    settings: str  # the digest of those that count
    wanted: Wanted
    format: int = FORMAT


def digest(settings: config.Config) -> str:
    """Changes when a setting does that a line of the file depends on."""
    counting = (settings.analysis.max_file_bytes, settings.agents)
    return hashlib.sha256(msgspec.json.encode(counting)).hexdigest()


class _Header(Noun):
    history: Terms


class Journal:
    """The file, locked while it is open; `known` are the commits that it holds.

    Raises `UserError` where the file is no journal, or was made on other terms.
    """

    def __init__(self, path: Path, terms: Terms) -> None:
        self.known: dict[str, Replayed] = {}
        self._path = path
        self._file = _locked(path)
        try:
            self._begin(terms)
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def add(self, replayed: Replayed) -> None:
        """Write a line; from then on it survives whatever ends this process."""
        self._write(replayed)
        self.known[replayed.commit] = replayed

    def _begin(self, terms: Terms) -> None:
        lines = self._file.read().split(b"\n")
        whole = lines[:-1]  # what stands behind the last line end was torn
        if not whole and not _may_be_torn(lines[-1]):
            raise self._error("is no replay of a history", line=1)
        if whole:
            self._refuse_others(whole[0], terms)
            self._read(whole[1:])
        end = sum(len(line) + 1 for line in whole)
        self._file.seek(end)
        self._file.truncate()
        if not whole:
            self._write(_Header(history=terms))

    def _refuse_others(self, line: bytes, terms: Terms) -> None:
        try:
            found = msgspec.json.decode(line, type=_Header).history
        except msgspec.DecodeError as error:
            raise self._error("is no replay of a history", line=1) from error
        for name, what in _TERMS.items():
            if getattr(found, name) != getattr(terms, name):
                raise self._error(f"was made with {what}", line=1)

    def _read(self, lines: list[bytes]) -> None:
        for number, line in enumerate(lines, start=2):
            try:
                one = msgspec.json.decode(line, type=Replayed)
            except msgspec.DecodeError as error:
                raise self._error("is damaged here", line=number) from error
            self.known[one.commit] = one

    def _write(self, value: Noun) -> None:
        self._file.write(json_text(value).encode() + b"\n")
        self._file.flush()

    def _error(self, problem: str, *, line: int) -> UserError:
        return UserError(problem, place=f"{self._path}:{line}", hint=_ANOTHER)


_TERMS = {
    "format": "another version of qualitywatch",
    "version": "another version of qualitywatch",
    "rules": "other rules",
    "settings": "other settings",
    "wanted": "another range of commits, or other filters",
}


def _may_be_torn(start: bytes) -> bool:
    """True for what an interrupted first write leaves behind."""
    return b'{"history":'.startswith(start[:11])


def _locked(path: Path) -> BinaryIO:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except IsADirectoryError as error:
        raise UserError("is a folder", place=str(path), hint=_ANOTHER) from error
    except FileNotFoundError as error:
        raise UserError(
            "there is no such folder", place=str(path.parent), hint=_ANOTHER
        ) from error
    file = os.fdopen(descriptor, "r+b")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.close()
        raise InTheWay(
            "another replay writes to this file", place=str(path), hint=_ANOTHER
        ) from error
    return file
