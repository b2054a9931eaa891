"""What the operator's commands share: their options, and a session with the hub."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from qualitywatch import protocol
from qualitywatch.cli import passphrase
from qualitywatch.cli.exchange import Exchange, reach
from qualitywatch.daemon.place import refuse_if_vanished, state_dir_of
from qualitywatch.errors import PeerError, UserError
from qualitywatch.git import Repository
from qualitywatch.model import workspace_name, workspace_subject

AGENT_VARIABLE = "QUALITYWATCH_AGENT"
SHORT_ID = 8  # signs of an id that a person has to read

_Result = TypeVar("_Result", bound=msgspec.Struct)
_Command = TypeVar("_Command", bound=Callable[..., Any])


# Options


def repo_option(command: _Command) -> _Command:
    """The option `--repo`."""
    return click.option(
        "--repo",
        type=click.Path(path_type=Path),
        default=Path(),
        metavar="PATH",
        help="The repository, or a folder in it.  [default: here]",
    )(command)


def operator_options(command: _Command) -> _Command:
    """The options of every operator command: `--repo` and `--passphrase-file`."""
    return repo_option(passphrase.option(command))


def reason_option(command: _Command) -> _Command:
    """The option `--reason`, which must hold words."""
    return click.option(
        "--reason",
        required=True,
        callback=_words,
        help="Why; kept in the records and shown to everybody.",
    )(command)


def _words(context: click.Context, option: click.Parameter, value: str) -> str:
    if not value.strip():
        raise click.BadParameter("say why, in words", context, option)
    return value.strip()


class ListByDefault(click.Group):
    """The group alone, or with options, means its command `list`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        first = args[0] if args else "-"
        if first.startswith("-") and first not in ctx.help_option_names:
            args = ["list", *args]
        return super().parse_args(ctx, args)


# Sessions


class Session:
    """An open session with the hub; each call waits for its answer."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._calls = 0

    def call(self, method: str, params: msgspec.Struct, kind: type[_Result]) -> _Result:
        """The hub's answer; raises `PeerError` with its reason where it refuses.

        Operator methods must carry a nonce: it is fetched here, whatever *params* hold.
        """
        if "nonce" in params.__struct_fields__:
            fresh = self._ask("operator.nonce", protocol.Nothing(), protocol.Nonce)
            params = msgspec.structs.replace(params, nonce=fresh.nonce)
        return self._ask(method, params, kind)

    def _ask(self, method: str, params: msgspec.Struct, kind: type[_Result]) -> _Result:
        self._calls += 1
        answer = self._exchange(protocol.write_call(self._calls, method, params))
        reply = protocol.parse_incoming(answer)
        if not isinstance(reply, protocol.Reply) or reply.id != self._calls:
            raise PeerError("PARSE_ERROR", "the hub answered another question")
        return protocol.read_result(reply, kind)


@contextmanager
def as_operator(repo: Path, passphrase_file: Path | None) -> Iterator[Session]:
    """A session in which the person at the terminal has proved to be the operator."""
    refuse_agent()
    root = watched_root(repo)
    with operator_session(root, passphrase.given(passphrase_file)) as session:
        yield session


@contextmanager
def operator_session(root: Path, secret: str) -> Iterator[Session]:
    """A session as the operator; `PeerError` where *secret* is not the passphrase."""
    with _session(root, protocol.Hello(passphrase=secret)) as session:
        yield session


@contextmanager
def observer_session(root: Path) -> Iterator[Session]:
    """A session that may look and not touch; needs no passphrase."""
    with _session(root, protocol.Hello()) as session:
        yield session


def refuse_agent() -> None:
    """Refuse a process that says it is an agent's; the real guard is the passphrase."""
    agent = os.environ.get(AGENT_VARIABLE)
    if agent:
        raise UserError(
            f"this process belongs to the agent {agent!r}: only a person may do this",
            hint=f"run it in your own terminal, where {AGENT_VARIABLE} is not set",
        )


def known_subjects(hub: Session, repo: Path) -> list[str]:
    """Every agent and workspace that can be in quarantine here."""
    rows = hub.call("agents.list", protocol.Nothing(), protocol.Agents).agents
    held = hub.call("quarantines.list", protocol.Nothing(), protocol.Quarantines)
    tokens = hub.call("tokens.list", protocol.ListTokens(nonce=""), protocol.Tokens)
    return sorted(
        {row.agent.id for row in rows}
        | {quarantine.subject for quarantine in held.quarantines}
        | {row.agent for row in tokens.tokens if row.agent is not None}
        | set(_workspace_subjects(repo))
    )


def _workspace_subjects(repo: Path) -> Iterator[str]:
    """The daemon numbers workspaces whose folders have the same name."""
    names = Counter(workspace_name(folder.name) for folder in _workspaces(repo))
    for name, times in names.items():
        yield workspace_subject(name)
        yield from (workspace_subject(f"{name[:50]}-{n}") for n in range(2, times + 1))


def unknown_subject(subject: str, known: Sequence[str]) -> UserError:
    """The error that names those who are known."""
    return UserError(
        f"nobody here is called {subject!r}", hint=f"known: {', '.join(known)}"
    )


def watched_root(path: Path) -> Path:
    """The root of what is watched around *path*; `UserError` where nothing is."""
    root = root_around(path)
    if not state_dir_of(root).is_dir():
        refuse_if_vanished(root)
        raise UserError(
            "nothing is watched here",
            place=str(root),
            hint="run `qualitywatch watch` (or `qualitywatch init`) in the repository",
        )
    return root


def root_around(path: Path) -> Path:
    """The repository *path* is in, or the watched folder, or *path* itself."""
    if not path.is_dir():
        raise UserError("is not a folder", place=str(path))
    repository = Repository.discover(path)
    if repository is not None:
        with repository:
            return repository.root or repository.git_dir
    folder = path.resolve()
    above = (folder, *folder.parents)
    return next((one for one in above if state_dir_of(one).is_dir()), folder)


@contextmanager
def _session(root: Path, hello: protocol.Hello) -> Iterator[Session]:
    with ExitStack() as stack:
        session = Session(reach(root, stack))
        session.call("session.hello", hello, protocol.Welcome)
        yield session


def _workspaces(path: Path) -> list[Path]:
    repository = Repository.discover(path)
    if repository is None:
        return [root_around(path)]
    with repository:
        return repository.worktrees()
