"""Judges commit after commit, while worker processes examine the files of others.

Every changed file is a task of its own. Many commits are open at a time, and with the
oldest task go all later ones about the same path: what a file was after one commit a
worker then still has when it is what the file was before the next. A commit whose files
miss something asks a second time, about them alone; such tasks go before all others.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from qualitywatch import gate
from qualitywatch.attribution.commits import Recogniser
from qualitywatch.errors import MachineError
from qualitywatch.gate import ChangeSet, References, Task, Trusted
from qualitywatch.gate.analysing import bytes_of, examined, unread
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

COMMITS_AHEAD = 256  # that are open at a time
COMMITS_AT_ONCE = 128  # whose differences are read together
COMMITS_A_STEP = 16  # that are opened while workers may be waiting
BYTES_AHEAD = 12 * 1024 * 1024  # of content that waits for a worker
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
        self._waiting: dict[str, list[_Asked]] = {}  # by path, the oldest first
        self._bytes_waiting = 0
        self._asked: deque[_Asked] = deque()  # the tasks that are under way
        self._again: deque[_Asked] = deque()

    def of(self, commits: Sequence[Commit]) -> Iterator[Replayed]:
        """Each of *commits* as judged, in order."""
        coming = self._looked_at(commits)
        self._read_on(coming)
        while self._waiting or self._again:
            for one in self._batches.run(
                examined,
                self._tasks(coming),
                failed=unread,
                size=TASKS_AT_ONCE,
                weight=bytes_of,
                group=_path_of,
            ):
                self._take(self._asked.popleft(), one)
                yield from self._finished()
        yield from self._finished()

    def _looked_at(self, commits: Sequence[Commit]) -> Iterator[Commit]:
        """Each of *commits*, when the repository knows what will be asked of it."""
        self._repository.learn(commits)
        for start in range(0, len(commits), COMMITS_AT_ONCE):
            some = commits[start : start + COMMITS_AT_ONCE]
            self._repository.look_ahead(some)
            yield from some

    def _read_on(self, coming: Iterator[Commit]) -> None:
        """Open some more commits, if there is room, or until there is work."""
        has_room = len(self._open) < COMMITS_AHEAD and self._bytes_waiting < BYTES_AHEAD
        for commit in islice(coming, COMMITS_A_STEP if has_room else 0):
            self._open_up(commit)
        while not self._waiting and (more := next(coming, None)):
            self._open_up(more)

    def _open_up(self, commit: Commit) -> None:
        opened = self._begun(commit)
        self._open.append(opened)
        for asked in opened.asked():
            if not self._is_skipped(asked):
                self._waiting.setdefault(_path_of(asked.task), []).append(asked)
                self._bytes_waiting += bytes_of(asked.task)

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

    def _tasks(self, coming: Iterator[Commit]) -> Iterator[Task]:
        """What is to be examined: second looks first, then the oldest and its like."""
        while True:
            self._read_on(coming)
            if self._again:
                some = [self._again.popleft()]
            elif self._waiting:
                some = self._waiting.pop(next(iter(self._waiting)))
                self._bytes_waiting -= sum(bytes_of(asked.task) for asked in some)
            else:
                return
            for asked in some:
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


def _path_of(task: Task) -> str:
    return task[0].path


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
