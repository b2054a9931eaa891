"""The judge with a real repository, store, warden and workers; no watcher, no hub."""

import asyncio
import os
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from qualitywatch import rulebook
from qualitywatch.config import Analysis, Config, Policy, Watch
from qualitywatch.daemon.tasks import Tasks
from qualitywatch.errors import MachineError, PeerError
from qualitywatch.git import Repository
from qualitywatch.judge import Heads, Judge, settling
from qualitywatch.model import (
    Agent,
    ChangeType,
    Decision,
    Event,
    Quarantine,
    Violation,
)
from qualitywatch.protocol import Check, ProposedFile, Report
from qualitywatch.store import Store
from qualitywatch.warden import Judged, Recorded, Warden
from qualitywatch.workers.pool import Workers
from tests.conftest import Repo
from tests.factories import agent

BODY = "".join(f"        value_{n} = compute_{n}(self.rows)\n" for n in range(12))
WHOLE = f"class App:\n    def total(self):\n{BODY}        return value_0\n"
HONEST = WHOLE.replace("return value_0", "return value_0 + value_1")
LAZY = (
    "class App:\n    def total(self):\n"
    "        # ... rest of the method unchanged\n        return value_0\n"
)
SETTINGS = Config(
    watch=Watch(settle_ms=200, claim_ms=100), analysis=Analysis(workers=2)
)


class Scene:
    """A judge and everything below it, over one folder."""

    def __init__(self, root: Path, state: Path, workers: Workers) -> None:
        self.root = root
        self.events: list[Event] = []
        self.errors: list[Exception] = []
        self.settings = SETTINGS
        self._state = state
        self._workers = workers
        self._stack = AsyncExitStack()

    async def start(self) -> None:
        """As at the start of a daemon."""
        enter = self._stack.enter_async_context
        self._state.mkdir(exist_ok=True, mode=0o700)
        self.store = await enter(Store.open(self._state / "state.db", _now))
        self.warden = Warden(
            self.store,
            policy=self.settings.policy,
            publish=self.events.append,
            clock=_now,
            state_dir=self._state,
        )
        await self.warden.restore()
        tasks = await enter(Tasks(self._fail))
        rules = rulebook.load()
        self.judge = Judge(
            warden=self.warden,
            store=self.store,
            workers=self._workers,
            rulebook=rules,
            settings=self.settings,
            heads=Heads(self._state),
            main=self.root,
            spawn=tasks.spawn,
            watch=self._watch,
            wall=time.time,
        )
        self.repository = Repository.discover(self.root)
        if self.repository is not None:
            self._stack.enter_context(self.repository)
        files = [p.name for p in self.root.iterdir() if p.is_file()]
        accept = await self.judge.is_new()
        await self.judge.open(self.root, self.repository, files, accept=accept)

    async def stop(self) -> None:
        """As at the end of a daemon."""
        stack, self._stack = self._stack, AsyncExitStack()
        await stack.aclose()
        assert [] == self.errors

    async def save(self, path: str, text: str | bytes) -> None:
        """Write and hint, as the watcher does."""
        Repo(self.root).write(path, text)
        await self.judge.saved(self.root, path)

    async def report(self, who: Agent, path: str, **fields: object) -> object:
        """Report a change that landed."""
        values = {"event_id": f"{path}-{time.monotonic_ns()}", **fields}
        return await self.judge.reported(who, Report(path=path, **values))

    async def joins(self, id: str, workspace: Path | None = None) -> Agent:
        """An agent that has said hello from *workspace*."""
        who = agent(id, workspace=str(workspace or self.root))
        await self.warden.seen(who)
        await self.judge.bind(who)
        return who

    async def violations(self) -> tuple[Violation, ...]:
        """What is open now."""
        return await self.store.violations()

    async def rules(self) -> list[str]:
        """The rules of what is open now."""
        return [violation.rule for violation in await self.violations()]

    async def until(self, true: Callable[[], Awaitable[object]]) -> None:
        """Wait for a condition that needs the store."""
        async with asyncio.timeout(30):
            while True:
                if await true():
                    return
                await asyncio.sleep(0.01)

    async def event(self, kind: str, **fields: object) -> Event:
        """Wait for an event."""

        async def found() -> bool:
            return bool(self.of(kind, **fields))

        await self.until(found)
        return self.of(kind, **fields)[0]

    def of(self, kind: str, **fields: object) -> list[Event]:
        """The events so far of *kind* that hold *fields*."""
        events = [event for event in self.events if event.kind == kind]
        return [e for e in events if all(e.field(k) == v for k, v in fields.items())]

    async def settled(self, path: str) -> None:
        """Wait for the judgement of *path* after the silence."""
        await self.event("change.analysed", path=path, when="settled")

    async def quarantine(self, subject: str) -> Quarantine:
        """Wait until *subject* is in quarantine."""

        async def found() -> bool:
            return self.warden.quarantine_of(subject) is not None

        await self.until(found)
        return self.warden.quarantine_of(subject)

    async def _fail(self, error: Exception) -> None:
        traceback.print_exception(error)
        self.errors.append(error)

    async def _watch(self, folder: Path) -> None:
        return None


