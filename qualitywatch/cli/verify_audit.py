"""`qualitywatch verify-audit`: is every record of the audit as it was written?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from qualitywatch import approval, config
from qualitywatch.audit import Head
from qualitywatch.audit.heads import read_lines, read_short, short
from qualitywatch.audit.verifying import Verified
from qualitywatch.cli.operator import repo_option, root_around, watched_root
from qualitywatch.cli.terminal import format_option, note, say, say_object
from qualitywatch.daemon.exporting import exported_heads
from qualitywatch.daemon.place import state_dir_of
from qualitywatch.enrolment import DATABASE_NAME
from qualitywatch.errors import ConfigError, UserError
from qualitywatch.model import Noun
from qualitywatch.reports.judged import count
from qualitywatch.store import verified_audit
from qualitywatch.store.looking import edited, looked_at

EXIT_BAD = 1


class Answer(Noun):
    """What was compared with what, and what is wrong."""

    database: str
    verified: Verified
    unread: tuple[str, ...]  # exported files that are named, and can not be read
    edited: tuple[str, ...]  # where the tables say what the audit does not know of

    @property
    def is_good(self) -> bool:
        """True where every record holds, and every head could be compared."""
        return self.verified.fault is None and not (self.unread or self.edited)


@click.command("verify-audit")
@repo_option
@click.option(
    "--database",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Look into this file, such as a backup.  [default: the repository's]",
)
@click.option(
    "--head",
    "heads",
    multiple=True,
    metavar="FILE|NUMBER:HASH",
    help="Compare with this head too: a file that was exported to, or one you noted.",
)
@format_option("text", "json")
def command(
    repo: Path, database: Path | None, heads: tuple[str, ...], format: str
) -> int:
    """Say whether each record of the audit is as it was written, or which first is not.

    Compares with the head in your own state folder, with the files of [audit] export,
    and with each --head. Exits with 1 where a record is not as it was written. Needs no
    daemon.
    """
    given = [head for text in heads for head in _given(text)]
    root = root_around(repo) if database is not None else watched_root(repo)
    path = database or state_dir_of(root) / DATABASE_NAME
    if not path.is_file():
        raise UserError("there is no database", place=str(path))
    known, unread = list[Head](), list[str]()
    if database is None:
        known, unread = exported_heads(path.parent, _places(root, path))
    answer = Answer(
        database=str(path),
        verified=verified_audit(path, [*known, *given]),
        unread=tuple(unread),
        edited=tuple(_edited(path)),
    )
    _print(answer, format)
    return 0 if answer.is_good else EXIT_BAD


def _given(text: str) -> Sequence[Head]:
    head = read_short(text)
    if head is not None:
        return [head]
    path = Path(text)
    try:
        return read_lines(path.read_bytes(), place=text)
    except OSError as error:
        raise UserError(
            f"is neither NUMBER:HASH nor a file: {error.strerror}", place=text
        ) from error


def _edited(database: Path) -> list[str]:
    """Only a database that is whole and of this version can be compared."""
    looked = looked_at(database)
    is_ours = looked.damage is None and looked.schema == looked.newest_schema
    return edited(database) if is_ours else []


def _places(root: Path, database: Path) -> tuple[str, ...]:
    """The files that the head is exported to, as approved and as the settings say."""
    approved = approval.read(looked_at(database).approved or "")
    named = list(approved.settings.audit.export) if approved is not None else []
    try:
        named += config.load(root).audit.export
    except ConfigError as error:
        note(str(error))
    return tuple(dict.fromkeys(named))


def _print(answer: Answer, format: str) -> None:
    if format == "json":
        say_object(answer)
        return
    verified = answer.verified
    for problem in answer.unread:
        say(f"a head that was exported can not be read: {problem}")
    for difference in answer.edited:
        say(f"the database was edited: {difference}")
    if verified.fault is None:
        say(f"the audit holds: {count(verified.records, 'record')}")
    else:
        fault = verified.fault
        say(
            f"record {fault.number} is the first bad one, {fault.kind}: {fault.problem}"
        )
        say(f"  place: {answer.database}")
        say("  what to do: put a backup in its place that holds, see docs/audit.md")
    say(f"head: {short(verified.head)}")
    if verified.heads:
        say(f"compared with {count(verified.heads, 'exported head')}")
    else:
        note("no head was compared: nobody can tell whether the end was cut off")
