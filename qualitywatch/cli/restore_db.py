"""`qualitywatch restore-db`: a backup takes the place of the records."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import click

from qualitywatch import credentials, mirror
from qualitywatch.cli import passphrase
from qualitywatch.cli.operator import (
    observer_session,
    operator_options,
    refuse_agent,
    root_around,
)
from qualitywatch.cli.progress import progress
from qualitywatch.cli.terminal import format_option, note, say, say_object
from qualitywatch.daemon.place import held, mark, state_dir_of
from qualitywatch.enrolment import DATABASE_NAME, Marks
from qualitywatch.errors import MachineError, UserError
from qualitywatch.model import Quarantine
from qualitywatch.store import auditing, backups, restoring
from qualitywatch.store.looking import look
from qualitywatch.store.private import private_folder
from qualitywatch.store.restoring import Order, Present, Restored

OPERATOR = "operator"


@click.command("restore-db")
@click.argument("file", type=click.Path(path_type=Path))
@operator_options
@format_option("text", "json")
def command(file: Path, repo: Path, passphrase_file: Path | None, format: str) -> None:
    """Put the backup FILE in the place of the records; no daemon may run meanwhile.

    Nobody is freed by it: whoever is in quarantine now, or was when the backup was
    made, is in quarantine afterwards. Asks for the passphrase of now, or, where the
    records can not be read any more, for that of the backup. What was there before is
    kept aside. Every client takes a snapshot afterwards.
    """
    refuse_agent()
    root = root_around(repo)
    state_dir = state_dir_of(root)
    private_folder(state_dir)
    with (
        held(state_dir),
        tempfile.TemporaryDirectory(dir=state_dir, prefix=".restoring-") as name,
    ):
        staged, database = Path(name), state_dir / DATABASE_NAME
        with progress("reading the backup") as shown:
            opened = backups.opened(file, staged, shown.at)
        now = restoring.present(database)
        _prove(now, staged / DATABASE_NAME, passphrase_file)
        order = Order(
            who=OPERATOR,
            why=f"the backup of {opened.made_at}",
            now=datetime.now(UTC),
            stopped=_stopped(now, state_dir),
            is_believed=now is not None,
        )
        restored = restoring.put_back(staged, database, order)
        _take_as_ours(root, database)
    with observer_session(root):  # the list that the hooks go by follows the records
        pass
    if format == "json":
        say_object(restored)
    else:
        _say(restored, opened.made_at)


def _prove(now: Present | None, copy: Path, file: Path | None) -> None:
    """Raise `UserError` unless the passphrase of the records, or else of the backup,
    is known: who can only replace files must not become operator by it.
    """
    hashed = restoring.passphrase_of(copy) if now is None else now.passphrase
    if hashed is None:
        raise UserError(
            "nobody has set an operator passphrase there", hint="qualitywatch init"
        )
    if not credentials.verify_passphrase(hashed, passphrase.given(file)):
        whose = "the backup's" if now is None else "the"
        raise UserError(f"this is not {whose} passphrase; nothing was changed")


def _stopped(now: Present | None, state_dir: Path) -> tuple[Quarantine, ...]:
    """Who is in quarantine, by the records or else by what the hooks go by."""
    if now is not None:
        return now.quarantines
    try:
        return mirror.read(state_dir).quarantines
    except MachineError as error:
        note(f"nobody can say who was in quarantine after the backup: {error}")
        return ()


def _take_as_ours(root: Path, database: Path) -> None:
    """Bring the marks outside the state folder into line, where they know more.

    The operator has proved to be one, and the audit says what was done.
    """
    marks = Marks(database.parent)
    known = marks.head()
    if known is not None and not look(database, lambda db: auditing.holds(db, known)):
        marks.accept()
    mark(root)


def _say(restored: Restored, made_at: str) -> None:
    say(f"restored: the backup of {made_at}")
    say(f"  kept aside: {restored.kept_aside}")
    say(f"  audit: {restored.newer_audit} newer records were carried over")
    say(f"  in quarantine: {', '.join(restored.quarantined) or 'nobody'}")
    if restored.again:
        say(f"  again, though released since: {', '.join(restored.again)}")
    say("start the daemon: qualitywatch start")
