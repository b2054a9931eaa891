"""Many decisions under one commit: the same as one by one, whatever the disk does."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from collections.abc import Awaitable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from qualitywatch import failpoints, mirror
from qualitywatch.errors import MachineError, PeerError
from qualitywatch.store import Reading
from qualitywatch.warden import STORE, committing, hearings
from tests.integration.house import House, by, drop, judged

LARGE = "x" * 100_000


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    failpoints.disarm()


async def together(*calls: Awaitable[Any]) -> list[Any]:
    """What each call returned or raised, all of them waiting at once."""
    return await asyncio.gather(*calls, return_exceptions=True)


def record(house: House, number: int, agent: str) -> Awaitable[Any]:
    """A drop by *agent* in a file of its own."""
    found = drop(path=f"{number}.py", fingerprint=str(number))
    change = judged(
        found, path=f"{number}.py", event_id=f"e{number}", attribution=by(agent)
    )
    return house.warden.record(change)


# One commit.


async def test_what_waits_is_written_together(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred that come at once wait for the disk a few times, not a hundred."""
    writes = 0
    write = house.store.write

    async def counted(work: Any) -> Any:
        nonlocal writes
        writes += 1
        return await write(work)

    monkeypatch.setattr(house.store, "write", counted)
    answers = await together(*(record(house, n, f"agent-{n}") for n in range(100)))

    assert list(range(1, 301, 3)) == [answer.seq for answer in answers]
    assert 100 == len(house.warden.quarantines)
    assert writes <= 3


async def test_each_sees_those_before_it(house: House) -> None:
    """Imposed, released and imposed again in one transaction, in this order."""
    warden = house.warden
    answers = await together(
        warden.impose("rude", "once", "ada"),
        warden.impose("rude", "twice", "ada"),
        warden.release("rude", "sorry", "ada"),
        warden.impose("rude", "again", "ada"),
    )

    assert ["once", "CONFLICT", "once", "again"] == [
        getattr(answer, "reason", None) or answer.code for answer in answers
    ]
    assert "again" == warden.quarantines[0].reason


