"""What a judged change means for the record: pure decisions, made before any write.

A violation is the same one when its fingerprint is found again in the same file of the
same workspace; it then keeps its id. Whoever answers for it is put in quarantine *once*
for it: a release would be pointless if the next save, which of course finds the same
code still missing, quarantined again. It is charged anew only when it became *worse*:
it reaches the policy for the first time, or other content has lost more lines than ever
before. "Ever" matters, because a judgement at a save and one after the settle time may
weigh the same content differently.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import msgspec

from qualitywatch import quarantine
from qualitywatch.attribution import Attribution
from qualitywatch.config import Policy
from qualitywatch.model import (
    MOST_EVIDENCE,
    Analysis,
    ChangeType,
    Decision,
    Grounds,
    Noun,
    Quarantine,
    QuarantineState,
    Verdict,
    Violation,
    When,
    identified,
    is_agent_id,
)
from qualitywatch.store import OpenViolation
from qualitywatch.warden.policies import blocks, told


class Judged(Noun):
    """One file of one workspace, judged.

    Open violations of the same file that were not found again are closed as repaired
    when their rule is in `rules_ran` and their base is `base`: a judgement against
    another base says nothing about them. So a file with open violations is judged
    against *their* bases too (`Store.open_in`), one `Judged` for each base.
    """

    workspace: str  # absolute path
    path: str
    change_type: ChangeType
    sha256: str | None  # of the judged content; None: deleted
    when: When
    base: str | None  # commit id, or blob hash in a folder without git; None: no base
    analysis: Analysis
    rules_ran: frozenset[str]
    attribution: Attribution | None = None  # None: waits for a claim, see `assign`
    reporter: str | None = None  # the agent that waits for the answer
    event_id: str | None = None
    task_id: str | None = None


class Recorded(Noun):
    """The answer to a judged change."""

    seq: int  # of its `change.analysed` event
    verdict: Verdict
    violations: tuple[Violation, ...]  # found in it, with ids; new and still open
    quarantine: Quarantine | None  # that stops its author now
    unassigned: tuple[str, ...] = ()  # ids that wait for `assign`


class Reckoning(Noun):
    """What one judgement means for the record."""

    new: tuple[OpenViolation, ...] = ()
    worse: tuple[OpenViolation, ...] = ()  # known, charged anew
    still: tuple[OpenViolation, ...] = ()  # known, as bad as before
    repaired: tuple[OpenViolation, ...] = ()


class Charge(Noun):
    """Who answers for one open violation from now on."""

    row: OpenViolation  # with the author it has now
    subjects: tuple[str, ...]  # that answer for it and did not before
    grounds: Grounds


def reckon(
    judged: Judged,
    known: Sequence[OpenViolation],
    *,
    dismissed: frozenset[str],
    policy: Policy,
) -> Reckoning:
    """What *judged* means, given the violations *known* to be open in its file."""
    found = {
        violation.fingerprint: violation
        for violation in judged.analysis.violations
        if violation.fingerprint not in dismissed
    }
    rows = {row.violation.fingerprint: row for row in known}
    again = [
        _again(judged, row, found[fingerprint], policy)
        for fingerprint, row in rows.items()
        if fingerprint in found
    ]
    return Reckoning(
        new=tuple(
            _new(judged, violation, policy)
            for fingerprint, violation in found.items()
            if fingerprint not in rows
        ),
        worse=tuple(row for row, worse in again if worse),
        still=tuple(row for row, worse in again if not worse),
        repaired=tuple(
            row
            for fingerprint, row in rows.items()
            if fingerprint not in found and _is_repaired(judged, row)
        ),
    )


def charge(row: OpenViolation, attribution: Attribution) -> Charge | None:
    """Who answers for *row* besides those who do already; `None`: nothing changes."""
    if attribution.agent is None and row.assigned:
        return None  # it was decided already, and "nobody" takes no name away
    subjects = tuple(s for s in attribution.subjects if s not in row.blamed)
    if row.assigned and not subjects:
        return None
    author = row.violation.agent or attribution.agent
    return Charge(
        row=msgspec.structs.replace(
            row,
            violation=msgspec.structs.replace(row.violation, agent=author),
            assigned=True,
        ),
        subjects=subjects,
        grounds=attribution.grounds,
    )


def is_claimed_by(judged: Judged, row: OpenViolation) -> bool:
    """True when the author of *judged* answers for *row* too: it was found in that.

    Who merely edits a file in which somebody else left a violation is not to blame,
    and takes nobody's blame either: who wrote it first may be about to come forward.
    """
    return row.sha256 == judged.sha256


def from_earlier(row: OpenViolation, sha256: str | None) -> OpenViolation:
    """*row*, that was in the content *sha256* already; once named, it stays."""
    if sha256 is None or row.assigned:
        return row
    return msgspec.structs.replace(row, sha256=sha256)


def impose(
    subject: str,
    violations: Sequence[Violation],
    *,
    workspace: str | None,
    now: str,
    id: str,
    reason: str,
    by: str,
) -> Quarantine:
    """A new quarantine of *subject*, which was clear."""
    event = quarantine.Imposed(by=by, reason=reason, violations=tuple(violations))
    return Quarantine(
        id=id,
        subject=subject,
        state=quarantine.step(QuarantineState.CLEAR, event),
        reason=reason,
        since=now,
        imposed_by=by,
        workspace=workspace,
        violations=tuple(violations)[:MOST_EVIDENCE],
        violation_count=len(violations),
    )


def add(
    known: Quarantine,
    violations: Sequence[Violation],
    *,
    workspace: str,
    already: Collection[str],
) -> Quarantine:
    """*known* with more violations, found in *workspace*; a repair is out of date.

    *already* are the ids of those of them that it holds. Of two workspaces with one
    name the subject is the same: once both have violated, it is held by its name and no
    longer by the path of the first.
    """
    is_namesake = known.workspace != workspace and not is_agent_id(known.subject)
    event = quarantine.Violated(violations=tuple(violations))
    newer = {violation.id: violation for violation in violations}
    fresh = [one for one in violations if one.id not in already]
    named = (*(newer.get(one.id, one) for one in known.violations), *fresh)
    return msgspec.structs.replace(
        known,
        state=quarantine.step(known.state, event),
        workspace=None if is_namesake else known.workspace,
        violations=named[:MOST_EVIDENCE],
        violation_count=known.violation_count + len(fresh),
        repairs=(),
    )


def verdict(analysis: Analysis, known: Quarantine | None, *, policy: Policy) -> Verdict:
    """Deny in quarantine and where a violation reaches the policy, else allow."""
    blocking = [v for v in analysis.violations if blocks(v, policy)]
    if known is not None:
        decision, reason = Decision.DENY, in_quarantine(known)
    elif blocking:
        decision, reason = Decision.DENY, told(blocking)
    elif analysis.unanalysable:
        first = analysis.unanalysable[0]
        decision = Decision.ALLOW
        reason = f"could not be judged: {first.path}: {first.reason}"
    else:
        decision, reason = Decision.ALLOW, "nothing was taken away or left undone"
    return Verdict(
        decision=decision,
        reason=reason,
        violations=analysis.violations,
        unanalysable=analysis.unanalysable,
    )


def in_quarantine(known: Quarantine) -> str:
    """Why and since when, and the way out, in one sentence to be shown to the agent."""
    return (
        f"{known.subject} is in quarantine since {known.since}: {known.reason}. "
        f"Only an operator can release it: qualitywatch release {known.subject}"
        " --reason …"
    )


def by_subject(charges: Sequence[Charge]) -> Mapping[str, list[Violation]]:
    """What each subject answers for from now on."""
    charged: dict[str, list[Violation]] = {}
    for one in charges:
        for subject in one.subjects:
            charged.setdefault(subject, []).append(one.row.violation)
    return charged


def _new(judged: Judged, violation: Violation, policy: Policy) -> OpenViolation:
    return OpenViolation(
        violation=identified(violation, commit=violation.commit),
        workspace=judged.workspace,
        base=judged.base,
        sha256=judged.sha256,
        assigned=False,
        reached=blocks(violation, policy),
        lost_lines=_lost_lines(violation),
    )


def _again(
    judged: Judged, row: OpenViolation, found: Violation, policy: Policy
) -> tuple[OpenViolation, bool]:
    """*row* as it was found this time, and whether it is worse than ever before."""
    reached, lost = blocks(found, policy), _lost_lines(found)
    more = lost > row.lost_lines and judged.sha256 != row.sha256
    worse = more or (reached and not row.reached)
    now = msgspec.structs.replace(
        row,
        violation=_up_to_date(row, found, same_base=row.base == judged.base),
        sha256=judged.sha256 if worse else row.sha256,
        assigned=row.assigned and not worse,
        blamed=frozenset() if worse else row.blamed,
        reached=reached or row.reached,
        lost_lines=max(lost, row.lost_lines),
    )
    return now, worse


def _up_to_date(row: OpenViolation, found: Violation, *, same_base: bool) -> Violation:
    """What was found, under the known id; its evidence must fit the base it is of."""
    known = row.violation
    if same_base:
        return msgspec.structs.replace(found, id=known.id, agent=known.agent)
    return msgspec.structs.replace(
        known,
        line=found.line,
        column=found.column,
        end_line=found.end_line,
        end_column=found.end_column,
    )


def _is_repaired(judged: Judged, row: OpenViolation) -> bool:
    """True when this judgement would have found *row* were it still there.

    To delete the file brings lost code back as little as the remark did; what was found
    in the deletion itself is repaired once nobody needs the file any more.
    """
    could_see = not judged.analysis.unanalysable and not judged.analysis.skipped
    looked = row.violation.rule in judged.rules_ran and row.base == judged.base
    was_there = judged.change_type is ChangeType.DELETE and row.sha256 is not None
    still_lost = was_there and row.violation.evidence is not None
    return could_see and looked and not still_lost


def _lost_lines(violation: Violation) -> int:
    return violation.evidence.lost_lines if violation.evidence else 0
