"""One change, judged in one forked child."""

from __future__ import annotations

import os
import select
import signal
import time
from typing import NoReturn

import msgspec

from qualitywatch import config
from qualitywatch.model import Analysis, Change, When
from qualitywatch.rulebook import Rulebook
from qualitywatch.workers.inside import analyse, limit, limit_cpu
from qualitywatch.workers.reasons import (
    OUT_OF_MEMORY,
    death,
    failure,
    too_slow,
    unanalysable,
)


def analyse_once(
    change: Change,
    rulebook: Rulebook,
    *,
    limits: config.Analysis,
    when: When = When.SETTLED,
    gained_elsewhere: frozenset[str] = frozenset(),
) -> Analysis:
    """What is wrong with *change*, judged in one forked child with limits.

    For commands that judge little: a pool costs them more than the work. Only for
    processes without threads.
    """
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        _child(writer, change, rulebook, when, gained_elsewhere, limits)
    os.close(writer)
    timeout = limits.timeout_ms / 1000
    answer = _read_all(reader, time.monotonic() + timeout)
    if answer is None:
        os.kill(pid, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if answer is None:
        return unanalysable(change, too_slow(timeout))
    if status != 0:
        return unanalysable(change, death(status))
    return msgspec.msgpack.decode(answer, type=Analysis)


def _child(
    writer: int,
    change: Change,
    rulebook: Rulebook,
    when: When,
    gained: frozenset[str],
    limits: config.Analysis,
) -> NoReturn:
    status = 1
    try:
        limit()
        limit_cpu(limits)
        result = analyse(change, rulebook, limits=limits, when=when, gained=gained)
        _write_all(writer, msgspec.msgpack.encode(result))
        status = 0
    except MemoryError:
        status = OUT_OF_MEMORY
    except Exception as error:  # the top of this process: nobody is above it
        result = unanalysable(change, failure(error))
        _write_all(writer, msgspec.msgpack.encode(result))
        status = 0
    finally:
        os._exit(status)


def _read_all(reader: int, deadline: float) -> bytes | None:
    """Everything until the other end is closed; `None` when the time is over."""
    chunks: list[bytes] = []
    poll = select.poll()
    poll.register(reader, select.POLLIN)
    with os.fdopen(reader, "rb", buffering=0) as pipe:
        while poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            chunk = pipe.read(65536)
            if not chunk:
                return b"".join(chunks)
            chunks.append(chunk)
    return None


def _write_all(writer: int, data: bytes) -> None:
    with os.fdopen(writer, "wb") as pipe:
        pipe.write(data)
