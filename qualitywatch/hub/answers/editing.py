"""Answers to agents about their own edits."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from qualitywatch import protocol
from qualitywatch.errors import PeerError
from qualitywatch.hub.parts import Parts
from qualitywatch.hub.paths import check_size, inside
from qualitywatch.hub.sessions import Session
from qualitywatch.model import (
    Agent,
    Decision,
    QuarantineState,
    Verdict,
)
from qualitywatch.warden import STORE


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
    offers = await parts.judge.repair(agent, changes)
    shown = await parts.warden.propose_repair(quarantine.subject, offers)
    return protocol.Proposed(quarantine=shown, repairs=shown.repairs)


async def register_process(
    parts: Parts, session: Session, params: protocol.RegisterProcess
) -> protocol.RegisteredProcess:
    """The process that is stopped with the agent; the kernel says who asks."""
    peer = getattr(session.caller, "pid", 0)
    if not peer:
        raise PeerError(
            "CONFLICT",
            "only over the Unix socket can be told which process asks",
            hint="connect to hub.sock in the state folder, on Linux",
        )
    found = await parts.register(_agent(session), peer, params.pid)
    return protocol.RegisteredProcess(
        pid=found.pid, with_group=found.with_group, enabled=found.enabled
    )


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
