"""The service: one decision at a time, durable, mirrored, and only then told.

Each public coroutine takes the lock, decides by what is in memory and in the store,
writes in one transaction, brings memory and mirror up to date and publishes the events
in their order. Once begun it ends, even when whoever waits for it is cancelled: a
quarantine that is on the disk and not in memory would not be enforced.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

import msgspec

from qualitywatch.attribution import Attribution
from qualitywatch.config import Policy
from qualitywatch.errors import MachineError, PeerError
from qualitywatch.model import (
    Agent,
    Analysis,
    Event,
    Quarantine,
    Repair,
    Verdict,
    Violation,
)
from qualitywatch.protocol import AgentRow, Snapshot
from qualitywatch.store import Store, Transaction
from qualitywatch.warden import decisions, judgement
from qualitywatch.warden.draft import Draft
from qualitywatch.warden.judgement import Judged, Recorded
from qualitywatch.warden.mirroring import Mirroring
from qualitywatch.warden.register import Register

T = TypeVar("T")

STORE = "store"  # what is degraded while nothing can be recorded
MIRROR = "mirror"  # what is degraded while hooks can not know


class Warden:
    """Records violations, applies quarantine, and answers who may go on."""

    def __init__(
        self,
        store: Store,
        *,
        policy: Policy,
        publish: Callable[[Event], None],
        clock: Callable[[], datetime],
        state_dir: Path,
    ) -> None:
        self.policy = policy
        self.epoch = store.epoch
        self.sequence = 0  # of the newest event
        self._store = store
        self._publish = publish
        self._clock = clock
        self._lock = asyncio.Lock()
        self._register = Register()
        self._mirroring = Mirroring(state_dir)
        self._sessions: dict[str, set[str]] = {}
        self._degraded: dict[str, str] = {}

    async def restore(self) -> None:
        """Load what must hold before anybody may connect, and write the mirror."""
        found = await self._store.quarantines()
        agents = await self._store.agents()
        self._register = Register(
            open={known.subject: known for known in found},
            agents={agent.id: agent for agent in agents},
            dismissed=await self._store.dismissed(),
        )
        self.sequence = await self._store.sequence()
        await self._store.prune_blobs()
        await self._mirroring.show(self._register.mirror())

    # Immediate answers, from memory.

    @property
    def quarantines(self) -> tuple[Quarantine, ...]:
        """Every open quarantine."""
        return tuple(self._register.open.values())

    @property
    def agents(self) -> tuple[Agent, ...]:
        """Every agent seen so far."""
        return tuple(self._register.agents.values())

    @property
    def dismissed(self) -> frozenset[str]:
        """Fingerprints that an operator dismissed."""
        return self._register.dismissed

    @property
    def degraded_now(self) -> Mapping[str, str]:
        """What does not work as it should, with the reason."""
        return dict(self._degraded)

    def agent(self, id: str) -> Agent | None:
        """The agent called *id*, if it was ever seen."""
        return self._register.agents.get(id)

    def is_connected(self, agent_id: str) -> bool:
        """True while the agent has a session."""
        return agent_id in self._sessions

    def quarantine_of(self, subject: str) -> Quarantine | None:
        """The open quarantine of exactly this subject."""
        return self._register.open.get(subject)

    def quarantine_for(
        self, agent: str | None, workspace: Path | None
    ) -> Quarantine | None:
        """The open quarantine that stops *agent*: its own, or its workspace's."""
        place = None if workspace is None else str(workspace)
        return self._register.quarantine_for(agent, place)

    def verdict(self, analysis: Analysis, known: Quarantine | None = None) -> Verdict:
        """Allow or deny by the policy; what an operator dismissed does not count."""
        counted = tuple(
            v for v in analysis.violations if v.fingerprint not in self.dismissed
        )
        judged = msgspec.structs.replace(analysis, violations=counted)
        return judgement.verdict(judged, known, policy=self.policy)

    # Questions that need the store.

    async def agent_rows(self) -> tuple[AgentRow, ...]:
        """Every agent, and every workspace in quarantine, with where it stands."""
        counts = await self._store.open_by_agent()
        return self._register.rows(counts, self._sessions.keys())

    async def snapshot(self, *, limit: int = 1000) -> tuple[int, Snapshot]:
        """All that is open now, and the sequence of the event it includes last."""
        async with self._lock:
            violations = await self._store.violations(limit=limit)
            return self.sequence, Snapshot(
                agents=self.agents,
                quarantines=self.quarantines,
                violations=violations,
            )

    async def answered(self, agent_id: str, event_id: str) -> Recorded | None:
        """What this report was answered before, so that it need not be judged again."""
        answer = await self._store.report(agent_id, event_id)
        return None if answer is None else msgspec.json.decode(answer, type=Recorded)

    # Agents.

    async def seen(self, agent: Agent) -> None:
        """Remember who an agent is and where it works."""
        await self._alone(partial(self._seen, agent))

    async def connected(self, agent_id: str, session: str) -> None:
        """An agent has opened a session."""
        self._sessions.setdefault(agent_id, set()).add(session)
        await self._tell("agent.connected", {"agent": agent_id, "session": session})

    async def disconnected(self, agent_id: str, session: str) -> None:
        """A session of an agent has ended."""
        sessions = self._sessions.get(agent_id, set())
        sessions.discard(session)
        if not sessions:
            self._sessions.pop(agent_id, None)
        await self._tell("agent.disconnected", {"agent": agent_id, "session": session})

    # Changes and violations.

    async def record(self, judged: Judged) -> Recorded:
        """The ids and the verdict, once they are durable; a repeat gets the same."""
        return await self._alone(partial(self._record, judged))

    async def assign(
        self, violation_ids: Sequence[str], attribution: Attribution
    ) -> Quarantine | None:
        """Name who answers for violations that waited; the quarantine of that subject.

        Those that were closed meanwhile, or that somebody answers for already, stay as
        they are.
        """
        return await self._alone(partial(self._assign, violation_ids, attribution))

    async def dismiss(self, violation_id: str, reason: str, by: str) -> Violation:
        """Close a violation though its code was not repaired, in every worktree.

        It will not be recorded again. The quarantine stays.
        """
        return await self._alone(partial(self._dismiss, violation_id, reason, by))

    # Quarantine.

    async def impose(
        self, subject: str, reason: str, by: str, *, workspace: Path | None = None
    ) -> Quarantine:
        """Put *subject* in quarantine by hand; it needs no violation."""
        place = None if workspace is None else str(workspace)
        return await self._alone(partial(self._impose, subject, reason, by, place))

    async def release(self, subject: str, reason: str, by: str) -> Quarantine:
        """Let *subject* work again; its violations stay open until repaired."""
        return await self._alone(partial(self._release, subject, reason, by))

    async def propose_repair(
        self, subject: str, repairs: Sequence[Repair]
    ) -> Quarantine:
        """Lay a checked repair before the operator."""
        return await self._alone(partial(self._propose, subject, tuple(repairs)))

    # Settings.

    async def approve_settings(self, content: str, digest: str, by: str) -> None:
        """Keep settings and rules that an operator approved, for the next start."""
        await self._alone(partial(self._approve_settings, content, digest, by))

    # What does not work.

    async def degraded(self, what: str, reason: str) -> None:
        """Say that *what* does not work; telling it twice tells it once."""
        if self._degraded.get(what) != reason:
            self._degraded[what] = reason
            await self._tell("daemon.degraded", {"what": what, "reason": reason})

    async def recovered(self, what: str) -> None:
        """Say that *what* works again."""
        if self._degraded.pop(what, None) is not None:
            await self._tell("daemon.recovered", {"what": what})

    async def try_store(self) -> None:
        """Find out whether records can be kept again, where they could not."""
        if STORE in self._degraded:
            with contextlib.suppress(MachineError):
                await self._alone(lambda: self._commit(self._draft()))

    async def keep_mirror(self) -> None:
        """Write the mirror anew where another hand was in it, and say so."""
        if await self._alone(self._mend_mirror):
            reason = "another hand changed or removed what the hooks go by"
            await self._tell("daemon.degraded", {"what": MIRROR, "reason": reason})
            if MIRROR not in self._degraded:
                await self._tell("daemon.recovered", {"what": MIRROR})

    # The same, one at a time.

    async def _mend_mirror(self) -> bool:
        was_touched = await self._mirroring.was_touched()
        await self._refresh_mirror()
        return was_touched

    async def _seen(self, agent: Agent) -> None:
        await self._commit(decisions.seen(agent, self._register, self._now()))

    async def _record(self, judged: Judged) -> Recorded:
        author = (judged.attribution and judged.attribution.agent) or ""
        if judged.event_id is not None:
            earlier = await self.answered(author, judged.event_id)
            if earlier is not None:
                return earlier
        draft, recorded = decisions.record(
            judged,
            await self._store.open_in(judged.workspace, judged.path),
            register=self._register,
            policy=self.policy,
            now=self._now(),
        )

        def answer(transaction: Transaction, events: tuple[Event, ...]) -> None:
            if judged.event_id is not None:
                reply = msgspec.structs.replace(recorded, seq=events[0].sequence)
                transaction.add_report(
                    author, judged.event_id, msgspec.json.encode(reply), draft.now
                )

        events = await self._commit(draft, answer)
        return msgspec.structs.replace(recorded, seq=events[0].sequence)

    async def _assign(
        self, ids: Sequence[str], attribution: Attribution
    ) -> Quarantine | None:
        draft = decisions.assign(
            await self._store.open_of(ids),
            attribution,
            register=self._register,
            policy=self.policy,
            now=self._now(),
        )
        await self._commit(draft)
        answers = map(self.quarantine_of, attribution.subjects)
        return next((known for known in answers if known is not None), None)

    async def _approve_settings(self, content: str, digest: str, by: str) -> None:
        draft = self._draft()
        draft.tell("settings.approved", {"digest": digest, "by": by})
        await self._commit(draft, lambda write, _: write.approve_settings(content))

    async def _dismiss(self, id: str, reason: str, by: str) -> Violation:
        violation = await self._store.violation(id)
        if violation is None:
            raise PeerError(
                "NOT_FOUND",
                f"no violation is called {id[:80]!r}",
                hint="qualitywatch violations list shows the ids",
            )
        alike = await self._store.open_like(violation.fingerprint)
        await self._commit(decisions.dismiss(id, alike, reason, by, self._now()))
        return violation

    async def _impose(
        self, subject: str, reason: str, by: str, workspace: str | None
    ) -> Quarantine:
        draft = decisions.impose(
            subject,
            reason,
            by,
            workspace=workspace,
            workspaces=await self._store.workspaces(),
            register=self._register,
            now=self._now(),
        )
        await self._commit(draft)
        return draft.quarantines[subject]

    async def _release(self, subject: str, reason: str, by: str) -> Quarantine:
        earlier = await self._store.quarantines(open=False, subject=subject, limit=1)
        draft = decisions.release(
            subject,
            reason,
            by,
            earlier=next(iter(earlier), None),
            register=self._register,
            now=self._now(),
        )
        await self._commit(draft)
        return draft.quarantines[subject]

    async def _propose(self, subject: str, repairs: tuple[Repair, ...]) -> Quarantine:
        draft = decisions.propose_repair(
            subject, repairs, register=self._register, now=self._now()
        )
        await self._commit(draft)
        return next(iter(draft.quarantines.values()))

    # Durable first, then enforced, mirrored and told.

    async def _alone(self, work: Callable[[], Coroutine[object, object, T]]) -> T:
        """What *work* returns; nothing else is decided meanwhile, and it does end."""

        async def run() -> T:
            async with self._lock:
                return await work()

        task = asyncio.create_task(run())
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait({task})
            if not task.cancelled():
                task.exception()  # nobody is left to hear of it
            raise

    async def _tell(self, kind: str, data: object) -> None:
        """An event about what memory holds already, so it may not be able to land.

        A full disk must not keep a session from ending; `degraded_now` shows it.
        """

        async def tell() -> None:
            draft = self._draft()
            draft.tell(kind, data)
            await self._commit(draft)

        with contextlib.suppress(MachineError):
            await self._alone(tell)

    async def _commit(
        self,
        draft: Draft,
        finish: Callable[[Transaction, tuple[Event, ...]], None] | None = None,
    ) -> tuple[Event, ...]:
        if STORE in self._degraded:
            draft.tell("daemon.recovered", {"what": STORE})
        try:
            events = await self._store.write(partial(draft.write, finish=finish))
        except MachineError as error:
            self._degraded[STORE] = error.problem
            raise
        self._degraded.pop(STORE, None)
        self._register = self._register.after(draft)
        await self._refresh_mirror()
        for event in events:
            self.sequence = event.sequence
            self._publish(event)
        return events

    async def _refresh_mirror(self) -> None:
        """Hooks refuse while there is no mirror, so its loss stops nobody here."""
        try:
            await self._mirroring.show(self._register.mirror())
        except MachineError as error:
            self._degraded[MIRROR] = error.problem
        else:
            self._degraded.pop(MIRROR, None)

    def _draft(self) -> Draft:
        return Draft(self._now())

    def _now(self) -> str:
        return self._clock().isoformat()
