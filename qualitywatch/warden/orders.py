"""What an order leads to, of an operator or of an agent that mends: without I/O."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from pathlib import PurePath

import msgspec

from qualitywatch import quarantine
from qualitywatch.errors import PeerError
from qualitywatch.model import Offer, Quarantine, is_agent_id, workspace_subject
from qualitywatch.store import ClosedAs, Closing, OpenViolation
from qualitywatch.warden import judgement
from qualitywatch.warden.decisions import close_all, decided
from qualitywatch.warden.draft import Draft
from qualitywatch.warden.register import Register
from qualitywatch.warden.repairs import bounded


def impose(
    subject: str,
    reason: str,
    by: str,
    *,
    workspace: str | None,
    workspaces: Mapping[str, str],
    register: Register,
    now: str,
) -> Draft:
    """The write by which an operator puts *subject* in quarantine."""
    _require_reason(reason)
    if subject in register.open:
        known = register.open[subject]
        raise PeerError(
            "CONFLICT",
            f"{subject} is in quarantine already, since {known.since}",
            hint="release it first, or leave it",
        )
    draft = Draft(now)
    begun = judgement.impose(
        subject,
        (),
        workspace=workspace or _place_of(subject, workspaces, register),
        now=now,
        id=uuid.uuid4().hex,
        reason=reason,
        by=by,
    )
    draft.open_quarantine(begun, by)
    draft.decided(decided("quarantine.impose", by, subject, reason))
    return draft


def release(
    subject: str,
    reason: str,
    by: str,
    *,
    earlier: Quarantine | None,
    register: Register,
    now: str,
) -> Draft:
    """The write that ends a quarantine; *earlier* is the last one of the subject."""
    _require_reason(reason)
    known = register.open.get(subject)
    if known is None:
        raise PeerError(
            "NOT_FOUND",
            _not_in_quarantine(subject, earlier),
            hint=_who_is(subject, register),
        )
    draft = Draft(now)
    ended = msgspec.structs.replace(
        known,
        state=quarantine.step(known.state, quarantine.Released(by=by, reason=reason)),
        released_by=by,
        released_at=now,
        release_reason=reason,
    )
    draft.put_quarantine(ended, "quarantine.released")
    draft.decided(decided("quarantine.release", by, subject, reason))
    return draft


def propose_repair(
    subject: str, offers: Sequence[Offer], *, register: Register, now: str
) -> Draft:
    """The write that lays a repair before the operator; it replaces an earlier one."""
    known = register.open.get(subject) or register.quarantine_for(subject, None)
    if known is None:
        raise PeerError(
            "NOT_FOUND",
            _not_in_quarantine(subject, None),
            hint="edit the files themselves; nothing stops you",
        )
    kept = bounded(offers)
    repairs = tuple(one.repair for one in kept)
    event = quarantine.RepairProposed(repairs=repairs)
    draft = Draft(now)
    offered = msgspec.structs.replace(
        known, state=quarantine.step(known.state, event), repairs=repairs
    )
    draft.offer(offered, kept)
    offer = ", ".join(f"{one.path} lacks {one.lacking}" for one in repairs[:5])
    draft.decided(decided("repair.propose", subject, known.subject, offer))
    return draft


def dismiss(
    id: str, alike: Sequence[OpenViolation], reason: str, by: str, now: str
) -> Draft:
    """The write that closes the violation *id* and those *alike* in other worktrees."""
    _require_reason(reason)
    if id not in {row.violation.id for row in alike}:
        raise PeerError("CONFLICT", f"the violation {id} is closed already")
    draft = Draft(now)
    draft.dismissed.update(row.violation.fingerprint for row in alike)
    closing = Closing(reason=ClosedAs.DISMISSED, by=by, why=reason, at=now)
    close_all(draft, alike, closing)
    what = f"{id} {alike[0].violation.fingerprint}"  # closes all of that fingerprint
    draft.decided(decided("violation.dismiss", by, what, reason))
    return draft


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise PeerError(
            "INVALID_PARAMS", "a reason is needed", hint="say why: --reason …"
        )


def _place_of(
    subject: str, workspaces: Mapping[str, str], register: Register
) -> str | None:
    """The path of the workspace that *subject* names, or in which the agent works."""
    if is_agent_id(subject):
        agent = register.agents.get(subject)
        return agent.workspace if agent else None
    bound = [agent.workspace for agent in register.agents.values() if agent.workspace]
    names = {path: PurePath(path).name for path in bound} | dict(workspaces)
    places = {workspace_subject(name): path for path, name in names.items()}
    if subject not in places:
        raise PeerError(
            "NOT_FOUND",
            f"no agent or workspace is called {subject[:80]!r}",
            hint=f"workspaces: {', '.join(sorted(places)) or 'none seen yet'}",
        )
    return places[subject]


def _not_in_quarantine(subject: str, earlier: Quarantine | None) -> str:
    if earlier is None or earlier.released_at is None:
        return f"{subject[:80]} is not in quarantine"
    return (
        f"{subject} is released already, by {earlier.released_by}"
        f" at {earlier.released_at}: {earlier.release_reason}"
    )


def _who_is(subject: str, register: Register) -> str:
    above = register.quarantine_for(subject, None)
    if above is None:
        return "qualitywatch agents lists who is"
    return f"it is stopped with {above.subject}: release that one"
