"""The answer to each method: one small function, and one table that names them.

Who may ask was settled before (`service`): these only do what was asked.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias, TypeVar

import msgspec

from qualitywatch import approval, credentials, protocol
from qualitywatch.errors import PeerError
from qualitywatch.hub.parts import Parts
from qualitywatch.hub.paths import check_size, inside
from qualitywatch.hub.sessions import UNAUTHENTICATED, Session
from qualitywatch.model import (
    WORKSPACE_PREFIX,
    Agent,
    Decision,
    Quarantine,
    QuarantineState,
    Verdict,
    Violation,
    is_agent_id,
)
from qualitywatch.protocol import Role
from qualitywatch.warden import STORE

NONCE_SECONDS = 30.0
MAX_NONCES = 16  # of one session

Answer: TypeAlias = Callable[[Parts, Session, Any], Awaitable[msgspec.Struct]]


# Agents


async def permit(parts: Parts, session: Session, params: protocol.Permit) -> Verdict:
    """Allow: an agent in quarantine is not answered at all.

    While nothing can be recorded nobody may edit: what it does would leave no trace.
    """
    _path(session, params.path)
    if reason := parts.warden.degraded_now.get(STORE):
        raise PeerError(
            "DEGRADED",
            f"nothing can be recorded now: {reason}",
            hint="wait until the operator has mended it, then ask again",
        )
    return Verdict(decision=Decision.ALLOW, reason="not in quarantine")


async def check(parts: Parts, session: Session, params: protocol.Check) -> Verdict:
    """The verdict on a proposal."""
    check_size(params.new_content)
    return await parts.judge.proposed(_agent(session), _placed(session, params))


async def report(
    parts: Parts, session: Session, params: protocol.Report
) -> protocol.Reported:
    """The verdict on a change that landed."""
    check_size(params.new_content)
    return await parts.judge.reported(_agent(session), _placed(session, params))


async def status(
    parts: Parts, session: Session, params: protocol.Nothing
) -> protocol.Status:
    """Where the agent stands."""
    agent = _agent(session)
    quarantine = parts.warden.quarantine_for(agent.id, session.workspace)
    return protocol.Status(
        agent=agent.id,
        state=quarantine.state if quarantine else QuarantineState.CLEAR,
        quarantine=quarantine,
    )


async def propose_repair(
    parts: Parts, session: Session, params: protocol.ProposeRepair
) -> protocol.Proposed:
    """The repair, checked, beside the quarantine it is for."""
    agent = _agent(session)
    quarantine = parts.warden.quarantine_for(agent.id, session.workspace)
    if quarantine is None:
        raise PeerError(
            "CONFLICT",
            "not in quarantine: there is nothing to propose",
            hint="write the file and report it with change.report",
        )
    check_size(*(file.new_content for file in params.changes))
    changes = [_placed(session, file) for file in params.changes]
    repairs = await parts.judge.repair(agent, changes)
    shown = await parts.warden.propose_repair(quarantine.subject, repairs)
    return protocol.Proposed(quarantine=shown, repairs=repairs)


# Everybody


async def subscribe(
    parts: Parts, session: Session, params: protocol.Subscribe
) -> protocol.Subscribed:
    """From where the session is told; the service tells it after this answer."""
    since = params.since
    if since == "now":
        return _subscribed(parts, session, parts.warden.sequence, None, recovered=True)
    if since is not None and await _can_replay(parts, since, params.epoch):
        return _subscribed(parts, session, since, None, recovered=True)
    seq, snapshot = await parts.warden.snapshot()
    return _subscribed(parts, session, seq, snapshot, recovered=since is None)


async def violations(
    parts: Parts, session: Session, params: protocol.ListViolations
) -> protocol.Violations:
    """The newest violations that match."""
    found = await parts.store.violations(
        open=params.open, agent=params.agent, path=params.path, limit=params.limit
    )
    return protocol.Violations(violations=found)


async def base(
    parts: Parts, session: Session, params: protocol.FindBase
) -> protocol.KeptBase:
    """Where the code is that an open violation took away."""
    rows = await parts.store.open_of([params.violation])
    row = rows[0] if rows else None
    return protocol.KeptBase(
        workspace=None if row is None else row.workspace,
        base=None if row is None else row.base,
    )


async def agents(
    parts: Parts, session: Session, params: protocol.Nothing
) -> protocol.Agents:
    """Every agent, with where it stands."""
    return protocol.Agents(agents=await parts.warden.agent_rows())


async def quarantines(
    parts: Parts, session: Session, params: protocol.Nothing
) -> protocol.Quarantines:
    """Every open quarantine."""
    return protocol.Quarantines(quarantines=parts.warden.quarantines)


async def stats(
    parts: Parts, session: Session, params: protocol.Nothing
) -> protocol.Stats:
    """Counts, and what is degraded."""
    counts = await parts.store.counts()
    return protocol.Stats(
        changes=counts.changes,
        violations=counts.violations,
        open_violations=counts.open_violations,
        open_quarantines=counts.open_quarantines,
        agents=counts.agents,
        connections=len(parts.stream.sessions),
        degraded=tuple(
            f"{what}: {reason}" for what, reason in parts.warden.degraded_now.items()
        ),
    )


# Operators


async def nonce(
    parts: Parts, session: Session, params: protocol.Nothing
) -> protocol.Nonce:
    """A word for one operator call."""
    now = parts.monotonic()
    good = {word: ends for word, ends in session.nonces.items() if ends > now}
    if len(good) >= MAX_NONCES:
        raise PeerError("TOO_MANY", "too many nonces are open", hint="use one of them")
    word = secrets.token_urlsafe(24)
    session.nonces = {**good, word: now + NONCE_SECONDS}
    return protocol.Nonce(nonce=word)


def spend_nonce(parts: Parts, session: Session, word: str) -> None:
    """Use up *word*; BAD_NONCE where it is unknown, used or too old."""
    ends = session.nonces.pop(word, None)
    if ends is None or ends <= parts.monotonic():
        raise PeerError(
            "BAD_NONCE",
            "the nonce is unknown, used or too old",
            hint="ask operator.nonce for a new one in this session",
        )


async def impose(parts: Parts, session: Session, params: protocol.Impose) -> Quarantine:
    """The quarantine, imposed by hand."""
    if not is_agent_id(params.subject) and not params.subject.startswith(
        WORKSPACE_PREFIX
    ):
        raise PeerError(
            "INVALID_PARAMS",
            f"{params.subject!r} is neither an agent id nor `ws:<workspace>`",
            hint="`qualitywatch agents` lists them",
        )
    return await parts.warden.impose(params.subject, params.reason, _by(session))


async def release(
    parts: Parts, session: Session, params: protocol.Release
) -> Quarantine:
    """The quarantine, ended."""
    return await parts.warden.release(params.subject, params.reason, _by(session))


async def dismiss(
    parts: Parts, session: Session, params: protocol.Dismiss
) -> Violation:
    """The violation, closed by an operator."""
    return await parts.warden.dismiss(params.violation, params.reason, _by(session))


async def show_settings(
    parts: Parts, session: Session, params: protocol.ShowSettings
) -> protocol.ApprovedSettings:
    """What an operator approved last."""
    approved = await parts.store.approved_settings()
    return protocol.ApprovedSettings(content=approved or "")


async def approve_settings(
    parts: Parts, session: Session, params: protocol.ApproveSettings
) -> protocol.ApprovedSettings:
    """What stands in the files, approved; in force when the daemon starts again."""
    now = await asyncio.to_thread(approval.standing, parts.root, refuse_shared=True)
    if now.digest != params.digest:
        raise PeerError(
            "INVALID_PARAMS",
            "the settings or rules have changed since they were shown",
            hint="look at them again: qualitywatch approve",
        )
    content = approval.write(now)
    await parts.warden.approve_settings(content, now.digest, _by(session))
    return protocol.ApprovedSettings(content=content)


async def create_token(
    parts: Parts, session: Session, params: protocol.CreateToken
) -> protocol.CreatedToken:
    """A new token, shown this once."""
    if (params.role is Role.AGENT) != is_agent_id(params.agent or ""):
        raise PeerError(
            "INVALID_PARAMS",
            "a token of role agent needs a valid `agent`, the others take none",
            hint="agent ids: a-z, 0-9, `.`, `_`, `-`, up to 64 signs",
        )
    token, sha256 = credentials.new_token(params.role)
    row = await parts.store.add_token(
        sha256,
        role=params.role,
        agent=params.agent,
        name=params.name,
        days=params.days,
    )
    return protocol.CreatedToken(token=token, row=row)


async def list_tokens(
    parts: Parts, session: Session, params: protocol.ListTokens
) -> protocol.Tokens:
    """Every token, without its secret."""
    return protocol.Tokens(tokens=await parts.store.tokens())


async def revoke_token(
    parts: Parts, session: Session, params: protocol.RevokeToken
) -> protocol.TokenRow:
    """The token, ended; whoever came in with it is put out."""
    row = await parts.store.revoke_token(params.id)
    if row is None:
        raise PeerError(
            "NOT_FOUND",
            f"there is no token {params.id!r}",
            hint="`qualitywatch tokens list` shows them",
        )
    for other in parts.stream.sessions:
        if other.identity is not None and other.identity.token == row.id:
            other.outlet.close(UNAUTHENTICATED, "the token was revoked")
    return row


ANSWERS: Mapping[str, Answer] = MappingProxyType(
    {
        "edit.permit": permit,
        "change.check": check,
        "change.report": report,
        "agent.status": status,
        "repair.propose": propose_repair,
        "events.subscribe": subscribe,
        "violations.list": violations,
        "violation.base": base,
        "agents.list": agents,
        "quarantines.list": quarantines,
        "stats": stats,
        "operator.nonce": nonce,
        "quarantine.impose": impose,
        "quarantine.release": release,
        "violation.dismiss": dismiss,
        "settings.show": show_settings,
        "settings.approve": approve_settings,
        "tokens.create": create_token,
        "tokens.list": list_tokens,
        "tokens.revoke": revoke_token,
    }
)
"""Every method of `protocol.METHODS` but `session.hello`, which the service answers."""


_Placed = TypeVar("_Placed", protocol.Check, protocol.Report, protocol.ProposedFile)


def _placed(session: Session, params: _Placed) -> _Placed:
    """*params* with its paths normalised and below the checkout."""
    placed = msgspec.structs.replace(params, path=_path(session, params.path))
    old_path = getattr(params, "old_path", None)
    if old_path is None:
        return placed
    return msgspec.structs.replace(placed, old_path=_path(session, old_path))


def _path(session: Session, path: str) -> str:
    """*path* as its checkout calls it; the agent may work in a folder of it."""
    assert session.folder is not None, "an agent always has a folder"
    assert session.workspace is not None, "an agent always has a workspace"
    file = session.folder / inside(session.folder, path)
    return file.relative_to(session.workspace).as_posix()


def _agent(session: Session) -> Agent:
    assert session.agent is not None, "only agents are let through to here"
    return session.agent


def _by(session: Session) -> str:
    assert session.identity is not None, "only operators are let through to here"
    return session.identity.by


async def _can_replay(parts: Parts, since: int, epoch: str | None) -> bool:
    """True when every event after *since* is still there."""
    if epoch not in (None, parts.warden.epoch) or since > parts.warden.sequence:
        return False
    first = await parts.store.events(since, limit=1)
    return not first or first[0].sequence == since + 1


def _subscribed(
    parts: Parts,
    session: Session,
    seq: int,
    snapshot: protocol.Snapshot | None,
    *,
    recovered: bool,
) -> protocol.Subscribed:
    session.cursor, session.live = seq, False
    return protocol.Subscribed(
        epoch=parts.warden.epoch, seq=seq, recovered=recovered, snapshot=snapshot
    )
