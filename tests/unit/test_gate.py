"""The decision of the gate, and whose quarantine concerns whom: values in and out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from qualitywatch import config, rulebook
from qualitywatch.analysis import examine
from qualitywatch.gate import Task, concerned, judge
from qualitywatch.git import Commit, Person
from qualitywatch.mirror import Mirror
from qualitywatch.model import (
    GO,
    NO_GO,
    Analysis,
    Change,
    Confidence,
    GateReport,
    Quarantine,
    QuarantineState,
    Severity,
    Skipped,
    Suppressed,
    Unanalysable,
    Violation,
)
from qualitywatch.traces import ALONE, Around, Examined
from tests.factories import agent, change, violation

RULES = rulebook.load()
CLEAN = change("a = 1\n", "a = 2\n")


def quarantine(subject: str = "cursor-1", **fields: Any) -> Quarantine:
    """An open quarantine."""
    return Quarantine(
        **{
            "id": "q1",
            "subject": subject,
            "state": QuarantineState.QUARANTINED,
            "reason": "dropped code",
            "since": "2025-11-21T08:00:00Z",
            **fields,
        }
    )


def judged(
    *analyses: Analysis, settings: config.Gate | None = None, **fields: Any
) -> GateReport:
    """The report on as many changes as there are *analyses*, one clock tick long."""
    ticks: Iterator[float] = iter((1.0, 1.25))
    return judge(
        [CLEAN] * len(analyses),
        base="b" * 40,
        head=None,
        analyse=lambda _tasks: [Examined(analysis=each) for each in analyses],
        settings=settings or config.Gate(),
        clock=lambda: next(ticks),
        **fields,
    )


def found(*violations: Violation) -> Analysis:
    """The analysis of a change with *violations*."""
    return Analysis(violations=violations)


# The decision

BARS = [
    (Severity.HIGH, Confidence.LIKELY, NO_GO),
    (Severity.CRITICAL, Confidence.CERTAIN, NO_GO),
    (Severity.MEDIUM, Confidence.CERTAIN, GO),
    (Severity.CRITICAL, Confidence.POSSIBLE, GO),
]


@pytest.mark.parametrize(("severity", "confidence", "decision"), BARS)
def test_the_bar(severity: Severity, confidence: Confidence, decision: str) -> None:
    """High and likely fails; below either of them is listed and passes."""
    shown = violation(severity=severity, confidence=confidence)

    report = judged(found(shown))

    assert report.decision == decision
    assert report.violations == (shown,)


def test_the_bar_can_be_set() -> None:
    """A lower bar fails what the usual one lets pass."""
    low = config.Gate(fail_on=Severity.LOW, confidence=Confidence.POSSIBLE)
    least = violation(severity=Severity.LOW, confidence=Confidence.POSSIBLE)

    report = judged(found(least, least), settings=low)

    assert report.decision == NO_GO
    assert report.reasons == ("2 violations at or above low, possible",)


def test_nothing_is_go() -> None:
    """An empty change set has nothing to hold against it."""
    report = judged()

    assert (report.decision, report.reasons, report.files_checked) == (GO, (), 0)


def test_unanalysable_is_no_go() -> None:
    """What could not be read is never called clean."""
    report = judged(
        Analysis(unanalysable=(Unanalysable(path="a.py", reason="not UTF-8"),))
    )

    assert report.decision == NO_GO
    assert report.reasons == ("1 file could not be analysed",)


def test_skipped_passes_and_is_listed() -> None:
    """Skipped by the analysis or before it: both are listed, neither is checked."""
    binary = Skipped(path="a.bin", reason="binary")
    link = Skipped(path="l", reason="symbolic link")

    report = judged(Analysis(skipped=(binary,)), Analysis(), skipped=[link])

    assert report.decision == GO
    assert report.skipped == (link, binary)
    assert report.files_checked == 1


def test_quarantine_is_no_go() -> None:
    """A clean change of an agent in quarantine does not pass."""
    report = judged(Analysis(), quarantines=[quarantine()])

    assert report.decision == NO_GO
    assert report.reasons == ("cursor-1 is in quarantine",)


def test_dismissed_does_not_count() -> None:
    """What an operator has looked at no longer fails, and that is said."""
    report = judged(found(violation()), dismissed=["f" * 16])

    assert report.decision == GO
    assert report.violations == ()
    assert report.reasons == ("1 violation dismissed by an operator",)


def suppressed(*, counts: bool) -> Analysis:
    """A violation that a comment allows, and what is said of a new comment."""
    blocking = violation()
    told = Suppressed(violation=blocking, reason="by design", line=1, counts=counts)
    new = violation(rule="new-suppression", line=1, severity=Severity.MEDIUM)
    return Analysis(violations=() if counts else (blocking, new), suppressed=(told,))


def test_a_suppression_of_the_base_passes_and_is_listed() -> None:
    """What the base allows is told, and fails nothing."""
    report = judged(suppressed(counts=True))

    assert report.decision == GO
    assert report.reasons == ("1 violation allowed by a comment",)
    assert len(report.suppressed) == 1


def test_a_new_suppression_does_not_count() -> None:
    """It is listed, and the violation fails as if it were not there."""
    report = judged(suppressed(counts=False))

    assert report.decision == NO_GO
    assert [each.counts for each in report.suppressed] == [False]


def test_a_human_may_accept_new_suppressions() -> None:
    """Then they count, and nobody asks any more whether they should."""
    report = judged(suppressed(counts=False), accept_new_suppressions=True)

    assert (report.decision, report.violations) == (GO, ())
    assert [each.counts for each in report.suppressed] == [True]


def test_a_missing_answer_is_a_bug() -> None:
    """Fewer analyses than changes can never look like a clean result."""
    with pytest.raises(ValueError, match="shorter"):
        judge(
            [CLEAN],
            base=None,
            head=None,
            analyse=lambda _tasks: [],
            settings=config.Gate(),
            clock=lambda: 0.0,
        )


def test_duration() -> None:
    """The clock that is given measures the judgement."""
    assert judged(Analysis()).duration_ms == 250.0


# Code that moved from one file to another


BODY = "".join(f"    total_{n} = price_{n} * count_{n}\n" for n in range(4))
WHOLE = f"def total():\n{BODY}    return total_0\n"
GAINED = change("", WHOLE, path="new.py")


def told(*changes: Change) -> list[list[Around]]:
    """What is said around each of *changes*, in each round of the judgement."""
    rounds: list[list[Around]] = []

    def analyse(tasks: Sequence[Task]) -> Iterable[Examined]:
        rounds.append([around for _, around in tasks])
        return [examine(each, RULES, around=around) for each, around in tasks]

    judge(
        changes,
        base=None,
        head=None,
        analyse=analyse,
        settings=config.Gate(),
        clock=lambda: 0.0,
    )
    return rounds


def test_a_change_set_that_misses_nothing_is_judged_once() -> None:
    """What files gain costs nothing where no other file lost anything."""
    assert told(GAINED, CLEAN) == [[ALONE, ALONE]]


def test_code_that_moved_to_another_file_is_known_there() -> None:
    """The file that lost the function is judged again; the other one is not."""
    lazy = change(WHOLE, "# ... existing code unchanged\n", path="old.py")

    _, (around,) = told(lazy, GAINED)

    assert around.moved == {"total"}
    assert around.defined == {"total"}


def test_own_gains_are_not_elsewhere() -> None:
    """Lines that only the file itself gains were not moved to another one."""
    lazy = change(WHOLE, f"# ... existing code\nif True:\n{BODY}", path="old.py")

    assert told(lazy, CLEAN) == [[ALONE, ALONE]]


HOMES = [
    pytest.param("notes.md", f"```\n{WHOLE}```\n", id="prose"),
    pytest.param("old.txt", WHOLE, id="text"),
    pytest.param("new.py", f"'''\n{WHOLE}'''\n", id="docstring"),
    pytest.param("new.py", f"OLD = '''\n{WHOLE}'''\n", id="string"),
    pytest.param("new.js", f"const old = `\n{WHOLE}`;\n", id="template"),
    pytest.param("new.py", re.sub("(?m)^", "# ", WHOLE), id="comment"),
]


@pytest.mark.parametrize(("path", "text"), HOMES)
def test_only_code_takes_code_in(path: str, text: str) -> None:
    """Who keeps the dropped lines in a text or a comment has dropped them."""
    lazy = change(WHOLE, "# ... existing code unchanged\n", path="old.py")

    assert told(lazy, change(None, text, path=path)) == [[ALONE, ALONE]]


# Whose quarantine

HERE, ELSEWHERE = Path("/work/here"), Path("/work/elsewhere")
HUMAN = Person(name="Ada", email="ada@example.org")


def commit(
    author: Person = HUMAN, committer: Person = HUMAN, **trailers: str
) -> Commit:
    """A commit by a human, unless said otherwise."""
    rows = tuple((key.replace("_", "-"), value) for key, value in trailers.items())
    return Commit(id="c", author=author, committer=committer, trailers=rows)


def state(*quarantines: Quarantine) -> Mirror:
    """The mirror with *quarantines*, and the agents Cursor and Claude."""
    return Mirror(
        quarantines=quarantines,
        dismissed=(),
        agents=(
            agent("cursor-1", name="Cursor Composer 1", workspace=str(ELSEWHERE)),
            agent("claude-code:here", name="Claude", workspace=str(HERE)),
        ),
    )


@pytest.mark.parametrize(
    ("who", "where"),
    [
        pytest.param("cursor-1", HERE, id="says so itself"),
        pytest.param("cursor-1", ELSEWHERE, id="both"),
        pytest.param(None, ELSEWHERE, id="works in its workspace"),
        pytest.param("claude-code:here", ELSEWHERE, id="names an honest agent"),
    ],
)
def test_the_quarantined_agent_is_known(who: str | None, where: Path) -> None:
    """By its name or by its workspace; a name can add blame, never remove it."""
    open_one = quarantine("cursor-1")

    assert concerned(state(open_one), agent=who, workspaces=[where]) == (open_one,)


@pytest.mark.parametrize("who", [None, "claude-code:here", "Cursor Composer 1"])
def test_others_are_free(who: str | None) -> None:
    """Another agent, or a human, in another workspace."""
    assert concerned(state(quarantine()), agent=who, workspaces=[HERE]) == ()


WORKSPACES = [
    pytest.param(quarantine("ws:here"), id="by its name"),
    pytest.param(quarantine("ws:x", workspace=str(HERE)), id="by its path"),
    pytest.param(quarantine("gemini", workspace=str(HERE)), id="of an unknown agent"),
]


@pytest.mark.parametrize("open_one", WORKSPACES)
def test_a_workspace_in_quarantine(open_one: Quarantine) -> None:
    """Nobody commits from it, and everybody from another."""
    assert concerned(state(open_one), agent=None, workspaces=[HERE]) == (open_one,)
    assert concerned(state(open_one), agent=None, workspaces=[Path("/work/x/y")]) == ()


def test_a_namesake_of_a_known_workspace_is_free() -> None:
    """Where the path is known, the folder's name alone does not condemn."""
    open_one = quarantine("ws:here", workspace="/other/here")

    assert concerned(state(open_one), agent=None, workspaces=[HERE]) == ()


