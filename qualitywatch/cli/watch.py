"""`qualitywatch watch`: the daemon in the foreground, with what it sees as it comes."""

from __future__ import annotations

import asyncio
import os
import queue
import signal
import sys
import threading
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

import click
import msgspec

from qualitywatch import approval, credentials, failpoints
from qualitywatch.analysis import CHECKS
from qualitywatch.approval import Effective, Standing
from qualitywatch.audit import Decision
from qualitywatch.cli import passphrase
from qualitywatch.cli.operator import refuse_agent, root_around
from qualitywatch.cli.terminal import format_option, json_text, note, say
from qualitywatch.daemon import daemon
from qualitywatch.daemon.audit_head import note_newest, refuse_other
from qualitywatch.daemon.place import enrol, held, state_dir_of
from qualitywatch.enrolment import DATABASE_NAME
from qualitywatch.errors import UserError
from qualitywatch.git import Repository
from qualitywatch.model import Event
from qualitywatch.protocol import cloud_event
from qualitywatch.store import Store, Transaction

EXIT_INTERRUPTED = 130
_BACKLOG = 10_000  # events a reader of our output may be behind


@click.command("watch")
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Listen here, or nowhere; 0 takes any free port.  [default: the first free"
    " one from the settings on, 7433]",
)
@click.option("--open", "open_page", is_flag=True, help="Open the page in a browser.")
@format_option("text", "jsonl", "quiet")
@click.option(failpoints.OPTION, "is_test", is_flag=True, hidden=True)
@passphrase.option
def command(
    path: Path,
    port: int | None,
    open_page: bool,
    format: str,
    is_test: bool,
    passphrase_file: Path | None,
) -> int:
    """Watch the repository at PATH: daemon, hub and page, until Ctrl-C.

    Needs no `init`: without an operator passphrase it asks for one on a terminal, else
    it makes one and prints it once. After the ready line it prints violations and
    quarantines as they come, with `--format jsonl` every event, with `quiet` nothing.
    """
    refuse_agent()
    failpoints.arm(is_test=is_test)
    if is_test:
        note(failpoints.WARNING)
    root = watchable(path)
    going_by = prepare(root, passphrase_file)
    with _Output(_FORMATS[format]) as output:

        def ready(state: daemon.Ready) -> None:
            output.begin(f"ready: {state.url} watching {root}")
            if open_page:
                webbrowser.open(state.page)

        return asyncio.run(_watch(root, going_by, port, ready, output.show))


async def _watch(
    root: Path,
    going_by: Effective,
    port: int | None,
    ready: Callable[[daemon.Ready], None],
    show: Callable[[Event], None],
) -> int:
    with _signals() as (stop, received):
        await daemon.run(
            root, going_by, port=port, on_ready=ready, on_event=show, stop=stop
        )
    return EXIT_INTERRUPTED if signal.SIGINT in received else 0


