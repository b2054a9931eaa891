"""`qualitywatch agent show`: everything that is known of one agent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from qualitywatch.cli.agents import strikes
from qualitywatch.cli.operator import (
    SHORT_ID,
    Session,
    observer_session,
    repo_option,
    unknown_subject,
    watched_root,
)
from qualitywatch.cli.terminal import format_option, moment, say, say_object
from qualitywatch.model import Quarantine, Violation
from qualitywatch.protocol import (
    AgentRow,
    Agents,
    Blames,
    FindBlames,
    ListViolations,
    Nothing,
    Quarantines,
    Violations,
)

MOST = 50  # violations with their grounds


@click.group("agent")
def command() -> None:
    """Show one agent."""


@command.command("show")
@click.argument("id")
@repo_option
@format_option("text", "json")
def show(id: str, repo: Path, format: str) -> None:
    """Show the agent or workspace ID: who it is, where it stands, and for what."""
    with observer_session(watched_root(repo)) as hub:
        row = _found(hub, id)
        stopped = _stopped_by(hub, row)
        wanted = ListViolations(agent=id, limit=MOST)
        violations = hub.call("violations.list", wanted, Violations).violations
        grounds = {one.id: _grounds(hub, one) for one in violations}
    if format == "json":
        known = {"agent": row, "quarantine": stopped, "violations": violations}
        say_object({**known, "grounds": grounds})
        return
    about = (*_about(row), *_standing(row, stopped))
    for line in (*about, *_open(row.open_violations, violations, grounds)):
        say(line)


def _found(hub: Session, id: str) -> AgentRow:
    rows = hub.call("agents.list", Nothing(), Agents).agents
    found = next((row for row in rows if row.agent.id == id), None)
    if found is None:
        raise unknown_subject(id, sorted(row.agent.id for row in rows))
    return found


def _stopped_by(hub: Session, row: AgentRow) -> Quarantine | None:
    """Its own quarantine; what else stops it is said by its state."""
    known = hub.call("quarantines.list", Nothing(), Quarantines).quarantines
    return next((one for one in known if one.subject == row.agent.id), None)


def _grounds(hub: Session, violation: Violation) -> dict[str, str]:
    asked = FindBlames(violation=violation.id)
    found = hub.call("violation.blames", asked, Blames).blames
    return {one.subject: one.grounds.value for one in found}


def _about(row: AgentRow) -> Iterator[str]:
    agent = row.agent
    yield f"{agent.id}  {agent.name}"
    yield f"  harness: {agent.harness or 'not said'}"
    yield f"  workspace: {agent.workspace or 'not said'}"
    session = "not connected" if not row.connected else f"session {agent.session}"
    yield f"  last seen: {moment(agent.last_seen)}, {session}"
    if agent.parent is not None:
        yield f"  started by: {agent.parent}, whose quarantine stops it too"
    if row.children:
        yield f"  its subagents: {', '.join(row.children)}"
        held = ", ".join(row.children_in_quarantine) or "none"
        yield f"    in quarantine: {held}; open violations: {row.children_violations}"


def _standing(row: AgentRow, stopped: Quarantine | None) -> Iterator[str]:
    yield f"  state: {row.state.value}"
    if stopped is not None:
        since = moment(stopped.since)
        yield f"    since {since}, imposed by {stopped.imposed_by}: {stopped.reason}"
        yield f"    repairs on offer: {len(stopped.repairs)}"
    if row.strikes:
        yield f"  strikes: {strikes(row)}"


def _open(
    count: int,
    newest: tuple[Violation, ...],
    grounds: dict[str, dict[str, str]],
) -> Iterator[str]:
    yield f"  open violations: {count}"
    for one in newest:
        why = ", ".join(f"{who} by {how}" for who, how in grounds[one.id].items())
        yield f"    {one.id[:SHORT_ID]}  {one.path}:{one.line}  {one.rule}  ({why})"
