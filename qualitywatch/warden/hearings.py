"""What each call reads before it is decided, and what it is answered.

Every function here is a decision for `Committer.decide`: it runs in the store's thread,
may run twice, and has no effect but what it returns.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from qualitywatch import failpoints
from qualitywatch.analysis.safety.redaction import redact
from qualitywatch.attribution import Attribution
from qualitywatch.audit import Decision
from qualitywatch.config import Policy
from qualitywatch.errors import PeerError
from qualitywatch.model import Agent, Event, Offer, Quarantine, Violation
from qualitywatch.store import Strike, Transaction
from qualitywatch.warden import decisions, orders, policies
from qualitywatch.warden.committing import Decided, Standing
from qualitywatch.warden.draft import Draft
from qualitywatch.warden.judgement import Judged, Recorded


def record(judged: Judged, policy: Policy, standing: Standing) -> Decided[Recorded]:
    """The ids and the verdict on a change; of a repeat those of the first time."""
    author = judged.reporter or (judged.attribution and judged.attribution.agent) or ""
    if judged.event_id is not None:
        earlier = standing.records.report(author, judged.event_id)
        if earlier is not None:
            known = answer_of(earlier)
            return Decided(Draft(standing.now), lambda _: known)
    draft, recorded = decisions.record(
        _without_secrets(judged),
        standing.records.open_in(judged.workspace, judged.path),
        register=standing.register,
        policy=policy,
        now=standing.now,
        strikes=_strikes(judged.attribution, policy, standing),
        evidence=standing.records.evidence_among,
    )

    def answer(events: tuple[Event, ...]) -> Recorded:
        return msgspec.structs.replace(recorded, seq=events[0].sequence)

    def keep_answer(write: Transaction, events: tuple[Event, ...]) -> None:
        if judged.event_id is not None:
            kept = msgspec.json.encode(answer(events))
            write.add_report(author, judged.event_id, kept, standing.now)

    return Decided(draft, answer, keep_answer)


def answer_of(kept: bytes) -> Recorded:
    """What a report was answered, as `record` kept it."""
    return msgspec.json.decode(kept, type=Recorded)


def assign(
    ids: Sequence[str],
    attribution: Attribution,
    found_in: str | None,
    policy: Policy,
    standing: Standing,
) -> Decided[Quarantine | None]:
    """The quarantine of whoever answers for violations that waited."""
    draft = decisions.assign(
        standing.records.open_of(ids),
        attribution,
        register=standing.register,
        policy=policy,
        now=standing.now,
        strikes=_strikes(attribution, policy, standing),
        evidence=standing.records.evidence_among,
        found_in=found_in,
    )
    stopped = standing.register.after(draft).open
    found = (stopped[one] for one in attribution.subjects if one in stopped)
    known = next(found, None)
    return Decided(draft, lambda _: known)


def dismiss(id: str, reason: str, by: str, standing: Standing) -> Decided[Violation]:
    """The violation that is closed though it was not repaired."""
    violation = standing.records.violation(id)
    if violation is None:
        raise PeerError(
            "NOT_FOUND",
            f"no violation is called {id[:80]!r}",
            hint="qualitywatch violations list shows the ids",
        )
    alike = standing.records.open_like(violation.fingerprint)
    draft = orders.dismiss(id, alike, reason, by, standing.now)
    return Decided(draft, lambda _: violation)


def impose(
    subject: str, reason: str, by: str, workspace: str | None, standing: Standing
) -> Decided[Quarantine]:
    """The quarantine by which an operator stops *subject*."""
    draft = orders.impose(
        subject,
        reason,
        by,
        workspace=workspace,
        workspaces=standing.records.workspace_names(),
        register=standing.register,
        now=standing.now,
    )
    return Decided(draft, lambda _: draft.quarantines[subject])


def release(
    subject: str, reason: str, by: str, standing: Standing
) -> Decided[Quarantine]:
    """The quarantine that an operator ends."""
    earlier = standing.records.quarantines(open=False, subject=subject, limit=1)
    draft = orders.release(
        subject,
        reason,
        by,
        earlier=next(iter(earlier), None),
        register=standing.register,
        now=standing.now,
    )
    failpoints.reach("mid_release")
    return Decided(draft, lambda _: draft.quarantines[subject])


def propose(
    subject: str, offers: Sequence[Offer], standing: Standing
) -> Decided[Quarantine]:
    """The quarantine with the repair that is laid before the operator."""
    draft = orders.propose_repair(
        subject, offers, register=standing.register, now=standing.now
    )
    return Decided(draft, lambda _: next(iter(draft.quarantines.values())))


def seen(agent: Agent, standing: Standing) -> Decided[None]:
    """Who an agent is and where it works."""
    draft = decisions.seen(agent, standing.register, standing.now)
    return Decided(draft, lambda _: None)


def approve_settings(
    content: str, digest: str, by: str, standing: Standing
) -> Decided[None]:
    """Settings and rules that an operator approved."""
    draft = Draft(standing.now)
    draft.tell("settings.approved", {"digest": digest, "by": by})
    draft.decided(
        Decision(action="settings.approve", who=by, object=digest, result="allowed")
    )
    return Decided(
        draft, lambda _: None, lambda write, _: write.approve_settings(content)
    )


def note(noted: Sequence[Decision], standing: Standing) -> Decided[None]:
    """Decisions that change nothing else, for the audit."""
    draft = Draft(standing.now)
    for one in noted:
        draft.decided(one)
    return Decided(draft, lambda _: None)


def tell(kind: str, data: object, standing: Standing) -> Decided[None]:
    """One event."""
    draft = Draft(standing.now)
    draft.tell(kind, data)
    return Decided(draft, lambda _: None)


def _without_secrets(judged: Judged) -> Judged:
    """*judged* as it may be kept and told; its fingerprints are of the whole text."""
    violations = tuple(map(redact, judged.analysis.violations))
    analysis = msgspec.structs.replace(judged.analysis, violations=violations)
    return msgspec.structs.replace(judged, analysis=analysis)


def _strikes(
    attribution: Attribution | None, policy: Policy, standing: Standing
) -> tuple[Strike, ...]:
    """What those who are named answer for already, where the policy counts it."""
    since = policies.since(policy, standing.now)
    if attribution is None or since is None:
        return ()
    return standing.records.strikes(attribution.subjects, since)
