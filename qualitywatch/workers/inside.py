"""What runs in a worker process: the limits first, then the analysis."""

from __future__ import annotations

import contextlib
import gc
import resource
import signal
import time
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qualitywatch import config
from qualitywatch.languages import LANGUAGES, Language
from qualitywatch.model import Change, Violation, When
from qualitywatch.rulebook import Rulebook
from qualitywatch.traces import ALONE, Around, Examined, Import
from qualitywatch.workers.reasons import ADDRESS_BYTES, MEMORY_BYTES

if TYPE_CHECKING:
    from qualitywatch.analysis.restoring.words import Mended

WARM = ("python", "javascript", "typescript", "tsx")
"""The languages a worker is ready for at once; the others load when first met."""

LIGHT_BYTES = 64 * 1024
"""Of a change; a larger one is heavy, and only one of those is judged at a time."""

_LIGHT_MEMORY = 96 * 1024 * 1024  # that a light change may add to a worker
_TIDY_MEMORY = 32 * 1024 * 1024  # by so much a worker grows before it gives any back
_OPEN_FILES = 64
_OBJECTS = 10_000  # new ones, before it is looked for garbage
_PR_SET_PDEATHSIG = 1

# What the start of a worker process leaves for its tasks.
_rulebook: ContextVar[Rulebook] = ContextVar("rulebook")
_limits: ContextVar[config.Analysis] = ContextVar("limits")
_tidied: ContextVar[int] = ContextVar("tidied", default=0)  # bytes that were left


def start(rules: Rulebook) -> None:
    """Make this process a worker: limited, mortal, and warm."""
    # pebble's own handler waits for the end of the native call that hangs.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _die_with_parent()
    limit()
    _rulebook.set(rules)
    for name in WARM:
        sample = _sample_in(LANGUAGES[name])
        # A check that fails here fails for the first real file too, and says so there.
        with contextlib.suppress(Exception):
            examine(sample, rules, limits=config.Analysis())
    gc.collect()
    spare_old_objects()


def become(rules: Rulebook, limits: config.Analysis) -> None:
    """Make this process, a fork of a command's, a worker with limits."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _tidied.set(memory())
    limit(is_forked=True)
    _rulebook.set(rules)
    _limits.set(limits)


def rulebook() -> Rulebook:
    """The rules by which this worker judges."""
    return _rulebook.get()


def limits() -> config.Analysis:
    """The limits of this worker."""
    return _limits.get()


def task(
    change: Change, when: When, around: Around, limits: config.Analysis
) -> Examined:
    """The analysis of *change* by the rules that `start` left here."""
    limit_cpu(limits)
    limit_memory(is_heavy=is_heavy(change))
    try:
        return examine(change, _rulebook.get(), limits=limits, when=when, around=around)
    finally:
        tidy()


def mend_task(change: Change, only: Violation, limits: config.Analysis) -> Mended:
    """*change* with the code of one violation put back."""
    from qualitywatch.analysis.restoring.mend import mend  # as above

    limit_cpu(limits)
    limit_memory(is_heavy=is_heavy(change))
    try:
        rules, most = _rulebook.get(), limits.max_file_bytes
        return mend(change, rules, only=only, max_bytes=most)
    finally:
        tidy()


def imports_task(
    path: str, content: bytes, limits: config.Analysis
) -> tuple[Import, ...]:
    """What a file imports."""
    limit_cpu(limits)
    return imports(path, content)


def rest(seconds: float) -> None:
    """Keep a worker busy, so that the next task starts the next worker."""
    time.sleep(seconds)


def examine(
    change: Change,
    rulebook: Rulebook,
    *,
    limits: config.Analysis,
    when: When = When.SETTLED,
    around: Around = ALONE,
    keep: bool = True,
    single: bool = False,
) -> Examined:
    """The analysis itself."""
    # Imported here: the process that only asks must not pay for the parsers.
    from qualitywatch import analysis

    try:
        return analysis.examine(
            change,
            rulebook,
            when=when,
            around=around,
            max_bytes=limits.max_file_bytes,
            keep=keep,
            single=single,
        )
    finally:
        sweep()


def imports(path: str, content: bytes) -> tuple[Import, ...]:
    """What a file imports, itself."""
    from qualitywatch.analysis.symbols import imports as found  # as above

    return found.imports(path, content)


def limit(*, is_forked: bool = False) -> None:
    """From now on this process can take little and write nothing.

    What a child *is_forked* with is its parent's, and not counted.
    """
    for kind, most in (
        (resource.RLIMIT_AS, ADDRESS_BYTES + (addresses() if is_forked else 0)),
        (resource.RLIMIT_DATA, MEMORY_BYTES + (memory() if is_forked else 0)),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
    ):
        resource.setrlimit(kind, (most, most))


def limit_cpu(limits: config.Analysis) -> None:
    """The kernel ends this process when a task has computed for too long."""
    seconds = limits.timeout_ms / 1000
    usage = resource.getrusage(resource.RUSAGE_SELF)
    most = int(usage.ru_utime + usage.ru_stime + seconds) + 1
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (most, hard))


def is_heavy(change: Change) -> bool:
    """True for a change that is large enough to need much memory."""
    sizes = (len(content or b"") for content in (change.before, change.after))
    return max(sizes) > LIGHT_BYTES


def limit_memory(*, is_heavy: bool) -> None:
    """The kernel refuses a light task more memory than it can need."""
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    most = hard if is_heavy else min(hard, memory() + _LIGHT_MEMORY)
    resource.setrlimit(resource.RLIMIT_DATA, (most, hard))


def memory() -> int:
    """The bytes that this process has for itself; 0 where nobody counts them."""
    return _counted(5)


def addresses() -> int:
    """The bytes that this process could reach, libraries and files too; 0 as above."""
    return _counted(0)


def resident() -> int:
    """The bytes of this process that are in memory, shared ones too; 0 as above."""
    return _counted(1)


def spare_old_objects() -> None:
    """Look for garbage seldom, and never among what is here now.

    Each file leaves trees that hang in cycles; the modules, rules and queries around
    them are ten times as many objects, and stay.
    """
    gc.freeze()
    gc.set_threshold(_OBJECTS)


def sweep() -> None:
    """Free what the last file left behind: its units, and so its tree, hang in circles.

    Left to itself the search for garbage comes so late that every tree gets memory that
    nothing has used before; a worker grew by twice as much.
    """
    gc.collect(0)


def tidy() -> None:
    """Give memory back after heavy tasks, or many: a worker lives for more of them."""
    if memory() - _tidied.get() > _TIDY_MEMORY:
        gc.collect()
        _libc().malloc_trim(0)
        _tidied.set(memory())


def _counted(column: int) -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[column])
    except OSError:
        return 0
    return pages * resource.getpagesize()


def _die_with_parent() -> None:
    _libc().prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _libc() -> Any:
    import ctypes  # a command that judges one change needs none of this

    return ctypes.CDLL(None)


def _sample_in(language: Language) -> Change:
    """A change that makes a worker load a grammar and compile its query."""
    after = f"{language.line_comment} ... rest of the code unchanged\n".encode()
    path = f"sample{language.suffixes[0]}"
    return Change(path=path, before=b"x = 1\n" * 9, after=after)
