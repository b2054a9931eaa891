"""What each thing that can happen leads to: from values to a `Draft`, without I/O."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple, TypeAlias

import msgspec

from qualitywatch.attribution import Attribution
from qualitywatch.audit import Decision
from qualitywatch.config import Policy
from qualitywatch.model import (
    Agent,
    is_agent_id,
)
from qualitywatch.store import ChangeRow, ClosedAs, Closing, OpenViolation, Strike
from qualitywatch.warden import judgement, policies
from qualitywatch.warden.draft import Draft
from qualitywatch.warden.judgement import Charge, Judged, Reckoning, Recorded
from qualitywatch.warden.policies import Sentence
from qualitywatch.warden.register import Register

Evidence: TypeAlias = Callable[[str, Collection[str]], Collection[str]]
"""Which of these violations a quarantine holds in evidence already."""


def _none(_quarantine: str, _violations: Collection[str]) -> Collection[str]:
    return ()


def record(
    judged: Judged,
    known: Sequence[OpenViolation],
    *,
    register: Register,
    policy: Policy,
    now: str,
    strikes: Sequence[Strike] = (),
    evidence: Evidence = _none,
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
    court = Court(register, policy, strikes, evidence)
    _sentence(draft, charges, judged.workspace, court)
    close_all(
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
    strikes: Sequence[Strike] = (),
    evidence: Evidence = _none,
    found_in: str | None = None,
) -> Draft:
    """The write that names who answers for violations that waited.

    *found_in* is the content that the author wrote, where it is an earlier one than
    the one in which they were found.
    """
    draft = Draft(now)
    rows = [judgement.from_earlier(row, found_in) for row in known]
    charges = [judgement.charge(row, attribution) for row in rows]
    changed = [one for one in charges if one is not None]
    for one in changed:
        draft.known_violation(one.row)
        draft.assigned(one.row.violation, one.subjects, one.grounds)
        draft.author(one.row, attribution)
    for workspace in dict.fromkeys(one.row.workspace for one in changed):
        here = [one for one in changed if one.row.workspace == workspace]
        court = Court(register.after(draft), policy, strikes, evidence)
        _sentence(draft, here, workspace, court)
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
            parent=known.parent or agent.parent,  # the first one stays
            session=agent.session or known.session,
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
        if judged.attribution and (one := charged.get(row.violation.id)):
            draft.assigned(one.row.violation, one.subjects, one.grounds)
            draft.author(one.row, judged.attribution)
    return tuple(
        named(row) for row in (*reckoning.new, *reckoning.worse, *reckoning.still)
    )


class Court(NamedTuple):
    """What a sentence is passed by."""

    register: Register
    policy: Policy
    strikes: Sequence[Strike]
    evidence: Evidence


def _sentence(
    draft: Draft, charges: Sequence[Charge], workspace: str, court: Court
) -> None:
    """Blame those who answer from now on; quarantine where the policy asks for it."""
    for one in charges:
        draft.blame(one.row.violation.id, one.subjects, one.grounds)
        for subject in one.subjects:
            _introduce(draft, subject, workspace, court.register)
    for subject, violations in judgement.by_subject(charges).items():
        sentence = policies.sentence(
            violations,
            [strike for strike in court.strikes if strike.subject == subject],
            policy=court.policy,
            now=draft.now,
        )
        if sentence is not None:
            _stop(draft, subject, sentence, workspace, court)


def _stop(
    draft: Draft, subject: str, sentence: Sentence, workspace: str, court: Court
) -> None:
    """Put *subject* in quarantine, or add to the one that is open."""
    known, found = court.register.open.get(subject), sentence.violations
    if known is not None:
        already = court.evidence(known.id, [one.id for one in found])
        more = judgement.add(known, found, workspace=workspace, already=already)
        draft.put_quarantine(more, "quarantine.updated", found)
        return
    begun = judgement.impose(
        subject,
        found,
        workspace=workspace,
        now=draft.now,
        id=uuid.uuid4().hex,
        reason=sentence.reason,
        by=sentence.by,
    )
    draft.open_quarantine(begun, sentence.by, found)
    draft.decided(decided("quarantine.impose", sentence.by, subject, begun.reason))


def _introduce(draft: Draft, subject: str, workspace: str, register: Register) -> None:
    """An agent that was only named so far is listed from now on."""
    known = {*register.agents, *(agent.id for agent in draft.agents)}
    if is_agent_id(subject) and subject not in known:
        draft.agent(Agent(id=subject, name=subject, workspace=workspace))


def close_all(draft: Draft, rows: Sequence[OpenViolation], closing: Closing) -> None:
    """The end of every violation in *rows*."""
    for row in rows:
        draft.close(row.violation, closing)


def _recorded(
    judged: Judged,
    found: Sequence[OpenViolation],
    register: Register,
    policy: Policy,
) -> Recorded:
    author = judged.attribution.agent if judged.attribution else None
    known = register.quarantine_for(judged.reporter or author, judged.workspace)
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


def decided(action: str, who: str, object: str, reason: str) -> Decision:
    """A decision that was carried out, for the audit."""
    return Decision(
        action=action, who=who, object=object, result="allowed", reason=reason
    )
