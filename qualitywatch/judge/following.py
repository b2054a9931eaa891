"""Where git takes a workspace: a commit is judged, a checkout is nobody's edit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence

from qualitywatch.git import Repository
from qualitywatch.judge.checkout import Checkout
from qualitywatch.judge.heads import Heads
from qualitywatch.judge.made import Made
from qualitywatch.judge.moves import Step
from qualitywatch.judge.standing import Pin

_TURN = 0.05  # seconds between two looks whether git is done
_PATIENCE = 2.0  # with a lock that nobody holds: it is no excuse for ever
_LONGEST = 120.0  # for the largest checkout
_SAID = 10.0  # seconds of waiting before it is said aloud
_WARY = 600.0  # after one that took longest: whoever holds a lock hides nothing by it


class Follower:
    """Keeps each checkout at the commit it stands on.

    *committed* is told of the paths that a commit changed and that were not judged
    against the commit before, *waits* of how many seconds git keeps us waiting; 0: no
    longer.
    """

    def __init__(
        self,
        heads: Heads,
        committed: Callable[[Checkout, Sequence[str]], object],
        waits: Callable[[Checkout, float], Awaitable[object]],
    ) -> None:
        self._heads = heads
        self._committed = committed
        self._waits = waits
        self._made = Made()

    async def stand(self, checkout: Checkout) -> None:
        """Begin where *checkout* stood when it was known last, else where it stands."""
        repository = checkout.repository
        if repository is not None:
            await asyncio.to_thread(self._made.begin, repository)
        if checkout.key in self._heads:
            checkout.head = self._heads.get(checkout.key)
        elif repository is not None:
            checkout.head = await asyncio.to_thread(self._beginning, repository)
        self._heads.put(checkout.key, checkout.head)

    async def follow(self, checkout: Checkout) -> None:
        """Bring *checkout* up to where git is."""
        async with checkout.moving:
            await self._follow(checkout)

    async def catch_up(self, checkout: Checkout) -> bool:
        """Wait until git is done; true when it did something since we followed it.

        A checkout writes files first and `HEAD` last: between the two, what it brings
        in looks like the work of whoever sits there. One waits for all: who comes while
        somebody follows, goes by what that one finds.
        """
        if not await checkout.has_git_moved():
            return False
        async with checkout.moving:
            if await checkout.has_git_moved():
                await self._until_git_is_done(checkout)
                await self._follow(checkout)
        return True

    async def _until_git_is_done(self, checkout: Checkout) -> None:
        loop = asyncio.get_running_loop()
        begun, longest = loop.time(), _LONGEST
        if begun < checkout.wary_until:
            longest = _PATIENCE
        waited, is_said = 0.0, False
        while waited <= longest and await checkout.git_is_busy():
            if waited > _PATIENCE and not await checkout.is_lock_held():
                break
            if waited > _SAID and not is_said:
                await self._waits(checkout, waited)
                is_said = True
            await asyncio.sleep(_TURN if waited < _PATIENCE else 10 * _TURN)
            waited = loop.time() - begun
        if waited > _LONGEST:
            checkout.wary_until = loop.time() + _WARY
        if is_said:
            await self._waits(checkout, 0)

    async def _follow(self, checkout: Checkout) -> None:
        repository = checkout.repository
        if repository is None:
            return
        seen = await checkout.git_stamp()  # what git writes from now on is another move
        head = await asyncio.to_thread(repository.head)
        if head is not None and head != checkout.head:
            await self._move(checkout, head)
        stash = await asyncio.to_thread(repository.find_commit, "refs/stash")
        checkout.stash = stash or checkout.stash  # the one that was popped
        is_wary = asyncio.get_running_loop().time() < checkout.wary_until
        is_midway = not is_wary and await checkout.is_lock_held()
        checkout.followed = () if is_midway else seen  # of what is not done yet

    def _beginning(self, repository: Repository) -> str | None:
        """Where *repository* stands, without the commits that were made meanwhile."""
        head = repository.head()
        made = self._made.steps(repository, None, head) if head else []
        return made[0].old if made else head

    async def _move(self, checkout: Checkout, head: str) -> None:
        steps = await checkout.steps(head)
        if is_moved := not all(step.is_edit for step in steps):
            steps = await self._with_made(checkout, steps, head)
        edited = await _edited(checkout, steps)
        if is_moved:
            _carry_over(checkout, edited, head)
        checkout.head = head
        judged, unjudged = [], []
        for path, commit in edited.items():
            known = checkout.paths.of(path)
            if checkout.is_settled(path, known.last, commit):
                judged.append(path)
            else:
                known.pin = known.pin or Pin(commit)
                unjudged.append(path)
        self._committed(checkout, unjudged)
        await checkout.committed(judged)
        self._heads.put(checkout.key, head)  # a full disk loses no judgement
        if checkout.repository is not None:
            self._made.stood_on(checkout.repository, head)

    async def _with_made(
        self, checkout: Checkout, steps: Sequence[Step], head: str
    ) -> list[Step]:
        """*steps*, and those of commits that the reflog takes for nobody's."""
        assert checkout.repository is not None
        told = {step.new for step in steps if step.is_edit}
        made = await asyncio.to_thread(
            self._made.steps, checkout.repository, checkout.head, head
        )
        return [*steps, *(step for step in made if step.new not in told)]


async def _edited(checkout: Checkout, steps: Sequence[Step]) -> dict[str, str | None]:
    """The paths that commits changed, each with the commit before its first change."""
    edited: dict[str, str | None] = {}
    for step in steps:
        for path in await checkout.changed(step):
            if known := checkout.paths.get(path):
                known.held = None  # git knows it from now on
            if step.is_edit:
                edited.setdefault(path, step.old)
    return edited


def _carry_over(checkout: Checkout, edited: Collection[str], head: str) -> None:
    """What waits and was not committed is compared with what is `HEAD` now."""
    for path in set(checkout.paths.pending) - set(edited):
        checkout.paths.of(path).pin = Pin(head)