def _now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def pool() -> Iterator[Workers]:
    with Workers(rulebook.load(), SETTINGS.analysis) as workers:
        workers.warm()
        yield workers


@pytest.fixture
def workers(pool: Workers) -> Workers:
    """The pool; each test has a loop of its own, and so slots of its own."""
    pool._slots = asyncio.Semaphore(4)
    return pool


@pytest.fixture
async def scene(repo: Repo, workers: Workers, tmp_path: Path) -> AsyncIterator[Scene]:
    """A repository with one good file, judged since its first commit."""
    repo.commit(**{"app.py": WHOLE})
    scene = Scene(repo.root, tmp_path / "state", workers)
    await scene.start()
    yield scene
    await scene.stop()


# Who reports


async def test_dropped_code_is_denied_and_its_agent_quarantined(scene: Scene):
    lazy = await scene.joins("lazy")
    Repo(scene.root).write("app.py", LAZY)
    answer = await scene.report(lazy, "app.py")

    assert Decision.DENY == answer.verdict.decision
    (violation,) = scene.warden.quarantine_of("lazy").violations
    assert ("elided-code", "lazy") == (violation.rule, violation.agent)
    assert violation.evidence.lost_lines >= 12


async def test_an_honest_edit_is_allowed(scene: Scene):
    honest = await scene.joins("honest")
    Repo(scene.root).write("app.py", HONEST)
    answer = await scene.report(honest, "app.py")

    assert Decision.ALLOW == answer.verdict.decision
    assert () == scene.warden.quarantines


async def test_the_same_event_gets_the_same_answer(scene: Scene):
    lazy = await scene.joins("lazy")
    Repo(scene.root).write("app.py", LAZY)
    answers = [await scene.report(lazy, "app.py", event_id="1") for _ in range(3)]

    assert answers == [answers[0]] * 3


async def test_a_report_after_the_save_names_the_author(scene: Scene):
    """Two agents work here, so the workspace alone proves nothing."""
    lazy, _ = await scene.joins("lazy"), await scene.joins("other")
    await scene.save("app.py", LAZY)
    assert scene.warden.quarantine_of("lazy") is None
    await scene.report(lazy, "app.py")

    assert scene.warden.quarantine_of("lazy") is not None
    assert scene.warden.quarantine_of("other") is None
    assert ["elided-code"] == await scene.rules()


async def test_a_hint_after_the_report_records_nothing_twice(scene: Scene):
    lazy = await scene.joins("lazy")
    Repo(scene.root).write("app.py", LAZY)
    await scene.report(lazy, "app.py")
    before = len(scene.events)
    await scene.judge.saved(scene.root, "app.py")

    assert before == len(scene.events)


async def test_a_report_of_other_content_does_not_name_the_author(scene: Scene):
    """Somebody else has overwritten what this agent reports."""
    honest, _ = await scene.joins("honest"), await scene.joins("other")
    Repo(scene.root).write("app.py", LAZY)
    answer = await scene.report(honest, "app.py", new_content=HONEST)

    assert Decision.DENY == answer.verdict.decision  # the file decides
    assert scene.warden.quarantine_of("honest") is None