async def test_nobody_is_answered_before_the_disk_has_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answers, events and memory come after the commit, in the order of sequence."""
    disk, write = asyncio.Event(), house.store.write

    async def slow(work: Any) -> Any:
        done = await write(work)
        await disk.wait()  # it stands there, and nobody has been told
        return done

    monkeypatch.setattr(house.store, "write", slow)
    calls = [asyncio.ensure_future(record(house, n, "lazy")) for n in range(3)]
    await asyncio.sleep(0.05)

    assert ([], ()) == (house.told, house.warden.quarantines)
    assert not any(call.done() for call in calls)
    disk.set()
    await together(*calls)
    assert list(range(1, 10)) == [event.sequence for event in house.told]


# What does not land.


async def test_only_what_does_not_fit_fails(house: House) -> None:
    """One that is too large for the disk takes nobody with it."""
    await _room_for(house, pages=12)
    large = judged(drop(path="l.py", message=LARGE), path="l.py", event_id="large")
    answers = await together(
        record(house, 1, "one"),
        house.warden.record(large),
        record(house, 2, "two"),
    )

    assert [False, True, False] == [isinstance(a, MachineError) for a in answers]
    assert {"one", "two", "lazy"} == {q.subject for q in house.warden.quarantines}
    assert {"one", "two"} == {q.subject for q in await house.store.quarantines()}
    assert await house.warden.answered("lazy", "large") is None
    assert await house.store.events(0) == tuple(house.told)


async def test_a_bug_in_one_is_told_to_one(house: House) -> None:
    """What nobody foresaw undoes the transaction; the others are written again."""
    broken = judged(path="b.py", sha256=b"3")  # the column takes text only
    answers = await together(
        record(house, 1, "one"), house.warden.record(broken), record(house, 2, "two")
    )

    assert isinstance(answers[1], sqlite3.IntegrityError)
    assert [1, 4] == [answers[0].seq, answers[2].seq]
    assert {} == house.warden.degraded_now


async def test_a_lock_that_stays_fails_all_and_ends(house: House) -> None:
    """Another program holds the file: nobody is acknowledged, and it ends by itself."""
    await _be_impatient(house)
    with _held(house):
        answers = await together(*(record(house, n, "lazy") for n in range(5)))

        assert {MachineError} == {type(a).__mro__[1] for a in answers}
        assert "another program" in house.warden.degraded_now[STORE]
        assert 1 == len(house.warden.quarantines)
        assert 0 == await house.store.sequence()  # who asks waits for no lock

    await house.warden.try_store()
    assert {} == house.warden.degraded_now
    assert 5 == len((await house.store.quarantines())[0].violations)


async def test_a_full_disk_stops_whom_it_can_not_record(house: House) -> None:
    """The quarantine holds from memory and in the mirror, and lands when it can."""
    await house.warden.record(judged(attribution=by("lazy")))
    await house.fill_disk()
    (failed,) = await together(_large(house, 1))
    (known,) = house.warden.quarantines

    assert isinstance(failed, MachineError)
    assert house.warden.quarantine_for("lazy", None) == known
    assert [known.id] == [q.id for q in mirror.read(house.folder).quarantines]
    assert (known,) == (await house.warden.snapshot())[1].quarantines
    assert () == await house.store.quarantines()

    await house.fill_disk(full=False)
    await house.warden.try_store()
    landed = await house.store.quarantines()
    assert landed == house.warden.quarantines
    assert ["daemon.recovered", "quarantine.imposed"] == [
        kind for kind in house.kinds if kind.startswith(("daemon", "quarantine"))
    ]


async def test_what_landed_meanwhile_is_not_written_again(house: House) -> None:
    """Its asker asks again by the same id once there is room: it is one record."""
    await house.fill_disk()
    await together(_large(house, 1))
    await house.fill_disk(full=False)
    await _large(house, 1)
    await house.warden.try_store()

    assert 1 == (await house.store.counts()).changes
    assert house.warden.quarantines == await house.store.quarantines()


async def test_a_release_that_is_not_durable_never_was(house: House) -> None:
    """Nobody is let go by a disk that is full, nor by what an operator imposed."""
    await record(house, 1, "lazy")
    failpoints.arm(is_test=True, asked="before_commit:enospc")
    answers = await together(
        house.warden.release("lazy", LARGE, "ada"),
        house.warden.impose("rude", "by hand", "ada"),
    )

    assert [MachineError] * 2 == [type(answer) for answer in answers]
    assert ["lazy"] == [known.subject for known in house.warden.quarantines]
    failpoints.disarm()
    await house.warden.try_store()
    assert ["lazy"] == [known.subject for known in house.warden.quarantines]


async def test_a_dead_disk_is_not_tried_for_ever(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waits is bounded; what is too much is refused at once."""
    monkeypatch.setattr(committing, "MOST_WAITING", 3)
    answers = await together(*(record(house, n, "lazy") for n in range(5)))

    assert [False] * 3 + [True] * 2 == [isinstance(a, MachineError) for a in answers]


async def test_who_gives_up_waiting_does_not_undo_it(house: House) -> None:
    """A caller that is cancelled leaves a record that is whole, in memory too."""
    call = asyncio.ensure_future(record(house, 1, "lazy"))
    await asyncio.sleep(0)
    call.cancel()
    await asyncio.wait({call})

    assert call.cancelled()
    assert house.warden.quarantines == await house.store.quarantines() != ()


def test_a_loop_that_is_torn_down_ends(tmp_path: Path) -> None:
    """Nobody waits for an answer that will never come."""

    async def leave() -> None:
        house = House(tmp_path / "state")
        await house.start()
        failpoints.arm(is_test=True, asked="before_commit:sleep=50ms")
        house.call = asyncio.ensure_future(record(house, 1, "lazy"))  # type: ignore[attr-defined]
        await asyncio.sleep(0.01)
        asyncio.get_running_loop().call_later(0.02, asyncio.current_task().cancel)  # type: ignore[union-attr]
        try:
            await asyncio.sleep(10)
        finally:
            await house.stop()

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(leave())