@contextmanager
def _signals() -> Iterator[tuple[asyncio.Event, list[signal.Signals]]]:
    """An event that the first signal sets; the second one ends us at once."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    received: list[signal.Signals] = []

    def receive(number: signal.Signals) -> None:
        if received:
            os._exit(128 + number)
        received.append(number)
        stop.set()

    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, receive, number)
    try:
        yield stop, received
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


def watchable(path: Path) -> Path:
    """The root of what is watched at *path*; `UserError` where nothing can be."""
    root = root_around(path)
    repository = Repository.discover(root)
    if repository is None:
        note(
            f"{root} is no git repository: the first content seen of each file is what "
            "later ones are compared with, and no commit can be refused"
        )
        return root.resolve()
    with repository:
        if repository.root is None:
            raise UserError(
                "a bare repository has no files to watch",
                place=str(root),
                hint="watch a checkout of it; the gate works here too",
            )
        return repository.root.resolve()


# What a human has decided


def prepare(root: Path, file: Path | None) -> Effective:
    """What the daemon of *root* goes by; sets a passphrase where there is none yet.

    Raises what is wrong with settings and rules before anything is made; the first
    start approves those that it finds.
    """
    if not state_dir_of(root).is_dir():
        approval.effective(root, None)
    state_dir = enrol(root)
    with held(state_dir):
        return asyncio.run(_prepared(root, state_dir / DATABASE_NAME, file))


async def _prepared(root: Path, database: Path, file: Path | None) -> Effective:
    async with Store.open(database, _now) as store:
        await refuse_other(store)
        going_by = approval.effective(root, await store.approved_settings())
        if going_by.is_first:  # what can not be read is not approved
            approval.rules_of(going_by.standing, known_checks=CHECKS)
        has_passphrase = await store.passphrase_hash() is not None
        if not has_passphrase:
            hashed = credentials.hash_passphrase(_passphrase(file))
            await store.set_passphrase_hash(hashed)
        if going_by.is_first:
            await store.write(partial(_approve_first, going_by.standing))
        if going_by.is_first or not has_passphrase:
            await note_newest(store)
        return going_by


def _approve_first(standing: Standing, write: Transaction) -> None:
    """Keep what stood there at the first start, which somebody had to begin with."""
    write.approve_settings(approval.write(standing))
    decision = Decision(
        action="settings.approve",
        who="daemon",
        object=standing.digest,
        result="allowed",
        reason="first start: what stood in the files",
    )
    write.add_audit(decision, _now().isoformat())


def _now() -> datetime:
    return datetime.now(UTC)


def _passphrase(file: Path | None) -> str:
    if file is not None or passphrase.on_terminal():
        return passphrase.chosen(file)
    made = credentials.new_passphrase()
    note(
        f"operator passphrase: {made}\n"
        "  It is shown this once; whoever knows it can release an agent."
    )
    return made


# What is printed


class _Output:
    """Prints events in a thread of its own: a slow reader must not stop the daemon.

    What happens before `begin` is printed after it: the ready line comes first.
    """

    def __init__(self, write: Callable[[Event], str | None]) -> None:
        self._write = write
        self._lines: queue.Queue[str | None] = queue.Queue(_BACKLOG)
        self._thread = threading.Thread(target=self._run, name="output", daemon=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        with suppress(queue.Full):
            self._lines.put(None, timeout=1)
        if self._thread.ident is not None:
            self._thread.join(timeout=1)

    def begin(self, line: str) -> None:
        """Print *line*, then every event."""
        _print(line)
        self._thread.start()

    def show(self, event: Event) -> None:
        """Print *event* if this format has a line for it; never waits."""
        line = self._write(event)
        if line is not None:
            with suppress(queue.Full):  # whoever does not read will miss something
                self._lines.put_nowait(line)

    def _run(self) -> None:
        with suppress(BrokenPipeError):  # nobody reads any more: go on without
            while (line := self._lines.get()) is not None:
                _print(line)


def _print(text: str) -> None:
    say(text)
    sys.stdout.flush()  # whoever waits for the ready line reads from a pipe


def _json_line(event: Event) -> str:
    return json_text(cloud_event(event))


def _text_line(event: Event) -> str | None:
    describe = _LINES.get(event.kind)
    if describe is None:
        return None
    return f"{event.time[11:19]}  {describe(msgspec.json.decode(event.data))}"


def _violation(data: dict[str, Any]) -> str:
    evidence = data["evidence"]
    lost = f", {evidence['lost_lines']} lines lost" if evidence else ""
    return (
        f"violation   {data['severity']}/{data['confidence']} {data['rule']} "
        f"{data['path']}:{data['line']}  {data['message']}{lost}"
        f"{_by(data['agent'])}"
    )


def _closed(data: dict[str, Any]) -> str:
    return f"closed      {data['rule']} {data['path']}"


def _quarantine(data: dict[str, Any]) -> str:
    return f"QUARANTINE  {data['subject']}: {data['reason']}"


def _released(data: dict[str, Any]) -> str:
    return (
        f"released    {data['subject']} by {data['released_by']}: "
        f"{data['release_reason']}"
    )


def _unanalysable(data: dict[str, Any]) -> str:
    return f"unreadable  {data['path']}: {data['reason']}"


def _degraded(data: dict[str, Any]) -> str:
    return f"degraded    {data['what']}: {data['reason']}"


def _recovered(data: dict[str, Any]) -> str:
    return f"recovered   {data['what']}"


def _by(agent: str | None) -> str:
    return f" (by {agent})" if agent else ""


_LINES: MappingProxyType[str, Callable[[dict[str, Any]], str]] = MappingProxyType(
    {
        "violation.recorded": _violation,
        "violation.closed": _closed,
        "quarantine.imposed": _quarantine,
        "quarantine.updated": _quarantine,
        "quarantine.released": _released,
        "file.unanalysable": _unanalysable,
        "daemon.degraded": _degraded,
        "daemon.recovered": _recovered,
    }
)
_FORMATS: MappingProxyType[str, Callable[[Event], str | None]] = MappingProxyType(
    {"text": _text_line, "jsonl": _json_line, "quiet": lambda event: None}
)
