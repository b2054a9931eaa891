"""Keeps the newest record of the audit out of reach, and compares with it.

A database can be put back to an older state, or replaced by a fresh one, and every
record in it still chains. So the newest record, the head, is noted each second in the
user's own folder (`enrolment`), and appended now and then to the files that an operator
has named. A daemon that finds another history does not go on with it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from qualitywatch.audit import UNKNOWN, Decision, Head, Record
from qualitywatch.audit.heads import Exported, line
from qualitywatch.audit.holding import ACTIONS
from qualitywatch.config import Audit
from qualitywatch.daemon.exporting import append, exported_heads, exported_last
from qualitywatch.daemon.place import ENROLLED
from qualitywatch.enrolment import DATABASE_NAME, Marks
from qualitywatch.errors import MachineError
from qualitywatch.git import Repository
from qualitywatch.store import Store, verified_audit

_WAY_OUT = (
    "look what is wrong: qualitywatch verify-audit; put the newest backup in its place:"
    " qualitywatch restore-db FILE; or go on with what is there:"
    " qualitywatch init --again"
)
_FIRST = frozenset({"history.begin", "passphrase.set", "settings.approve"})
_MOST_TOLD = 5  # of what was edited


class AuditHead:
    """The head of the audit of one state folder, as it is known outside of it."""

    def __init__(
        self,
        root: Path,
        store: Store,
        settings: Audit,
        clock: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._root = root
        self._store = store
        self._clock = clock
        self._marks = Marks(store.folder)
        self._kept: Head | None = None
        self._exported: Head | None = None
        self._exported_at = float("-inf")

    def take(self, settings: Audit) -> None:
        """Export as *settings* say from now on."""
        self._settings = settings

    async def check(self) -> list[Decision]:
        """What was done to the marks while no daemon ran, to be noted in the audit.

        Raises `MachineError` where the audit is not the one that was noted last, or
        the tables are not what the audit says.
        """
        found, known = await asyncio.to_thread(self._known)
        if not self._marks.is_accepted():
            await _refuse(self._store, known)
        if not found:
            found = _strange(
                known, await self._store.audit(known.number if known else 0)
            )
        await self._begin()
        return found

    async def _begin(self) -> None:
        self._kept = await self._store.audit_head()
        await asyncio.to_thread(self._marks.keep_head, self._kept)
        self._exported = await asyncio.to_thread(exported_last, self._settings.export)

    async def keep(self) -> str | None:
        """Note the newest record; what is wrong where the one noted last is gone.

        Then the note stays, and tells the next start the same.
        """
        if self._kept is not None and not await self._store.holds(self._kept):
            number = self._kept.number
            return f"record {number} was changed or cut off while the daemon ran"
        newest = await self._store.audit_head()
        if newest != self._kept:
            await asyncio.to_thread(self._marks.keep_head, newest)
            self._kept = newest
        return None

    async def export(self, *, at_once: bool = False) -> list[str]:
        """Append the newest record to the operator's files; those that can not be.

        Nothing is written where there is nothing new, or something was written lately.
        """
        now = asyncio.get_running_loop().time()
        places = self._settings.export
        is_due = at_once or now - self._exported_at >= self._settings.every_seconds
        if not (places and is_due and self._kept != self._exported):
            return []
        assert self._kept is not None, "`check` comes first"
        self._exported_at = now
        exported = Exported(
            time=self._clock().isoformat(), repository=str(self._root), head=self._kept
        )
        problems = await asyncio.to_thread(append, places, line(exported))
        if not problems:
            self._exported = self._kept
        return problems

    async def finish(self) -> None:
        """Note and export the last record of this run."""
        with contextlib.suppress(MachineError):  # the warden has said why
            if self._kept is not None and await self.keep() is None:
                await self.export(at_once=True)

    async def fault(self) -> str | None:
        """The first record that is not as it was written, with all that is exported.

        Or where the tables say what the audit does not know of.
        """
        heads, _ = await asyncio.to_thread(
            exported_heads, self._store.folder, self._settings.export
        )
        path = self._store.folder / DATABASE_NAME
        fault = (await asyncio.to_thread(verified_audit, path, heads)).fault
        if fault is not None:
            return f"record {fault.number}: {fault.problem}"
        edited = await self._store.edited()
        return "; ".join(edited[:_MOST_TOLD]) if edited else None

    def _known(self) -> tuple[list[Decision], Head | None]:
        """What is strange about the marks, and the newest record they know."""
        marks = self._marks
        if marks.is_accepted():
            return [_accepted(self._store.folder)], None
        repository = Repository.discover(self._root)
        enrolled = None if repository is None else repository.setting(ENROLLED)
        before = None if marks.is_set() else marks.before(enrolled or "")
        if before is not None:
            marks.adopt(before)
            how = "copied" if before.state_dir.exists() else "moved"
            found = _found(f"repository.{how}", f"from {before.state_dir}")
            return [found], before.head() if how == "moved" else None
        known = marks.head()
        if known is None:
            if marks.is_set() or enrolled is not None:
                raise _without_head(marks)
            return [], None
        return _changed_marks(marks, enrolled, in_git=repository is not None), known


def _strange(known: Head | None, newer: Sequence[Record]) -> list[Decision]:
    """What is strange about records that are *newer* than the one that was noted."""
    if known is None:  # a first start; or nothing was left that says otherwise
        is_used = any(record.action not in _FIRST for record in newer)
        return [_found("marks.removed", "every mark")] if is_used else []
    freeing = [record for record in newer if record.action in ACTIONS]
    if not freeing:
        return []
    return [
        Decision(
            action="audit.unseen",
            who=UNKNOWN,
            object=f"records {newer[0].number} to {newer[-1].number}",
            result="found",
            reason="a daemon was killed, or another hand has added: "
            + ", ".join(f"{record.action} {record.object}" for record in freeing),
        )
    ]


async def refuse_other(store: Store) -> None:
    """Raises `MachineError` where *store* is not as its audit or the marks say.

    To be asked before a command writes into it without a daemon's care.
    """
    marks = Marks(store.folder)
    if not marks.is_accepted():
        await _refuse(store, await asyncio.to_thread(marks.head))


async def _refuse(store: Store, known: Head | None) -> None:
    database = store.folder / DATABASE_NAME
    if known is not None and not await store.holds(known):
        raise _other(known, await store.audit_head(), database)
    edited = await store.edited()
    if edited:
        raise _edited(edited, database)


async def note_newest(store: Store) -> None:
    """Note the newest record where a command wrote without a daemon's care."""
    marks = Marks(store.folder)
    known = await asyncio.to_thread(marks.head)
    if known is not None and await store.holds(known):
        await asyncio.to_thread(marks.keep_head, await store.audit_head())