@pytest.mark.parametrize("path", ["no/such.py", "folder", "C:\\app.py"])
async def test_a_report_of_no_file_is_refused(scene: Scene, path: str):
    """A wrong path must not be answered with "allow"."""
    honest = await scene.joins("honest")
    (scene.root / "folder").mkdir()

    with pytest.raises(PeerError, match="is no file here"):
        await scene.report(honest, path)


async def test_a_report_of_a_deletion_is_judged(scene: Scene):
    honest = await scene.joins("honest")
    (scene.root / "app.py").unlink()
    await scene.report(honest, "app.py", change_type=ChangeType.DELETE)

    assert "delete" == scene.of("change.analysed")[0].field("change_type")


async def test_a_renamed_file_is_compared_with_its_old_self(scene: Scene):
    """To rename and to drop in one step hides nothing."""
    lazy = await scene.joins("lazy")
    (scene.root / "app.py").unlink()
    Repo(scene.root).write("main.py", LAZY)
    answer = await scene.report(
        lazy, "main.py", change_type=ChangeType.RENAME, old_path="app.py"
    )

    assert ["elided-code"] == [v.rule for v in answer.verdict.violations]


@pytest.mark.parametrize("path", [".git/config", ".git/hooks/pre-commit"])
async def test_what_belongs_to_git_is_refused(scene: Scene, path):
    lazy = await scene.joins("lazy")
    with pytest.raises(PeerError) as refused:
        await scene.report(lazy, path)

    assert "OUTSIDE_WORKSPACE" == refused.value.code


async def test_an_agent_from_elsewhere_is_refused(scene: Scene, tmp_path: Path):
    with pytest.raises(PeerError) as refused:
        await scene.joins("stranger", tmp_path)

    assert "OUTSIDE_WORKSPACE" == refused.value.code


# Whom nobody reports


async def test_the_only_agent_of_a_workspace_answers_for_it(scene: Scene):
    await scene.joins("lazy")
    await scene.save("app.py", LAZY)

    assert scene.warden.quarantine_of("lazy") is not None


async def test_a_workspace_of_several_agents_answers_itself(scene: Scene):
    await scene.joins("one")
    await scene.joins("two")
    await scene.save("app.py", LAZY)

    assert "ws:repo" == (await scene.quarantine("ws:repo")).subject


async def test_a_person_alone_is_only_told(scene: Scene):
    await scene.save("app.py", LAZY)
    await scene.event("violation.assigned")

    assert () == scene.warden.quarantines
    assert ["elided-code"] == await scene.rules()


async def test_the_policy_may_quarantine_a_person_too(
    repo: Repo, workers: Workers, tmp_path: Path
):
    repo.commit(**{"app.py": WHOLE})
    scene = Scene(repo.root, tmp_path / "state", workers)
    scene.settings = Config(
        policy=Policy(unattributed="quarantine"), watch=SETTINGS.watch
    )
    await scene.start()
    await scene.save("app.py", LAZY)

    assert await scene.quarantine("ws:repo")
    await scene.stop()


# Bases


async def test_code_put_back_closes_the_violation(scene: Scene):
    await scene.save("app.py", LAZY)
    await scene.save("app.py", WHOLE)
    await scene.event("violation.closed")

    assert [] == await scene.rules()


async def test_a_commit_of_dropped_code_is_no_repair(scene: Scene):
    await scene.save("app.py", LAZY)
    await scene.settled("app.py")
    Repo(scene.root).commit("drop it")
    await scene.judge.git_moved(scene.root)
    await scene.save("app.py", LAZY + "\n")

    assert ["elided-code"] == await scene.rules()


async def test_code_put_back_after_its_commit_closes_the_violation(scene: Scene):
    await scene.save("app.py", LAZY)
    await scene.settled("app.py")
    Repo(scene.root).commit("drop it")
    await scene.judge.git_moved(scene.root)
    await scene.save("app.py", WHOLE)

    assert [] == await scene.rules()