def _large(house: House, number: int) -> Awaitable[Any]:
    found = drop(path=f"{number}.py", message=LARGE, fingerprint=str(number))
    change = judged(found, path=f"{number}.py", event_id=f"e{number}")
    return house.warden.record(change)


async def _room_for(house: House, *, pages: int) -> None:
    """Let the database grow by *pages* more pages."""

    def limit(connection: sqlite3.Connection) -> None:
        used = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {used + pages}")

    await house.store._database.alone(limit)


async def _be_impatient(house: House) -> None:
    await house.store._database.alone(lambda db: db.execute("PRAGMA busy_timeout = 20"))


@contextmanager
def _held(house: House) -> Iterator[None]:
    """Another program holds the database."""
    path = house.folder / "state.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


# Against a reference that does one thing after the other.


class Call(NamedTuple):
    """What somebody asks of the warden."""

    what: str  # drop, release, impose
    agent: str
    number: int  # of the file and the report; few, so that reports are repeated
    is_large: bool


CALLS = st.lists(
    st.builds(
        Call,
        what=st.sampled_from(["drop", "drop", "release", "impose"]),
        agent=st.sampled_from(["ada", "bob"]),
        number=st.integers(1, 9),
        is_large=st.booleans(),
    ),
    min_size=1,
    max_size=6,
)


class Reference:
    """What the calls mean that were acknowledged, one after the other."""

    def __init__(self) -> None:
        self.open: dict[str, set[int]] = {}
        self.answered: dict[tuple[str, int], int] = {}  # report -> sequence
        self.blamed: dict[int, set[str]] = {}

    def expect(self, call: Call) -> str | None:
        """The code with which *call* is refused."""
        if call.what == "release" and call.agent not in self.open:
            return "NOT_FOUND"
        if call.what == "impose" and call.agent in self.open:
            return "CONFLICT"
        return None

    def landed(self, call: Call, answer: Any) -> None:
        if call.what == "release":
            del self.open[call.agent]
        elif call.what == "impose":
            self.open[call.agent] = set()
        elif (call.agent, call.number) in self.answered:
            assert answer.seq == self.answered[call.agent, call.number]
        else:
            self.answered[call.agent, call.number] = answer.seq
            self.blame(call)

    def blame(self, call: Call) -> None:
        blamed = self.blamed.setdefault(call.number, set())
        if call.agent not in blamed:
            blamed.add(call.agent)
            self.open.setdefault(call.agent, set()).add(call.number)


