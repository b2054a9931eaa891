"""Many decisions, one wait for the disk.

To make something durable takes as long for a hundred decisions as for one. So whatever
comes while the disk is busy waits, and is then decided together, one after the other,
in one transaction: each decision finds what those before it have written, in the tables
and in the register that is handed on. One commit makes them all durable. Only then
memory changes, then the mirror, then the events are told in their order, then everybody
gets the answer. Until the commit nobody has seen anything: it can be undone as a whole.

What can go wrong, and who hears of it:

* A decision refuses. It does so before it writes, so its asker alone is told.
* A write fails: no room for it, or a bug of ours. Everything is undone, and each
  decision is taken again in a transaction of its own. So exactly those fail whose own
  write does not land. To decide twice is harmless: a decision depends on nothing but
  how things stand, and whoever would have seen the first was never told of it.
* The transaction can not even begin, because another program holds the file, or the
  file is damaged. Nothing that waits would fare better: all of it fails at once.
* The process dies. All that was decided together has landed, or none of it. Who was
  answered was durable before; who was not asks again under the same event id, and is
  answered what landed, or judged for the first time.
* The disk takes the pages and then reports an error. Such a write is undone and its
  askers are told so; if the process dies at that very moment, it may still be found
  after the restart. So a record can come to light that its asker believes lost, and is
  then answered under its event id; one that was acknowledged is never lost.

Memory knows only what is durable, with one exception that goes the safe way: where a
judged change leads to a quarantine that can not be written, its agent is stopped all
the same. A release that could not be written has not happened. The decision behind such
a quarantine is kept and taken again, in order, as soon as records can be kept again; by
then it may find that nothing is left to do. Until then the store is called degraded.
Where the process ends before, the judge finds the change again: nothing says that it
was judged.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

from qualitywatch import failpoints
from qualitywatch.errors import MachineError, QualityWatchError
from qualitywatch.model import Event, Quarantine, QuarantineState
from qualitywatch.store import Damaged, NotBegun, Reading, Store, Transaction
from qualitywatch.warden.draft import Draft
from qualitywatch.warden.register import Register

T = TypeVar("T")

MOST_TOGETHER = 128  # so that nobody waits for too many others
MOST_WAITING = 10_000
MOST_HELD = 1000
STORE = "store"  # what is degraded while nothing can be recorded


class Standing(NamedTuple):
    """How things stand when a decision is taken."""

    records: Reading
    register: Register
    now: str


class Decided(NamedTuple, Generic[T]):
    """What is to be written, and the answer that its events make possible."""

    draft: Draft
    answer: Callable[[tuple[Event, ...]], T]
    finish: Callable[[Transaction, tuple[Event, ...]], None] | None = None


Decide: TypeAlias = Callable[[Standing], Decided[T]]


class _Case:
    """A decision that somebody waits for."""

    def __init__(self, decide: Decide[Any], *, holds: bool) -> None:
        self.decide = decide
        self.holds = holds  # enforce the quarantine it leads to, whatever the disk says
        self.future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def end(self, outcome: object) -> None:
        """Answer whoever waits; an exception is raised there."""
        if self.future.done():
            return
        if isinstance(outcome, BaseException):
            self.future.set_exception(outcome)
        else:
            self.future.set_result(outcome)


class _Taken(NamedTuple):
    """What came out of the decisions of one transaction."""

    register: Register
    events: tuple[Event, ...]
    outcomes: tuple[object, ...]  # of each: its answer, or the error it refused with


class Committer:
    """Takes decisions one at a time and makes many of them durable at once.

    *told* mirrors and tells what has become durable, before anybody is answered;
    *known* reads from the store how things stand.
    """

    def __init__(
        self,
        store: Store,
        *,
        clock: Callable[[], datetime],
        told: Callable[[tuple[Event, ...]], Awaitable[None]],
        known: Callable[[], Awaitable[Register]],
    ) -> None:
        self.turn = asyncio.Lock()  # held while something is decided and told
        self.enforced = Register()  # what is durable, and what holds all the same
        self.problem: str | None = None  # why nothing can be recorded
        self._store = store
        self._clock = clock
        self._told = told
        self._known = known
        self._durable = Register()
        self._waiting: deque[_Case] = deque()
        self._held: dict[_Case, Draft] = {}
        self._worker: asyncio.Task[None] | None = None

    @property
    def held(self) -> tuple[Quarantine, ...]:
        """Quarantines that are enforced as they stand here, and not recorded yet."""
        durable = self._durable.open
        found = self.enforced.open.items()
        return tuple(known for subject, known in found if known != durable.get(subject))

    def begin(self, register: Register) -> None:
        """Go on from *register*, as it was read from the store."""
        self._durable = self.enforced = register

    async def decide(self, decide: Decide[T], *, holds: bool = False) -> T:
        """The answer of *decide*, once it is durable and told; once begun it ends.

        With *holds* a quarantine that it leads to is enforced also where it raises.
        """
        case = _Case(decide, holds=holds)
        self._queue(case)
        try:
            answer: T = await asyncio.shield(case.future)
        except asyncio.CancelledError:
            await asyncio.wait({case.future})
            raise
        return answer

    async def try_again(self) -> None:
        """Find out whether records can be kept again, and keep what waited for it."""
        if self.problem is None:  # it stands as long as something is held
            return
        held = list(self._held)
        for case in held:
            case.future = asyncio.get_running_loop().create_future()
            self._queue(case)
        trial = self.decide(lambda standing: nothing(standing.now))
        waited = (case.future for case in held)
        await asyncio.gather(*waited, trial, return_exceptions=True)

    def _queue(self, case: _Case) -> None:
        if len(self._waiting) >= MOST_WAITING:
            raise MachineError(
                "too much waits to be recorded", hint="nothing was recorded; try later"
            )
        self._waiting.append(case)
        if self._worker is None:
            self._worker = asyncio.create_task(self._work_off())

    async def _work_off(self) -> None:
        cases: list[_Case] = []
        try:
            while self._waiting:
                count = min(MOST_TOGETHER, len(self._waiting))
                cases = [self._waiting.popleft() for _ in range(count)]
                async with self.turn:
                    await self._take(cases)
        finally:  # where the loop is torn down, nobody waits for ever
            for case in (*cases, *self._waiting):
                case.future.cancel()
            self._waiting.clear()
            self._worker = None

    async def _take(self, cases: Sequence[_Case]) -> None:
        work = partial(self._decide_all, cases, self._durable)
        taken = await _outcome(self._store.write(work))
        if isinstance(taken, BaseException):
            await self._failed(cases, taken)
            return
        problem = await _outcome(self._landed(cases, taken))
        for case, outcome in zip(cases, taken.outcomes, strict=True):
            case.end(outcome if problem is None else problem)

    def _decide_all(
        self, cases: Sequence[_Case], register: Register, write: Transaction
    ) -> _Taken:
        """Runs in the store's thread, inside the transaction."""
        events: list[Event] = []
        outcomes: list[object] = []
        if self.problem is not None and self._held.keys() <= set(cases):
            recovered = Draft(self._now())
            recovered.tell("daemon.recovered", {"what": STORE})
            events += recovered.write(write)
        for case in cases:
            try:
                decided = case.decide(Standing(write, register, self._now()))
            except QualityWatchError as error:
                outcomes.append(error)
                continue
            written = decided.draft.write(write, decided.finish)
            register = register.after(decided.draft)
            events += written
            outcomes.append(decided.answer(written))
        return _Taken(register, tuple(events), tuple(outcomes))

    async def _landed(self, cases: Sequence[_Case], taken: _Taken) -> None:
        try:
            failpoints.reach("before_enforce")
        finally:
            self._durable = taken.register
            for case in cases:
                self._held.pop(case, None)
            if not self._held:
                self.problem = None
            self._enforce()
        await self._told(taken.events)

    async def _failed(self, cases: Sequence[_Case], error: BaseException) -> None:
        """Nothing landed: try each alone where that can help, else give up."""
        if not isinstance(error, NotBegun | Damaged):
            await self._look()
        if len(cases) > 1 and not isinstance(error, NotBegun | Damaged):
            for case in cases:
                await self._take([case])
            return
        if isinstance(error, MachineError):
            self.problem = error.problem
            for case in cases:
                await self._hold(case)
            await _outcome(self._told(()))
        else:
            for case in cases:  # our bug: it would fail for ever
                self._held.pop(case, None)
            await _outcome(self._told(()))
        for case in cases:
            case.end(error)

    async def _look(self) -> None:
        """Go by what the store holds: what was said to fail may have landed."""
        known = await _outcome(self._known())
        if isinstance(known, Register):
            self._durable = known
            self._enforce()

    async def _hold(self, case: _Case) -> None:
        """Enforce the quarantine that *case* leads to, though it is not recorded."""
        is_new = case.holds and case not in self._held
        if not is_new or len(self._held) >= MOST_HELD:
            return
        decided = await _outcome(self._store.read(partial(self._consider, case)))
        if isinstance(decided, Decided) and _stops(decided.draft, self.enforced):
            self._held[case] = decided.draft
            self._enforce()

    def _consider(self, case: _Case, records: Reading) -> Decided[Any]:
        return case.decide(Standing(records, self.enforced, self._now()))

    def _enforce(self) -> None:
        self.enforced = self._durable
        for draft in self._held.values():
            self.enforced = self.enforced.after(draft)

    def _now(self) -> str:
        return self._clock().isoformat()


def nothing(now: str) -> Decided[None]:
    """The decision that there is nothing to do."""
    return Decided(Draft(now), lambda _: None)


def _stops(draft: Draft, register: Register) -> bool:
    """True where somebody is in quarantine by *draft* who is not, or is for less."""
    return any(
        known.state is not QuarantineState.CLEAR and register.open.get(subject) != known
        for subject, known in draft.quarantines.items()
    )


async def _outcome(work: Awaitable[T]) -> T | BaseException:
    """What *work* returns or raises."""
    (outcome,) = await asyncio.gather(work, return_exceptions=True)
    return outcome