async def test_a_commit_that_is_faster_than_the_hint_is_judged(scene: Scene):
    """By then `HEAD` holds the dropped code itself."""
    repo = Repo(scene.root)
    repo.write("app.py", LAZY)
    repo.commit("drop it")
    await scene.judge.saved(scene.root, "app.py")

    assert ["elided-code"] == await scene.rules()


async def test_a_commit_that_gives_no_hint_of_a_file_is_judged(scene: Scene):
    repo = Repo(scene.root)
    repo.write("app.py", LAZY)
    repo.commit("drop it")
    await scene.judge.git_moved(scene.root)

    await scene.event("violation.recorded", rule="elided-code")


async def test_a_branch_switch_is_nobodys_edit(scene: Scene):
    repo = Repo(scene.root)
    repo.git("checkout", "-q", "-b", "lazy")
    repo.commit("drop it", **{"app.py": LAZY})
    repo.git("checkout", "-q", "main")
    repo.git("update-ref", "refs/remotes/origin/lazy", "lazy")  # as if fetched
    await scene.judge.git_moved(scene.root)
    repo.git("checkout", "-q", "lazy")
    await scene.judge.saved(scene.root, "app.py")
    await scene.judge.git_moved(scene.root)

    assert [] == await scene.rules()


async def test_a_branch_that_nobody_saw_being_made_is_an_edit(scene: Scene):
    """Committed elsewhere between two looks, then checked out: it was made here."""
    repo = Repo(scene.root)
    repo.git("checkout", "-q", "-b", "lazy")
    repo.commit("drop it", **{"app.py": LAZY})
    repo.git("checkout", "-q", "main")
    await scene.judge.git_moved(scene.root)
    repo.git("checkout", "-q", "lazy")
    await scene.judge.saved(scene.root, "app.py")
    await scene.judge.git_moved(scene.root)

    assert ["elided-code"] == await scene.rules()


async def test_a_branch_switch_costs_no_analysis(scene: Scene):
    """Thousands of files may change at once: they are what `HEAD` says."""
    repo = Repo(scene.root)
    repo.git("checkout", "-q", "-b", "other")
    names = [f"part_{n}.py" for n in range(30)]
    repo.commit("more", **{name: WHOLE for name in names})
    repo.git("checkout", "-q", "main")
    repo.git("update-ref", "refs/remotes/origin/other", "other")  # as if fetched
    await scene.judge.git_moved(scene.root)
    repo.git("checkout", "-q", "other")
    await asyncio.gather(*(scene.judge.saved(scene.root, name) for name in names))

    assert [] == scene.of("change.analysed")


async def test_an_edit_carried_to_another_branch_is_still_judged(scene: Scene):
    repo = Repo(scene.root)
    repo.git("branch", "other")
    await scene.save("app.py", HONEST)
    repo.git("checkout", "-q", "other")
    repo.git("commit", "-q", "--allow-empty", "-m", "nothing")
    await scene.judge.git_moved(scene.root)

    await scene.settled("app.py")


async def test_a_report_of_what_was_just_judged_is_answered_from_memory(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
):
    lazy, _ = await scene.joins("lazy"), await scene.joins("other")
    await scene.save("app.py", LAZY)
    monkeypatch.delattr(Workers, "examine")
    answer = await scene.report(lazy, "app.py")

    assert Decision.DENY == answer.verdict.decision


async def test_a_stash_that_comes_back_is_nobodys_edit(scene: Scene):
    repo = Repo(scene.root)
    repo.write("app.py", LAZY)
    repo.git("stash", "-q")
    await scene.judge.git_moved(scene.root)
    repo.git("stash", "pop", "-q")
    await scene.judge.saved(scene.root, "app.py")

    assert [] == await scene.rules()


async def test_a_touched_file_is_nothing_to_tell(scene: Scene):
    (scene.root / "app.py").touch()
    await scene.judge.saved(scene.root, "app.py")

    assert [] == scene.events


NORMALISE = (
    'def normalise(row):\n    name = row["name"].strip()\n'
    '    price = float(row["price"])\n    return Row(name, price)\n\n\n'
)
LOAD = "def load(rows):\n    return [normalise(row) for row in rows]\n"


