"""What only an operator may do; each call carries a nonce."""

from __future__ import annotations

from typing import Annotated

import msgspec

from qualitywatch.audit import Head, Record
from qualitywatch.protocol.basics import Message, Params, Reason, Role, Word


class Nonce(Message):
    """A word that one operator call must carry; good once, for 30 seconds."""

    nonce: str


class Impose(Params):
    """Put *subject* in quarantine by hand."""

    subject: Word
    reason: Reason
    nonce: Word


class Release(Params):
    """End the quarantine of *subject*."""

    subject: Word
    reason: Reason
    nonce: Word


class Dismiss(Params):
    """Close a violation although the code was not repaired."""

    violation: Word  # id
    reason: Reason
    nonce: Word


class ShowSettings(Params):
    """The settings and rules that an operator approved last."""

    nonce: Word


class ApproveSettings(Params):
    """Approve the settings and rules that stand in the files now.

    `digest` says which: others are refused, so that nobody approves what they have
    not seen.
    """

    digest: Word
    nonce: Word


class ApprovedSettings(Message):
    """What is approved, as one JSON text; empty where nothing is yet."""

    content: str
    in_force: bool = False  # the daemon that runs goes by it
    after_restart: tuple[str, ...] = ()  # settings that wait for the next start
    problem: str | None = None  # why it is not in force yet


class CreateToken(Params):
    """A new token; agents need `agent`."""

    role: Role
    nonce: Word
    agent: Word | None = None
    name: Word | None = None
    days: Annotated[int, msgspec.Meta(ge=1, le=3650)] = 30


class TokenRow(Message):
    """A token without its secret."""

    id: str
    role: Role
    agent: str | None
    created_at: str
    expires_at: str
    revoked_at: str | None


class CreatedToken(Message):
    """The only time the token itself is shown."""

    token: str
    row: TokenRow


class ListTokens(Params):
    """All tokens, without their secrets."""

    nonce: Word


class Tokens(Message):
    """Every token ever made."""

    tokens: tuple[TokenRow, ...]


class RevokeToken(Params):
    """End a token at once; its open sessions are closed."""

    id: Word
    nonce: Word


class ListAudit(Params):
    """What was decided after record *since*, in order."""

    nonce: Word
    since: Annotated[int, msgspec.Meta(ge=0)] = 0
    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 100


class AuditPage(Message):
    """Records of the audit, and the newest one of all: note it, to find tampering."""

    records: tuple[Record, ...]
    head: Head


class RotateToken(Params):
    """End a token at once and make another for the same role and agent."""

    id: Word
    nonce: Word
    days: Annotated[int, msgspec.Meta(ge=1, le=3650)] = 30
