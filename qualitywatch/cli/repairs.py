"""`qualitywatch repairs`: what agents in quarantine offer to put back."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import click

from qualitywatch.cli.operator import (
    SHORT_ID,
    ListByDefault,
    Session,
    observer_session,
    repo_option,
    watched_root,
)
from qualitywatch.cli.terminal import (
    emit,
    format_option,
    note,
    say,
    say_block,
    say_list,
    say_object,
)
from qualitywatch.errors import UserError
from qualitywatch.model import Repair
from qualitywatch.protocol import Nothing, Quarantines, ShownRepair, ShowRepair

MAX_BYTES = 4 * 1024 * 1024


class Offered(NamedTuple):
    """A repair, and who offers it."""

    subject: str
    repair: Repair


COLUMNS: dict[str, Callable[[Offered], str]] = {
    "ID": lambda row: row.repair.id[:SHORT_ID],
    "SUBJECT": lambda row: row.subject,
    "LACKS": lambda row: str(row.repair.lacking or "nothing"),
    "LINES": lambda row: f"+{row.repair.added} -{row.repair.removed}",
    "BYTES": lambda row: str(row.repair.size),
    "PATH": lambda row: row.repair.path,
}


@click.group("repairs", cls=ListByDefault)
def command() -> None:
    """List or show what agents in quarantine offer to put back."""


@command.command("list")
@repo_option
@format_option("text", "json", "jsonl")
def list_(repo: Path, format: str) -> None:
    """List every file on offer, and how many violations it would leave."""
    with observer_session(watched_root(repo)) as hub:
        offered = _offered(hub)
    if format == "text":
        say_list(offered, format, columns=COLUMNS, empty="nothing is on offer")
        return
    rows = [{"subject": row.subject, "repair": row.repair} for row in offered]
    say_list(rows, format, columns={}, empty="")


@command.command("show")
@click.argument("id")
@click.option("--whole", is_flag=True, help="The whole file instead of a patch.")
@repo_option
@format_option("text", "json")
def show(id: str, whole: bool, repo: Path, format: str) -> None:
    """Show the repair ID (or the beginning of it) as a patch of the file now.

    Nothing is written: the agent writes it once you have released it.
    """
    with observer_session(watched_root(repo)) as hub:
        found = _found(_offered(hub), id)
        content = _content(hub, found.repair)
    if format == "json":
        say_object(
            {"subject": found.subject, "repair": found.repair, "content": content}
        )
        return
    _tell(found)
    _show(found.repair, content, whole=whole)


def _offered(hub: Session) -> list[Offered]:
    known = hub.call("quarantines.list", Nothing(), Quarantines).quarantines
    return [Offered(held.subject, one) for held in known for one in held.repairs]


def _found(offered: list[Offered], id: str) -> Offered:
    matching = [row for row in offered if row.repair.id.startswith(id)]
    if len(matching) == 1:
        return matching[0]
    if matching:
        raise UserError(
            f"{len(matching)} repairs have an id that begins with {id!r}",
            hint="give more of the id",
        )
    raise UserError(
        f"no repair {id!r} is on offer", hint="`qualitywatch repairs` lists them"
    )


def _content(hub: Session, repair: Repair) -> str:
    """All of it, piece by piece."""
    pieces: list[str] = []
    offset: int | None = 0
    while offset is not None:
        asked = ShowRepair(repair=repair.id, offset=offset)
        piece = hub.call("repair.show", asked, ShownRepair)
        pieces.append(piece.content)
        offset = piece.next
    return "".join(pieces)


def _tell(found: Offered) -> None:
    repair = found.repair
    say(f"{found.subject} offers {repair.path} in {repair.workspace}")
    say(f"  {repair.lines} lines, {repair.size} bytes, sha256 {repair.sha256[:12]}")
    say(f"  violations it would leave: {repair.lacking or 'none'}")
    for violation in repair.violations:
        say(
            f"    {violation.path}:{violation.line}  {violation.rule}:"
            f" {violation.message}"
        )


def _show(repair: Repair, content: str, *, whole: bool) -> None:
    from qualitywatch.cli.restoring import patch, shown

    if whole:
        return say_block(content.removesuffix("\n"))
    standing = _standing(repair)
    if standing == content.encode():
        return note("the file stands like that already")
    found = patch(repair.path, standing, content.encode())
    return emit(shown(found, colour=sys.stdout.isatty()))


def _standing(repair: Repair) -> bytes | None:
    """The file as it is now; what can not be read counts as absent, and is said."""
    from qualitywatch.judge import files

    file = files.read(Path(repair.workspace), repair.path, limit=MAX_BYTES)
    if file.problem is not None:
        note(f"{repair.path}: the file {file.problem}, so all of the offer is shown")
    return file.content