@pytest.fixture
async def rows(scene: Scene) -> Scene:
    """The scene with a committed and settled `rows.py`."""
    Repo(scene.root).commit(**{"rows.py": NORMALISE + LOAD})
    await scene.judge.git_moved(scene.root)
    await scene.settled("rows.py")
    return scene


async def test_a_symbol_gone_from_every_file_is_lost(rows: Scene):
    await rows.save("rows.py", LOAD)

    await rows.event("violation.recorded", rule="silent-drop")


async def test_code_that_was_put_elsewhere_before_is_not_lost(scene: Scene):
    """Already at the save: the other file has gained it."""
    await scene.save("other.py", WHOLE)
    await scene.save("app.py", LAZY)

    assert "elided-code" not in await scene.rules()


async def test_a_file_not_committed_yet_is_compared_with_its_past(scene: Scene):
    await scene.save("new.py", WHOLE)
    await scene.settled("new.py")
    await scene.save("new.py", LAZY)

    assert ["elided-code"] == await scene.rules()


# Starting again


async def test_the_first_start_accepts_what_stands(
    repo: Repo, workers: Workers, tmp_path: Path
):
    repo.commit(**{"app.py": WHOLE})
    repo.write("app.py", LAZY)
    scene = Scene(repo.root, tmp_path / "state", workers)
    await scene.start()
    await scene.judge.saved(scene.root, "app.py")
    await scene.save("app.py", LAZY + "\n\nnext = 1\n")

    assert [] == await scene.rules()
    await scene.stop()


async def test_what_changed_while_nobody_watched_is_judged(scene: Scene):
    await scene.stop()
    Repo(scene.root).write("app.py", LAZY)
    await scene.start()

    await scene.event("violation.recorded", rule="elided-code")


async def test_who_removes_the_list_of_heads_does_not_begin_anew(scene: Scene):
    await scene.save("app.py", WHOLE + "EXTRA = 1\n")
    await scene.stop()
    next(scene.store.folder.glob("heads.json")).unlink()
    Repo(scene.root).write("app.py", LAZY)

    await scene.start()

    await scene.event("violation.recorded", rule="elided-code")


async def test_an_agent_in_a_folder_works_in_the_checkout_around_it(scene: Scene):
    folder = scene.root / "src"
    folder.mkdir()

    assert scene.root == await scene.judge.bind(agent("a", workspace=str(folder)))


async def test_what_was_committed_while_nobody_watched_is_judged(scene: Scene):
    await scene.stop()
    Repo(scene.root).commit("drop it", **{"app.py": LAZY})
    await scene.start()

    await scene.event("violation.recorded", rule="elided-code")


async def test_a_violation_that_waited_gets_its_subject_at_the_next_start(
    scene: Scene,
):
    await scene.joins("one")
    await scene.joins("two")
    await scene.save("app.py", LAZY)
    await scene.stop()
    await scene.start()

    assert await scene.quarantine("ws:repo")


async def test_a_repair_made_while_nobody_watched_is_seen(scene: Scene):
    await scene.save("app.py", LAZY)
    await scene.stop()
    Repo(scene.root).write("app.py", WHOLE)
    await scene.start()

    await scene.event("violation.closed", rule="elided-code")


async def test_a_file_not_committed_yet_keeps_its_past(scene: Scene):
    await scene.save("new.py", WHOLE)
    await scene.settled("new.py")
    await scene.stop()
    Repo(scene.root).write("new.py", LAZY)
    await scene.start()

    await scene.event("violation.recorded", rule="elided-code", path="new.py")


async def test_a_merge_that_never_ends_is_said_aloud(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
):
    """Else an empty MERGE_HEAD would keep finished edits from being judged, unseen."""
    monkeypatch.setattr(settling, "PATIENCE_SECONDS", 0.1)
    mark = scene.root / ".git" / "MERGE_HEAD"
    mark.touch()
    await scene.save("app.py", "value = (\n")
    await scene.event("daemon.degraded", what=f"git in {scene.root.name}")
    mark.unlink()

    await scene.event("daemon.recovered", what=f"git in {scene.root.name}")
    await scene.event("violation.recorded", rule="broken-syntax")


