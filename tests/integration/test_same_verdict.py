"""The same change set gets the same verdict at every door.

One set of edits is made in one repository, and shown to all of them: the daemon when
the workspace is quiet, `gate` over the folder, the index and a commit, `history`, the
hook of a server, and `check` where one file is all there is.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qualitywatch.workers.pool import Workers
from tests.conftest import Repo
from tests.integration.same_edits import EDITS, Edit
from tests.integration.test_judge import Scene, pool

__all__ = ["pool"]  # a fixture

NUMBERS = itertools.count()
# Who, when and under which number: all that doors may say differently of a violation.
OWN = ("id", "agent", "commit")


class Said(NamedTuple):
    """A verdict without what is a door's own."""

    violations: list[dict[str, Any]]
    unread: list[tuple[str, str]]


def said(violations: Sequence[Mapping[str, Any]], unread: Sequence[Any] = ()) -> Said:
    """What a door said, as any other would have put it."""
    kept = [{k: v for k, v in row.items() if k not in OWN} for row in violations]
    return Said(
        sorted(kept, key=lambda row: (row["path"], row["line"], row["rule"])),
        sorted((row["path"], row["reason"]) for row in unread),
    )


class Doors:
    """One repository, one set of edits, and every door that can be asked of it."""

    def __init__(self, root: Path, workers: Workers) -> None:
        self.repo = Repo(root)
        self.repo.git("init", "-q", "-b", "main")
        self.passed: set[bool] = set()  # by the gate, wherever it was asked
        self._workers = workers

    def verdicts(self, edits: Sequence[Edit]) -> dict[str, Said]:
        """What each door says of *edits*, made together."""
        self.repo.commit(**{"README": "x", **_all(edit.before for edit in edits)})
        told = {"daemon": asyncio.run(self._daemon(edits))}
        told["worktree"] = self._gate("--worktree")
        self.repo.git("add", "-A")
        told["staged"] = self._gate("--staged")
        self.repo.git("commit", "-q", "-m", "change")
        told["commit"] = self._gate("--base", "HEAD~1")
        told["history"] = self._history()
        return told

    def passes_the_server(self) -> bool:
        """Whether a server would let the commit in."""
        base, head = (self.repo.git("rev-parse", rev) for rev in ("HEAD~1", "HEAD"))
        line = f"{base} {head} refs/heads/main\n"
        return self._started("hook", "git", "pre-receive", stdin=line).returncode == 0

    async def _daemon(self, edits: Sequence[Edit]) -> Said:
        """Every file saved, then silence."""
        self._workers._slots = asyncio.Semaphore(4)
        root = self.repo.root
        scene = Scene(root, root.with_name(f"{root.name}-state"), self._workers)
        await scene.start()
        try:
            await self._save(scene, edits)
            await scene.until(lambda: _quiet(scene))
            violations = await scene.store.violations()
        finally:
            await scene.stop()
        return said(json.loads(msgspec.json.encode(violations)))

    async def _save(self, scene: Scene, edits: Sequence[Edit]) -> None:
        """As editors do and the watcher tells."""
        before = _all(edit.before for edit in edits)
        after = _all(edit.after for edit in edits)
        renamed = _all(edit.renamed for edit in edits)
        for path in sorted(
            before.keys() | after.keys(), key=lambda each: each in after
        ):
            if before.get(path) == after.get(path):
                continue
            if path in after:
                self.repo.write(path, after[path])
            else:
                (scene.root / path).unlink()
            old = renamed.get(path)
            await scene.judge.saved(scene.root, path, renamed_from=old)

    def _gate(self, *arguments: str) -> Said:
        report = self._run("gate", *arguments)
        self.passed.add(report["decision"] == "GO")
        return said(report["violations"], report["unanalysable"])

    def _history(self) -> Said:
        [commit] = self._run("history", "HEAD~1..HEAD")["commits"]
        return said(commit["violations"], commit["unanalysable"])

    def check(self, edit: Edit) -> Said | None:
        """What `check` says of *edit*; `None` where it is more than one file."""
        if len(edit.before) != 1 or edit.before.keys() != edit.after.keys():
            return None
        [path] = edit.before
        old = self.repo.root / "README.old"
        old.write_bytes(edit.before[path].encode())
        new = str(self.repo.root / path)
        report = self._run(
            "check", "--before", str(old), "--after", new, "--path", path
        )
        return said(report["violations"], report["unanalysable"])

    def _run(self, *arguments: str) -> Any:
        done = self._started(*arguments, "--format", "json")
        assert done.returncode in (0, 1), done.stderr
        return json.loads(done.stdout)

    def _started(
        self, *arguments: str, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """As a process of its own: its workers are forks of what it is."""
        return subprocess.run(
            [sys.executable, "-m", "qualitywatch", *arguments],
            cwd=self.repo.root,
            input=stdin,
            capture_output=True,
            text=True,
        )


async def _quiet(scene: Scene) -> bool:
    checkout = scene.judge._places.get(scene.root)
    waiting = checkout.paths.pending or checkout.paths.hinted
    return not (waiting or checkout.is_settling)


def _all(files: Iterator[Mapping[str, str]]) -> dict[str, str]:
    return {path: text for some in files for path, text in some.items()}


@pytest.fixture
def doors(tmp_path: Path, pool: Workers) -> Callable[[], Doors]:
    """Makes an empty repository with all its doors."""

    def make() -> Doors:
        root = tmp_path / f"repo{next(NUMBERS)}"
        root.mkdir()
        return Doors(root, pool)

    return make


@pytest.mark.timeout(300)
@pytest.mark.parametrize("language", ["python", "typescript", "go", "not"])
def test_edits_of_a_language(doors: Callable[[], Doors], language: str) -> None:
    """Each edit breaks the rules that it should, at every door the same."""
    edits = [edit for name, edit in EDITS.items() if name.split()[0] == language]
    asked = doors()
    told = asked.verdicts(edits)

    assert {asked.passes_the_server()} == asked.passed
    for edit in edits:
        alone = _about(told["commit"], edit)
        assert sorted(row["rule"] for row in alone.violations) == sorted(edit.rules)
        assert asked.check(edit) in (None, alone)
    _assert_same(told)


def _about(told: Said, edit: Edit) -> Said:
    folder = f"{next(iter(edit.before)).partition('/')[0]}/"
    return Said(
        [row for row in told.violations if row["path"].startswith(folder)],
        [row for row in told.unread if row[0].startswith(folder)],
    )


@pytest.mark.timeout(300)
@settings(
    max_examples=4,
    deadline=None,
    derandomize=True,  # an example takes seconds: a red one must come again
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    names=st.lists(st.sampled_from(sorted(EDITS)), min_size=3, max_size=6, unique=True)
)
def test_edits_together(doors: Callable[[], Doors], names: list[str]) -> None:
    """Whatever is changed in one go, in whatever languages."""
    _assert_same(doors().verdicts([EDITS[name] for name in names]))


def _assert_same(told: dict[str, Said]) -> None:
    commit = told.pop("commit")
    daemon = told.pop("daemon")
    assert told == dict.fromkeys(told, commit)
    assert daemon.violations == commit.violations
