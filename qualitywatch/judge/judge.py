"""The judge: whoever points to a file, each content of it is judged once."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Collection, Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from qualitywatch import protocol
from qualitywatch.analysis import skip_reason
from qualitywatch.config import Config
from qualitywatch.errors import MachineError, PeerError
from qualitywatch.git import Repository
from qualitywatch.judge.authors import Spawn
from qualitywatch.judge.checkout import Base, Checkout
from qualitywatch.judge.examiner import Examiner
from qualitywatch.judge.files import File, read
from qualitywatch.judge.following import Follower
from qualitywatch.judge.heads import Heads
from qualitywatch.judge.places import Places
from qualitywatch.judge.restoring import Restorer
from qualitywatch.judge.settling import Settler
from qualitywatch.judge.turns import each
from qualitywatch.model import Agent, Analysis, ChangeType, Offer, Verdict, When
from qualitywatch.rulebook import Rulebook
from qualitywatch.store import LastJudged, Store
from qualitywatch.warden import Warden, offer
from qualitywatch.workers.pool import Workers

_Task: TypeAlias = Callable[[Checkout, str], Coroutine[Any, Any, object]]

_AT_ONCE = 32  # hints; a report of an agent does not wait behind a burst of them
_EVERY = 1_000_000
_GIT = "git"  # what is degraded while git does not answer


class Judge:
    """Judges files of the workspaces it was given with `open`.

    *main* is the workspace of an agent that names none. *watch* makes the workspace
    that holds a path known, if it belongs to us.
    """

    def __init__(
        self,
        *,
        warden: Warden,
        store: Store,
        workers: Workers,
        rulebook: Rulebook,
        settings: Config,
        heads: Heads,
        main: Path,
        spawn: Spawn,
        watch: Callable[[Path], Awaitable[object]],
        wall: Callable[[], float],
    ) -> None:
        self._warden = warden
        self._store = store
        self._settings = settings
        self._heads = heads
        self._spawn = spawn
        self._wall = wall
        self._places = Places(main, watch)
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._follower = Follower(
            heads,
            lambda checkout, paths: spawn(self._all_committed(checkout, paths)),
            self._git_keeps_us_waiting,
        )
        self._examiner = Examiner(
            warden=warden,
            store=store,
            workers=workers,
            rulebook=rulebook,
            settings=settings,
            spawn=spawn,
            agents_in=self._agents_in,
            catch_up=self._follower.catch_up,
        )
        restorer = Restorer(self._examiner, warden=warden, store=store, workers=workers)
        self._examiner.on_violations = lambda checkout, path, sha256, ids: spawn(
            restorer.restore(checkout, path, sha256, ids)
        )
        self._settler = Settler(
            self._examiner,
            warden=warden,
            settle_ms=settings.watch.settle_ms,
            spawn=spawn,
            turns=self._turns,
        )

    # Workspaces

    async def is_new(self) -> bool:
        """True until a workspace was opened, in the whole life of the records.

        Nobody may begin anew by removing the list of heads: the records know better.
        """
        return self._heads.is_empty and not await self._store.workspaces()

    async def open(
        self,
        root: Path,
        repository: Repository | None,
        files: Collection[str],
        *,
        accept: bool,
    ) -> None:
        """Judge the workspace *root* from now on.

        With *accept* what stands there is the beginning; without, it is compared with
        its base, which finds what changed while nobody watched. *files* are all files
        of a folder without git.
        """
        checkout = Checkout(
            root,
            await self._store.name_workspace(str(root), root.name),
            repository,
            self._store,
            settings=self._settings,
            wall=self._wall,
        )
        known = {row.path: row for row in await self._store.all_judged(checkout.key)}
        for path, row in known.items():
            checkout.paths.of(path).last = row.sha256 or ""
        paths = await self._differing(repository, files)
        await self._follower.stand(checkout)
        if accept:
            await self._accept(checkout, paths)
        for path in known.keys() & set(paths):
            await self._hold_again(checkout, known[path])
        self._places.add(checkout)
        checkout.take(self._settings)  # others may have been approved meanwhile
        await self._follower.follow(checkout)
        if not accept:
            moved_on = await asyncio.to_thread(_moved_on, checkout)
            await self._resume(checkout, {*paths, *moved_on})
        await self._assign_leftovers(checkout)

    def close(self, root: Path) -> None:
        """The workspace *root* is gone, and what waited there for a judgement."""
        checkout = self._places.remove(root)
        if checkout is not None:
            checkout.paths.stop_waiting()
            checkout.failed.clear()

    def take(self, settings: Config, rulebook: Rulebook) -> None:
        """Judge by other settings and rules from now on; `look_again` follows."""
        self._settings = settings
        self._settler.quiet = settings.watch.settle_ms / 1000
        self._examiner.take(settings, rulebook)
        for checkout in self._places.all:
            checkout.take(settings)

    async def look_again(self, files: Callable[[Path], Collection[str]]) -> None:
        """Judge all that differs from its base once more, as if we had just started.

        *files* tells all files of a folder without git.
        """
        for checkout in self._places.all:
            known = () if checkout.repository else files(checkout.root)
            changed = await self._differing(checkout.repository, known)
            await self._resume(checkout, changed, self._again)

    async def bind(self, agent: Agent) -> Path:
        """The checkout that *agent* works in, which is watched from now on."""
        return await self._places.bind(agent)

    # Hints

    async def saved(
        self, workspace: Path, path: str, *, renamed_from: str | None = None
    ) -> None:
        """Judge *path* if it holds something that was not judged yet."""
        checkout = self._places.get(workspace)
        if checkout is None:
            return
        if renamed_from is not None:
            checkout.paths.of(path).old_path = renamed_from
        if checkout.paths.of(path).is_hinted:
            return  # somebody is about to read it
        checkout.paths.of(path).is_hinted = True
        async with self._turns, checkout.lock(path):
            checkout.paths.of(path).is_hinted = False
            with self._settler.retrying(checkout, path):
                await self._saved(checkout, path)

    async def git_moved(self, workspace: Path) -> None:
        """git wrote something: find out whether `HEAD` is another one now."""
        checkout = self._places.get(workspace)
        if checkout is None:
            return
        try:
            await self._follower.follow(checkout)
        except MachineError as error:  # the next hint comes with the next look
            await self._warden.degraded(_GIT, error.problem)
        else:
            await self._warden.recovered(_GIT)

    # What agents ask

    async def reported(
        self, agent: Agent, report: protocol.Report
    ) -> protocol.Reported:
        """The verdict on a change that landed; a repeated event gets the same one."""
        earlier = await self._warden.answered(agent.id, report.event_id)
        if earlier is not None:
            return protocol.Reported(seq=earlier.seq, verdict=earlier.verdict)
        checkout, path = await self._places.locate(agent, report.path)
        if report.old_path is not None:
            _, old_path = await self._places.locate(agent, report.old_path)
            checkout.paths.of(path).old_path = old_path
        async with checkout.lock(path):
            file = await checkout.read(path)
            _refuse_nothing(report, file, await checkout.base(path))
            claimed = _claimed(report, file)
            self._examiner.authors.claims.put(checkout.key, path, agent.id, claimed)
            recorded = await self._examiner.examine(
                *(checkout, path, file, When.SAVE),
                reporter=agent.id,
                event_id=report.event_id,
                task_id=report.task_id,
            )
            if claimed != file.sha256 and report.new_content is not None:
                wrote = File(report.new_content.encode())
                await self._examiner.blame(checkout, path, agent.id, wrote, file)
            self._settler.wait_for(checkout, path)
        if report.change_type is ChangeType.RENAME and report.old_path is not None:
            self._spawn(self.saved(checkout.root, old_path))
        return protocol.Reported(seq=recorded.seq, verdict=recorded.verdict)

    async def proposed(self, agent: Agent, check: protocol.Check) -> Verdict:
        """The verdict on a change that may land; nothing is recorded."""
        checkout, path = await self._places.locate(agent, check.path)
        if check.old_path is not None:
            _, old_path = await self._places.locate(agent, check.old_path)
            checkout.paths.of(path).old_path = old_path
        base = await checkout.base(path)
        content = check.new_content
        file = File(None if content is None else content.encode())
        analysis = await self._examiner.analyse(checkout, path, base, file, When.SAVE)
        known = self._warden.quarantine_for(agent.id, checkout.root)
        return self._warden.verdict(analysis, known)

    async def repair(
        self, agent: Agent, changes: Sequence[protocol.ProposedFile]
    ) -> tuple[Offer, ...]:
        """Each file as proposed, with what it would still lack."""
        return tuple([await self._repair(agent, change) for change in changes])

    async def _repair(self, agent: Agent, change: protocol.ProposedFile) -> Offer:
        checkout, path = await self._places.locate(agent, change.path)
        content = change.new_content.encode()
        file = File(content)
        bases = await checkout.bases(path)
        found = await self._examiner.judgements(
            checkout, path, bases, file, When.SETTLED
        )
        whole = sum((judgement.analysis for judgement in found), Analysis())
        if whole.unanalysable:
            raise PeerError(
                "INVALID_PARAMS",
                f"{path} can not be judged: {whole.unanalysable[0].reason}",
                hint="propose the file as it stood before the loss",
            )
        violations = {v.fingerprint: v for v in whole.violations}
        return offer(
            path=path,
            workspace=checkout.key,
            content=content,
            standing=(await checkout.read(path)).content,
            violations=tuple(violations.values()),
        )

    # A save, and the silence after it

    async def _saved(self, checkout: Checkout, path: str) -> None:
        await self._follower.catch_up(checkout)
        file = await checkout.read(path)
        if await checkout.leaves_out(path):  # by now: it may have just been approved
            return checkout.paths.forget(path)
        last = checkout.paths.of(path).last
        if last == file.mark or (last == "" and file.content is None):
            return
        if last is None and await self._is_as_committed(checkout, path, file):
            return checkout.paths.forget(path)
        await self._examiner.examine(checkout, path, file, When.SAVE)
        self._settler.wait_for(checkout, path)

    async def _is_as_committed(self, checkout: Checkout, path: str, file: File) -> bool:
        """The file was only touched: there is nothing to say about it."""
        (base, *older) = await checkout.bases(path)
        return not older and file.problem is None and file.content == base.content

    async def _git_keeps_us_waiting(self, checkout: Checkout, seconds: float) -> None:
        part = f"git in {checkout.name} (lock)"
        if not seconds:
            return await self._warden.recovered(part)
        reason = f"its lock is held for {seconds:.0f} s: files are judged after that"
        return await self._warden.degraded(part, reason)

    async def _all_committed(self, checkout: Checkout, paths: Collection[str]) -> None:
        await each(paths, partial(self._committed, checkout))

    async def _committed(self, checkout: Checkout, path: str) -> None:
        await self.saved(checkout.root, path)
        self._settler.wait_for(checkout, path)

    # Starting

    async def _differing(
        self, repository: Repository | None, files: Collection[str]
    ) -> list[str]:
        if repository is None:
            return list(files)
        changes = await asyncio.to_thread(repository.worktree_changes)
        overlooked = await asyncio.to_thread(repository.overlooked)
        changed = [change.path for change in changes if not change.is_submodule]
        return list(dict.fromkeys([*changed, *overlooked]))

    async def _accept(self, checkout: Checkout, paths: Sequence[str]) -> None:
        for path in paths:
            if skip_reason(path, None) is None:
                await self._examiner.accept(checkout, path, await checkout.read(path))

    async def _again(self, checkout: Checkout, path: str) -> None:
        async with checkout.lock(path):  # whoever judged by other rules has ended
            checkout.paths.of(path).settled = None
        self._settler.wait_for(checkout, path)

    async def _resume(
        self, checkout: Checkout, paths: Collection[str], judge: _Task | None = None
    ) -> None:
        violations = await self._store.violations(limit=_EVERY)
        damaged = {v.path for v in violations} & checkout.paths.last.keys()
        work = partial(judge or self._committed, checkout)
        self._spawn(each(sorted({*paths, *damaged}), work))

    async def _hold_again(self, checkout: Checkout, row: LastJudged) -> None:
        """What git does not know is compared with its past, as before."""
        for kept in filter(None, (row.base, row.sha256)):
            if await self._store.blob(kept) is not None:
                checkout.paths.of(row.path).held = kept
                return

    async def _assign_leftovers(self, checkout: Checkout) -> None:
        """Violations that still waited for a claim when the last daemon ended."""
        for row in await self._store.unassigned():
            if row.workspace == checkout.key:
                ids, path = [row.violation.id], row.violation.path
                await self._examiner.authors.assign(checkout, path, [row.sha256], ids)

    def _agents_in(self, checkout: Checkout) -> list[str]:
        return self._places.agents_in(checkout, self._warden.agents)


def _moved_on(checkout: Checkout) -> list[str]:
    """Judged files that changed while nobody watched, where git may see no change:
    one that it does not know is gone, another is again as it was committed.
    """

    def now(path: str) -> str:
        return read(checkout.root, path, limit=checkout.limit).sha256 or ""

    return [path for path, mark in checkout.paths.last.items() if mark != now(path)]


def _refuse_nothing(report: protocol.Report, file: File, base: Base) -> None:
    """Raises `PeerError` for a path that never was a file: allow would mean nothing."""
    if report.change_type is ChangeType.DELETE:
        return  # it may have come and gone
    if file.content is None and file.problem is None and base.content is None:
        raise PeerError(
            "NOT_FOUND",
            f"{report.path!r} is no file here, and the base has none either",
            hint="name it relative to the workspace, and report it once it is saved",
        )


def _claimed(report: protocol.Report, file: File) -> str | None:
    """The hash of what the agent says it wrote; if it says nothing, of the file."""
    if report.new_content is None:
        return file.sha256
    return hashlib.sha256(report.new_content.encode()).hexdigest()
