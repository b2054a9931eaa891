"""Places where a daemon under test fails on purpose: dead, late, without a disk.

A test of what survives a crash must crash between two exact steps. `reach("name")`
stands between them and does nothing, until `arm` has read what shall happen there:

    QUALITYWATCH_FAILPOINTS="after_commit:kill@3,before_ack:sleep=50ms"

`@3` means the third time only. To write the variable is not enough, since a daemon
inherits the environment of whoever starts it, and an agent may have set that: a daemon
is armed only by the hidden option `watch --fail-on-purpose`, and refuses to start where
it finds the variable without the option. `start`, a service and `init` never give it.
An armed daemon says so when it starts, and is degraded for as long as it runs.
"""

from __future__ import annotations

import errno
import os
import re
import signal
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from qualitywatch.errors import UserError

VARIABLE = "QUALITYWATCH_FAILPOINTS"
OPTION = "--fail-on-purpose"
WARNING = "this daemon fails on purpose: it is for tests, and guards nothing"

PLACES: Mapping[str, str] = MappingProxyType(
    {
        "mid_migration": "a step of the schema is done and not counted yet",
        "before_commit": "everything is written and nothing is durable",
        "after_commit": "durable, and the writer does not know it yet",
        "before_enforce": "durable, and memory does not know it yet",
        "before_publish": "in force, and nobody is told",
        "after_publish": "told, and whoever asked has no answer",
        "before_ack": "the answer is made and not sent",
        "after_ack": "the answer waits to be written to its socket",
        "mid_release": "a release is decided and not written",
        "mid_restore": "the daemon starts and remembers, and does not listen",
        "before_listen": "the workspaces are read and nobody is let in",
        "mid_replace": "a file is written beside the one it will replace",
        "mid_blob": "lost code is kept and the record that needs it is not",
        "mid_reconcile": "the disk is compared with the table of files",
        "mid_settle": "some files of a finished edit are judged and some wait",
        "before_record": "a file is judged and nothing is written of it",
        "before_assign": "a violation is told and waits for its author",
        "while_stopping": "nobody is let in and the records are open",
    }
)
"""Every place that can be reached, and how things stand there."""

_FAULT = re.compile(r"(\w+):(kill|raise|enospc|sleep=(\d+)ms)(?:@(\d+))?")
_ASKED = os.environ.get(VARIABLE, "")  # once, when the process starts


class FailedOnPurpose(Exception):
    """What `raise` raises: an error that nobody foresaw."""


class _Fault(NamedTuple):
    act: Callable[[], None]
    only: int | None  # the time it happens; each time where it is None


_faults: dict[str, _Fault] = {}  # filled by `arm`, once, before anything is reached
_reached: dict[str, int] = {}


def reach(place: str) -> None:
    """Fail here where a test has asked for it; in any other run this does nothing."""
    if _faults:
        _fail(place)


def is_armed() -> bool:
    """True in a process that fails on purpose."""
    return bool(_faults)


def arm(*, is_test: bool, asked: str = _ASKED) -> None:
    """Fail from now on as the environment asks; *is_test* says that a test asks.

    Raises `UserError` where the one is there without the other.
    """
    if is_test != bool(asked):
        raise _half_asked(is_test=is_test)
    if is_test:
        _faults.update(_read(asked))


def disarm() -> None:
    """Fail no more."""
    _faults.clear()
    _reached.clear()


def _fail(place: str) -> None:
    _reached[place] = _reached.get(place, 0) + 1
    fault = _faults.get(place)
    if fault is not None and fault.only in (None, _reached[place]):
        fault.act()


def _read(asked: str) -> dict[str, _Fault]:
    return dict(_fault(word.strip()) for word in asked.split(","))


def _fault(word: str) -> tuple[str, _Fault]:
    found = _FAULT.fullmatch(word)
    if found is None or found[1] not in PLACES:
        raise UserError(
            f"{word!r} is no failure at a known place",
            place=VARIABLE,
            hint=f"PLACE:kill|raise|enospc|sleep=50ms[@N]; {', '.join(PLACES)}",
        )
    place, action, milliseconds, time_of_it = found.groups()
    act = _ACTIONS.get(action) or _sleeping(int(milliseconds) / 1000)
    return place, _Fault(act, int(time_of_it) if time_of_it else None)


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _raise() -> None:
    raise FailedOnPurpose("a test asked for it")


def _fill_the_disk() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _sleeping(seconds: float) -> Callable[[], None]:
    return lambda: time.sleep(seconds)


_ACTIONS: Mapping[str, Callable[[], None]] = MappingProxyType(
    {"kill": _kill, "raise": _raise, "enospc": _fill_the_disk}
)


def _half_asked(*, is_test: bool) -> UserError:
    if is_test:
        return UserError(f"{OPTION} fails nowhere", hint=f"say where: {VARIABLE}=...")
    return UserError(
        "the environment asks this daemon to fail on purpose",
        place=VARIABLE,
        hint=f"unset it, and see who set it: only tests of qualitywatch use {OPTION}",
    )
