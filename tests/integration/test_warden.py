"""The warden on a real store: recorded once, enforced at once, told in order."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from qualitywatch import mirror
from qualitywatch.attribution import NOBODY, Attribution
from qualitywatch.errors import MachineError, PeerError
from qualitywatch.model import (
    Analysis,
    ChangeType,
    Confidence,
    Decision,
    Event,
    Evidence,
    Grounds,
    QuarantineState,
    Severity,
    Skipped,
    Unanalysable,
    Violation,
    When,
)
from qualitywatch.warden import STORE, Warden
from tests import factories
from tests.integration.house import (
    CLEAR,
    LOW,
    NOW,
    PROPOSED,
    QUARANTINED,
    House,
    by,
    drop,
    judged,
    tree,
)


@pytest.fixture
def warden(house: House) -> Warden:
    return house.warden


# Recording.


async def test_a_drop_puts_its_agent_in_quarantine(house: House) -> None:
    """One judgement: violation with id and author, quarantine, verdict, events."""
    recorded = await house.warden.record(judged(drop()))
    (violation,) = recorded.violations
    known = house.warden.quarantine_of("lazy")

    assert "lazy" == violation.agent
    assert violation.id
    assert Decision.DENY == recorded.verdict.decision
    assert known is not None
    assert known == recorded.quarantine
    assert (QUARANTINED, (violation,)) == (known.state, known.violations)
    assert [
        "change.analysed",
        "violation.recorded",
        "quarantine.imposed",
    ] == house.kinds


async def test_a_clean_change_is_recorded_too(house: House) -> None:
    """It is allowed, numbered and remembered as the last judged content."""
    recorded = await house.warden.record(judged())
    last = await house.store.last_judged("/repo", "app.py")

    assert Decision.ALLOW == recorded.verdict.decision
    assert ["change.analysed"] == house.kinds
    assert house.told[0].sequence == recorded.seq == house.warden.sequence
    assert last is not None
    assert "1" * 64 == last.sha256


@pytest.mark.parametrize(
    ("severity", "confidence", "state"),
    [
        (Severity.CRITICAL, Confidence.CERTAIN, QUARANTINED),
        (Severity.HIGH, Confidence.LIKELY, QUARANTINED),
        (Severity.HIGH, Confidence.POSSIBLE, CLEAR),
        (Severity.MEDIUM, Confidence.CERTAIN, CLEAR),
    ],
)
async def test_the_policy_decides(
    warden: Warden, severity: Severity, confidence: Confidence, state: QuarantineState
) -> None:
    """Below the bar a violation is recorded and shown, and blocks nobody."""
    found = drop(severity=severity, confidence=confidence)
    recorded = await warden.record(judged(found))
    known = warden.quarantine_of("lazy")

    assert state is (known.state if known else CLEAR)
    assert (state is CLEAR) == (recorded.verdict.decision is Decision.ALLOW)
    assert 1 == len(recorded.violations)


async def test_a_repeated_report_gets_the_same_answer(house: House) -> None:
    """It is recorded once, even when 20 arrive together and after a restart."""
    report = judged(drop(), event_id="e1")
    answers = await asyncio.gather(*(house.warden.record(report) for _ in range(20)))
    await house.restart()
    late = await house.warden.record(report)

    assert [late] * 20 == answers
    assert late == await house.warden.answered("lazy", "e1")
    assert 3 == len(house.told)


async def test_an_event_id_belongs_to_its_agent(warden: Warden) -> None:
    """Another agent's event of the same name is another event."""
    await warden.record(judged(event_id="e1"))
    other = await warden.record(judged(drop(), event_id="e1", attribution=by("other")))

    assert other.quarantine is not None
    assert await warden.answered("lazy", "e2") is None


async def test_twenty_identical_drops_are_one_quarantine(house: House) -> None:
    """The same violation from many sides at once is one row, told once."""
    await asyncio.gather(*(house.warden.record(judged(drop())) for _ in range(20)))
    counts = await house.store.counts()

    assert (1, 1) == (counts.open_violations, counts.open_quarantines)
    assert 1 == house.kinds.count("violation.recorded")
    assert 1 == house.kinds.count("quarantine.imposed")


