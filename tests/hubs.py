"""A hub to test against: store, warden and service are real, the judge is small."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from qualitywatch import credentials
from qualitywatch.attribution import Attribution
from qualitywatch.config import Hub, Policy
from qualitywatch.hub.frames import Frame
from qualitywatch.hub.origins import Caller
from qualitywatch.hub.service import Service
from qualitywatch.hub.sessions import Session
from qualitywatch.hub.stream import Stream
from qualitywatch.model import (
    Agent,
    Analysis,
    Grounds,
    Offer,
    Verdict,
    Violation,
    When,
)
from qualitywatch.protocol import Check, ProposedFile, Report, Reported, Role
from qualitywatch.store import Store
from qualitywatch.warden import Judged, Warden
from tests import factories

PASSPHRASE = "correct horse battery staple"
LAZY = "def total():\n    # ... rest of the method unchanged\n"
HONEST = "def total():\n    return 1\n"


class Clock:
    """Both clocks at once; they go when they are told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def monotonic(self) -> float:
        """Seconds."""
        return self.now.timestamp()

    def forward(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)


class WordJudge:
    """Finds a violation in every content that says "unchanged"."""

    def __init__(self, warden: Warden, root: Path) -> None:
        self._warden = warden
        self._root = root  # of a checkout; any other folder is one of its own
        self.found = factories.violation()  # what it finds, but for the path

    async def bind(self, agent: Agent) -> Path:
        place = Path(agent.workspace or self._root)
        return self._root if place.is_relative_to(self._root) else place

    async def proposed(self, agent: Agent, check: Check) -> Verdict:
        return self._warden.verdict(self._analysis(check.path, check.new_content))

    async def repair(
        self, agent: Agent, changes: Sequence[ProposedFile]
    ) -> tuple[Offer, ...]:
        return tuple(
            factories.offer(
                file.path,
                file.new_content,
                violations=self._analysis(file.path, file.new_content).violations,
            )
            for file in changes
        )

    async def reported(self, agent: Agent, report: Report) -> Reported:
        content = report.new_content or ""
        recorded = await self._warden.record(
            Judged(
                workspace=agent.workspace or "",
                path=report.path,
                change_type=report.change_type,
                sha256=hashlib.sha256(content.encode()).hexdigest(),
                when=When.SETTLED,
                base="0" * 40,
                analysis=self._analysis(report.path, content),
                rules_ran=frozenset({self.found.rule}),
                attribution=Attribution(
                    subject=agent.id, agent=agent.id, grounds=Grounds.REPORT
                ),
                event_id=report.event_id,
                task_id=report.task_id,
            )
        )
        return Reported(seq=recorded.seq, verdict=recorded.verdict)

    def _analysis(self, path: str, content: str | None) -> Analysis:
        if "unchanged" not in (content or ""):
            return Analysis()
        return Analysis(violations=(self._violation(path),))

    def _violation(self, path: str) -> Violation:
        mark = hashlib.sha256(path.encode()).hexdigest()[:16]
        return msgspec.structs.replace(self.found, id="", path=path, fingerprint=mark)


@dataclass
class House:
    """A whole hub without its transports."""

    store: Store
    warden: Warden
    stream: Stream
    service: Service
    clock: Clock
    judge: WordJudge
    root: Path

    async def token(self, role: Role = Role.AGENT, agent: str = "cursor-1") -> str:
        """A new token; *agent* counts for the role agent only."""
        token, sha256 = credentials.new_token(role)
        named = agent if role is Role.AGENT else None
        await self.store.add_token(sha256, role=role, agent=named)
        return token

    async def happen(self, count: int = 1) -> None:
        """Make *count* events that mean nothing."""
        for _ in range(count):
            await self.warden.connected("somebody", "session")


@cache
def _hashed() -> str:
    """The passphrase's hash, which is slow to make on purpose."""
    return credentials.hash_passphrase(PASSPHRASE)


@asynccontextmanager
async def house(folder: Path, *, limits: Hub | None = None) -> AsyncIterator[House]:
    """A hub whose store is new; the passphrase is set."""
    clock, stream = Clock(), Stream()
    root = folder / "workspace"
    root.mkdir(exist_ok=True)
    async with Store.open(folder / "state" / "state.db", clock) as store:
        warden = Warden(
            store,
            policy=Policy(),
            publish=stream.publish,
            clock=clock,
            state_dir=folder / "state",
        )
        await warden.restore()
        await store.set_passphrase_hash(_hashed())
        judge = WordJudge(warden, root)
        service = Service(
            warden=warden,
            judge=judge,
            store=store,
            stream=stream,
            root=root,
            clock=clock,
            monotonic=clock.monotonic,
            limits=limits,
            version="0.test",
            guess_pause=0.0,
        )
        yield House(store, warden, stream, service, clock, judge, root)


@dataclass
class Ear:
    """An outlet that keeps what it is given."""

    frames: list[bytes] = field(default_factory=list)
    closed: int | None = None

    def offer(self, frame: Frame) -> None:
        self.frames.extend(frame.contents)

    async def send(self, frame: Frame) -> None:
        self.frames.extend(frame.contents)

    def close(self, code: int, reason: str) -> None:
        self.closed = code

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events among the frames."""
        messages = [json.loads(frame) for frame in self.frames]
        return [m["params"] for m in messages if m.get("method") == "event"]

    @property
    def sequences(self) -> list[int]:
        """The sequence of each event, as it came."""
        return [event["sequence"] for event in self.events]


class Peer:
    """Calls the service as a connected peer would."""

    def __init__(self, house: House, session: Session, ear: Ear) -> None:
        self._house = house
        self.session = session
        self.ear = ear

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """The whole answer."""
        frame = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        before = len(self.ear.frames)
        await self._house.service.serve(self.session, json.dumps(frame))
        answers = [json.loads(frame) for frame in self.ear.frames[before:]]
        return next(answer for answer in answers if "method" not in answer)

    async def result(self, method: str, **params: Any) -> dict[str, Any]:
        """The result; fails on a refusal."""
        answer = await self.call(method, **params)
        assert "result" in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    async def refusal(self, method: str, **params: Any) -> str:
        """The code of the refusal; "" where it was answered."""
        answer = await self.call(method, **params)
        return str(answer["error"]["data"]["code"]) if "error" in answer else ""

    async def operate(self, method: str, **params: Any) -> dict[str, Any]:
        """The result of an operator call, with a fresh nonce."""
        nonce = (await self.result("operator.nonce"))["nonce"]
        return await self.result(method, **params, nonce=nonce)


@asynccontextmanager
async def peer(
    house: House, *, local: bool = False, caller: Caller | None = None
) -> AsyncIterator[Peer]:
    """A peer that has not said hello."""
    ear = Ear()
    async with house.service.session(ear, local=local, caller=caller) as session:
        yield Peer(house, session, ear)


@asynccontextmanager
async def agent(
    house: House, id: str = "cursor-1", **hello: Any
) -> AsyncIterator[Peer]:
    """An agent that has said hello."""
    async with peer(house) as it:
        await it.result(
            "session.hello", token=await house.token(agent=id), agent=id, **hello
        )
        yield it


@asynccontextmanager
async def operator(house: House) -> AsyncIterator[Peer]:
    """An operator who came in with the passphrase."""
    async with peer(house) as it:
        await it.result("session.hello", passphrase=PASSPHRASE)
        yield it
