"""Coming in, and following what happens."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from qualitywatch.model import Agent, Quarantine, QuarantineState, Violation
from qualitywatch.protocol.basics import (
    VERSION,
    FilePath,
    Message,
    Params,
    Role,
    Secret,
    Word,
)


class Hello(Params):
    """Opens a session; the token decides who it is, the rest is for people to read."""

    token: Secret | None = None
    passphrase: Secret | None = None  # the operator's, instead of a token
    agent: Word | None = None  # must be the token's agent where it is given
    name: Word | None = None
    harness: Word | None = None
    workspace: FilePath | None = None  # absolute path of the agent's checkout
    parent: Word | None = None  # id of the agent that started this one
    client: Word | None = None  # program and version
    version: int = VERSION


class Welcome(Message):
    """The answer to `session.hello`."""

    session: str
    role: Role
    agent: str | None
    state: QuarantineState
    quarantine: Quarantine | None
    epoch: str  # changes when the history of events is not the same any more
    seq: int  # of the newest event
    version: int = VERSION


class Nothing(Params):
    """A method that needs no parameters."""


class Subscribe(Params):
    """From where to follow: a sequence, "now", or a snapshot where it is absent."""

    since: Annotated[int, msgspec.Meta(ge=0)] | Literal["now"] | None = None
    epoch: Word | None = None  # of the stream that *since* belongs to


class Snapshot(Message):
    """All that is open now; what follows continues from the `seq` beside it."""

    agents: tuple[Agent, ...]
    quarantines: tuple[Quarantine, ...]
    violations: tuple[Violation, ...]


class Subscribed(Message):
    """`recovered` is true where every event after *since* follows, without a gap."""

    epoch: str
    seq: int
    recovered: bool
    snapshot: Snapshot | None