async def test_another_drop_is_added(house: House) -> None:
    """There is never more than one open quarantine of a subject."""
    await house.warden.record(judged(drop()))
    await house.warden.record(judged(drop(fingerprint="b"), path="b.py"))
    (known,) = house.warden.quarantines

    assert ["f" * 16, "b"] == [v.fingerprint for v in known.violations]
    assert "quarantine.updated" == house.kinds[-1]
    assert 1 == len(await house.store.quarantines(open=False))


async def test_a_violation_found_again_keeps_its_id(house: House) -> None:
    """It moves with the lines, and is announced only once."""
    first = await house.warden.record(judged(drop()))
    again = await house.warden.record(judged(drop(line=9), sha256="2" * 64))
    (stored,) = await house.store.violations()

    assert first.violations[0].id == again.violations[0].id == stored.id
    assert 9 == stored.line
    assert 1 == house.kinds.count("violation.recorded")


async def test_evidence_fits_the_base_that_is_kept(house: House) -> None:
    """Found against a newer commit too, it still says what the first one had."""
    await house.warden.record(judged(drop()))
    newer = drop(line=9, evidence=Evidence(lost_lines=1))
    await house.warden.record(judged(newer, base="newer", sha256="2"))
    (row,) = await house.store.open_in("/repo", "app.py")

    assert ("c0ffee", 9) == (row.base, row.violation.line)
    assert drop().evidence == row.violation.evidence


async def test_other_workspaces_are_other_files(warden: Warden) -> None:
    """The same fingerprint in two worktrees is two violations."""
    one = await warden.record(judged(drop()))
    two = await warden.record(judged(drop(), workspace="/tree"))

    assert one.violations[0].id != two.violations[0].id


async def test_what_could_not_be_judged_is_told(house: House) -> None:
    """An unanalysable file is an event of its own, no violation, and closes none."""
    await house.warden.record(judged(drop()))
    reason = Unanalysable(path="app.py", reason="too deep")
    recorded = await house.warden.record(
        judged(analysis=Analysis(unanalysable=(reason,)), attribution=by("other"))
    )

    assert "file.unanalysable" == house.kinds[-1]
    assert "too deep" in recorded.verdict.reason
    assert 1 == len(await house.store.violations())


# Closing.


async def test_a_repair_closes_the_violation_only(house: House) -> None:
    """The code is back: the violation closes, the quarantine waits for a human."""
    await house.warden.record(judged(drop()))
    await house.warden.record(judged(sha256="2" * 64))

    assert () == await house.store.violations()
    assert "violation.closed" == house.kinds[-1]
    assert {"reason": "repaired"}.items() <= house.told[-1].field("closed").items()  # type: ignore[attr-defined]
    assert house.warden.quarantine_of("lazy") is not None


@pytest.mark.parametrize(
    "fields",
    [
        {"rules_ran": frozenset({"other-rule"})},
        {"base": "another"},
        {"path": "b.py"},
        {"workspace": "/tree"},
        {"change_type": ChangeType.DELETE, "sha256": None},
        {"analysis": Analysis(skipped=(Skipped(path="app.py", reason="binary"),))},
        {"analysis": Analysis(unanalysable=(Unanalysable(path="a", reason="b"),))},
    ],
    ids=str,
)
async def test_what_was_not_looked_for_is_not_repaired(
    house: House, fields: dict[str, Any]
) -> None:
    """Not to be found by a judgement that could not see it proves nothing."""
    await house.warden.record(judged(drop()))
    await house.warden.record(judged(**fields))

    assert 1 == len(await house.store.violations())


async def test_a_deleted_file_holds_no_broken_syntax(house: House) -> None:
    """Where no code was lost, the fault goes with the file."""
    await house.warden.record(judged(drop(evidence=None)))
    await house.warden.record(judged(change_type=ChangeType.DELETE, sha256=None))

    assert () == await house.store.violations()


