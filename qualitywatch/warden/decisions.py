"""What each thing that can happen leads to: from values to a `Draft`, without I/O."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import PurePath

import msgspec

from qualitywatch import quarantine
from qualitywatch.attribution import Attribution
from qualitywatch.config import Policy
from qualitywatch.errors import PeerError
from qualitywatch.model import (
    Agent,
    Quarantine,
    Repair,
    is_agent_id,
    workspace_subject,
)
from qualitywatch.store import ChangeRow, ClosedAs, Closing, OpenViolation
from qualitywatch.warden import judgement
from qualitywatch.warden.draft import Draft
from qualitywatch.warden.judgement import Charge, Judged, Reckoning, Recorded
from qualitywatch.warden.register import Register


def record(
    judged: Judged,
    known: Sequence[OpenViolation],
    *,
    register: Register,
    policy: Policy,
    now: str,
) -> tuple[Draft, Recorded]:
    """The write for a judged change, and its answer; `seq` comes with the write."""
    reckoning = judgement.reckon(
        judged, known, dismissed=register.dismissed, policy=policy
    )
    draft = Draft(now)
    draft.change(_change_row(judged, now))
    draft.tell("change.analysed", _analysed(judged, reckoning))
    for unanalysable in judged.analysis.unanalysable:
        draft.tell("file.unanalysable", unanalysable)
    charges = _charges(judged, reckoning)
    found = _found(draft, judged, reckoning, charges)
    _sentence(draft, charges, judged.workspace, register, policy)
    _close(
        draft,
        reckoning.repaired,
        Closing(reason=ClosedAs.REPAIRED, by="judgement", why="code is back", at=now),
    )
    return draft, _recorded(judged, found, register.after(draft), policy)


def assign(
    known: Sequence[OpenViolation],
    attribution: Attribution,
    *,
    register: Register,
    policy: Policy,
    now: str,
) -> Draft:
    """The write that names who answers for violations that waited."""
    draft = Draft(now)
    charges = [judgement.charge(row, attribution) for row in known]
    changed = [one for one in charges if one is not None]
    for one in changed:
        draft.known_violation(one.row)
        draft.assigned(one.row.violation, one.subjects, one.grounds)
    for workspace in dict.fromkeys(one.row.workspace for one in changed):
        here = [one for one in changed if one.row.workspace == workspace]
        _sentence(draft, here, workspace, register.after(draft), policy)
    return draft


def impose(
    subject: str,
    reason: str,
    by: str,
    *,
    workspace: str | None,
    workspaces: Sequence[str],
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
            hint="qualitywatch agents lists who is",
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
    return draft


def propose_repair(
    subject: str, repairs: tuple[Repair, ...], *, register: Register, now: str
) -> Draft:
    """The write that lays a repair before the operator."""
    known = register.open.get(subject) or register.quarantine_for(subject, None)
    if known is None:
        raise PeerError(
            "NOT_FOUND",
            _not_in_quarantine(subject, None),
            hint="edit the files themselves; nothing stops you",
        )
    event = quarantine.RepairProposed(repairs=repairs)
    draft = Draft(now)
    offered = msgspec.structs.replace(
        known, state=quarantine.step(known.state, event), repairs=repairs
    )
    draft.put_quarantine(offered, "repair.proposed")
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
    _close(draft, alike, closing)
    return draft


def seen(agent: Agent, register: Register, now: str) -> Draft:
    """The write that remembers an agent; what it does not repeat still holds."""
    known = register.agents.get(agent.id, agent)
    draft = Draft(now)
    draft.agent(
        msgspec.structs.replace(
            agent,
            harness=agent.harness or known.harness,
            workspace=agent.workspace or known.workspace,
            last_seen=agent.last_seen or now,
        )
    )
    return draft


# The parts of `record` and `assign`.


def _charges(judged: Judged, reckoning: Reckoning) -> list[Charge]:
    if judged.attribution is None:
        return []
    rows = (*reckoning.new, *reckoning.worse, *reckoning.still)
    claimed = [row for row in rows if judgement.is_claimed_by(judged, row)]
    charges = [judgement.charge(row, judged.attribution) for row in claimed]
    return [one for one in charges if one is not None]


def _found(
    draft: Draft, judged: Judged, reckoning: Reckoning, charges: Sequence[Charge]
) -> tuple[OpenViolation, ...]:
    """Everything that was found, written and told, with the authors it has now."""
    charged = {one.row.violation.id: one for one in charges}

    def named(row: OpenViolation) -> OpenViolation:
        one = charged.get(row.violation.id)
        return row if one is None else one.row

    for row in reckoning.new:
        draft.new_violation(named(row), judged.path)
    for row in (*reckoning.worse, *reckoning.still):
        draft.known_violation(named(row))
    for row in reckoning.worse:
        draft.tell("violation.recorded", named(row).violation)
    for row in reckoning.still:
        if one := charged.get(row.violation.id):
            draft.assigned(one.row.violation, one.subjects, one.grounds)
    return tuple(
        named(row) for row in (*reckoning.new, *reckoning.worse, *reckoning.still)
    )


def _sentence(
    draft: Draft,
    charges: Sequence[Charge],
    workspace: str,
    register: Register,
    policy: Policy,
) -> None:
    """Blame those who answer from now on; quarantine where the policy asks for it."""
    for one in charges:
        draft.blame(one.row.violation.id, one.subjects, one.grounds)
        for subject in one.subjects:
            _introduce(draft, subject, workspace, register)
    for subject, violations in judgement.by_subject(charges, policy).items():
        known = register.open.get(subject)
        if known is None:
            begun = judgement.impose(
                subject,
                violations,
                workspace=workspace,
                now=draft.now,
                id=uuid.uuid4().hex,
            )
            draft.open_quarantine(begun, judgement.POLICY)
        else:
            more = judgement.add(known, violations, workspace=workspace)
            draft.put_quarantine(more, "quarantine.updated")


def _introduce(draft: Draft, subject: str, workspace: str, register: Register) -> None:
    """An agent that was only named so far is listed from now on."""
    known = {*register.agents, *(agent.id for agent in draft.agents)}
    if is_agent_id(subject) and subject not in known:
        draft.agent(Agent(id=subject, name=subject, workspace=workspace))


def _close(draft: Draft, rows: Sequence[OpenViolation], closing: Closing) -> None:
    for row in rows:
        draft.close(row.violation, closing)


def _recorded(
    judged: Judged,
    found: Sequence[OpenViolation],
    register: Register,
    policy: Policy,
) -> Recorded:
    author = judged.attribution.agent if judged.attribution else None
    known = register.quarantine_for(author, judged.workspace)
    violations = tuple(row.violation for row in found)
    analysis = msgspec.structs.replace(judged.analysis, violations=violations)
    return Recorded(
        seq=0,
        verdict=judgement.verdict(analysis, known, policy=policy),
        violations=violations,
        quarantine=known,
        unassigned=tuple(row.violation.id for row in found if not row.assigned),
    )


def _change_row(judged: Judged, now: str) -> ChangeRow:
    attribution = judged.attribution
    return ChangeRow(
        workspace=judged.workspace,
        path=judged.path,
        change_type=judged.change_type,
        sha256=judged.sha256,
        when=judged.when,
        base=judged.base,
        time=now,
        agent=attribution.agent if attribution else None,
        grounds=attribution.grounds if attribution else None,
        task_id=judged.task_id,
    )


def _analysed(judged: Judged, reckoning: Reckoning) -> dict[str, object]:
    """The data of `change.analysed`: the change, and what it led to by id."""
    change: dict[str, object] = msgspec.to_builtins(_change_row(judged, ""))
    del change["time"]  # the event has its own
    found = (*reckoning.new, *reckoning.worse, *reckoning.still)
    return {
        **change,
        "violations": [row.violation.id for row in found],
        "repaired": [row.violation.id for row in reckoning.repaired],
        "unanalysable": judged.analysis.unanalysable,
        "skipped": judged.analysis.skipped,
    }


# The parts of what an operator does.


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise PeerError(
            "INVALID_PARAMS", "a reason is needed", hint="say why: --reason …"
        )


def _place_of(
    subject: str, workspaces: Sequence[str], register: Register
) -> str | None:
    """The path of the workspace that *subject* names, or in which the agent works."""
    if is_agent_id(subject):
        agent = register.agents.get(subject)
        return agent.workspace if agent else None
    bound = [agent.workspace for agent in register.agents.values() if agent.workspace]
    places = {workspace_subject(PurePath(p).name): p for p in (*workspaces, *bound)}
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
