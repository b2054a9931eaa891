"""The guard itself: rules, settings, hooks, and the daemon that runs."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from qualitywatch import approval, local_socket
from qualitywatch.cli.checkup.checked import (
    Patient,
    Result,
    noted,
    refused,
    well,
    wrong,
)
from qualitywatch.errors import QualityWatchError
from qualitywatch.hooks import installation, probing
from qualitywatch.hooks.installation import HookStatus
from qualitywatch.hooks.installation import Standing as HookStanding
from qualitywatch.installed import version_of

_START = "qualitywatch start"
_INSTALL = "qualitywatch hooks install git"
_APPROVE = "qualitywatch approve shows what changed and takes it"
_SECONDS = 5.0

_LOST = "".join(f"    total = total + step_{n}(total)\n" for n in range(12))
_BEFORE = f"def work(total):\n{_LOST}    return total\n"
_AFTER = (
    "def work(total):\n    # ... rest of the function unchanged\n    return total\n"
)


def settings(patient: Patient) -> Iterator[Result]:
    """What stands in the files can be used, and an operator has approved it."""
    from qualitywatch.analysis import CHECKS

    try:
        now = approval.usable(patient.root, known_checks=CHECKS)
    except QualityWatchError as error:
        yield refused(error, "mend the file")
        return
    content = patient.records.approved if patient.records else None
    known = approval.read(content) if content else None
    if content is None:
        yield noted("valid; nothing was approved yet: the first start does")
    elif known is None:
        yield wrong("what was approved can not be read", _APPROVE)
    elif known != now:
        names = ", ".join(approval.differing(known, now))
        yield wrong(f"not as an operator approved them: {names}", _APPROVE)
    else:
        yield well("valid and approved")


def rules(patient: Patient) -> Iterator[Result]:
    """The rules find what they are for: code that was dropped is judged."""
    from qualitywatch import rulebook
    from qualitywatch.config import Config
    from qualitywatch.gate import Trusted, analyser, judge
    from qualitywatch.model import Change

    again = "pip install --force-reinstall qualitywatch"
    try:
        shipped = rulebook.load()
    except QualityWatchError as error:
        yield refused(error, again)
        return
    sample = Change(path="a.py", before=_BEFORE.encode(), after=_AFTER.encode())
    with analyser(Trusted(Config(), shipped)) as analyse:
        report = judge(
            [sample],
            base=None,
            head=None,
            analyse=analyse,
            settings=Config().gate,
            clock=time.perf_counter,
        )
    if report.violations:
        yield well(f"{len(shipped.rules)} rules; dropped code is found")
    else:
        reasons = ", ".join(one.reason for one in report.unanalysable)
        yield wrong(f"dropped code is not found: {reasons or 'no rule fires'}", again)


def hooks(patient: Patient) -> Iterator[Result]:
    """git comes to us before a commit and a push, wherever it looks for hooks."""
    if patient.repository is None:
        yield noted("no git repository, no hooks")
        return
    for hook in installation.status(patient.repository):
        yield _hook(patient, hook)


def daemon(patient: Patient) -> Iterator[Result]:
    """A daemon runs, and can be reached on both ways."""
    running = patient.running
    if running is None and patient.is_bare:
        yield noted("nobody edits in a bare repository")
        return
    if running is None:
        yield wrong("no daemon watches", _START)
        return
    restart = f"qualitywatch stop, then {_START}"
    try:
        local_socket.connect(Path(running.socket), timeout=_SECONDS).close()
    except OSError as error:
        yield wrong(f"{running.socket} does not answer: {error}", restart)
    else:
        yield well(f"pid {running.pid} answers at its socket")
    yield _page(running.url, restart)
    yield _version(running.version, restart)


def degraded(patient: Patient) -> Iterator[Result]:
    """The daemon itself says that everything works."""
    from qualitywatch.cli.exchange import reach
    from qualitywatch.cli.operator import Session
    from qualitywatch.protocol import Hello, Nothing, Stats, Welcome

    if patient.running is None:
        yield noted("no daemon to ask")
        return
    try:
        with ExitStack() as stack:
            hub = Session(reach(patient.root, stack))
            hub.call("session.hello", Hello(), Welcome)
            told = hub.call("stats", Nothing(), Stats)
    except QualityWatchError as error:
        yield refused(error, f"qualitywatch stop, then {_START}")
        return
    for what in told.degraded:
        yield wrong(what, "see docs/operation.md, or `qualitywatch status`")
    if not told.degraded:
        yield well("nothing is degraded")


def _hook(patient: Patient, hook: HookStatus) -> Result:
    assert patient.repository is not None, "who has none has no hooks"
    if hook.standing is HookStanding.MISSING:
        server = " --server" if hook.name in installation.SERVER_HOOKS else ""
        return wrong(f"{hook.name} is not installed", f"{_INSTALL}{server}")
    if hook.standing is HookStanding.BROKEN:
        said = f"{hook.name}: its interpreter {hook.interpreter} is gone, or the file"
        return wrong(f"{said} may not be run", _INSTALL)
    if hook.standing is HookStanding.CHANGED:
        said = f"{hook.name} was changed, or another version of us has written it"
        return wrong(said, _INSTALL)
    if hook.standing is HookStanding.FOREIGN:
        return _foreign(hook)
    silence = probing.why_silent(patient.repository, hook.name)
    if silence is None:
        return well(f"{hook.name} is installed, and git comes to us")
    return wrong(f"{hook.name} does not reach us: {silence}", _INSTALL)


def _foreign(hook: HookStatus) -> Result:
    """Another program's hook is not run to see: nobody knows what it does."""
    path = Path(hook.path)
    try:
        asks_us = b"qualitywatch" in path.read_bytes()
    except OSError:
        asks_us = False
    if asks_us:
        return noted(f"{hook.name} is another program's, and names us")
    return wrong(
        f"{hook.name} is another program's ({path}): we are not asked", _INSTALL
    )


def _page(url: str, restart: str) -> Result:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=_SECONDS) as answer:
            return well(f"{url} answers {answer.status}")
    except urllib.error.HTTPError as error:
        return wrong(f"{url} is not well: it answers {error.code}", restart)
    except (OSError, ValueError) as error:
        return wrong(f"{url} does not answer: {error}", restart)


def _version(running: str, restart: str) -> Result:
    ours = version_of("qualitywatch")
    if running == ours:
        return well(f"the same version, {ours}")
    return wrong(f"the daemon is version {running}, this is {ours}", restart)