async def test_a_drop_after_a_repair_is_a_new_one(house: House) -> None:
    """To put code back and take it again is a second violation."""
    first = await house.warden.record(judged(drop()))
    await house.warden.record(judged(sha256="2" * 64))
    await house.warden.release("lazy", "is back", "ada")
    second = await house.warden.record(judged(drop()))

    assert first.violations[0].id != second.violations[0].id
    assert house.warden.quarantine_of("lazy") is not None


# After a release.


async def test_a_release_holds_while_the_code_is_still_gone(house: House) -> None:
    """Finding the same violation again does not quarantine again."""
    await house.warden.record(judged(drop()))
    await house.warden.release("lazy", "will repair", "ada")
    same = await house.warden.record(judged(drop(), event_id="again"))
    edited = await house.warden.record(judged(drop(line=7), sha256="2" * 64))

    assert same.quarantine is edited.quarantine is None
    assert house.warden.quarantine_of("lazy") is None
    assert 1 == len(await house.store.violations())


async def test_a_release_holds_after_a_restart(house: House) -> None:
    """Who was charged for what is not forgotten."""
    await house.warden.record(judged(drop()))
    await house.warden.release("lazy", "will repair", "ada")
    await house.restart()
    await house.warden.record(judged(drop()))

    assert house.warden.quarantine_of("lazy") is None


@pytest.mark.parametrize(
    ("found", "fields"),
    [
        (drop(fingerprint="new"), {}),
        (drop(), {"path": "b.py"}),
        (drop(evidence=Evidence(lost_lines=11)), {"sha256": "2" * 64}),
    ],
    ids=["another remark", "another file", "more lines under the same remark"],
)
async def test_a_new_drop_after_a_release_counts(
    warden: Warden, found: Violation, fields: dict[str, Any]
) -> None:
    """A release forgives what was, not what comes."""
    await warden.record(judged(drop()))
    await warden.release("lazy", "will repair", "ada")
    await warden.record(judged(found, **fields))

    assert warden.quarantine_of("lazy") is not None


async def test_weighing_the_same_loss_differently_is_no_new_drop(
    warden: Warden,
) -> None:
    """A settled judgement may find less lost, and the next save the old figure."""
    await warden.record(judged(drop()))
    await warden.release("lazy", "will repair", "ada")
    for lost, content in [(4, "2"), (10, "3"), (2, "4"), (9, "5"), (12, "1" * 64)]:
        found = drop(evidence=Evidence(lost_lines=lost))
        await warden.record(judged(found, sha256=content))

    assert warden.quarantine_of("lazy") is None


async def test_a_doubt_that_comes_and_goes_is_no_new_drop(warden: Warden) -> None:
    """Who was charged for a certain violation is not charged again after a doubt."""
    await warden.record(judged(drop()))
    await warden.release("lazy", "will repair", "ada")
    await warden.record(judged(drop(confidence=Confidence.POSSIBLE)))
    await warden.record(judged(drop()))

    assert warden.quarantine_of("lazy") is None


async def test_a_worse_drop_waits_for_a_claim_of_its_own(warden: Warden) -> None:
    """Its author answers again, though released for what it was before."""
    await warden.record(judged(drop()))
    await warden.release("lazy", "will repair", "ada")
    worse = drop(evidence=Evidence(lost_lines=99))
    recorded = await warden.record(judged(worse, sha256="2", attribution=None))
    known = await warden.assign(recorded.unassigned, by("lazy"))

    assert known is not None
    assert 1 == len(known.violations)


async def test_evidence_grows_with_the_loss(house: House) -> None:
    """A worse violation replaces what the quarantine says of it, also on the disk."""
    await house.warden.record(judged(drop()))
    worse = drop(evidence=Evidence(lost_lines=99))
    await house.warden.record(judged(worse, sha256="2"))
    before = house.warden.quarantines
    await house.restart()

    assert before == house.warden.quarantines
    assert [99] == [v.evidence and v.evidence.lost_lines for v in before[0].violations]


async def test_a_violation_that_becomes_certain_counts(house: House) -> None:
    """What was only possible at the save can reach the policy when it settles."""
    await house.warden.record(judged(drop(confidence=Confidence.POSSIBLE)))
    settled = await house.warden.record(judged(drop(), when=When.SETTLED))

    assert settled.quarantine is not None
    assert 2 == house.kinds.count("violation.recorded")