async def test_what_the_machine_does_not_allow_now_is_tried_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
):
    """A full disk may not make a file look judged."""
    monkeypatch.setattr(settling, "RETRY_SECONDS", 0.05)
    record, failures = scene.warden.record, [MachineError("the disk is full")]

    async def fail_once(judged: Judged) -> Recorded:
        if failures:
            raise failures.pop()
        return await record(judged)

    monkeypatch.setattr(scene.warden, "record", fail_once)
    await scene.save("app.py", LAZY)
    await scene.event("daemon.degraded", reason="the disk is full")

    await scene.event("violation.recorded", rule="elided-code")
    await scene.event("daemon.recovered")


async def test_without_git_the_first_content_is_the_base(
    workers: Workers, tmp_path: Path
):
    root = tmp_path / "plain"
    root.mkdir()
    (root / "app.py").write_text(WHOLE)
    scene = Scene(root, tmp_path / "state", workers)
    await scene.start()
    await scene.stop()
    await scene.start()
    await scene.save("app.py", LAZY)

    assert ["elided-code"] == await scene.rules()
    await scene.stop()


# Hostile files


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(50 * 2**20)


def _escape(path: Path) -> None:
    path.symlink_to("/etc/passwd")


def _bytes(path: Path) -> None:
    path.write_bytes(b"a = 1\n\x00" * 2000)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (_fifo, "is no regular file"),
        (_huge, "is larger than 2097152 bytes"),
        (_escape, "is a symbolic link now"),
        (_bytes, "holds a NUL byte"),
    ],
)
async def test_what_can_not_be_read_is_said_and_harms_nobody(
    scene: Scene, make, reason
):
    (scene.root / "app.py").unlink()
    make(scene.root / "app.py")
    async with asyncio.timeout(5):
        await scene.judge.saved(scene.root, "app.py")
    told = await scene.event("file.unanalysable")
    await scene.save("other.py", WHOLE)

    assert reason == told.field("reason")
    assert scene.of("change.analysed", path="other.py")


async def test_nothing_is_read_through_a_linked_folder(scene: Scene, tmp_path: Path):
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "app.py").write_text(LAZY)
    (scene.root / "src").symlink_to(tmp_path / "secret")
    await scene.judge.saved(scene.root, "src/app.py")

    assert [] == scene.events


@pytest.mark.parametrize("name", ["data.bin", "notes.txt", "yarn.lock"])
async def test_what_is_no_source_is_skipped_and_passes(scene: Scene, name):
    await scene.save(name, b"\x00\x01")

    assert scene.of("change.analysed", path=name)[0].field("skipped")
    assert [] == scene.of("file.unanalysable")


async def test_a_name_that_is_no_text_is_judged(scene: Scene):
    name = os.fsdecode(b"\xff.py")
    await scene.save(name, WHOLE)

    assert ["\\xff.py"] == [
        event.field("path") for event in scene.of("change.analysed")
    ]


async def test_a_file_that_is_gone_again_is_nothing_to_tell(scene: Scene):
    await scene.judge.saved(scene.root, "never.py")

    assert [] == scene.events


# Proposals


async def test_a_proposal_is_judged_and_not_recorded(scene: Scene):
    lazy = await scene.joins("lazy")
    verdict = await scene.judge.proposed(lazy, Check(path="app.py", new_content=LAZY))

    assert Decision.DENY == verdict.decision
    assert [] == await scene.rules()


async def test_a_repair_is_compared_with_what_was_lost(scene: Scene):
    """Also after the dropped code was committed."""
    lazy = await scene.joins("lazy")
    await scene.save("app.py", LAZY)
    await scene.settled("app.py")
    Repo(scene.root).commit("drop it")
    await scene.judge.git_moved(scene.root)
    good, bad = await scene.judge.repair(
        lazy,
        [
            ProposedFile(path="app.py", new_content=WHOLE),
            ProposedFile(path="app.py", new_content=LAZY),
        ],
    )

    assert () == good.repair.violations
    assert (10, 0) < (good.repair.added, good.repair.removed)
    assert ["elided-code"] == [found.rule for found in bad.repair.violations]
