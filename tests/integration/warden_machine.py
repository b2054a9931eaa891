"""Random lives of agents, a workspace and files, and what they should mean."""

from __future__ import annotations

import asyncio
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
)

from qualitywatch import mirror
from qualitywatch.config import Strikes
from qualitywatch.errors import PeerError
from qualitywatch.model import MOST_EVIDENCE, Quarantine, Severity, Violation
from tests import factories
from tests.integration.house import CLEAR, PROPOSED, House, by, drop, judged, tree

TREE = "ws:repo"
WINDOW = timedelta(minutes=60)
THREE = Strikes(name="three", severity=Severity.MEDIUM, count=3, minutes=60)


class Model:
    """What quarantine means, said as briefly as possible."""

    def __init__(self) -> None:
        self.open: dict[str, set[tuple[str, int]]] = {}  # subject -> for what
        self.offers: dict[str, int] = {}  # subject -> files on offer
        self.blamed: dict[str, set[str]] = {}  # path with an open violation -> who
        self.content: dict[str, int] = {}  # path -> content it was found in
        self.number: dict[str, int] = {}  # path -> which violation it is
        self.strikes: list[tuple[str, str, int, datetime]] = []
        self.dismissed: set[str] = set()
        self.known: set[str] = set()
        self.parents: dict[str, str] = {}
        self.imposed = self.released_times = 0

    def found(self, path: str, who: str | None, content: int, now: datetime) -> None:
        if path in self.dismissed:
            return
        if path not in self.blamed:
            self.blamed[path], self.content[path] = set(), content
            self.number[path] = self.number.get(path, 0) + 1
        if who is not None and self.content[path] == content:
            self.blame(path, who, now)

    def blame(self, path: str, who: str, now: datetime) -> None:
        if path not in self.blamed or who in self.blamed[path]:
            return
        if who == TREE and self.blamed[path]:
            return  # to name nobody takes no name away, and adds none
        self.blamed[path].add(who)
        self.known.add(who)
        self.strikes.append((who, path, self.number[path], now))
        if not path.startswith("medium"):
            self.stop(who, {(path, self.number[path])})
        else:
            struck = {
                (one, number)
                for subject, one, number, time in self.strikes
                if subject == who and now - time <= WINDOW
            }
            if len(struck) >= THREE.count:
                self.stop(who, struck)

    def stop(self, who: str, violations: set[tuple[str, int]]) -> None:
        self.imposed += who not in self.open
        self.open.setdefault(who, set()).update(violations)
        self.offers.pop(who, None)

    def closed(self, path: str, *, is_dismissed: bool = False) -> None:
        self.content.pop(path, None)
        if self.blamed.pop(path, None) is not None and is_dismissed:
            self.dismissed.add(path)
            number = self.number[path]
            self.strikes = [one for one in self.strikes if one[1:3] != (path, number)]

    def released(self, who: str) -> None:
        del self.open[who]
        self.offers.pop(who, None)
        self.strikes = [one for one in self.strikes if one[0] != who]
        self.released_times += 1

    def is_stopped(self, who: str) -> bool:
        line = {who, self.parents.get(who, who)}
        return bool(line & self.open.keys()) or (
            TREE in self.open and bool(line & self.known)
        )


AGENTS = st.sampled_from(["ada", "bob", "kid"])
SUBJECTS = st.sampled_from(["ada", "bob", "kid", TREE])
PATHS = st.sampled_from([f"{s}{n}.py" for s in ("high", "medium") for n in range(3)])
CONTENTS = st.integers(1, 2)


