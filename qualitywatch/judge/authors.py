"""Who wrote what stands in a file: who claims it, who signed it, or the workspace."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeAlias

from qualitywatch import failpoints
from qualitywatch.attribution import (
    NOBODY,
    Attribution,
    Claim,
    attribute,
    fallback,
    strongest,
)
from qualitywatch.attribution.commits import Recogniser, signed
from qualitywatch.attribution.known import Signature
from qualitywatch.config import Config
from qualitywatch.judge.checkout import Checkout
from qualitywatch.judge.claims import Claims, Waiting
from qualitywatch.judge.files import File
from qualitywatch.model import Grounds
from qualitywatch.warden import Warden

Spawn: TypeAlias = Callable[[Coroutine[Any, Any, object]], object]


class Authors:
    """Names who answers for a content, at once or when nobody is waited for any more.

    *agents_in* tells who works in a checkout.
    """

    def __init__(
        self,
        *,
        warden: Warden,
        settings: Config,
        spawn: Spawn,
        agents_in: Callable[[Checkout], Sequence[str]],
    ) -> None:
        self.claims = Claims()
        self._waiting = Waiting()
        self._ours: dict[tuple[str, str], str | None] = {}  # file -> what we wrote
        self._warden = warden
        self._spawn = spawn
        self._agents_in = agents_in
        self.take(settings)

    def take(self, settings: Config) -> None:
        """Go by other settings from now on."""
        own = (Signature(id=one.id, patterns=one.patterns) for one in settings.agents)
        self._recogniser = Recogniser(own)
        self._settings = settings

    def of(self, checkout: Checkout, path: str, file: File) -> Attribution | None:
        """Who is proven to have written *file*; `None` where a claim is waited for."""
        if self._ours.get((checkout.key, path), "") == file.sha256:
            return NOBODY
        found = attribute(self._claimed(checkout, path), sha256=file.sha256)
        return found if found.grounds is not Grounds.UNKNOWN else None

    def is_ours(self, checkout: Checkout, path: str, file: File) -> None:
        """What stands in *path* was written by us: it is nobody's edit."""
        self._ours[checkout.key, path] = file.sha256

    def wait_for(
        self, checkout: Checkout, path: str, file: File, ids: Sequence[str]
    ) -> None:
        """Name who answers for the violations *ids* of *file*, in a moment."""
        self._waiting.note(file.sha256, ids)
        self._spawn(self._assign_later(checkout, path, tuple(ids)))

    def answered(self, ids: Sequence[str]) -> None:
        """Somebody answers for the violations *ids* by now: they wait no longer."""
        self._waiting.take(ids)

    async def _assign_later(
        self, checkout: Checkout, path: str, ids: Sequence[str]
    ) -> None:
        await asyncio.sleep(self._settings.watch.claim_ms / 1000)
        failpoints.reach("before_assign")
        for contents, alike in self._waiting.take(ids):
            await self.assign(checkout, path, contents, alike)

    async def assign(
        self,
        checkout: Checkout,
        path: str,
        contents: Sequence[str | None],
        ids: Sequence[str],
    ) -> None:
        """Nobody is waited for any longer: who claimed it, else the workspace.

        *contents* are those in which the violations were found, the first one first:
        who came later answers only where nobody claims to have been there before.
        """
        unattributed = self._settings.policy.unattributed
        subject = fallback(
            checkout.name,
            agents_work_here=bool(self._agents_in(checkout)),
            quarantine_unattributed=unattributed == "quarantine",
        )
        claims = self._claimed(checkout, path)
        answers = [attribute(claims, sha256=one, fallback=subject) for one in contents]
        found = strongest(answers)
        if found.grounds is Grounds.UNKNOWN:
            commit = await self._signed(checkout, path)
            found = attribute(commit, sha256=None, fallback=subject)
        await self._warden.assign(ids, found)

    def _claimed(self, checkout: Checkout, path: str) -> tuple[Claim, ...]:
        claims = self.claims.of(checkout.key, path)
        agents = self._agents_in(checkout)
        if len(agents) != 1:
            return claims
        return (*claims, Claim(agent=agents[0], grounds=Grounds.WORKSPACE))

    async def _signed(self, checkout: Checkout, path: str) -> tuple[Claim, ...]:
        """Who signed the commit that brought what stands in *path*, if it is one."""
        repository, head = checkout.repository, checkout.head
        if repository is None or head is None:
            return ()
        file = await checkout.read(path)
        if file.content != await checkout.content(head, path):
            return ()
        found = await asyncio.to_thread(repository.commits, "-1", head, "--", path)
        named = (
            self._recogniser.agent_of(
                signed(one.author.name, one.author.email),
                signed(one.committer.name, one.committer.email),
                one.trailers,
            )
            for one in found
        )
        return tuple(Claim(agent=id, grounds=Grounds.COMMIT) for id in named if id)
