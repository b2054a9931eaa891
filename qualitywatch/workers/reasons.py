"""Why a change has no analysis, in words."""

from __future__ import annotations

import signal

from qualitywatch.errors import MachineError
from qualitywatch.model import Analysis, Change, Unanalysable

ADDRESS_BYTES = 600 * 1024 * 1024
"""Of addresses: what libraries and files map, too."""

MEMORY_BYTES = 256 * 1024 * 1024
"""Of memory that a worker may ever have: two and the daemon stay below 512 MB."""

HOPELESS = frozenset({-signal.SIGABRT, -signal.SIGXCPU})
"""How a process ends that met a limit: it would meet it again."""

MAX_ANSWER_BYTES = 64 * 1024 * 1024
"""Of what a worker may say: it could be in the hands of the code that it judges."""

TOO_LARGE = "the answer of the parser is too large"

OUT_OF_MEMORY = 12  # the exit status by which a forked child says so


def unanalysable(change: Change, reason: str) -> Analysis:
    """The analysis of a change that has none."""
    return Analysis(unanalysable=(Unanalysable(path=change.path, reason=reason),))


def no_process(error: OSError | None = None) -> MachineError:
    """No worker could be started."""
    reason = f": {error.strerror}" if error is not None else ""
    return MachineError(
        f"the processes that analyse files do not start{reason}",
        hint="is there memory left, and are more processes allowed?",
    )


def too_slow(seconds: float) -> str:
    """The time was over."""
    return f"the parser used more than {seconds:g} s"


def death(code: int) -> str:
    """The process ended with *code*, negative for a signal."""
    if code in (OUT_OF_MEMORY, -signal.SIGABRT):  # parsers abort without memory
        return f"the parser used more than {MEMORY_BYTES >> 20} MiB"
    if code == -signal.SIGXCPU:
        return "the parser used too much time"
    if code < 0:
        return f"the parser crashed ({signal.Signals(-code).name})"
    return f"the parser crashed (status {code})"


def failure(error: BaseException) -> str:
    """The analysis raised *error*."""
    if isinstance(error, MemoryError):
        return f"the parser used more than {MEMORY_BYTES >> 20} MiB"
    return f"the analysis failed: {type(error).__name__}: {error}"[:300]
