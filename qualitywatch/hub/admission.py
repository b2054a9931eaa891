"""Coming in: an identity becomes a session, bound to an agent and its checkout."""

from __future__ import annotations

from pathlib import Path

import msgspec

from qualitywatch.errors import PeerError
from qualitywatch.hub.parts import Parts
from qualitywatch.hub.paths import real_path
from qualitywatch.hub.sessions import Identity, Session
from qualitywatch.model import Agent, QuarantineState
from qualitywatch.protocol import VERSION, Hello, Role, Welcome
from qualitywatch.quarantine import parent_refusal


async def enter(
    parts: Parts, session: Session, identity: Identity, hello: Hello
) -> Welcome:
    """Let *session* in as *identity*; raises `PeerError` where it may not."""
    _check_hello(session, identity, hello)
    if identity.role is Role.AGENT:
        before, session.proven = session.proven, identity  # it counts from now on
        try:
            await _enter_agent(parts, session, identity, hello)
        except PeerError:
            session.proven = before
            raise
    session.enter(identity)
    return welcome(parts, session, identity)


def check_room(parts: Parts, agent: str, session: Session | None = None) -> None:
    """Raises TOO_MANY where *agent* has as many other connections as it may have."""
    open_now = sum(
        (known := other.identity or other.proven) is not None and known.agent == agent
        for other in parts.stream.sessions
        if other is not session
    )
    if open_now >= parts.limits.max_connections_per_agent:
        raise PeerError(
            "TOO_MANY",
            f"{agent} has {open_now} connections open already",
            hint="close one, or raise hub.max_connections_per_agent",
        )


def welcome(parts: Parts, session: Session, identity: Identity) -> Welcome:
    """Where a session stands when it comes in."""
    quarantine = parts.warden.quarantine_for(identity.agent, session.workspace)
    return Welcome(
        session=session.id,
        role=identity.role,
        agent=identity.agent,
        state=quarantine.state if quarantine else QuarantineState.CLEAR,
        quarantine=quarantine,
        epoch=parts.warden.epoch,
        seq=parts.warden.sequence,
    )


def _check_hello(session: Session, identity: Identity, hello: Hello) -> None:
    if hello.version != VERSION:
        raise PeerError(
            "CONFLICT",
            f"the peer speaks version {hello.version}, this hub {VERSION}",
            hint="use the same version of qualitywatch on both sides",
        )
    if hello.agent not in (None, identity.agent):
        raise PeerError(
            "IDENTITY_MISMATCH",
            f"the token is {identity.agent or identity.role}, not {hello.agent}",
            hint="leave `agent` out, or use the token made for that agent",
        )
    if session.identity not in (None, identity):
        raise PeerError(
            "CONFLICT",
            "this session is open under another name",
            hint="open another connection",
        )


async def _enter_agent(
    parts: Parts, session: Session, identity: Identity, hello: Hello
) -> None:
    assert identity.agent is not None, "the store gives no agent token without one"
    check_room(parts, identity.agent, session)
    described = _described(parts, identity.agent, hello)
    folder = Path(_absolute(hello.workspace or f"{described.workspace}"))
    root = await parts.judge.bind(described)
    here = msgspec.structs.replace(described, workspace=str(root), session=session.id)
    agent = _below(parts, here, hello.parent)
    await parts.warden.seen(agent)
    session.line = parts.warden.line_of(agent.id)
    known, session.agent = session.agent, agent
    session.folder = folder if folder.is_relative_to(root) else root
    if known is None:
        await parts.warden.connected(agent.id, session.id)


def _described(parts: Parts, id: str, hello: Hello) -> Agent:
    """What is known of the agent, with what it says of itself now."""
    known = parts.warden.agent(id) or Agent(id=id, name=id)
    claimed = hello.workspace or known.workspace or str(parts.root)
    if known.workspace and parts.warden.quarantine_for(id, Path(known.workspace)):
        claimed = known.workspace  # to name another folder is no way out
    return msgspec.structs.replace(
        known,
        name=hello.name or known.name,
        harness=hello.harness or known.harness,
        workspace=_absolute(claimed),
        last_seen=parts.clock().isoformat(),
    )


def _below(parts: Parts, agent: Agent, parent: str | None) -> Agent:
    """*agent* as a subagent of *parent*; IDENTITY_MISMATCH where it may not be one."""
    if parent is None:
        return agent
    known = {one.id: one for one in parts.warden.agents}
    is_connected = parts.warden.is_connected(parent)
    refused = parent_refusal(agent, parent, known, is_connected=is_connected)
    if refused is not None:
        raise PeerError(
            "IDENTITY_MISMATCH",
            f"session.hello: `parent`: {refused}",
            hint="leave `parent` out, or name the agent that started this one",
        )
    return msgspec.structs.replace(agent, parent=parent)


def _absolute(path: str) -> str:
    if "\0" in path or not Path(path).is_absolute():
        raise PeerError(
            "INVALID_PARAMS",
            "session.hello: `workspace` is not an absolute path",
            hint="give the absolute path of the checkout, or leave it out",
        )
    return str(real_path(Path(path)))  # one folder, one name
