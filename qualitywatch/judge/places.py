"""Which checkout a path of an agent belongs to."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Collection
from pathlib import Path

from qualitywatch.errors import PeerError
from qualitywatch.judge.checkout import Checkout
from qualitywatch.model import Agent


class Places:
    """The checkouts that are judged; *watch* adds the one that holds a folder."""

    def __init__(self, main: Path, watch: Callable[[Path], Awaitable[object]]) -> None:
        self._main = main
        self._watch = watch
        self._checkouts: dict[Path, Checkout] = {}
        self._real: dict[str, Path] = {}

    def add(self, checkout: Checkout) -> None:
        """From now on *checkout* is found."""
        self._checkouts[checkout.root] = checkout

    def remove(self, root: Path) -> Checkout | None:
        """The checkout at *root*, which is not found any more from now on."""
        return self._checkouts.pop(root, None)

    def get(self, root: Path) -> Checkout | None:
        """The checkout whose root this is."""
        return self._checkouts.get(root)

    @property
    def all(self) -> tuple[Checkout, ...]:
        """Every checkout that is judged."""
        return tuple(self._checkouts.values())

    async def locate(self, agent: Agent, path: str) -> tuple[Checkout, str]:
        """The checkout that holds what *agent* calls *path*, and its name there.

        Raises `PeerError` where that is not ours.
        """
        workspace = self._folder(agent.workspace)
        outer = await self.of(workspace)
        file = workspace / path
        checkout = self._holding(file) or outer
        relative = file.relative_to(checkout.root).as_posix()
        if relative.partition("/")[0] == ".git":
            raise _outside(f"{path[:200]!r} belongs to git")
        return checkout, relative

    async def of(self, folder: Path) -> Checkout:
        """The checkout that holds *folder*; `PeerError` where it is none of ours."""
        found = self._holding(folder)
        if found is None or _is_checkout_inside(folder, found.root):
            await self._watch(folder)
            found = self._holding(folder)
        if found is None:
            raise _outside(f"{str(folder)[:200]!r} is no checkout of this repository")
        return found

    async def bind(self, agent: Agent) -> Path:
        """The checkout that holds the workspace of *agent*; `PeerError` if not ours."""
        return (await self.of(self._folder(agent.workspace))).root

    def agents_in(self, checkout: Checkout, agents: Collection[Agent]) -> list[str]:
        """Those of *agents* that work in *checkout*."""
        return [
            agent.id
            for agent in agents
            if self._holding(self._folder(agent.workspace)) is checkout
        ]

    def _folder(self, workspace: str | None) -> Path:
        if workspace is None:
            return self._main
        if workspace not in self._real:
            self._real[workspace] = Path(workspace).resolve()
        return self._real[workspace]

    def _holding(self, place: Path) -> Checkout | None:
        """The innermost checkout around *place*."""
        around = (place, *place.parents)
        return next((self._checkouts[p] for p in around if p in self._checkouts), None)


def _is_checkout_inside(folder: Path, root: Path) -> bool:
    return folder != root and os.path.lexists(folder / ".git")


def _outside(problem: str) -> PeerError:
    return PeerError(
        "OUTSIDE_WORKSPACE",
        problem,
        hint="say hello from a checkout of this repository, see `git worktree list`",
    )
