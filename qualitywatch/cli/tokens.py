"""`qualitywatch tokens`: who may connect to the hub."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import click

from qualitywatch.cli.operator import as_operator, operator_options
from qualitywatch.cli.terminal import (
    format_option,
    moment,
    note,
    say,
    say_list,
    say_object,
)
from qualitywatch.model import is_agent_id
from qualitywatch.protocol import (
    CreatedToken,
    CreateToken,
    ListTokens,
    RevokeToken,
    Role,
    RotateToken,
    TokenRow,
    Tokens,
)

MAX_DAYS = 3650


@click.group("tokens")
def command() -> None:
    """Create, list, rotate or revoke the tokens that let programs in."""


@command.command("create")
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    default=Role.AGENT.value,
    show_default=True,
    callback=lambda context, option, value: Role(value),
)
@click.option("--agent", metavar="ID", help="The agent the token stands for.")
@click.option("--name", help="The agent's name, as people read it.")
@click.option(
    "--days",
    type=click.IntRange(1, MAX_DAYS),
    default=30,
    show_default=True,
    help="How long it is good.",
)
@operator_options
@format_option("text", "json")
def create(
    role: Role,
    agent: str | None,
    name: str | None,
    days: int,
    repo: Path,
    passphrase_file: Path | None,
    format: str,
) -> None:
    """Make a token and print it, alone, on standard output; it is shown this once."""
    _check_agent(role, agent)
    wanted = CreateToken(role=role, agent=agent, name=name, days=days, nonce="")
    with as_operator(repo, passphrase_file) as hub:
        created = hub.call("tokens.create", wanted, CreatedToken)
    _show(created, format)


@command.command("list")
@operator_options
@format_option("text", "json", "jsonl")
def list_(repo: Path, passphrase_file: Path | None, format: str) -> None:
    """List all tokens, without their secrets."""
    with as_operator(repo, passphrase_file) as hub:
        rows = hub.call("tokens.list", ListTokens(nonce=""), Tokens).tokens
    now = datetime.now(UTC)
    columns: dict[str, Callable[[TokenRow], str]] = {
        "ID": lambda row: row.id,
        "ROLE": lambda row: row.role.value,
        "AGENT": lambda row: row.agent or "-",
        "STATE": lambda row: _state(row, now),
        "CREATED": lambda row: moment(row.created_at),
        "EXPIRES": lambda row: moment(row.expires_at),
    }
    say_list(rows, format, columns=columns, empty="there are no tokens yet")


@command.command("revoke")
@click.argument("id")
@operator_options
@format_option("text", "json")
def revoke(id: str, repo: Path, passphrase_file: Path | None, format: str) -> None:
    """End the token ID at once; whoever is connected with it is put out."""
    with as_operator(repo, passphrase_file) as hub:
        row = hub.call("tokens.revoke", RevokeToken(id=id, nonce=""), TokenRow)
    if format == "json":
        say_object(row)
    else:
        say(f"revoked token {row.id} of {row.agent or row.role}")


@command.command("rotate")
@click.argument("id")
@click.option(
    "--days",
    type=click.IntRange(1, MAX_DAYS),
    default=30,
    show_default=True,
    help="How long the new one is good.",
)
@operator_options
@format_option("text", "json")
def rotate(
    id: str, days: int, repo: Path, passphrase_file: Path | None, format: str
) -> None:
    """End the token ID at once and print another for the same agent or role."""
    wanted = RotateToken(id=id, days=days, nonce="")
    with as_operator(repo, passphrase_file) as hub:
        _show(hub.call("tokens.rotate", wanted, CreatedToken), format)


def _show(created: CreatedToken, format: str) -> None:
    if format == "json":
        return say_object(created)
    say(created.token)
    row = created.row
    return note(
        f"token {row.id} for {row.agent or row.role}, good until"
        f" {moment(row.expires_at)}; it is not shown again"
    )


def _check_agent(role: Role, agent: str | None) -> None:
    if role is not Role.AGENT and agent is not None:
        raise click.UsageError(f"a token of role {role} stands for no agent")
    if role is Role.AGENT and not is_agent_id(agent or ""):
        raise click.UsageError(
            "--agent ID is needed: a-z, 0-9, `.`, `_`, `-`, up to 64 signs"
        )


def _state(row: TokenRow, now: datetime) -> str:
    if row.revoked_at is not None:
        return "revoked"
    expired = row.expires_at and datetime.fromisoformat(row.expires_at) <= now
    return "expired" if expired else "good"