class WardenMachine(RuleBasedStateMachine):
    """The warden beside its model, with restarts in between."""

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.folder = tempfile.TemporaryDirectory()
        self.house = House(Path(self.folder.name) / "state", strikes=(THREE,))
        self.runner = asyncio.Runner()
        self.runner.run(self.house.start())
        self.offered: dict[str, str] = {}  # id of every repair ever -> its content

    def teardown(self) -> None:
        self.runner.run(self.house.stop())
        self.runner.close()
        self.folder.cleanup()

    @rule(path=PATHS, who=st.none() | SUBJECTS, content=CONTENTS)
    def drop(self, path: str, who: str | None, content: int) -> None:
        self.record(path, who, content, violation(path))
        self.model.found(path, who, content, self.house.now)

    @rule(path=PATHS, agent=AGENTS)
    def repair(self, path: str, agent: str) -> None:
        self.record(path, agent, 0)
        self.model.closed(path)

    @rule(path=PATHS, who=SUBJECTS)
    def claim(self, path: str, who: str) -> None:
        ids = [row.violation.id for row in self.rows(path)]
        self.runner.run(self.house.warden.assign(ids, attribution(who)))
        self.model.blame(path, who, self.house.now)

    @rule(path=PATHS)
    def dismiss(self, path: str) -> None:
        for row in self.rows(path):
            work = self.house.warden.dismiss(row.violation.id, "meant so", "op")
            self.runner.run(work)
        self.model.closed(path, is_dismissed=True)

    @rule(agent=AGENTS)
    def impose(self, agent: str) -> None:
        work = self.house.warden.impose(agent, "by hand", "op")
        if self.accepts(work, agent not in self.model.open, "CONFLICT"):
            self.model.stop(agent, set())

    @rule(who=SUBJECTS)
    def release(self, who: str) -> None:
        work = self.house.warden.release(who, "looked", "op")
        if self.accepts(work, who in self.model.open, "NOT_FOUND"):
            self.model.released(who)

    @rule(who=SUBJECTS, files=st.integers(0, 2))
    def propose(self, who: str, files: int) -> None:
        offers = [factories.offer(f"{n}.py", f"{who} {n}\n") for n in range(files)]
        if who not in self.model.open and self.model.is_stopped(who):
            return  # it would offer to those above it
        work = self.house.warden.propose_repair(who, offers)
        if self.accepts(work, who in self.model.open, "NOT_FOUND"):
            self.model.offers[who] = files
            for offer in offers:
                self.offered[offer.repair.id] = offer.content.decode()

    @rule(parent=st.sampled_from(["ada", "bob"]))
    def adopt(self, parent: str) -> None:
        kid = factories.agent("kid", parent=parent, workspace="/repo")
        self.runner.run(self.house.warden.seen(kid))
        self.model.known.add("kid")
        self.model.parents.setdefault("kid", parent)

    @rule(minutes=st.sampled_from([1, 20, 61]))
    def wait(self, minutes: int) -> None:
        self.house.now += timedelta(minutes=minutes)

    @precondition(lambda self: self.model.open)
    @rule()
    def restart(self) -> None:
        self.runner.run(self.house.restart())

    @invariant()
    def the_same_subjects_are_stopped_for_the_same_reasons(self) -> None:
        known = {q.subject: q for q in self.house.warden.quarantines}

        assert self.model.open.keys() == known.keys()
        for subject, found in self.model.open.items():
            assert len(found) == known[subject].violation_count
            paths = [violation.path for violation in known[subject].violations]
            assert min(len(found), MOST_EVIDENCE) == len(paths)
            assert {path for path, _ in found} >= set(paths)
        assert self.model.offers.keys() == {
            subject for subject, q in known.items() if q.state is PROPOSED
        }
        assert set(known.values()) == set(mirror.read(self.house.folder).quarantines)

    @invariant()
    def whoever_is_below_is_stopped_too(self) -> None:
        stopped = {
            who: self.house.warden.quarantine_for(who, None) is not None
            for who in ("ada", "bob", "kid")
        }

        assert stopped == {who: self.model.is_stopped(who) for who in stopped}

    @invariant()
    def only_what_is_on_offer_is_kept(self) -> None:
        standing = {
            repair.id for q in self.house.warden.quarantines for repair in q.repairs
        }
        kept = {
            id: found.content.decode()
            for id in self.offered
            if (found := self.runner.run(self.house.store.repair(id))) is not None
        }

        assert kept == {id: self.offered[id] for id in standing}
        assert sum(self.model.offers.values()) == len(kept)

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

    @invariant()
    def every_decision_is_audited_once(self) -> None:
        audit = self.runner.run(self.house.store.audit())
        actions = [one.action for one in audit if one.result == "allowed"]

        assert self.model.imposed == actions.count("quarantine.impose")
        assert self.model.released_times == actions.count("quarantine.release")

    def rows(self, path: str) -> Any:
        return self.runner.run(self.house.store.open_in("/repo", path))

    def record(
        self, path: str, who: str | None, content: int, *found: Violation
    ) -> None:
        self.house.now += timedelta(seconds=1)
        change = judged(
            *found,
            path=path,
            sha256=str(content),
            attribution=None if who is None else attribution(who),
        )
        self.runner.run(self.house.warden.record(change))

    def accepts(self, work: Any, expected: bool, code: str) -> bool:
        """True when it was accepted, as *expected*; else refused with *code*."""
        self.house.now += timedelta(seconds=1)
        if expected:
            self.runner.run(work)
            return True
        with pytest.raises(PeerError) as refused:
            self.runner.run(work)
        assert code == refused.value.code
        return False


def attribution(who: str) -> Any:
    return tree(who) if who == TREE else by(who)


def violation(path: str) -> Violation:
    severity = Severity.MEDIUM if path.startswith("medium") else Severity.CRITICAL
    return drop(path=path, fingerprint=path, severity=severity)
