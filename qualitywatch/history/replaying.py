"""Judges commit after commit, while worker processes examine the files of others.

Every changed file is a task of its own. Neighbouring commits change the same files, so
their tasks are sorted by path: what a file was after one commit a worker then still
has when it is what the file was before the next. A commit whose files miss something
asks a second time, about them alone; such tasks go before all others.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from qualitywatch import gate
from qualitywatch.attribution.commits import Recogniser
from qualitywatch.errors import MachineError
from qualitywatch.gate import ChangeSet, References, Task, Trusted
from qualitywatch.gate.surroundings import Judging, judging
from qualitywatch.git import Commit
from qualitywatch.history.ahead import Ahead
from qualitywatch.history.chosen import agent_of
from qualitywatch.history.imports import Imports
from qualitywatch.history.replayed import Replayed, replayed
from qualitywatch.model import Analysis, Change, Skipped, Unanalysable
from qualitywatch.traces import Examined
from qualitywatch.workers import inside
from qualitywatch.workers.batches import Batches
from qualitywatch.workers.reasons import unanalysable

COMMITS_AT_ONCE = 128  # that are read together, and whose files are sorted
TASKS_AT_ONCE = 24  # that a worker takes


class Replay:
    """Judges commits of *repository* by *trust*, in *batches*."""

    def __init__(
        self,
        repository: Ahead,
        trust: Trusted,
        recogniser: Recogniser,
        batches: Batches,
    ) -> None:
        self._repository = repository
        self._trust = trust
        self._recogniser = recogniser
        self._batches = batches
        self._imports = Imports(trust.settings.analysis)
        self._open: deque[_Open] = deque()  # in the order of the commits
        self._asked: deque[_Asked] = deque()  # the tasks that are under way
        self._again: deque[_Asked] = deque()

    def of(self, commits: Sequence[Commit]) -> Iterator[Replayed]:
        """Each of *commits* as judged, in order."""
        self._repository.learn(commits)
        coming = self._first_looks(commits)
        is_first = True
        while is_first or self._again:
            is_first = False
            for examined in self._batches.run(
                examine, self._tasks(coming), failed=_failed, size=TASKS_AT_ONCE
            ):
                self._take(self._asked.popleft(), examined)
                yield from self._finished()
        yield from self._finished()

    def _first_looks(self, commits: Sequence[Commit]) -> Iterator[_Asked]:
        """A task for every changed file, those of the same path one after another."""
        for start in range(0, len(commits), COMMITS_AT_ONCE):
            some = commits[start : start + COMMITS_AT_ONCE]
            self._repository.look_ahead(some)
            begun = [self._begun(commit) for commit in some]
            self._open.extend(begun)
            asked = [one for opened in begun for one in opened.asked()]
            to_parse = [one for one in asked if not self._is_skipped(one)]
            yield from sorted(to_parse, key=lambda one: one.task[0].path)

    def _is_skipped(self, asked: _Asked) -> bool:
        """True for a file that is not ours to judge: that is said without a worker."""
        change, around = asked.task
        if not is_no_source(change):
            return False
        limits = self._trust.settings.analysis
        rules = self._trust.rules
        self._take(asked, inside.examine(change, rules, limits=limits, around=around))
        return True

    def _begun(self, commit: Commit) -> _Open:
        try:
            changes = self._changes(commit)
        except MachineError as error:
            return _Open(commit, (), _unread(commit, error))
        read = self._imports.read
        asking = judging(changes.changes, References(changes.tree, read))
        return _Open(commit, changes.skipped, asking)

    def _changes(self, commit: Commit) -> ChangeSet:
        return gate.between(
            self._repository,
            commit.parents[0] if commit.parents else None,
            commit.id,
            known=commit.parents[1:],
            limit=self._trust.limit,
        )

    def _tasks(self, coming: Iterator[_Asked]) -> Iterator[Task]:
        """What is to be examined: second looks first, then the next commits."""
        while True:
            asked = self._again.popleft() if self._again else next(coming, None)
            if asked is None:
                return
            self._asked.append(asked)
            yield asked.task

    def _take(self, asked: _Asked, examined: Examined) -> None:
        if asked.opened.take(asked.at, examined):
            self._again.extend(asked.opened.asked())

    def _finished(self) -> Iterator[Replayed]:
        while self._open and self._open[0].analyses is not None:
            done = self._open.popleft()
            agent = agent_of(done.commit, self._recogniser)
            assert done.analyses is not None
            yield replayed(done.commit, agent, done.analyses, done.skipped)


class _Open:
    """A commit under judgement: what it wants examined, and at last its analyses."""

    def __init__(
        self, commit: Commit, skipped: Sequence[Skipped], asking: Judging
    ) -> None:
        self.commit = commit
        self.skipped = skipped
        self.analyses: list[Analysis] | None = None
        self._asking = asking
        self._answers: dict[int, Examined] = {}
        self._wanted: Sequence[Task] = next(asking)
        if not self._wanted:
            self._go_on()

    def asked(self) -> list[_Asked]:
        """What it wants examined now."""
        return [_Asked(self, at, task) for at, task in enumerate(self._wanted)]

    def take(self, at: int, examined: Examined) -> bool:
        """An answer to what it asked; true where all are there, and it asks again."""
        self._answers[at] = examined
        if len(self._answers) < len(self._wanted):
            return False
        self._go_on()
        return self.analyses is None

    def _go_on(self) -> None:
        answers = [self._answers[at] for at in range(len(self._wanted))]
        self._answers = {}
        try:
            self._wanted = self._asking.send(answers)
        except StopIteration as end:
            self._wanted = ()
            self.analyses = end.value


class _Asked(NamedTuple):
    """A task, and which one it is of which commit."""

    opened: _Open
    at: int
    task: Task


def examine(tasks: Sequence[Task]) -> list[Examined]:
    """What is wrong with each change; runs in a worker."""
    rules, limits = inside.rulebook(), inside.limits()
    return [
        inside.examine(change, rules, limits=limits, around=around)
        for change, around in tasks
    ]


def is_no_source(change: Change) -> bool:
    """True where neither side of *change* would ever be parsed."""
    from qualitywatch.analysis.sources.skipping import (
        skip_reason,
    )  # who judges needs it

    sides = [side for side in (change.before, change.after) if side is not None]
    is_read = change.problem is None and bool(sides)
    return is_read and all(skip_reason(change.path, side) for side in sides)


def _unread(commit: Commit, error: MachineError) -> Judging:
    """The judgement of a commit of which something is missing: it asks for nothing."""
    place = f"commit {commit.id[:12]}"
    yield ()
    return [Analysis(unanalysable=(Unanalysable(path=place, reason=error.problem),))]


def _failed(task: Task, reason: str) -> Examined:
    return Examined(analysis=unanalysable(task[0], reason))
