"""`qualitywatch agents`: who edits, where, and who is in quarantine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from qualitywatch.cli.operator import observer_session, repo_option, watched_root
from qualitywatch.cli.terminal import format_option, moment, say_list
from qualitywatch.protocol import AgentRow, Agents, Nothing

COLUMNS: dict[str, Callable[[AgentRow], str]] = {
    "ID": lambda row: row.agent.id,
    "NAME": lambda row: row.agent.name,
    "STATE": lambda row: row.state.value,
    "CONNECTED": lambda row: "yes" if row.connected else "no",
    "OPEN VIOLATIONS": lambda row: str(row.open_violations),
    "STRIKES": lambda row: strikes(row) or "-",
    "PARENT": lambda row: row.agent.parent or "-",
    "LAST SEEN": lambda row: moment(row.agent.last_seen),
    "WORKSPACE": lambda row: row.agent.workspace or "-",
}


@click.command("agents")
@repo_option
@format_option("text", "json", "jsonl")
def command(repo: Path, format: str) -> None:
    """List the agents and where they stand; needs no passphrase."""
    with observer_session(watched_root(repo)) as hub:
        rows = hub.call("agents.list", Nothing(), Agents).agents
    say_list(rows, format, columns=COLUMNS, empty="no agent has been seen here yet")


def strikes(row: AgentRow) -> str:
    """How near it is to quarantine by each policy that counts: `2/3 three-an-hour`."""
    return ", ".join(f"{one.strikes}/{one.limit} {one.policy}" for one in row.strikes)