# Who answers.


async def test_a_violation_waits_for_a_claim(house: House) -> None:
    """It is announced at once, without an author, and blocks nobody yet."""
    recorded = await house.warden.record(judged(drop(), attribution=None))
    (waiting,) = await house.store.unassigned()

    assert (recorded.violations[0].id,) == recorded.unassigned
    assert waiting.violation.agent is None
    assert () == house.warden.quarantines
    assert "violation.recorded" == house.kinds[-1]


async def test_a_claim_names_the_author(house: House) -> None:
    """The claim quarantines the agent, with the violation under its name."""
    recorded = await house.warden.record(judged(drop(), attribution=None))
    known = await house.warden.assign(recorded.unassigned, by("lazy"))
    (violation,) = await house.store.violations(agent="lazy")

    assert known is not None
    assert (violation,) == known.violations
    assert ["violation.assigned", "quarantine.imposed"] == house.kinds[-2:]
    assert "lazy" == house.told[-2].field("subject")
    assert () == await house.store.unassigned()


async def test_a_report_of_the_same_content_is_a_claim(house: House) -> None:
    """The watcher was first; the agent's own report names the author."""
    await house.warden.record(judged(drop(), attribution=None))
    recorded = await house.warden.record(judged(drop(), event_id="e1"))

    assert recorded.quarantine is not None
    assert "lazy" == recorded.violations[0].agent
    assert 1 == len(await house.store.violations())
    assert 1 == house.kinds.count("violation.recorded")


async def test_a_workspace_answers_when_nobody_does(house: House) -> None:
    """Then everybody who works there is stopped, and nobody elsewhere."""
    recorded = await house.warden.record(judged(drop(), attribution=None))
    known = await house.warden.assign(recorded.unassigned, tree())
    stopped = house.warden.quarantine_for

    assert known is not None
    assert ("ws:repo", "/repo") == (known.subject, known.workspace)
    assert known == stopped("honest", Path("/repo")) == stopped(None, Path("/repo"))
    assert stopped("honest", Path("/tree")) is None


async def test_a_namesake_that_violates_too_is_stopped_too(house: House) -> None:
    """Both are one subject, and one subject has one quarantine."""
    stopped = house.warden.quarantine_for
    await house.warden.record(judged(drop(), attribution=tree()))
    assert stopped(None, Path("/other/repo")) is None

    other = judged(drop(), attribution=tree(), workspace="/other/repo")
    await house.warden.record(other)
    await house.restart()

    stopped = house.warden.quarantine_for
    assert stopped(None, Path("/other/repo")) is not None
    assert stopped(None, Path("/repo")) is not None


async def test_an_agent_bound_to_a_workspace_can_not_leave_it(warden: Warden) -> None:
    """To ask from another folder is no way out."""
    await warden.seen(factories.agent("honest", workspace="/repo"))
    await warden.record(judged(drop(), attribution=tree()))

    assert warden.quarantine_for("honest", None) is not None
    assert warden.quarantine_for("honest", Path("/elsewhere")) is not None
    rows = {row.agent.id: row.state for row in await warden.agent_rows()}
    assert {"honest": QUARANTINED, "ws:repo": QUARANTINED} == rows


async def test_a_humans_checkout_is_only_alerted(house: House) -> None:
    """Nobody is stopped; the event says that nobody answers."""
    recorded = await house.warden.record(judged(drop(), attribution=None))
    known = await house.warden.assign(recorded.unassigned, NOBODY)

    assert known is None
    assert () == house.warden.quarantines
    assert "violation.assigned" == house.kinds[-1]
    assert house.told[-1].field("subject") is None


async def test_nobody_takes_no_name_away(house: House) -> None:
    """When the claim was in time, the end of the wait changes nothing."""
    recorded = await house.warden.record(judged(drop(), attribution=None))
    await house.warden.record(judged(drop(), event_id="e1"))
    told = len(house.told)
    await house.warden.assign(recorded.unassigned, NOBODY)
    await house.warden.assign(recorded.unassigned, tree())

    assert told == len(house.told)
    assert ["lazy"] == [known.subject for known in house.warden.quarantines]


