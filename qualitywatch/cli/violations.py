"""`qualitywatch violations`: what was recorded, what it took away, and dismissal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import click

from qualitywatch.cli.operator import (
    Session,
    as_operator,
    observer_session,
    operator_options,
    reason_option,
    repo_option,
    watched_root,
)
from qualitywatch.cli.terminal import (
    format_option,
    note,
    say,
    say_list,
    say_object,
    say_table,
)
from qualitywatch.errors import UserError
from qualitywatch.gate.tree import read_file
from qualitywatch.git import Repository
from qualitywatch.model import Evidence, Violation
from qualitywatch.protocol import (
    Agents,
    Dismiss,
    ListViolations,
    Nothing,
    Violations,
)

MAX_LISTED = 500
SHOWN_LINES = 200
SEARCHED_COMMITS = 50
MAX_SHOWN_BYTES = 4 * 1024 * 1024
SHORT_ID = 8
COLUMNS: dict[str, Callable[[Violation], str]] = {
    "ID": lambda violation: violation.id[:SHORT_ID],
    "SEVERITY": lambda violation: violation.severity.value,
    "RULE": lambda violation: violation.rule,
    "AGENT": lambda violation: violation.agent or "-",
    "PLACE": lambda violation: f"{violation.path}:{violation.line}",
    "MESSAGE": lambda violation: violation.message,
}


class _ListByDefault(click.Group):
    """`violations` alone, or with options, means `violations list`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        first = args[0] if args else "-"
        if first.startswith("-") and first not in ctx.help_option_names:
            args = ["list", *args]
        return super().parse_args(ctx, args)


@click.group("violations", cls=_ListByDefault)
def command() -> None:
    """List, show or dismiss recorded violations; `list` where nothing is named."""


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
        workspace = _workspace(hub, violation) or root
    if format == "json":
        say_object(violation)
    else:
        _tell(violation, workspace)


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


def _workspace(hub: Session, violation: Violation) -> Path | None:
    """The checkout of the violation's agent, while it is there."""
    rows = hub.call("agents.list", Nothing(), Agents).agents
    places = (row.agent.workspace for row in rows if row.agent.id == violation.agent)
    place = next(places, None)
    return Path(place) if place and Path(place).is_dir() else None


def _tell(violation: Violation, workspace: Path) -> None:
    say(
        f"{violation.path}:{violation.line}:{violation.column}"
        f"  {violation.severity.upper()}/{violation.confidence}"
        f"  {violation.rule} ({violation.type})"
    )
    say(f"  {violation.message}")
    say(f"    {violation.excerpt}")
    say(f"  remedy: {violation.remedy}")
    say(f"  agent: {violation.agent or 'nobody could be named'}")
    say(f"  id: {violation.id}")
    if violation.evidence is not None:
        for line in (*_evidence(violation.evidence), *_lost(violation, workspace)):
            say(line)


def _evidence(evidence: Evidence) -> Iterator[str]:
    ranges = ", ".join(f"{first}-{last}" for first, last in evidence.base_ranges)
    yield f"  lost: {evidence.lost_lines} lines (base lines {ranges or 'unknown'})"
    if evidence.lost_symbols:
        yield f"  lost symbols: {', '.join(evidence.lost_symbols)}"
    if evidence.still_referenced:
        yield f"  still referenced: {', '.join(evidence.still_referenced)}"


def _lost(violation: Violation, workspace: Path) -> Iterator[str]:
    """The lost code, where git still has it."""
    lost = _from_git(violation, workspace)
    if lost is None:
        yield "  the lost code is not in the last commits, or is back: nothing to show"
        return
    revision, lines = lost
    yield f"  as it stands in {revision}, in {workspace}:"
    yield from (f"  {number:6} | {line}" for number, line in lines[:SHOWN_LINES])
    if len(lines) > SHOWN_LINES:
        more = len(lines) - SHOWN_LINES
        yield f"  and {more} lines more: git show {revision}:{violation.path}"


def _from_git(
    violation: Violation, workspace: Path
) -> tuple[str, list[tuple[int, str]]] | None:
    """The newest revision that still has what was lost, and its numbered lines."""
    repository = Repository.discover(workspace)
    if repository is None:
        return None
    now = _lines_now(workspace / violation.path)
    with repository:
        for age in range(SEARCHED_COMMITS):
            revision = f"HEAD~{age}" if age else "HEAD"
            content = repository.content(revision, violation.path)
            lines = _lost_lines(violation, content or b"", now)
            if lines:
                return revision, lines
    return None


def _lines_now(file: Path) -> frozenset[str]:
    try:
        content = read_file(file, MAX_SHOWN_BYTES) or b""
    except OSError:
        content = b""
    return frozenset(map(str.strip, content.decode("utf-8", "replace").splitlines()))


def _lost_lines(
    violation: Violation, base: bytes, now: frozenset[str]
) -> list[tuple[int, str]]:
    """The lines of *base* that the evidence speaks of; none where it is no base."""
    lines = base.decode("utf-8", "replace").splitlines()
    ranges = violation.evidence.base_ranges if violation.evidence else ()
    if any(last > len(lines) for _, last in ranges):
        return []
    numbers = [number for first, last in ranges for number in range(first, last + 1)]
    text = "\n".join(lines[number - 1] for number in numbers)
    symbols = violation.evidence.lost_symbols if violation.evidence else ()
    if not all(symbol.rpartition(".")[2] in text for symbol in symbols):
        return []
    told = [line.strip() for line in text.splitlines() if line.strip()]
    if sum(line in now for line in told) * 2 > len(told):  # these are not lost
        return []
    return [(number, lines[number - 1]) for number in numbers]
