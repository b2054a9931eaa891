"""What agents have claimed: the newest claims for each file."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from qualitywatch.attribution import Claim
from qualitywatch.model import Grounds

_FILES = 10_000
_CLAIMS = 32  # of one file: enough for agents that take turns within a second


class Claims:
    """Remembers who reported which content; a claim counts for that content only.

    An agent that goes on to the next content still wrote the one before: whoever judges
    that one later finds the claim. The first who reported a content stands first.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], tuple[Claim, ...]] = OrderedDict()

    def put(self, workspace: str, path: str, agent: str, sha256: str | None) -> None:
        """*agent* says that it wrote this content."""
        key = (workspace, path)
        claim = Claim(agent=agent, grounds=Grounds.REPORT, sha256=sha256)
        known = self._known.pop(key, ())
        if claim not in known:
            known = (*known, claim)[-_CLAIMS:]
        self._known[key] = known
        if len(self._known) > _FILES:
            self._known.popitem(last=False)

    def of(self, workspace: str, path: str) -> tuple[Claim, ...]:
        """The claims for a file, oldest first."""
        return self._known.get((workspace, path), ())


class Waiting:
    """Violations that nobody answers for yet, with the contents they were found in."""

    def __init__(self) -> None:
        self._contents: dict[str, tuple[str | None, ...]] = {}

    def note(self, sha256: str | None, ids: Iterable[str]) -> None:
        """The violations *ids* are in this content too."""
        for id in ids:
            known = self._contents.get(id, ())
            self._contents[id] = known if sha256 in known else (*known, sha256)

    def take(
        self, ids: Iterable[str]
    ) -> list[tuple[tuple[str | None, ...], tuple[str, ...]]]:
        """Those of *ids* that still wait, by their contents; they wait no longer."""
        alike: dict[tuple[str | None, ...], tuple[str, ...]] = {}
        for id in ids:
            contents = self._contents.pop(id, None)
            if contents is not None:
                alike[contents] = (*alike.get(contents, ()), id)
        return list(alike.items())
