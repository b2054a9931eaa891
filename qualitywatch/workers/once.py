"""One change, judged in one forked child."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Callable, Sequence
from typing import NoReturn

import msgspec

from qualitywatch import config
from qualitywatch.model import Change, When
from qualitywatch.rulebook import Rulebook
from qualitywatch.traces import ALONE, Around, Examined, Import
from qualitywatch.workers.inside import examine, imports, limit, limit_cpu, memory
from qualitywatch.workers.reasons import (
    OUT_OF_MEMORY,
    death,
    failure,
    too_slow,
    unanalysable,
)


def examine_once(
    change: Change,
    rulebook: Rulebook,
    *,
    limits: config.Analysis,
    when: When = When.SETTLED,
    around: Around = ALONE,
) -> Examined:
    """What is wrong with *change*, judged in one forked child with limits.

    For commands that judge little: a pool costs them more than the work. Only for
    processes without threads.
    """

    def work() -> bytes:
        try:
            result = examine(change, rulebook, limits=limits, when=when, around=around)
        except MemoryError:
            raise
        except Exception as error:  # the top of this process: nobody is above it
            result = Examined(analysis=unanalysable(change, failure(error)))
        return msgspec.msgpack.encode(result)

    answer, reason = _in_child(work, limits)
    if answer is None:
        return Examined(analysis=unanalysable(change, reason))
    return msgspec.msgpack.decode(answer, type=Examined)


def imports_once(
    files: Sequence[tuple[str, bytes]], *, limits: config.Analysis
) -> list[tuple[Import, ...]]:
    """What each of *files* imports, read in one forked child with limits.

    Where that takes too long, nothing is known of any of them.
    """

    def work() -> bytes:
        return msgspec.msgpack.encode([imports(path, text) for path, text in files])

    answer, _ = _in_child(work, limits)
    if answer is None:
        return [()] * len(files)
    return msgspec.msgpack.decode(answer, type=list[tuple[Import, ...]])


def _in_child(
    work: Callable[[], bytes], limits: config.Analysis
) -> tuple[bytes | None, str]:
    """What *work* returned in a child of its own, or `None` and why there is none."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        _child(writer, work, limits)
    os.close(writer)
    timeout = limits.timeout_ms / 1000
    answer = _read_all(reader, time.monotonic() + timeout)
    if answer is None:
        os.kill(pid, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if answer is None:
        return None, too_slow(timeout)
    return (answer, "") if status == 0 else (None, death(status))


def _child(writer: int, work: Callable[[], bytes], limits: config.Analysis) -> NoReturn:
    status = 1
    try:
        limit(inherited=memory())
        limit_cpu(limits)
        _write_all(writer, work())
        status = 0
    except MemoryError:
        status = OUT_OF_MEMORY
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
