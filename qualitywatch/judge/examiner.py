"""One content of one file: analysed against its bases, attributed, recorded."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from qualitywatch import failpoints
from qualitywatch.analysis import skip_reason
from qualitywatch.attribution import NOBODY, Attribution
from qualitywatch.config import Config
from qualitywatch.gate import References, Tree
from qualitywatch.gate.surroundings import around as around_of
from qualitywatch.judge.authors import Authors, Spawn
from qualitywatch.judge.checkout import Base, Checkout
from qualitywatch.judge.files import File
from qualitywatch.model import (
    Analysis,
    Change,
    ChangeType,
    Decision,
    Grounds,
    Skipped,
    When,
)
from qualitywatch.reports.safe import encodable
from qualitywatch.rulebook import Rulebook
from qualitywatch.store import OpenViolation, Store
from qualitywatch.traces import ALONE, Around, Examined, Gains, Missing
from qualitywatch.warden import Judged, Recorded, Warden
from qualitywatch.workers.pool import Workers


class Judgement(NamedTuple):
    """What came out against one base."""

    base: Base
    analysis: Analysis
    rules_ran: frozenset[str]
    gains: Gains | None = None
    lacking: tuple[Missing, Around] | None = None


class Examiner:
    """Turns what stands in a file into a record, with an author where one is known.

    *catch_up* follows what git did to a checkout and says whether it did something;
    *spawn* runs a coroutine as a task that somebody owns.
    """

    def __init__(
        self,
        *,
        warden: Warden,
        store: Store,
        workers: Workers,
        rulebook: Rulebook,
        settings: Config,
        spawn: Spawn,
        agents_in: Callable[[Checkout], Sequence[str]],
        catch_up: Callable[[Checkout], Awaitable[bool]],
    ) -> None:
        self.authors = Authors(
            warden=warden, settings=settings, spawn=spawn, agents_in=agents_in
        )
        self.on_violations: Callable[
            [Checkout, str, str | None, Sequence[str]], object
        ] = _leave  # as they are; told of them where the settings ask for more
        self._warden = warden
        self._store = store
        self._workers = workers
        self._settings = settings
        self._catch_up = catch_up
        self._rules = _ids(rulebook)

    def take(self, settings: Config, rulebook: Rulebook) -> None:
        """Go by others from now on; what is judged meanwhile is judged by them too."""
        self._settings, self._rules = settings, _ids(rulebook)
        self.authors.take(settings)

    async def examine(
        self,
        checkout: Checkout,
        path: str,
        file: File,
        when: When,
        *,
        reporter: str | None = None,
        event_id: str | None = None,
        task_id: str | None = None,
    ) -> Recorded:
        """The record of *file* as it stands, against each of its bases."""
        bases = await checkout.bases(path)
        judgements = await self.judgements(checkout, path, bases, file, when)
        if _has_violations(judgements) and await self._catch_up(checkout):
            bases = await checkout.bases(path)
            judgements = await self.judgements(checkout, path, bases, file, when)
        if judgements[0].analysis.violations:
            current = await self._unless_brought_in(checkout, path, file, judgements[0])
            judgements = [current, *judgements[1:]]
        checkout.gain(path, file, bases[0], judgements[0].gains)
        if when is When.SETTLED:
            _remember(checkout, path, judgements)
        judgements.sort(key=self._denies)  # the last one answers a report
        is_whole = not _has_violations(judgements)
        if when is When.SETTLED and (is_whole or checkout.repository is None):
            await self._hold(checkout, path, file)
        author = self.authors.of(checkout, path, file)
        unassigned: list[str] = []
        found: list[str] = []
        for judgement in judgements:
            is_last = judgement is judgements[-1]
            failpoints.reach("before_record")
            recorded = await self._warden.record(
                Judged(
                    workspace=checkout.key,
                    path=encodable(path),
                    change_type=_change_type(judgement.base, file),
                    sha256=file.sha256,
                    when=when,
                    base=judgement.base.ref,
                    analysis=judgement.analysis,
                    rules_ran=judgement.rules_ran,
                    attribution=author,
                    reporter=reporter,
                    event_id=event_id if is_last else None,
                    task_id=task_id,
                )
            )
            unassigned += recorded.unassigned
            found += [one.id for one in recorded.violations]
        checkout.paths.of(path).last = file.mark
        if unassigned:
            self.authors.wait_for(checkout, path, file, unassigned)
        if found and self._settings.enforcement.restore:
            self.on_violations(checkout, path, file.sha256, tuple(found))
        return recorded

    async def _hold(self, checkout: Checkout, path: str, file: File) -> None:
        """What git does not know has its own past as base, before anybody is told.

        Without git that is the first content we saw; of a file that is not committed
        yet, the last one that was whole.
        """
        if file.content is None:
            return
        is_held = checkout.paths.of(path).held is not None
        is_new = not is_held and not await checkout.is_committed(path)
        is_rolling = checkout.repository is not None and is_held
        if is_new or is_rolling:
            kept = await self._store.keep_blob(file.content)
            checkout.paths.of(path).held = kept

    async def accept(self, checkout: Checkout, path: str, file: File) -> None:
        """What stands in *file* is the base from now on; nobody answers for it."""
        base = None
        if file.content is not None:
            base = await self._store.keep_blob(file.content)
            checkout.paths.of(path).held = base
        judged = Judged(
            workspace=checkout.key,
            path=encodable(path),
            change_type=ChangeType.UPDATE if file.content else ChangeType.DELETE,
            sha256=file.sha256,
            when=When.SETTLED,
            base=base,
            analysis=Analysis(),
            rules_ran=frozenset(),
            attribution=NOBODY,
        )
        await self._warden.record(judged)
        checkout.paths.of(path).last = file.mark

    async def judgements(
        self,
        checkout: Checkout,
        path: str,
        bases: Sequence[Base],
        file: File,
        when: When,
    ) -> list[Judgement]:
        """What is wrong with *file* against each base, in their order."""
        return [
            await self._judgement(checkout, path, base, file, when) for base in bases
        ]

    async def _judgement(
        self, checkout: Checkout, path: str, base: Base, file: File, when: When
    ) -> Judgement:
        rules = None
        while rules is not self._rules:  # those that ran are those that are named
            rules = self._rules
            examined, around = await self._examined(checkout, path, base, file, when)
        missing = examined.traces.missing
        return Judgement(
            base,
            examined.analysis,
            rules[when],
            examined.traces.gains,
            None if missing is None else (missing, around),
        )

    async def _unless_brought_in(
        self, checkout: Checkout, path: str, file: File, judgement: Judgement
    ) -> Judgement:
        """*judgement*, or an empty one where git itself wrote the file."""
        if not await checkout.is_brought_in(path, file.content):
            return judgement
        return Judgement(judgement.base, Analysis(), frozenset())

    async def analyse(
        self, checkout: Checkout, path: str, base: Base, file: File, when: When
    ) -> Analysis:
        """What is wrong with *file* compared with *base*."""
        return (await self._examined(checkout, path, base, file, when))[0].analysis

    async def learn(self, checkout: Checkout, path: str) -> None:
        """See to it that other judgements know what *path* has gained."""
        file, base = await checkout.read(path), await checkout.base(path)
        if checkout.knows_gains(path, file, base):
            return
        alone, _ = await self._examined(checkout, path, base, file, When.SAVE)
        checkout.gain(path, file, base, alone.traces.gains)

    async def looks_different(self, checkout: Checkout, path: str) -> bool:
        """True when the other files say something else of *path* than they did."""
        for missing, around in checkout.paths.of(path).lacking:
            if around != await self._around(checkout, path, missing):
                return True
        return False

    async def _examined(
        self, checkout: Checkout, path: str, base: Base, file: File, when: When
    ) -> tuple[Examined, Around]:
        """*file* as compared with *base*, and what the other files said of it."""
        if reason := _skipped(path, base, file):
            skipped = Skipped(path=encodable(path), reason=reason)
            return Examined(analysis=Analysis(skipped=(skipped,))), ALONE
        change = change_of(path, base, file)
        if change.problem is None and _is_nothing(change):
            return Examined(), ALONE
        asked = (file.mark, base.ref, base.old_path, when)
        answer = checkout.paths.of(path).answer
        if answer is not None and answer[0] == asked:
            return answer[1], ALONE
        rules = self._rules
        found, around = await self._workers.examine(change, when=when), ALONE
        if found.traces.missing is not None:
            around = await self._around(checkout, path, found.traces.missing)
        if around != ALONE:
            found = await self._workers.examine(change, when=when, around=around)
        is_read = not found.analysis.unanalysable
        if when is When.SAVE and is_read and rules is self._rules:
            checkout.paths.of(path).answer = (asked, found)
        return found, around

    async def _around(self, checkout: Checkout, path: str, missing: Missing) -> Around:
        references = None
        if checkout.repository is not None and missing.path == encodable(path):
            # Of a renamed file the old path is judged for itself: it is deleted.
            limit = self._settings.analysis.max_file_bytes
            tree = Tree(checkout.repository, limit=limit)
            references = References(tree, self._workers.imports_all)
        return await asyncio.to_thread(
            around_of, path, missing, checkout.elsewhere, references
        )

    # Who wrote it.

    async def blame(
        self, checkout: Checkout, path: str, agent: str, earlier: File, now: File
    ) -> None:
        """*agent* wrote *earlier*, which was overwritten before it said so.

        It answers for what was in it already, though it was found in what stands there
        *now* or is waited for. Of what was found in between nobody knows the order.
        """
        rows = await self._store.open_in(checkout.key, encodable(path))
        if not rows:
            return
        bases = await checkout.bases(path)
        judged = await self.judgements(checkout, path, bases, earlier, When.SAVE)
        found = {one.fingerprint for each in judged for one in each.analysis.violations}
        ids = [
            row.violation.id
            for row in rows
            if row.sha256 == earlier.sha256
            or (row.violation.fingerprint in found and _is_later(row, now))
        ]
        if ids:
            self.authors.answered(ids)
            author = Attribution(subject=agent, agent=agent, grounds=Grounds.REPORT)
            await self._warden.assign(ids, author, found_in=earlier.sha256)

    def _denies(self, judgement: Judgement) -> bool:
        verdict = self._warden.verdict(judgement.analysis)
        return verdict.decision is Decision.DENY


def _leave(*_: object) -> None:
    """Nothing is done about violations but to record them."""


def _is_later(row: OpenViolation, now: File) -> bool:
    """True where the violation was found in what overwrote the content in question."""
    return not row.assigned or row.sha256 == now.sha256


def _ids(rulebook: Rulebook) -> dict[When, frozenset[str]]:
    return {
        when: frozenset(rule.id for rule in rulebook.of(when).rules) for when in When
    }


def change_of(path: str, base: Base, file: File) -> Change:
    """What happened to *path* since *base*."""
    return Change(
        path=encodable(path),
        before=base.content,
        after=file.content,
        old_path=None if base.old_path is None else encodable(base.old_path),
        problem=file.problem,
    )


def _skipped(path: str, base: Base, file: File) -> str | None:
    if file.problem is None and file.content is None:
        return None
    if file.link is not None and base.content in (None, file.link):
        return "symbolic link"
    known = next((c for c in (base.content, file.content) if c is not None), file.head)
    return skip_reason(encodable(path), known)


def _change_type(base: Base, file: File) -> ChangeType:
    if file.content is None and file.problem is None:
        return ChangeType.DELETE
    if base.old_path is not None:
        return ChangeType.RENAME
    return ChangeType.INSERT if base.content is None else ChangeType.UPDATE


def _is_nothing(change: Change) -> bool:
    return change.before == change.after and change.old_path is None


def _remember(checkout: Checkout, path: str, judgements: Sequence[Judgement]) -> None:
    """Keep what *path* lacks: a later edit of another file may make up for it."""
    checkout.paths.of(path).lacking = tuple(
        j.lacking for j in judgements if j.lacking and j.analysis.violations
    )


def _has_violations(judgements: Sequence[Judgement]) -> bool:
    return any(judgement.analysis.violations for judgement in judgements)