def test_what_is_over_is_over() -> None:
    """A quarantine that was released concerns nobody."""
    released = quarantine(state=QuarantineState.CLEAR)

    assert concerned(state(released), agent="cursor-1", workspaces=[]) == ()


def test_an_offered_repair_does_not_free() -> None:
    """Only a release does."""
    offered = quarantine(state=QuarantineState.REPAIR_PROPOSED)

    assert concerned(state(offered), agent="cursor-1", workspaces=[]) == (offered,)


BLAMED = [
    pytest.param(commit(Person(name="cursor-1", email="x@y")), id="author is its id"),
    pytest.param(
        commit(Person(name="Cursor Composer 1", email="x@y")), id="author is its name"
    ),
    pytest.param(
        commit(HUMAN, Person(name="x", email="cursor-1@agents.local")), id="committer"
    ),
    pytest.param(
        commit(Co_Authored_By="Cursor Composer 1 <noreply@cursor.com>"),
        id="co-author by name",
    ),
    pytest.param(commit(co_authored_by="x <cursor-1@local>"), id="co-author by id"),
]


@pytest.mark.parametrize("blamed", BLAMED)
def test_commits_of_the_agent(blamed: Commit) -> None:
    """Its commits are not pushed, from whatever workspace."""
    open_one = quarantine("cursor-1")

    found = concerned(
        state(open_one), agent=None, workspaces=[HERE], commits=[commit(), blamed]
    )

    assert found == (open_one,)


@pytest.mark.parametrize("stolen", ["claude-code:here", "Claude"])
def test_a_name_that_another_agent_has_stops_nobody(stolen: str) -> None:
    """An agent names itself: in quarantine it would take a colleague with it."""
    known = state(quarantine("cursor-1"))
    thief, colleague = known.agents
    known = msgspec.structs.replace(
        known, agents=(msgspec.structs.replace(thief, name=stolen), colleague)
    )
    theirs = commit(Person(name=stolen, email="x@example.org"))

    assert () == concerned(known, agent=None, workspaces=[HERE], commits=[theirs])


FREE = [
    commit(),
    commit(Person(name="cursor-10", email="cursor-10@x")),
    commit(Signed_off_by="cursor-1 <cursor-1@x>"),
    commit(Person(name="", email="")),
]


@pytest.mark.parametrize("free", FREE)
def test_commits_of_others(free: Commit) -> None:
    """A name must be the same, not alike; only authorship counts."""
    assert (
        concerned(state(quarantine()), agent=None, workspaces=[HERE], commits=[free])
        == ()
    )
