"""Who is at work while a daemon dies: agents, an operator, followers, a stranger."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import random
from collections.abc import Awaitable, Callable

from qualitywatch.errors import PeerError
from qualitywatch.model import Quarantine, QuarantineState, Verdict
from qualitywatch.protocol import (
    Check,
    Impose,
    Nonce,
    Nothing,
    Permit,
    Proposed,
    ProposedFile,
    ProposeRepair,
    Quarantines,
    Release,
    Report,
    Reported,
    Status,
)
from tests.robust import trace as t
from tests.robust.ground import Ground, lazy, whole
from tests.robust.peers import LOST, Peer
from tests.robust.trace import Recorder

FILES_EACH = 3
LONGEST_PAUSE = 0.06  # so that nobody sends more than an agent may


class Stage:
    """What all actors share: the ground, the trace, and where the daemon is now."""

    def __init__(self, ground: Ground, recorder: Recorder) -> None:
        self.ground = ground
        self.recorder = recorder
        self.url = ""
        self.is_over = False
        self.is_up = asyncio.Event()  # while a daemon answers, as far as we know

    async def peer(self, who: str) -> Peer:
        """A new connection of *who*; raises one of `LOST`."""
        return await Peer.open(
            who,
            self.recorder,
            url=self.url,
            token=self.ground.tokens[who],
            root=str(self.ground.root),
        )

    def write(self, who: str, path: str, text: str) -> None:
        """Save a file, and write down who did it."""
        content = text.encode()
        (self.ground.root / path).write_bytes(content)
        self.wrote(who, path, content)

    def wrote(self, who: str, path: str, content: bytes | None) -> None:
        """Write down what *who* has put at *path*."""
        sha256 = None if content is None else hashlib.sha256(content).hexdigest()
        at = self.recorder.next()
        self.recorder.add(t.Wrote(at=at, who=who, path=path, sha256=sha256))

    async def act(self, who: str, step: Callable[[Peer], Awaitable[None]]) -> None:
        """Do *step* again and again, on a new connection after each that broke."""
        while not self.is_over:
            try:
                await self.is_up.wait()
                peer = await self.peer(who)
            except LOST:
                await asyncio.sleep(0.05)
                continue
            try:
                while not self.is_over:
                    await step(peer)
            except (*LOST, PeerError):
                pass  # what was not answered is asked again
            finally:
                await peer.close()


class Agent:
    """Edits its own files, mostly well, reports them, and repeats what got no answer.

    Every now and then it drops code; in quarantine it puts the code back and waits.
    """

    def __init__(self, name: str, stage: Stage, seed: int) -> None:
        self._name = name
        self._stage = stage
        self._random = random.Random(seed)
        self._version = seed * 1_000_000
        self._reports = 0
        self._unanswered: Report | None = None
        self._answered: list[Report] = []
        self._lazy: set[str] = set()

    async def run(self) -> None:
        """Work until it is over."""
        await self._stage.act(self._name, self._step)

    async def _step(self, peer: Peer) -> None:
        await asyncio.sleep(self._random.uniform(0, LONGEST_PAUSE))
        try:
            await self._work(peer)
        except PeerError as error:
            self._unanswered = None
            if error.code == "QUARANTINED":
                await self._repent(peer)

    async def _work(self, peer: Peer) -> None:
        if self._unanswered is not None:
            return await self._report(peer, self._unanswered)
        choice, path = self._random.random(), self._path()
        if choice < 0.50:
            return await self._edit(peer, path)
        if choice < 0.56:
            return await self._edit(peer, path, is_lazy=True)
        if choice < 0.70 and self._answered:
            return await self._report(peer, self._random.choice(self._answered))
        if choice < 0.80:
            await peer.ask(
                "change.check", Check(path=path, new_content=lazy(0)), Verdict
            )
        elif choice < 0.90:
            await peer.ask("edit.permit", Permit(path=path), Verdict)
        else:
            await peer.ask("agent.status", Nothing(), Status)
        return None

    async def _edit(self, peer: Peer, path: str, *, is_lazy: bool = False) -> None:
        self._save(path, is_lazy=is_lazy)
        self._reports += 1
        self._unanswered = Report(event_id=f"{self._name}-{self._reports}", path=path)
        await self._report(peer, self._unanswered)

    async def _report(self, peer: Peer, report: Report) -> None:
        await peer.ask("change.report", report, Reported)
        if report is self._unanswered:
            self._unanswered = None
            self._answered = [*self._answered[-20:], report]

    async def _repent(self, peer: Peer) -> None:
        for path in sorted(self._lazy):
            file = ProposedFile(path=path, new_content=whole(self._version))
            try:
                await peer.ask(
                    "repair.propose", ProposeRepair(changes=(file,)), Proposed
                )
            except PeerError:
                break  # it was released meanwhile
            self._save(path)
        while not self._stage.is_over:
            status = await peer.ask("agent.status", Nothing(), Status)
            if status.state is QuarantineState.CLEAR:
                return
            await asyncio.sleep(0.02)

    def _save(self, path: str, *, is_lazy: bool = False) -> None:
        self._version += 1
        text = lazy(self._version) if is_lazy else whole(self._version)
        self._stage.write(self._name, path, text)
        (self._lazy.add if is_lazy else self._lazy.discard)(path)

    def _path(self) -> str:
        return self._random.choice(files_of(self._name))


class Operator:
    """Releases whoever is in quarantine, and now and then puts somebody in."""

    def __init__(self, stage: Stage, agents: tuple[str, ...], seed: int) -> None:
        self._stage = stage
        self._agents = agents
        self._random = random.Random(seed)

    async def run(self) -> None:
        """Watch over the agents until it is over."""
        await self._stage.act(t.OPERATOR, self._step)

    async def _step(self, peer: Peer) -> None:
        await asyncio.sleep(self._random.uniform(0.02, 0.2))
        found = await peer.ask("quarantines.list", Nothing(), Quarantines)
        for quarantine in found.quarantines:
            await self._order(peer, "quarantine.release", quarantine.subject)
        if self._random.random() < 0.1:
            subject = self._random.choice(self._agents)
            await self._order(peer, "quarantine.impose", subject)

    async def _order(self, peer: Peer, method: str, subject: str) -> None:
        nonce = (await peer.ask("operator.nonce", Nothing(), Nonce)).nonce
        kind = Release if method == "quarantine.release" else Impose
        order = kind(subject=subject, reason="a test", nonce=nonce)
        with contextlib.suppress(PeerError):  # somebody or something was faster
            await peer.ask(method, order, Quarantine)


class Follower:
    """Hears every event, and goes on after the last one when it comes back."""

    def __init__(self, name: str, stage: Stage) -> None:
        self._name = name
        self._stage = stage
        self.last: int | None = None

    async def run(self) -> None:
        """Listen until it is cancelled."""
        await self._stage.act("viewer", self._follow)

    async def _follow(self, peer: Peer) -> None:
        peer.who = self._name
        answer = await peer.follow(self.last)
        self.last = answer.seq if self.last is None else self.last
        while True:
            self.last = await peer.hear()


def files_of(agent: str) -> tuple[str, ...]:
    """The files that are *agent*'s to edit."""
    return tuple(f"{agent}/file_{number}.py" for number in range(FILES_EACH))
