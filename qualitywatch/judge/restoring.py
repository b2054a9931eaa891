"""Optional enforcement: the code that somebody is in quarantine for is put back.

Only what is exact: the lost block as the base has it, in a file that is still the one
that was judged, with nothing found wrong in the result that was not wrong before. Code
of which nobody is accused is a person's own affair, and stays as it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from qualitywatch import replacing
from qualitywatch.errors import MachineError
from qualitywatch.judge.checkout import Base, Checkout
from qualitywatch.judge.examiner import Examiner, change_of
from qualitywatch.judge.files import File
from qualitywatch.model import When
from qualitywatch.reports.safe import encodable
from qualitywatch.store import OpenViolation, Store
from qualitywatch.warden import Warden
from qualitywatch.workers.pool import Workers

_MOST = 20  # violations of one file that are tried
_LOOKS = 20  # whether somebody answers by now
_TURN = 0.1  # seconds between two of them


class Restorer:
    """Puts back what violations took away, once somebody is in quarantine for them."""

    def __init__(
        self, examiner: Examiner, *, warden: Warden, store: Store, workers: Workers
    ) -> None:
        self._examiner = examiner
        self._warden = warden
        self._store = store
        self._workers = workers

    async def restore(
        self, checkout: Checkout, path: str, sha256: str | None, ids: Sequence[str]
    ) -> None:
        """Put back what *ids* took from *path*, while it holds the content *sha256*."""
        rows = await self._punished(ids)
        if not rows:
            return
        async with checkout.lock(path):
            file = await checkout.read(path)
            if file.problem is None and file.sha256 == sha256:
                await self._restore(checkout, path, file, rows)

    async def _punished(self, ids: Sequence[str]) -> list[OpenViolation]:
        """Those of *ids* that took code away and that somebody is stopped for."""
        for _ in range(_LOOKS):
            rows = await self._store.open_of(ids)
            if all(row.assigned for row in rows):
                break
            await asyncio.sleep(_TURN)
        stopped = {known.subject for known in self._warden.quarantines}
        lost = [row for row in rows if row.violation.evidence is not None]
        return [row for row in lost if row.blamed & stopped][:_MOST]

    async def _restore(
        self,
        checkout: Checkout,
        path: str,
        file: File,
        rows: Sequence[OpenViolation],
    ) -> None:
        bases = {base.ref: base for base in await checkout.bases(path)}
        now, restored = file, list[str]()
        for row in rows:
            base = bases.get(row.base)
            mended = base and await self._mended(path, base, now, row)
            if mended is not None:
                now = File(mended)
                restored.append(row.violation.id)
        if now == file or not await self._is_better(checkout, path, file, now):
            return
        if await _replaced(checkout, path, file, now):
            await self._tell(checkout, path, file, now, restored)

    async def _mended(
        self, path: str, base: Base, file: File, row: OpenViolation
    ) -> bytes | None:
        """The whole file with the code of *row* put back; `None` if not exact."""
        change = change_of(path, base, file)
        mended = await self._workers.mend(change, row.violation)
        if mended is None or mended.problem is not None or mended.refused:
            return None
        return mended.content

    async def _is_better(
        self, checkout: Checkout, path: str, before: File, after: File
    ) -> bool:
        """True where *after* has none but old faults, and fewer of them."""
        old = await self._faults(checkout, path, before)
        new = await self._faults(checkout, path, after)
        return old is not None and new is not None and new < old

    async def _faults(
        self, checkout: Checkout, path: str, file: File
    ) -> frozenset[str] | None:
        """The fingerprints of what is wrong; `None` where that is not known."""
        bases = await checkout.bases(path)
        judged = await self._examiner.judgements(
            checkout, path, bases, file, When.SETTLED
        )
        if any(one.analysis.unanalysable for one in judged):
            return None
        found = (one for each in judged for one in each.analysis.violations)
        return frozenset(one.fingerprint for one in found)

    async def _tell(
        self,
        checkout: Checkout,
        path: str,
        before: File,
        after: File,
        restored: Sequence[str],
    ) -> None:
        """Judge what we wrote, which is nobody's edit, and say that we did."""
        self._examiner.authors.is_ours(checkout, path, after)
        await self._warden.restored(
            workspace=checkout.key,
            path=encodable(path),
            violations=tuple(restored),
            before=before.sha256,
            after=after.sha256,
        )
        await self._examiner.examine(checkout, path, after, When.SETTLED)
        checkout.settled(path, after, await checkout.base(path))


async def _replaced(checkout: Checkout, path: str, before: File, after: File) -> bool:
    """True where *after* stands in the file now; it must still hold *before*."""
    assert after.content is not None
    try:
        await asyncio.to_thread(
            replacing.put, checkout.root, path, after.content, instead=before.content
        )
    except replacing.Changed:
        return False  # its own judgement follows
    except OSError as error:
        raise MachineError(
            f"lost code can not be put back: {error.strerror}",
            place=str(checkout.root / path),
        ) from error
    return True
