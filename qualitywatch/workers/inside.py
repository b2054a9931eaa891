"""What runs in a worker process: the limits first, then the analysis."""

from __future__ import annotations

import contextlib
import ctypes
import resource
import signal
import time
from contextvars import ContextVar

from qualitywatch import config
from qualitywatch.languages import LANGUAGES
from qualitywatch.model import Analysis, Change, When
from qualitywatch.rulebook import Rulebook
from qualitywatch.workers.reasons import MEMORY_BYTES

WARM = ("python", "javascript", "typescript", "tsx")
"""The languages a worker is ready for at once; the others load when first met."""

_OPEN_FILES = 64
_PR_SET_PDEATHSIG = 1

# What the initializer of a worker process leaves for its tasks.
_rulebook: ContextVar[Rulebook] = ContextVar("rulebook")


def start(rulebook: Rulebook) -> None:
    """Make this process a worker: limited, mortal, and warm."""
    # pebble's own handler waits for the end of the native call that hangs.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    limit()
    _rulebook.set(rulebook)
    for name in WARM:
        language = LANGUAGES[name]
        sample = _sample(language.suffixes[0], language.line_comment)
        # A check that fails here fails for the first real file too, and says so there.
        with contextlib.suppress(Exception):
            analyse(sample, rulebook, limits=config.Analysis())


def task(
    change: Change, when: When, gained: frozenset[str], limits: config.Analysis
) -> Analysis:
    """The analysis of *change* by the rules that `start` left here."""
    limit_cpu(limits)
    rulebook = _rulebook.get()
    return analyse(change, rulebook, limits=limits, when=when, gained=gained)


def rest(seconds: float) -> None:
    """Keep a worker busy, so that the next task starts the next worker."""
    time.sleep(seconds)


def analyse(
    change: Change,
    rulebook: Rulebook,
    *,
    limits: config.Analysis,
    when: When = When.SETTLED,
    gained: frozenset[str] = frozenset(),
) -> Analysis:
    """The analysis itself."""
    # Imported here: the process that only asks must not pay for the parsers.
    from qualitywatch import analysis

    return analysis.analyse(
        change,
        rulebook,
        when=when,
        gained_elsewhere=gained,
        max_bytes=limits.max_file_bytes,
    )


def limit() -> None:
    """From now on this process can take little and write nothing."""
    for kind, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
    ):
        resource.setrlimit(kind, (most, most))


def limit_cpu(limits: config.Analysis) -> None:
    """The kernel ends this process when a task has computed for too long."""
    seconds = limits.timeout_ms / 1000
    usage = resource.getrusage(resource.RUSAGE_SELF)
    most = int(usage.ru_utime + usage.ru_stime + seconds) + 2
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (most, hard))


def _sample(suffix: str, comment: str) -> Change:
    """A change that makes a worker load a grammar and compile its query."""
    after = f"{comment} ... rest of the code unchanged\n".encode()
    return Change(path=f"sample{suffix}", before=b"x = 1\n" * 9, after=after)
