"""`qualitywatch violations`: what was recorded, what it took away, and its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import click

from qualitywatch import replacing
from qualitywatch.cli.operator import (
    SHORT_ID,
    ListByDefault,
    Session,
    as_operator,
    observer_session,
    operator_options,
    reason_option,
    repo_option,
    watched_root,
)
from qualitywatch.cli.restoring import (
    Kept,
    as_object,
    base_of,
    confirmed,
    kept,
    lost_lines,
    on_terminal,
    repair,
    tell,
    tell_written,
)
from qualitywatch.cli.terminal import (
    format_option,
    note,
    say,
    say_list,
    say_object,
    say_table,
)
from qualitywatch.errors import MachineError, UserError
from qualitywatch.model import Evidence, Grounds, Violation
from qualitywatch.protocol import (
    Blame,
    Blames,
    Dismiss,
    FindBlames,
    ListViolations,
    Violations,
)

MAX_LISTED = 500
SHOWN_LINES = 200
_GROUNDS = {
    Grounds.REPORT: "its report of this content",
    Grounds.WORKSPACE: "the workspace, in which it works alone",
    Grounds.PROCESS: "the environment of a process, which may say anything",
    Grounds.COMMIT: "the name on the commit, which may say anything",
    Grounds.UNKNOWN: "the place: nobody came forward",
}
COLUMNS: dict[str, Callable[[Violation], str]] = {
    "ID": lambda violation: violation.id[:SHORT_ID],
    "SEVERITY": lambda violation: violation.severity.value,
    "RULE": lambda violation: violation.rule,
    "AGENT": lambda violation: violation.agent or "-",
    "PLACE": lambda violation: f"{violation.path}:{violation.line}",
    "MESSAGE": lambda violation: violation.message,
}


@click.group("violations", cls=ListByDefault)
def command() -> None:
    """List, show, restore or dismiss violations; `list` where nothing is named."""


@command.command("list")
@click.option("--all", "closed_too", is_flag=True, help="The closed ones too.")
@click.option("--agent", metavar="ID", help="Only those of this agent.")
@click.option("--path", help="Only those in this file.")
@click.option(
    "--limit",
    type=click.IntRange(1, MAX_LISTED),
    default=100,
    show_default=True,
    help="At most so many, the newest first.",
)
@repo_option
@format_option("text", "json", "jsonl")
def list_(
    closed_too: bool,
    agent: str | None,
    path: str | None,
    limit: int,
    repo: Path,
    format: str,
) -> None:
    """List open violations, the newest first; needs no passphrase."""
    wanted = ListViolations(open=not closed_too, agent=agent, path=path, limit=limit)
    with observer_session(watched_root(repo)) as hub:
        found = hub.call("violations.list", wanted, Violations).violations
    say_list(found, format, columns=COLUMNS, empty="no open violation")
    if len(found) == limit:
        note(f"these are the newest {limit}; --limit shows more")


@command.command("show")
@click.argument("id")
@repo_option
@format_option("text", "json")
def show(id: str, repo: Path, format: str) -> None:
    """Show the violation ID (or the beginning of it) and the code it took away."""
    root = watched_root(repo)
    with observer_session(root) as hub:
        violation = _found(hub, id)
        place = kept(hub, violation, root)
        asked = FindBlames(violation=violation.id)
        blames = hub.call("violation.blames", asked, Blames).blames
    if format == "json":
        say_object(violation)
    else:
        _tell(violation, place, blames)


@command.command("restore")
@click.argument("id")
@click.option("--yes", is_flag=True, help="Write it without asking.")
@click.option("--dry-run", is_flag=True, help="Show the patch and write nothing.")
@repo_option
@format_option("text", "json")
def restore(id: str, yes: bool, dry_run: bool, repo: Path, format: str) -> int:
    """Put back exactly the code that the violation ID took away.

    Everything else in the file stays as it is; where that can not be told apart,
    nothing is written. It releases nobody: an agent in quarantine stays there.
    """
    if not (yes or dry_run or on_terminal()):
        raise UserError(
            "nobody can be asked here whether to write the file",
            hint="--yes writes without asking, --dry-run only shows the patch",
        )
    root = watched_root(repo)
    with observer_session(root) as hub:
        violation = _found(hub, id)
        place = kept(hub, violation, root)
    found = repair(violation, place)
    if format == "text":
        tell(found)
    is_wanted = found.reason is None and not dry_run and (yes or confirmed(violation))
    if is_wanted and found.after is not None:
        put(place.workspace, violation.path, found.after, instead=found.before)
    if format == "json":
        say_object(as_object(found, is_written=is_wanted))
    elif is_wanted:
        tell_written(found)
    return 0 if found.reason is None and (is_wanted or dry_run) else 1


def put(root: Path, path: str, content: bytes, *, instead: bytes | None) -> None:
    """Write *content* to *path* below *root*, which must still hold *instead*."""
    try:
        replacing.put(root, path, content, instead=instead)
    except ValueError:
        raise UserError("is no path inside the workspace", place=path) from None
    except replacing.Changed:
        raise UserError(
            "the file changed after the patch was shown; nothing was written",
            place=path,
            hint="run it again",
        ) from None
    except OSError as error:
        raise MachineError(
            f"can not be written: {error.strerror}",
            place=str(root / path),
            hint="a link on the way to it is not followed",
        ) from error


@command.command("dismiss")
@click.argument("id")
@reason_option
@operator_options
@format_option("text", "json")
def dismiss(
    id: str, reason: str, repo: Path, passphrase_file: Path | None, format: str
) -> None:
    """Close the violation ID although the code was not repaired.

    Gates then let this violation pass; an agent in quarantine stays there.
    """
    with as_operator(repo, passphrase_file) as hub:
        order = Dismiss(violation=_found(hub, id).id, reason=reason, nonce="")
        violation = hub.call("violation.dismiss", order, Violation)
    if format == "json":
        say_object(violation)
    else:
        say(f"dismissed {violation.rule} in {violation.path}:{violation.line}")


def say_violations(violations: Sequence[Violation]) -> None:
    """Print *violations* as a table."""
    say_table(COLUMNS, violations)


def _found(hub: Session, id: str) -> Violation:
    """The one violation whose id begins with *id*; open ones are looked at first."""
    for only_open in (True, False):
        wanted = ListViolations(open=only_open, limit=MAX_LISTED)
        listed = hub.call("violations.list", wanted, Violations).violations
        matching = [one for one in listed if one.id.startswith(id)]
        if len(matching) == 1:
            return matching[0]
        if matching:
            raise UserError(
                f"{len(matching)} violations have an id that begins with {id!r}",
                hint="give more of the id",
            )
    raise UserError(
        f"there is no violation {id!r} among the newest {MAX_LISTED}",
        hint="`qualitywatch violations list --all` shows them",
    )


def _tell(violation: Violation, place: Kept, blames: Sequence[Blame]) -> None:
    say(
        f"{violation.path}:{violation.line}:{violation.column}"
        f"  {violation.severity.upper()}/{violation.confidence}"
        f"  {violation.rule} ({violation.type})"
    )
    say(f"  {violation.message}")
    say(f"    {violation.excerpt}")
    say(f"  remedy: {violation.remedy}")
    say(f"  agent: {violation.agent or 'nobody could be named'}")
    for blame in blames:
        say(f"    {blame.subject} answers for it, by {_GROUNDS[blame.grounds]}")
    say(f"  id: {violation.id}")
    if violation.evidence is not None:
        for line in (*_evidence(violation.evidence), *_lost(violation, place)):
            say(line)


def _evidence(evidence: Evidence) -> Iterator[str]:
    ranges = ", ".join(f"{first}-{last}" for first, last in evidence.base_ranges)
    yield f"  lost: {evidence.lost_lines} lines (base lines {ranges or 'unknown'})"
    if evidence.lost_symbols:
        yield f"  lost symbols: {', '.join(evidence.lost_symbols)}"
    if evidence.still_referenced:
        yield f"  still referenced: {', '.join(evidence.still_referenced)}"


def _lost(violation: Violation, place: Kept) -> Iterator[str]:
    """The lost code, where somebody still has it."""
    base = base_of(violation, place)
    lines = lost_lines(violation, base.content) if base is not None else []
    if base is None or not lines:
        yield "  the lost code is not in the last commits, or is back: nothing to show"
        return
    yield f"  as it stands in {base.name}, in {place.workspace}:"
    yield from (f"  {number:6} | {line}" for number, line in lines[:SHOWN_LINES])
    if len(lines) > SHOWN_LINES:
        yield f"  and {len(lines) - SHOWN_LINES} lines more"
    yield f"  to put it back: qualitywatch violations restore {violation.id[:SHORT_ID]}"