async def test_a_late_claim_adds_blame(house: House) -> None:
    """The agent is stopped too; the workspace stays stopped."""
    recorded = await house.warden.record(judged(drop(), attribution=tree()))
    await house.warden.record(judged(drop(), event_id="e1"))
    (violation,) = await house.store.violations()

    assert () == recorded.unassigned
    assert {"ws:repo", "lazy"} == {q.subject for q in house.warden.quarantines}
    assert "lazy" == violation.agent


async def test_a_second_name_clears_nobody(house: House) -> None:
    """Who says "it was me" of another's drop is stopped beside the first."""
    await house.warden.record(judged(drop()))
    await house.warden.record(judged(drop(), attribution=by("friend")))
    (violation,) = await house.store.violations()

    assert {"lazy", "friend"} == {q.subject for q in house.warden.quarantines}
    assert "lazy" == violation.agent


async def test_a_self_declared_name_is_blamed_beside_the_workspace(
    warden: Warden,
) -> None:
    """A name in an environment variable does not free the folder."""
    declared = Attribution(subject="ws:repo", agent="ghost", grounds=Grounds.PROCESS)
    await warden.record(judged(drop(), attribution=declared))

    assert {"ws:repo", "ghost"} == {q.subject for q in warden.quarantines}
    assert ["ghost"] == [agent.id for agent in warden.agents]


async def test_who_edits_the_file_of_another_is_not_to_blame(house: House) -> None:
    """The violation stood there before; the honest agent goes on."""
    await house.warden.record(judged(drop()))
    recorded = await house.warden.record(
        judged(drop(), sha256="2" * 64, attribution=by("honest"))
    )

    assert recorded.quarantine is None
    assert "lazy" == recorded.violations[0].agent


async def test_a_violation_closed_while_it_waited_blames_nobody(house: House) -> None:
    """The code came back before anybody was named."""
    recorded = await house.warden.record(judged(drop(), attribution=None))
    await house.warden.record(judged(sha256="2" * 64, attribution=None))

    assert await house.warden.assign(recorded.unassigned, by("lazy")) is None
    assert () == house.warden.quarantines


# Operators.


async def test_a_release_is_kept_with_who_why_and_when(house: House) -> None:
    """The subject is clear; the history tells how."""
    await house.warden.record(judged(drop()))
    released = await house.warden.release("lazy", "talked to it", "ada")
    (kept,) = await house.store.quarantines(open=False)

    assert released == kept
    assert ("ada", NOW.isoformat(), "talked to it", CLEAR) == (
        kept.released_by,
        kept.released_at,
        kept.release_reason,
        kept.state,
    )
    assert house.warden.quarantine_for("lazy", Path("/repo")) is None
    assert "quarantine.released" == house.kinds[-1]


async def test_two_releases_at_once_are_one(house: House) -> None:
    """The second is told that it is done, by whom and why; nothing comes back."""
    await house.warden.impose("lazy", "by hand", "ada")
    answers = await asyncio.gather(
        *(house.warden.release("lazy", f"reason {n}", "ada") for n in range(2)),
        return_exceptions=True,
    )
    refused = next(answer for answer in answers if isinstance(answer, PeerError))
    await house.restart()

    assert "NOT_FOUND" == refused.code
    assert "released already, by ada" in refused.problem
    assert 1 == house.kinds.count("quarantine.released")
    assert () == house.warden.quarantines


@pytest.mark.parametrize("reason", ["", "  \n"])
async def test_a_reason_is_needed(warden: Warden, reason: str) -> None:
    """Neither a quarantine nor a release nor a dismissal goes without."""
    recorded = await warden.record(judged(LOW))
    for call in (
        warden.impose("other", reason, "ada"),
        warden.release("lazy", reason, "ada"),
        warden.dismiss(recorded.violations[0].id, reason, "ada"),
    ):
        with pytest.raises(PeerError, match="reason is needed"):
            await call


