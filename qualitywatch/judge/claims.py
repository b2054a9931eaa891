"""What agents have claimed: the newest claim for each file."""

from __future__ import annotations

from collections import OrderedDict

from qualitywatch.attribution import Claim
from qualitywatch.model import Grounds

_LIMIT = 10_000


class Claims:
    """Remembers who reported which content; a claim counts for that content only."""

    def __init__(self) -> None:
        self._newest: OrderedDict[tuple[str, str], tuple[Claim, ...]] = OrderedDict()

    def put(self, workspace: str, path: str, agent: str, sha256: str | None) -> None:
        """*agent* says that it wrote this content."""
        key = (workspace, path)
        claim = Claim(agent=agent, grounds=Grounds.REPORT, sha256=sha256)
        others = [c for c in self._newest.pop(key, ()) if c.agent != agent]
        self._newest[key] = (claim, *others[:7])
        if len(self._newest) > _LIMIT:
            self._newest.popitem(last=False)

    def of(self, workspace: str, path: str) -> tuple[Claim, ...]:
        """The claims for a file, newest first."""
        return self._newest.get((workspace, path), ())
