"""One question, answered in one forked child."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NoReturn

import msgspec

from qualitywatch import config
from qualitywatch.loading import load
from qualitywatch.model import Change, Violation
from qualitywatch.rulebook import Rulebook
from qualitywatch.traces import Around, Examined, Import
from qualitywatch.workers.inside import (
    examine,
    imports,
    limit,
    limit_cpu,
    spare_old_objects,
)
from qualitywatch.workers.reasons import (
    MAX_ANSWER_BYTES,
    OUT_OF_MEMORY,
    TOO_LARGE,
    death,
    failure,
    no_process,
    too_slow,
    unanalysable,
)

if TYPE_CHECKING:
    from qualitywatch.analysis.restoring.words import Mended

RESTORE_PATIENCE = 4  # times as long as to judge one change


def examine_once(
    tasks: Sequence[tuple[Change, Around]],
    rulebook: Rulebook,
    *,
    limits: config.Analysis,
) -> list[Examined]:
    """The analysis of each change, made in one forked child with limits.

    For one change alone: to have `Batches` costs as much as to judge it.
    """
    load("qualitywatch.analysis")  # its bytecode is kept; the child may write nothing

    def work() -> bytes:
        spare_old_objects()
        return msgspec.msgpack.encode(
            [_examined(change, around, rulebook, limits) for change, around in tasks]
        )

    answer, reason = _in_child(work, limits)
    if answer is not None:
        try:
            return msgspec.msgpack.decode(answer, type=list[Examined])
        except msgspec.DecodeError as error:
            reason = failure(error)
    return [Examined(analysis=unanalysable(change, reason)) for change, _ in tasks]


def _examined(
    change: Change, around: Around, rulebook: Rulebook, limits: config.Analysis
) -> Examined:
    try:
        return examine(
            change, rulebook, limits=limits, around=around, keep=False, single=True
        )
    except MemoryError:
        raise
    except Exception as error:  # the top of this process, as above
        return Examined(analysis=unanalysable(change, failure(error)))


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


def restore_once(
    change: Change,
    rulebook: Rulebook,
    *,
    limits: config.Analysis,
    only: Violation | None = None,
) -> Mended:
    """*change* with its lost code put back, in one forked child with limits.

    With *only* that of one violation. What is put back is judged again, so that the
    child may take as long as for several changes.
    """
    from qualitywatch.analysis.restoring.mend import mend
    from qualitywatch.analysis.restoring.words import Mended

    def work() -> bytes:
        most = limits.max_file_bytes
        try:
            result = mend(change, rulebook, only=only, max_bytes=most)
        except MemoryError:
            raise
        except Exception as error:  # the top of this process, as above
            result = Mended(content=change.after, problem=failure(error))
        return msgspec.msgpack.encode(result)

    patient = msgspec.structs.replace(
        limits, timeout_ms=limits.timeout_ms * RESTORE_PATIENCE
    )
    answer, reason = _in_child(work, patient)
    if answer is None:
        return Mended(content=change.after, problem=reason)
    return msgspec.msgpack.decode(answer, type=Mended)


def _in_child(
    work: Callable[[], bytes], limits: config.Analysis
) -> tuple[bytes | None, str]:
    """What *work* returned in a child of its own, or `None` and why there is none."""
    reader, writer = os.pipe()
    try:
        pid = os.fork()
    except OSError as error:
        os.close(reader)
        os.close(writer)
        raise no_process(error) from error
    if pid == 0:
        os.close(reader)
        _child(writer, work, limits)
    os.close(writer)
    timeout = limits.timeout_ms / 1000
    answer = _read_all(reader, time.monotonic() + timeout)
    is_too_large = len(answer or b"") > MAX_ANSWER_BYTES
    if answer is None or is_too_large:
        os.kill(pid, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if answer is None:
        return None, too_slow(timeout)
    if is_too_large:
        return None, TOO_LARGE
    return (answer, "") if status == 0 else (None, death(status))


def _child(writer: int, work: Callable[[], bytes], limits: config.Analysis) -> NoReturn:
    status = 1
    try:
        limit(is_forked=True)
        limit_cpu(limits)
        _write_all(writer, work())
        status = 0
    except MemoryError:
        status = OUT_OF_MEMORY
    finally:
        os._exit(status)


def _read_all(reader: int, deadline: float) -> bytes | None:
    """Everything until the other end is closed; `None` when the time is over.

    Of too much only the beginning.
    """
    chunks: list[bytes] = []
    size = 0
    poll = select.poll()
    poll.register(reader, select.POLLIN)
    with os.fdopen(reader, "rb", buffering=0) as pipe:
        while poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            chunk = pipe.read(65536)
            if not chunk:
                return b"".join(chunks)
            chunks.append(chunk)
            size += len(chunk)
            if size > MAX_ANSWER_BYTES:
                return b"".join(chunks)
    return None


def _write_all(writer: int, data: bytes) -> None:
    with os.fdopen(writer, "wb") as pipe:
        pipe.write(data)