async def test_who_is_clear_can_not_be_released(warden: Warden) -> None:
    """The error says so, whatever the subject is called."""
    with pytest.raises(PeerError, match="not in quarantine"):
        await warden.release("nobody", "why not", "ada")


async def test_an_operator_can_impose(house: House) -> None:
    """It needs no violation, and stops like any other."""
    known = await house.warden.impose("rude", "watched it", "ada")
    await house.restart()

    assert () == known.violations
    assert known == house.warden.quarantine_for("rude", None)


async def test_to_impose_twice_is_refused(warden: Warden) -> None:
    """The second is told since when."""
    await warden.impose("rude", "watched it", "ada")

    with pytest.raises(PeerError) as refused:
        await warden.impose("rude", "again", "ada")

    assert "CONFLICT" == refused.value.code


async def test_a_workspace_can_be_imposed_on(warden: Warden) -> None:
    """Its path is known from what was judged there; an unknown one is refused."""
    await warden.record(judged())
    known = await warden.impose("ws:repo", "stop all", "ada")

    assert "/repo" == known.workspace
    with pytest.raises(PeerError, match="no agent or workspace is called"):
        await warden.impose("ws:typo", "stop all", "ada")


async def test_a_dismissed_violation_does_not_come_back(house: House) -> None:
    """It is closed in every worktree and no later judgement records it."""
    recorded = await house.warden.record(judged(drop()))
    await house.warden.record(judged(drop(), workspace="/tree"))
    await house.warden.dismiss(recorded.violations[0].id, "meant so", "ada")
    at_once = await house.warden.record(judged(drop(), attribution=by("other")))
    await house.restart()
    again = await house.warden.record(judged(drop(), attribution=by("other")))

    assert () == await house.store.violations()
    assert () == at_once.violations == again.violations
    assert Decision.ALLOW == again.verdict.decision
    assert ("f" * 16,) == mirror.read(house.folder).dismissed
    assert Decision.ALLOW == house.warden.verdict(judged(drop()).analysis).decision


async def test_a_dismissal_releases_nobody(warden: Warden) -> None:
    """To forgive the code is not to forgive the agent."""
    recorded = await warden.record(judged(drop()))
    await warden.dismiss(recorded.violations[0].id, "meant so", "ada")

    assert warden.quarantine_of("lazy") is not None


async def test_only_an_open_violation_can_be_dismissed(warden: Warden) -> None:
    """An unknown id and a closed violation are told apart."""
    recorded = await warden.record(judged(drop()))
    await warden.record(judged(sha256="2" * 64))

    with pytest.raises(PeerError, match="no violation is called"):
        await warden.dismiss("unknown", "meant so", "ada")
    with pytest.raises(PeerError, match="closed already"):
        await warden.dismiss(recorded.violations[0].id, "meant so", "ada")


async def test_a_repair_is_offered_and_outdated(house: House) -> None:
    """A newer offer replaces it; another drop makes it void."""
    await house.warden.record(judged(drop()))
    offer = factories.offer()
    offered = await house.warden.propose_repair("lazy", [offer])
    await house.restart()
    assert offered == house.warden.quarantine_of("lazy")
    assert (PROPOSED, (offer.repair,)) == (offered.state, offered.repairs)
    await house.warden.record(judged(drop(fingerprint="b")))
    known = house.warden.quarantine_of("lazy")
    assert known is not None
    assert (QUARANTINED, ()) == (known.state, known.repairs)


async def test_who_is_clear_has_nothing_to_repair(warden: Warden) -> None:
    """A proposal outside quarantine is refused."""
    with pytest.raises(PeerError, match="not in quarantine"):
        await warden.propose_repair("honest", [])


# Durable, mirrored, told: in this order.


async def test_everything_is_durable_and_mirrored_before_it_is_told(
    tmp_path: Path,
) -> None:
    """Whoever hears of a quarantine finds it on the disk and in the mirror."""
    house = House(tmp_path)
    await house.start()
    seen: list[tuple[bool, bool]] = []

    def look(event: Event) -> None:
        if event.kind == "quarantine.imposed":
            mirrored = bool(mirror.read(tmp_path).quarantines)
            seen.append((mirrored, house.warden.quarantine_of("lazy") is not None))

    house.warden._publish = look
    await house.warden.record(judged(drop()))
    await house.stop()

    assert [(True, True)] == seen