class CommittingMachine(RuleBasedStateMachine):
    """Batches of calls, with a disk that fails in every way it can."""

    def __init__(self) -> None:
        super().__init__()
        self.reference = Reference()
        self.folder = tempfile.TemporaryDirectory()
        self.house = House(Path(self.folder.name) / "state")
        self.runner = asyncio.Runner()
        self.runner.run(self.house.start())
        self.runner.run(_be_impatient(self.house))
        self.failed: list[Call] = []  # drops that were not acknowledged

    def teardown(self) -> None:
        failpoints.disarm()
        self.runner.run(self.house.stop())
        self.runner.close()
        self.folder.cleanup()

    @rule(calls=CALLS)
    def all_is_well(self, calls: list[Call]) -> None:
        self.ask(calls)
        assert not self.failed

    @rule(calls=CALLS)
    def the_disk_is_nearly_full(self, calls: list[Call]) -> None:
        self.runner.run(_room_for(self.house, pages=12))
        self.ask(calls)
        self.runner.run(self.house.fill_disk(full=False))
        self.recover()

    @rule(calls=CALLS)
    def another_program_holds_it(self, calls: list[Call]) -> None:
        with _held(self.house):
            self.ask(calls)
        self.recover()

    @rule(
        calls=CALLS,
        action=st.sampled_from(["enospc", "raise"]),
        time=st.none() | st.integers(1, 4),
    )
    def a_commit_fails(self, calls: list[Call], action: str, time: int | None) -> None:
        only = "" if time is None else f"@{time}"
        failpoints.arm(is_test=True, asked=f"before_commit:{action}{only}")
        self.ask(calls)
        failpoints.disarm()
        self.recover()

    @rule()
    def restart(self) -> None:
        self.runner.run(self.house.restart())
        self.runner.run(_be_impatient(self.house))

    def ask(self, calls: Sequence[Call]) -> None:
        """Make all *calls* at once; what was acknowledged is as one by one."""
        answers = self.runner.run(self.answers(calls))
        for call, answer in zip(calls, answers, strict=True):
            expected = self.reference.expect(call)
            if isinstance(answer, PeerError):
                assert expected == answer.code
            elif isinstance(answer, MachineError | failpoints.FailedOnPurpose):
                if call.what == "drop" and isinstance(answer, MachineError):
                    self.failed.append(call)
            else:
                assert expected is None
                self.reference.landed(call, answer)
        self.memory_is_the_disk_and_what_could_not_be_recorded()

    async def answers(self, calls: Sequence[Call]) -> list[Any]:
        return await together(*map(self.call, calls))

    def call(self, call: Call) -> Awaitable[Any]:
        warden, reason = self.house.warden, LARGE if call.is_large else "why"
        if call.what == "release":
            return warden.release(call.agent, reason, "op")
        if call.what == "impose":
            return warden.impose(call.agent, reason, "op")
        name = str(call.number)
        found = drop(path=name, fingerprint=name, message=reason)
        change = judged(
            found, path=name, event_id=name, sha256=name, attribution=by(call.agent)
        )
        return warden.record(change)

    def memory_is_the_disk_and_what_could_not_be_recorded(self) -> None:
        durable = {
            known.subject for known in self.runner.run(self.house.store.quarantines())
        }
        enforced = {known.subject for known in self.house.warden.quarantines}
        mirrored = mirror.read(self.house.folder).quarantines
        failed = {call.agent for call in self.failed}

        assert self.reference.open.keys() == durable
        assert durable <= enforced <= durable | failed
        assert enforced == {known.subject for known in mirrored}

    def recover(self) -> None:
        """The disk is well again: who was stopped for a drop is on record for it."""
        self.runner.run(self.house.warden.try_store())
        for call in self.failed:
            report = (call.agent, str(call.number))
            answer = self.runner.run(self.house.warden.answered(*report))
            is_known = call.agent in self.reference.blamed.get(call.number, ())
            assert answer is not None or is_known
            if answer is not None:
                self.reference.landed(call, answer)
        self.failed.clear()

    @invariant()
    def the_records_are_what_was_acknowledged(self) -> None:
        """Told once each, in order; the same are stopped; each report is one row."""
        reports = sorted(self.reference.answered)

        def read(records: Reading) -> tuple[Any, ...]:
            answers = [records.report(agent, str(number)) for agent, number in reports]
            return records.quarantines(), answers

        durable, answers = self.runner.run(self.house.store.read(read))
        events = self.runner.run(self.house.store.events(0, limit=10_000))

        assert list(events) == self.house.told
        assert set(durable) == set(self.house.warden.quarantines)
        assert self.reference.open == {
            q.subject: {int(v.path) for v in q.violations} for q in durable
        }
        assert [self.reference.answered[report] for report in reports] == [
            hearings.answer_of(answer).seq for answer in answers
        ]


class TestCommittingAgainstReference(CommittingMachine.TestCase):  # type: ignore[misc, name-defined]
    """No sequence of batches and faults makes the two differ."""

    settings = settings(
        max_examples=8,
        stateful_step_count=8,
        deadline=None,
        phases=(Phase.explicit, Phase.reuse, Phase.generate),
    )
