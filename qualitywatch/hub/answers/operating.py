"""Answers to operators: all that changes something by hand."""

from __future__ import annotations

import asyncio
import secrets
from pathlib import Path

from qualitywatch import approval, audit, credentials, protocol
from qualitywatch.analysis import CHECKS
from qualitywatch.approval import Standing
from qualitywatch.errors import PeerError, QualityWatchError
from qualitywatch.hub.parts import Parts
from qualitywatch.hub.sessions import Session
from qualitywatch.model import (
    WORKSPACE_PREFIX,
    Quarantine,
    Violation,
    is_agent_id,
)
from qualitywatch.protocol import Role

NONCE_SECONDS = 30.0
MAX_NONCES = 16  # of one session


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
    """What stands in the files, approved, and whether the daemon goes by it now."""
    try:
        now = await _usable(parts.root, params.digest)
    except PeerError as error:
        refused = audit.Decision(
            action="settings.approve",
            who=_by(session),
            object=params.digest,
            result="refused",
            reason=error.problem,
        )
        await parts.warden.note(refused)
        raise
    content = approval.write(now)
    await parts.warden.approve_settings(content, now.digest, _by(session))
    taken = await parts.take(now)
    return protocol.ApprovedSettings(
        content=content,
        in_force=taken.now,
        after_restart=taken.after_restart,
        problem=taken.problem,
    )


async def _usable(root: Path, digest: str) -> Standing:
    """What stands in the files, where that is what *digest* says."""
    try:
        now = await asyncio.to_thread(approval.usable, root, known_checks=CHECKS)
    except QualityWatchError as error:
        place, hint = error.place, error.hint
        problem = f"{place}: {error.problem}" if place else error.problem
        raise PeerError("INVALID_PARAMS", problem, hint=hint) from error
    if now.digest != digest:
        raise PeerError(
            "INVALID_PARAMS",
            "the settings or rules have changed since they were shown",
            hint="look at them again: qualitywatch approve",
        )
    return now


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
    return await _new_token(
        parts, session, params.role, params.agent, name=params.name, days=params.days
    )


async def list_tokens(
    parts: Parts, session: Session, params: protocol.ListTokens
) -> protocol.Tokens:
    """Every token, without its secret."""
    return protocol.Tokens(tokens=await parts.store.tokens())


async def revoke_token(
    parts: Parts, session: Session, params: protocol.RevokeToken
) -> protocol.TokenRow:
    """The token, ended; whoever came in with it is put out."""
    return await _revoked(parts, session, params.id)


async def rotate_token(
    parts: Parts, session: Session, params: protocol.RotateToken
) -> protocol.CreatedToken:
    """Another token in the place of one that ends now."""
    old = await _revoked(parts, session, params.id)
    return await _new_token(
        parts, session, old.role, old.agent, name=None, days=params.days
    )


async def list_audit(
    parts: Parts, session: Session, params: protocol.ListAudit
) -> protocol.AuditPage:
    """What was decided, a page at a time."""
    records = await parts.store.audit(params.since, limit=params.limit)
    return protocol.AuditPage(records=records, head=await parts.store.audit_head())


async def _new_token(
    parts: Parts,
    session: Session,
    role: Role,
    agent: str | None,
    *,
    name: str | None,
    days: int,
) -> protocol.CreatedToken:
    token, sha256 = credentials.new_token(role)
    row = await parts.store.add_token(
        sha256, role=role, agent=agent, name=name, days=days, by=_by(session)
    )
    parts.keyring.add(sha256, row)
    return protocol.CreatedToken(token=token, row=row)


async def _revoked(parts: Parts, session: Session, id: str) -> protocol.TokenRow:
    row = await parts.store.revoke_token(id, _by(session))
    if row is None:
        raise PeerError(
            "NOT_FOUND",
            f"there is no token {id!r}",
            hint="`qualitywatch tokens list` shows them",
        )
    parts.keyring.remove(row.id)
    for other in parts.stream.sessions:
        known = other.identity or other.proven
        if known is not None and known.token == row.id:
            other.put_out("the token was revoked")
    return row


def _by(session: Session) -> str:
    assert session.identity is not None, "only operators are let through to here"
    return session.identity.by