@pytest.mark.parametrize("forged", [b'{"quarantines":[]}', None])
async def test_a_mirror_that_another_hand_changed_is_written_anew_and_told(
    house: House, forged: bytes | None
) -> None:
    """An agent that empties the list of quarantines must not commit on quietly."""
    await house.warden.impose("lazy", "why", "operator")
    file = house.folder / mirror.FILE_NAME
    file.unlink() if forged is None else file.write_bytes(forged)

    await house.warden.keep_mirror()

    assert ["lazy"] == [one.subject for one in mirror.read(house.folder).quarantines]
    assert ["daemon.degraded", "daemon.recovered"] == [e.kind for e in house.told[-2:]]


async def test_a_mirror_that_stands_is_left_alone(house: House) -> None:
    """Looking after it every second must not fill the records."""
    await house.warden.impose("lazy", "why", "operator")
    told = len(house.told)

    await house.warden.keep_mirror()

    assert told == len(house.told)


async def test_the_mirror_follows(house: House) -> None:
    """Quarantine and release are in it at once."""
    await house.warden.record(judged(drop()))
    imposed = mirror.read(house.folder).quarantines
    await house.warden.release("lazy", "will repair", "ada")

    assert ["lazy"] == [known.subject for known in imposed]
    assert () == mirror.read(house.folder).quarantines


async def test_a_restart_forgets_nothing(house: House) -> None:
    """Quarantine, agents and the sequence are as they were before anybody asks."""
    await house.warden.seen(factories.agent("lazy", workspace="/repo"))
    recorded = await house.warden.record(judged(drop()))
    before = (house.warden.quarantines, house.warden.agents, house.warden.sequence)
    await asyncio.to_thread((house.folder / mirror.FILE_NAME).unlink)
    await house.restart()
    after = (house.warden.quarantines, house.warden.agents, house.warden.sequence)

    assert before == after
    assert recorded.quarantine == house.warden.quarantine_of("lazy")
    assert house.warden.quarantines == mirror.read(house.folder).quarantines


async def test_a_cancelled_caller_leaves_nothing_half_done(house: House) -> None:
    """A session that dies during its report does not escape: the write ends."""
    task = asyncio.create_task(house.warden.record(judged(drop())))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert house.warden.quarantine_of("lazy") is not None
    assert "quarantine.imposed" == house.kinds[-1]


async def test_a_full_disk_acknowledges_nothing(house: House) -> None:
    """Nothing is told, quarantine is still enforced, and it says when it recovers."""
    await house.warden.record(judged(drop()))
    told = len(house.told)
    await house.fill_disk()
    big = drop(fingerprint="b", message="x" * 10**6)
    with pytest.raises(MachineError, match="disk is full"):
        await house.warden.record(judged(big, path="b.py"))
    assert house.warden.quarantine_of("lazy") is not None
    assert told == len(house.told)
    assert "store" in house.warden.degraded_now
    await house.fill_disk(full=False)
    await house.warden.record(judged(big, path="b.py"))
    await house.warden.try_store()  # as the daemon does every second
    assert "daemon.recovered" in house.kinds[told:]
    assert {} == house.warden.degraded_now
    assert 2 == len(await house.store.violations())


