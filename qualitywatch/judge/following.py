"""Where git takes a workspace: a commit is judged, a checkout is nobody's edit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from qualitywatch.judge.checkout import Checkout
from qualitywatch.judge.heads import Heads

_TURN = 0.05  # seconds between two looks whether git is done
_PATIENCE = 40  # looks; a lock that stays is no excuse for ever


class Follower:
    """Keeps each checkout at the commit it stands on.

    *committed* is told of every path that a commit changed and that was not judged
    against the commit before.
    """

    def __init__(
        self, heads: Heads, committed: Callable[[Checkout, str], object]
    ) -> None:
        self._heads = heads
        self._committed = committed

    async def stand(self, checkout: Checkout) -> None:
        """Begin where *checkout* stood when it was known last, else where it stands."""
        if checkout.key in self._heads:
            checkout.head = self._heads.get(checkout.key)
        elif checkout.repository is not None:
            checkout.head = await asyncio.to_thread(checkout.repository.head)
        self._heads.put(checkout.key, checkout.head)

    async def follow(self, checkout: Checkout) -> None:
        """Bring *checkout* up to where git is."""
        repository = checkout.repository
        if repository is None:
            return
        async with checkout.moving:
            await checkout.follows()
            head = await asyncio.to_thread(repository.head)
            if head is not None and head != checkout.head:
                await self._move(checkout, head)
            stash = await asyncio.to_thread(repository.find_commit, "refs/stash")
            checkout.stash = stash or checkout.stash  # the one that was popped

    async def catch_up(self, checkout: Checkout) -> bool:
        """Wait until git is done; true when it did something since we followed it.

        A checkout writes files first and `HEAD` last: between the two, what it brings
        in looks like the work of whoever sits there.
        """
        if not await checkout.has_git_moved():
            return False
        for _ in range(_PATIENCE):
            if not await checkout.git_is_busy():
                break
            await asyncio.sleep(_TURN)
        await self.follow(checkout)
        return True

    async def _move(self, checkout: Checkout, head: str) -> None:
        steps = await checkout.steps(head)
        edited: dict[str, str | None] = {}
        for step in steps:
            for path in await checkout.changed(step):
                checkout.held.pop(path, None)
                if step.is_edit:
                    edited.setdefault(path, step.old)
        if not all(step.is_edit for step in steps):
            for path in checkout.pending.keys() - edited.keys():
                checkout.pending[path] = head  # carried over to what is HEAD now
        checkout.head = head
        for path, commit in edited.items():
            if checkout.settled.get(path) != (checkout.last.get(path), commit):
                checkout.pending.setdefault(path, commit)
                self._committed(checkout, path)
        self._heads.put(checkout.key, head)  # a full disk loses no judgement
