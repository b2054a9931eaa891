"""The service: one decision at a time, durable, mirrored, and only then told.

Each public coroutine that changes something hands a decision (`hearings`) to the
`committing` of decisions, which writes it, brings memory and mirror up to date and has
the events published in their order. Once begun it ends, even when whoever waits for it
is cancelled: a quarantine that is on the disk and not in memory would not be enforced.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import msgspec

from qualitywatch import failpoints, quarantine
from qualitywatch.attribution import Attribution
from qualitywatch.audit import UNKNOWN, Decision
from qualitywatch.config import Policy
from qualitywatch.errors import MachineError, PeerError
from qualitywatch.model import (
    Agent,
    Analysis,
    Event,
    Offer,
    Quarantine,
    Verdict,
    Violation,
)
from qualitywatch.protocol import AgentRow, Snapshot
from qualitywatch.store import Reading, Store
from qualitywatch.warden import hearings, judgement, policies
from qualitywatch.warden.committing import STORE, Committer, Decide
from qualitywatch.warden.judgement import Judged, Recorded
from qualitywatch.warden.mirroring import Mirroring
from qualitywatch.warden.noting import Noting
from qualitywatch.warden.register import Register

T = TypeVar("T")

MIRROR = "mirror"  # what is degraded while hooks can not know
ENFORCED = MappingProxyType(  # what is on record, and the event that tells of it
    {"process.stop": "process.stopped", "process.go_on": "process.resumed"}
)


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
        self._committer = Committer(
            store, clock=clock, told=self._told, known=self._known
        )
        self._mirroring = Mirroring(state_dir)
        self._noting = Noting(self._write_notes)
        self._sessions: dict[str, set[str]] = {}
        self._degraded: dict[str, str] = {}

    async def restore(self) -> None:
        """Load what must hold before anybody may connect, and write the mirror."""
        self._committer.begin(await self._known())
        self.sequence = await self._store.sequence()
        await self._store.prune_blobs()
        failpoints.reach("mid_restore")
        touched = await self._mirroring.found(self._register.mirror())
        await self._mirroring.show(self._register.mirror())
        if touched is not None:
            await self.note(_touched(touched))

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
        damage, problem = self._store.damage, self._committer.problem
        problem = problem if damage is None else damage.problem
        return {**self._degraded, **({} if problem is None else {STORE: problem})}

    def agent(self, id: str) -> Agent | None:
        """The agent called *id*, if it was ever seen."""
        return self._register.agents.get(id)

    def line_of(self, id: str) -> tuple[Agent, ...]:
        """The agent *id* and those above it, which stop it too."""
        return quarantine.line_of(id, self._register.agents)

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
        subjects = self._register.agents.keys() | self._register.open.keys()
        since = policies.since(self.policy, self._now())
        strikes = await self._store.strikes(subjects, since) if since else ()
        tallies = policies.tallies(strikes, policy=self.policy, now=self._now())
        return self._register.rows(counts, self._sessions.keys(), tallies)

    async def snapshot(self, *, limit: int = 1000) -> tuple[int, Snapshot]:
        """All that is open now, and the sequence of the event it includes last."""
        held = {known.subject: known for known in self._committer.held}

        def read(records: Reading) -> tuple[int, Snapshot]:
            durable = {known.subject: known for known in records.quarantines()}
            found = Snapshot(
                agents=records.agents(),
                quarantines=tuple({**durable, **held}.values()),
                violations=records.violations(limit=limit),
            )
            return records.sequence(), found

        return await self._store.read(read)

    async def answered(self, agent_id: str, event_id: str) -> Recorded | None:
        """What this report was answered before, so that it need not be judged again."""
        answer = await self._store.report(agent_id, event_id)
        return None if answer is None else hearings.answer_of(answer)

    # Agents.

    async def seen(self, agent: Agent) -> None:
        """Remember who an agent is and where it works."""
        await self._committer.decide(partial(hearings.seen, agent))

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
        return await self._committer.decide(
            partial(hearings.record, judged, self.policy), holds=True
        )

    async def assign(
        self,
        violation_ids: Sequence[str],
        attribution: Attribution,
        *,
        found_in: str | None = None,
    ) -> Quarantine | None:
        """Name who answers for violations that waited; the quarantine of that subject.

        *found_in* is the content it wrote, where what was judged is a later one.

        Those that were closed meanwhile, or that somebody answers for already, stay as
        they are.
        """
        return await self._committer.decide(
            partial(hearings.assign, violation_ids, attribution, found_in, self.policy),
            holds=True,
        )

    async def dismiss(self, violation_id: str, reason: str, by: str) -> Violation:
        """Close a violation though its code was not repaired, in every worktree.

        It will not be recorded again. The quarantine stays.
        """
        decide = partial(hearings.dismiss, violation_id, reason, by)
        return await self._ordered("violation.dismiss", by, violation_id, decide)

    # Quarantine.

    async def impose(
        self, subject: str, reason: str, by: str, *, workspace: Path | None = None
    ) -> Quarantine:
        """Put *subject* in quarantine by hand; it needs no violation."""
        place = None if workspace is None else str(workspace)
        decide = partial(hearings.impose, subject, reason, by, place)
        return await self._ordered("quarantine.impose", by, subject, decide)

    async def release(self, subject: str, reason: str, by: str) -> Quarantine:
        """Let *subject* work again; its violations stay open until repaired."""
        decide = partial(hearings.release, subject, reason, by)
        return await self._ordered("quarantine.release", by, subject, decide)

    async def propose_repair(self, subject: str, offers: Sequence[Offer]) -> Quarantine:
        """Lay a checked repair before the operator."""
        return await self._committer.decide(
            partial(hearings.propose, subject, tuple(offers))
        )

    async def restored(
        self,
        *,
        workspace: str,
        path: str,
        violations: Sequence[str],
        before: str | None,
        after: str | None,
    ) -> None:
        """Say that we put code back; *before* and *after* are the contents' hashes."""
        await self.note(
            Decision(action="code.restore", who="policy", object=path, result="allowed")
        )
        told = {"workspace": workspace, "path": path, "violations": tuple(violations)}
        await self._tell("code.restored", {**told, "before": before, "after": after})

    async def enforced(self, action: str, agent: str, pid: int, reason: str) -> None:
        """Say that a process was stopped, or let go on, by an action of `ENFORCED`."""
        await self.note(
            Decision(
                action=action,
                who="policy",
                object=f"{agent} (process {pid})",
                result="allowed",
                reason=reason,
            )
        )
        told = {"agent": agent, "pid": pid, "reason": reason}
        await self._tell(ENFORCED[action], told)

    # Settings.

    async def approve_settings(self, content: str, digest: str, by: str) -> None:
        """Keep settings and rules that an operator approved."""
        await self._committer.decide(
            partial(hearings.approve_settings, content, digest, by)
        )

    async def settings_taken(self, digest: str, after_restart: Sequence[str]) -> None:
        """Say that the daemon goes by other settings and rules from now on."""
        await self.note(
            Decision(
                action="settings.take", who="daemon", object=digest, result="allowed"
            )
        )
        data = {"digest": digest, "after_restart": tuple(after_restart)}
        await self._tell("settings.taken", data)

    # The audit.

    async def note(self, decision: Decision) -> None:
        """Record a decision that changes nothing else, such as a refusal.

        Equal refusals of a second become one record. Never raises where nothing can
        be recorded: it is kept and recorded later.
        """
        await self._noting.note(decision)

    async def finish_notes(self) -> None:
        """Record what was only counted so far; to be called before the store closes."""
        await self._noting.finish()

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
        await self._committer.try_again()

    async def keep_mirror(self) -> None:
        """Write the mirror anew where another hand was in it, and say so."""
        if await self._alone(self._mend_mirror):
            reason = "another hand changed or removed what the hooks go by"
            await self.note(_touched("it was written anew"))
            await self._tell("daemon.degraded", {"what": MIRROR, "reason": reason})
            if MIRROR not in self._degraded:
                await self._tell("daemon.recovered", {"what": MIRROR})

    # The same, one at a time.

    async def _mend_mirror(self) -> bool:
        was_touched = await self._mirroring.was_touched()
        await self._refresh_mirror()
        return was_touched

    async def _alone(self, work: Callable[[], Coroutine[object, object, T]]) -> T:
        """What *work* returns; nothing is decided meanwhile, and it does end."""

        async def run() -> T:
            async with self._committer.turn:
                return await work()

        task = asyncio.create_task(run())
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait({task})
            if not task.cancelled():
                task.exception()  # nobody is left to hear of it
            raise

    async def _write_notes(self, noted: Sequence[Decision]) -> None:
        await self._committer.decide(partial(hearings.note, noted))

    async def _ordered(self, action: str, by: str, object: str, decide: Decide[T]) -> T:
        """What *decide* answers to an order; one that is refused is on record too."""
        try:
            return await self._committer.decide(decide)
        except PeerError as error:
            refused = Decision(
                action=action,
                who=by,
                object=object,
                result="refused",
                reason=error.problem,
            )
            await self.note(refused)
            raise

    async def _tell(self, kind: str, data: object) -> None:
        """An event about what memory holds already, so it may not be able to land.

        A full disk must not keep a session from ending; `degraded_now` shows it.
        """
        with contextlib.suppress(MachineError):
            await self._committer.decide(partial(hearings.tell, kind, data))

    async def _known(self) -> Register:
        """What holds, as the store has it."""
        found = await self._store.quarantines()
        agents = await self._store.agents()
        return Register(
            open={known.subject: known for known in found},
            agents={agent.id: agent for agent in agents},
            dismissed=await self._store.dismissed(),
        )

    async def _told(self, events: tuple[Event, ...]) -> None:
        """Mirror what holds now, and publish what has become durable."""
        await self._refresh_mirror()
        failpoints.reach("before_publish")
        for event in events:
            self.sequence = event.sequence
            self._publish(event)
        failpoints.reach("after_publish")

    async def _refresh_mirror(self) -> None:
        """Hooks refuse while there is no mirror, so its loss stops nobody here."""
        try:
            await self._mirroring.show(self._register.mirror())
        except MachineError as error:
            self._degraded[MIRROR] = error.problem
        else:
            self._degraded.pop(MIRROR, None)

    @property
    def _register(self) -> Register:
        return self._committer.enforced

    def _now(self) -> str:
        return self._clock().isoformat()


def _touched(how: str) -> Decision:
    return Decision(
        action="mirror.changed",
        who=UNKNOWN,
        object="list of quarantines",
        result="found",
        reason=how,
    )