async def test_a_full_disk_that_has_room_again_is_found_out(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Agents that may not edit meanwhile write nothing: somebody has to try."""
    with monkeypatch.context() as disk:
        disk.setattr(house.store, "write", _no_room)
        with pytest.raises(MachineError):
            await house.warden.impose("rude", "by hand", "ada")
        await house.warden.try_store()
        assert STORE in house.warden.degraded_now

    await house.warden.try_store()

    assert {} == house.warden.degraded_now
    assert "daemon.recovered" == house.kinds[-1]


async def _no_room(work: object) -> None:
    raise MachineError("the disk is full")


async def test_without_a_mirror_hooks_refuse(house: House) -> None:
    """A mirror that can not be written is gone, told as degraded, and comes back."""
    blocker = house.folder / mirror.FILE_NAME
    await asyncio.to_thread(_replace_by_folder, blocker)
    await house.warden.impose("rude", "by hand", "ada")
    assert house.warden.quarantine_of("rude") is not None
    assert "mirror" in house.warden.degraded_now
    with pytest.raises(MachineError):
        mirror.read(house.folder)
    await house.warden.release("rude", "looked", "ada")  # all is as it was before
    await asyncio.to_thread(blocker.rmdir)
    await house.warden.record(judged())
    assert {} == house.warden.degraded_now
    assert () == mirror.read(house.folder).quarantines


def _replace_by_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


# Agents, and what is degraded.


async def test_an_agent_keeps_what_it_does_not_repeat(warden: Warden) -> None:
    """A hello without workspace does not unbind it."""
    await warden.seen(factories.agent("a", harness="codex", workspace="/repo"))
    await warden.seen(factories.agent("a"))
    known = warden.agent("a")

    assert known is not None
    assert ("codex", "/repo", NOW.isoformat()) == (
        known.harness,
        known.workspace,
        known.last_seen,
    )


async def test_an_agent_is_connected_while_it_has_a_session(house: House) -> None:
    """The last session that ends disconnects it."""
    await house.warden.connected("a", "s1")
    await house.warden.connected("a", "s2")
    await house.warden.disconnected("a", "s1")
    assert house.warden.is_connected("a")
    await house.warden.disconnected("a", "s2")
    assert not house.warden.is_connected("a")
    assert ["agent.connected"] * 2 + ["agent.disconnected"] * 2 == house.kinds


async def test_a_session_ends_on_a_full_disk_too(house: House) -> None:
    """What can not be recorded still holds in memory."""
    await house.warden.connected("a", "s1")
    await house.fill_disk()
    await house.warden.disconnected("a", "x" * 10**6)
    await house.warden.disconnected("a", "s1")

    assert not house.warden.is_connected("a")


async def test_degraded_is_told_once(house: House) -> None:
    """The same reason twice is one event; so is the recovery."""
    for _ in range(2):
        await house.warden.degraded("watcher", "overflow")
    assert {"watcher": "overflow"} == house.warden.degraded_now
    for _ in range(2):
        await house.warden.recovered("watcher")
    assert {} == house.warden.degraded_now
    assert ["daemon.degraded", "daemon.recovered"] == house.kinds


async def test_a_snapshot_is_of_one_moment(warden: Warden) -> None:
    """All that is open, with the sequence that continues it."""
    recorded = await warden.record(judged(drop()))
    seq, snapshot = await warden.snapshot()

    assert warden.sequence == seq
    assert recorded.violations == snapshot.violations
    assert warden.quarantines == snapshot.quarantines
    assert ["lazy"] == [agent.id for agent in snapshot.agents]


async def test_what_is_told_is_what_is_stored(house: House) -> None:
    """Subscribers and those who resume see the same events, without a gap."""
    await house.warden.record(judged(drop()))
    await house.warden.release("lazy", "will repair", "ada")
    told = tuple(house.told)

    assert told == await house.store.events(0)
    assert list(range(1, len(told) + 1)) == [event.sequence for event in told]


# Secrets.


async def test_a_secret_in_an_excerpt_is_nowhere(house: House) -> None:
    """Not in the database, its log, the mirror, an event or the answer."""
    secret = "gh" + "p_" + "q8Zk3NfT1xYw6RbP0sLd9VhM2cJg5KtQ7nWe"
    found = drop(excerpt=f"# ... unchanged, token {secret}")
    recorded = await house.warden.record(judged(found, event_id="e"))
    files = [file for file in house.folder.rglob("*") if file.is_file()]
    kept = [file.name for file in files if secret.encode() in file.read_bytes()]

    assert [] == kept
    assert {"state.db", "state.db-wal", "quarantines.json"} <= {f.name for f in files}
    assert not any(secret in str(event.data) for event in house.told)
    assert "token [redacted " in recorded.violations[0].excerpt
