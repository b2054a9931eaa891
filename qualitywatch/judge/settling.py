"""The silence after the saves: what needs a finished edit is judged as one set."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from functools import partial

from qualitywatch import failpoints
from qualitywatch.errors import MachineError
from qualitywatch.judge.authors import Spawn
from qualitywatch.judge.checkout import Checkout
from qualitywatch.judge.examiner import Examiner
from qualitywatch.judge.turns import each
from qualitywatch.model import When
from qualitywatch.warden import Warden

RETRY_SECONDS = 5.0
PATIENCE_SECONDS = 60.0  # with an unfinished merge, before it is said aloud
_UNFINISHED = (
    "a merge or rebase is not finished, so finished edits are not judged yet:"
    " continue it, abort it, or remove what somebody left in the git folder"
)
_PART = "judge"  # what is degraded while a file can not be judged


class Settler:
    """Judges again, once a workspace is quiet, and again what failed.

    *turns* bounds how much is judged at a time.
    """

    def __init__(
        self,
        examiner: Examiner,
        *,
        warden: Warden,
        settle_ms: int,
        spawn: Spawn,
        turns: asyncio.Semaphore,
    ) -> None:
        self._examiner = examiner
        self._warden = warden
        self.quiet = settle_ms / 1000
        self._spawn = spawn
        self._turns = turns

    def wait_for(self, checkout: Checkout, path: str) -> None:
        """*path* is judged again when *checkout* has been quiet for a while."""
        checkout.wait_for(path)
        checkout.changed_at = asyncio.get_running_loop().time()
        if not checkout.is_settling:
            checkout.is_settling = True
            self._spawn(self._when_quiet(checkout))

    @contextlib.contextmanager
    def retrying(self, checkout: Checkout, path: str) -> Iterator[None]:
        """What the machine does not allow now is tried again, and not forgotten."""
        try:
            yield
        except MachineError as error:
            if not checkout.failed:
                self._spawn(self._retry(checkout, error.problem))
            checkout.failed.add(path)

    async def _when_quiet(self, checkout: Checkout) -> None:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        part = f"git in {checkout.name}"
        while (rest := checkout.changed_at + self.quiet - loop.time()) > 0:
            await asyncio.sleep(rest)
            if await checkout.is_unfinished():
                checkout.changed_at = loop.time()
                if loop.time() - begun > PATIENCE_SECONDS:
                    await self._warden.degraded(part, _UNFINISHED)
        await self._warden.recovered(part)
        checkout.is_settling = False
        await self._settle(checkout)

    async def _settle(self, checkout: Checkout) -> None:
        """Judge all that waits as one change set: code may move between files."""
        paths = checkout.paths.pending
        with contextlib.suppress(MachineError):  # who judges them will meet it again
            await checkout.learn_moves(paths)
        await each(paths, partial(self._learn, checkout))
        await each(paths, partial(self._settle_path, checkout))
        for path in set(checkout.paths.lacking) - set(paths):
            await self._look_again(checkout, path)

    async def _learn(self, checkout: Checkout, path: str) -> None:
        async with self._turns:
            with self.retrying(checkout, path):
                await self._examiner.learn(checkout, path)

    async def _look_again(self, checkout: Checkout, path: str) -> None:
        """Judge *path* again where other files now say something else of it."""
        with self.retrying(checkout, path):
            if await self._examiner.looks_different(checkout, path):
                checkout.paths.of(path).settled = None
                await self._settle_path(checkout, path)

    async def _settle_path(self, checkout: Checkout, path: str) -> None:
        async with self._turns, checkout.lock(path):
            with self.retrying(checkout, path):
                file, base = await checkout.read(path), await checkout.base(path)
                is_settled = checkout.is_settled(path, file.mark, base.ref)
                if not (is_settled or await checkout.leaves_out(path)):
                    await self._examiner.examine(checkout, path, file, When.SETTLED)
                checkout.settled(path, file, base)
            failpoints.reach("mid_settle")

    async def _retry(self, checkout: Checkout, reason: str) -> None:
        with contextlib.suppress(MachineError):  # the store itself may be what fails
            await self._warden.degraded(_PART, reason)
        await asyncio.sleep(RETRY_SECONDS)
        paths, checkout.failed = checkout.failed, set()
        for path in paths:
            checkout.paths.of(path).last = None
            await self._settle_path(checkout, path)
        if not checkout.failed:
            await self._warden.recovered(_PART)
