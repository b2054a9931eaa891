"""One worker: a fork of this process, at the other end of a socket.

Down the socket go pickles, up come frames: one byte that says what it is, eight with
its length, and msgpack. The process that asks trusts no length and no type in them.
"""

from __future__ import annotations

import fcntl
import itertools
import math
import os
import pickle
import signal
import socket
import struct
import time
from typing import BinaryIO, NamedTuple, NoReturn

import msgspec

from qualitywatch import config
from qualitywatch.rulebook import Rulebook
from qualitywatch.workers import inside
from qualitywatch.workers.reasons import (
    MAX_ANSWER_BYTES,
    OUT_OF_MEMORY,
    TOO_LARGE,
    death,
    failure,
    no_process,
    too_slow,
)

_SPENT_BYTES = 60 * 1024 * 1024  # a worker that has grown by so much is replaced
_HEAD = struct.Struct("!cQ")
_ANSWER, _LAST_ANSWER, _FAILURE = b"a", b"l", b"f"
_CHUNK = 1024 * 1024
_MOST_FILES = 65536


class Lost(Exception):
    """The worker is gone, or nothing it says can be used; the task has no answer."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Failed(Exception):
    """The worker is well, but the function could not do it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Work(NamedTuple):
    """What a worker is to do: a function and the items for it, pickled."""

    data: bytes
    is_heavy: bool


class Forked:
    """A worker process, as the process that asks sees it."""

    def __init__(self, rulebook: Rulebook, limits: config.Analysis) -> None:
        self.deadline = math.inf
        self.is_spent = False
        self._timeout = limits.timeout_ms / 1000
        self._link, end = socket.socketpair()
        lifeline, self._life = os.pipe()  # the other end closes when we die
        parent = os.getpid()
        # An interrupt between the fork and its first line would print its traceback.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self._pid = _forked(self._link, end, lifeline, self._life)
            if self._pid == 0:
                _live(end, lifeline, parent, rulebook, limits)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        end.close()
        os.close(lifeline)

    def fileno(self) -> int:
        """The descriptor that can be read when the worker answers or dies."""
        return self._link.fileno()

    def give(self, work: Work) -> None:
        """Let the worker begin; raises `Lost`."""
        data = pickle.dumps(tuple(work), protocol=pickle.HIGHEST_PROTOCOL)
        self.deadline = time.monotonic() + self._timeout
        self._link.settimeout(self._timeout)
        try:
            self._link.sendall(_framed(_ANSWER, data))
        except TimeoutError:
            raise Lost(too_slow(self._timeout)) from None
        except OSError:
            raise Lost(self._cause()) from None

    def answer(self) -> bytes:
        """What the worker answers, to be called when it does.

        Raises `Lost` where it never will, and `Failed` where the function raised.
        """
        until = time.monotonic() + self._timeout
        kind, length = _HEAD.unpack(self._received(_HEAD.size, until))
        if length > MAX_ANSWER_BYTES:
            raise Lost(TOO_LARGE)
        data = self._received(length, until)
        self.deadline = math.inf
        if kind == _FAILURE:
            raise Failed(data.decode("utf-8", "replace"))
        self.is_spent = kind == _LAST_ANSWER
        return data

    def end(self) -> int:
        """Kill the worker and wait for it; how it ended, negative for a signal."""
        if self._pid == 0:
            return 0
        pid, self._pid = self._pid, 0
        os.kill(pid, signal.SIGKILL)  # who has died already keeps the code it died with
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        self._link.close()
        os.close(self._life)
        return code

    def _received(self, length: int, until: float) -> bytes:
        data = bytearray()
        while len(data) < length:
            self._link.settimeout(max(0.001, until - time.monotonic()))
            try:
                chunk = self._link.recv(min(_CHUNK, length - len(data)))
            except TimeoutError:
                raise Lost(too_slow(self._timeout)) from None
            except OSError:
                chunk = b""
            if not chunk:
                raise Lost(self._cause())
            data += chunk
        return bytes(data)

    def _cause(self) -> str:
        return death(self.end())


def _framed(kind: bytes, data: bytes) -> bytes:
    return _HEAD.pack(kind, len(data)) + data


def _forked(link: socket.socket, end: socket.socket, *pipe: int) -> int:
    try:
        return os.fork()
    except OSError as error:
        link.close()
        end.close()
        for number in pipe:
            os.close(number)
        raise no_process(error) from error


# From here on: what runs in the worker


def _read(asked: BinaryIO) -> bytes:
    """What the parent asks next; nothing when it has gone."""
    head = asked.read(_HEAD.size)
    return asked.read(_HEAD.unpack(head)[1]) if head else b""


def _live(
    link: socket.socket,
    lifeline: int,
    parent: int,
    rulebook: Rulebook,
    limits: config.Analysis,
) -> NoReturn:
    status = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one who forked us ends us
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        inside.spare_old_objects()  # those of the parent are not even written to
        _close_all_but(link.fileno(), lifeline)
        _die_with(lifeline)
        inside.become(rulebook, limits)
        if os.getppid() == parent:
            _serve(link, limits)
        status = 0
    except MemoryError:
        status = OUT_OF_MEMORY
    finally:
        os._exit(status)


def _close_all_but(*kept: int) -> None:
    """Another worker must see its parent go, and git the end of its input."""
    ends = (*sorted(kept), min(os.sysconf("SC_OPEN_MAX"), _MOST_FILES))
    for before, end in itertools.pairwise((2, *ends)):
        os.closerange(before + 1, end)


def _die_with(lifeline: int) -> None:
    """The kernel kills this process when nobody holds the other end of that pipe.

    Linux would tell us of the death of our parent too, by a call for which Python needs
    3 ms to load a library.
    """
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(lifeline, fcntl.F_SETSIG, signal.SIGKILL)
    flags = fcntl.fcntl(lifeline, fcntl.F_GETFL)
    fcntl.fcntl(lifeline, fcntl.F_SETFL, flags | os.O_ASYNC)


def _serve(link: socket.socket, limits: config.Analysis) -> None:
    inherited = inside.resident()
    with link.makefile("rb") as asked:
        while told := _read(asked):
            work = Work(*pickle.loads(told))
            inside.limit_cpu(limits)
            inside.limit_memory(is_heavy=work.is_heavy)
            kind, data = _worked(work)
            inside.tidy()
            if kind == _ANSWER and inside.resident() - inherited > _SPENT_BYTES:
                kind = _LAST_ANSWER
            link.sendall(_framed(kind, data))


def _worked(work: Work) -> tuple[bytes, bytes]:
    try:
        function, items = pickle.loads(work.data)
        return _ANSWER, msgspec.msgpack.encode(list(function(items)))
    except MemoryError:
        raise
    except Exception as error:  # the top of this process: nobody is above it
        return _FAILURE, failure(error).encode("utf-8", "replace")