def _other(known: Head, newest: Head, database: Path) -> MachineError:
    if known.history != newest.history:
        problem = "another database stands here: it does not hold what was recorded"
    elif newest.number < known.number:
        problem = (
            f"the database is older than it was: record {known.number} of its audit"
            f" was noted, and it ends at {newest.number}"
        )
    else:
        problem = (
            f"record {known.number} of the audit is not the one that was noted:"
            " the database was changed, or an older one was put in its place"
        )
    return MachineError(problem, place=str(database), hint=_WAY_OUT)


def _edited(edited: Sequence[str], database: Path) -> MachineError:
    told = "; ".join(edited[:_MOST_TOLD])
    more = len(edited) - _MOST_TOLD
    return MachineError(
        "the database was edited, by its own audit: "
        f"{told}{f'; and {more} more' if more > 0 else ''}",
        place=str(database),
        hint=_WAY_OUT,
    )


def _without_head(marks: Marks) -> MachineError:
    return MachineError(
        "this repository is enrolled, but the note of its newest record is gone: "
        "nobody can say whether its records are the newest",
        place=str(marks.file),
        hint=_WAY_OUT,
    )


def _changed_marks(
    marks: Marks, enrolled: str | None, *, in_git: bool
) -> list[Decision]:
    """The marks that are not as we left them; they are made anew."""
    changed = []
    if not marks.is_set():
        changed.append(_found("marks.removed", str(marks.file)))
    if in_git and enrolled != marks.id:
        how = "removed" if enrolled is None else "changed"
        changed.append(_found(f"marks.{how}", f"git config {ENROLLED}"))
    return changed


def _accepted(state_dir: Path) -> Decision:
    return Decision(
        action="history.accept",
        who="operator",
        object=str(state_dir),
        result="allowed",
        reason="init --again: whatever stood there was taken as it was",
    )


def _found(action: str, what: str) -> Decision:
    return Decision(action=action, who=UNKNOWN, object=what, result="found")
