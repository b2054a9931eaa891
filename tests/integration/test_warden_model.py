"""The warden against a model: no sequence of happenings makes the two differ."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
)

from qualitywatch import mirror
from qualitywatch.errors import PeerError
from qualitywatch.model import Quarantine, Violation
from tests.integration.house import CLEAR, PROPOSED, House, by, drop, judged


class Model:
    """What quarantine means, said as briefly as possible."""

    def __init__(self) -> None:
        self.open: dict[str, set[str]] = {}  # subject -> paths
        self.proposed: set[str] = set()
        self.blamed: dict[str, set[str]] = {}  # path with an open violation -> who
        self.content: dict[str, int] = {}  # path -> content it was found in

    def found(self, path: str, agent: str | None, content: int) -> None:
        known = self.blamed.setdefault(path, set())
        found_in = self.content.setdefault(path, content)
        if agent is not None and (found_in == content or not known):
            self.blame(path, agent)

    def blame(self, path: str, agent: str) -> None:
        if path in self.blamed and agent not in self.blamed[path]:
            self.blamed[path].add(agent)
            self.open.setdefault(agent, set()).add(path)
            self.proposed.discard(agent)

    def repaired(self, path: str) -> None:
        self.blamed.pop(path, None)
        self.content.pop(path, None)

    def released(self, agent: str) -> None:
        del self.open[agent]
        self.proposed.discard(agent)


AGENTS = st.sampled_from(["ada", "bob"])
PATHS = st.sampled_from(["a.py", "b.py"])
CONTENTS = st.integers(1, 3)


class WardenMachine(RuleBasedStateMachine):
    """Random lives of two agents and two files, with restarts in between."""

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.folder = tempfile.TemporaryDirectory()
        self.house = House(Path(self.folder.name) / "state")
        self.runner = asyncio.Runner()
        self.runner.run(self.house.start())

    def teardown(self) -> None:
        self.runner.run(self.house.stop())
        self.runner.close()
        self.folder.cleanup()

    @rule(path=PATHS, agent=st.none() | AGENTS, content=CONTENTS)
    def drop(self, path: str, agent: str | None, content: int) -> None:
        self.record(path, agent, content, drop(path=path, fingerprint=path))
        self.model.found(path, agent, content)

    @rule(path=PATHS, agent=AGENTS)
    def repair(self, path: str, agent: str) -> None:
        self.record(path, agent, 0)
        self.model.repaired(path)

    @rule(path=PATHS, agent=AGENTS)
    def claim(self, path: str, agent: str) -> None:
        rows = self.runner.run(self.house.store.open_in("/repo", path))
        ids = [row.violation.id for row in rows]
        self.runner.run(self.house.warden.assign(ids, by(agent)))
        self.model.blame(path, agent)

    @rule(agent=AGENTS)
    def impose(self, agent: str) -> None:
        work = self.house.warden.impose(agent, "by hand", "op")
        if self.accepts(work, agent not in self.model.open, "CONFLICT"):
            self.model.open[agent] = set()

    @rule(agent=AGENTS)
    def release(self, agent: str) -> None:
        work = self.house.warden.release(agent, "looked", "op")
        if self.accepts(work, agent in self.model.open, "NOT_FOUND"):
            self.model.released(agent)

    @rule(agent=AGENTS)
    def propose(self, agent: str) -> None:
        work = self.house.warden.propose_repair(agent, [])
        if self.accepts(work, agent in self.model.open, "NOT_FOUND"):
            self.model.proposed.add(agent)

    @precondition(lambda self: self.model.open)
    @rule()
    def restart(self) -> None:
        self.runner.run(self.house.restart())

    @invariant()
    def the_same_subjects_are_stopped_for_the_same_reasons(self) -> None:
        known = {q.subject: q for q in self.house.warden.quarantines}

        assert self.model.open == {
            subject: {v.path for v in q.violations} for subject, q in known.items()
        }
        assert self.model.proposed == {
            subject for subject, q in known.items() if q.state is PROPOSED
        }
        assert set(known.values()) == set(mirror.read(self.house.folder).quarantines)

    @invariant()
    def the_events_tell_the_state(self) -> None:
        events = self.runner.run(self.house.store.events(0, limit=10_000))
        replayed: dict[str, Quarantine] = {}
        for event in events:
            if event.kind.startswith(("quarantine.", "repair.")):
                known = msgspec.json.decode(event.data, type=Quarantine)
                replayed[known.subject] = known
        standing = {q for q in replayed.values() if q.state is not CLEAR}

        assert set(self.house.warden.quarantines) == standing
        assert events == tuple(self.house.told)

    def record(
        self, path: str, agent: str | None, content: int, *found: Violation
    ) -> None:
        change = judged(
            *found,
            path=path,
            sha256=str(content),
            attribution=None if agent is None else by(agent),
        )
        self.runner.run(self.house.warden.record(change))

    def accepts(self, work: Any, expected: bool, code: str) -> bool:
        """True when it was accepted, as *expected*; else refused with *code*."""
        if expected:
            self.runner.run(work)
            return True
        with pytest.raises(PeerError) as refused:
            self.runner.run(work)
        assert code == refused.value.code
        return False


class TestWardenAgainstModel(WardenMachine.TestCase):  # type: ignore[misc, name-defined]
    """No sequence of happenings makes the warden and the model differ."""

    settings = settings(max_examples=15, stateful_step_count=25, deadline=None)
