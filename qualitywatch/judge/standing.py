"""How one path stands: what was judged of it, and what still has to be.

A path is unknown as long as its content is that of `HEAD`. A hint makes it *hinted*: it
is about to be read. Once it is judged it *waits* for the silence after the edit, pinned
to the commit that was `HEAD` when it was first touched. In the silence it is judged
again, as part of a finished edit: it is *settled*. Where it then holds what `HEAD`
holds, it is forgotten; else what was judged is remembered for as long as it differs.

    unknown ── hint ──> hinted ── judged ──> waiting ── silence ──> settled
       ^                   ^                                           │
       │                   └──────────── another content ──────────────┤
       └─────────────────────── as committed ──────────────────────────┘
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from qualitywatch.model import When
from qualitywatch.traces import Around, Examined, Missing

Asked: TypeAlias = tuple[str, str | None, str | None, When]  # mark, base, old path


class Pin(NamedTuple):
    """What a waiting path is compared with, wherever `HEAD` goes meanwhile."""

    commit: str | None  # None: nothing was committed yet


class Judged(NamedTuple):
    """A content, and the base it was compared with."""

    mark: str
    base: str | None


class Standing:
    """All that is known of one path of one checkout."""

    __slots__ = (
        "answer",
        "gained",
        "held",
        "is_hinted",
        "lacking",
        "last",
        "old_path",
        "pin",
        "settled",
    )

    def __init__(self) -> None:
        self.is_hinted = False  # somebody is about to read it
        self.pin: Pin | None = None  # it waits for the silence
        self.last: str | None = None  # the mark of the content judged last
        self.settled: Judged | None = None  # what was judged as a finished edit
        self.held: str | None = None  # kept content that is its base
        self.old_path: str | None = None  # what it was called in its base
        self.gained: Judged | None = None  # for what others know what it has gained
        self.answer: tuple[Asked, Examined] | None = None  # the newest of the workers
        self.lacking: tuple[tuple[Missing, Around], ...] = ()  # may be made up for

    @property
    def is_idle(self) -> bool:
        """Nothing is about to happen to it, and nothing but `HEAD` is its past."""
        return not (self.is_hinted or self.pin or self.held or self.lacking)


class Standings:
    """The paths of a checkout that are not simply as they were committed."""

    def __init__(self) -> None:
        self._known: dict[str, Standing] = {}

    def __len__(self) -> int:
        return len(self._known)

    def of(self, path: str) -> Standing:
        """How *path* stands; from now on it is known."""
        return self._known.setdefault(path, Standing())

    def get(self, path: str) -> Standing | None:
        """How *path* stands; `None` for one of which nothing is known."""
        return self._known.get(path)

    def forget(self, path: str) -> None:
        """*path* is as it was committed; it stays while something waits for it."""
        known = self._known.get(path)
        if known is not None and known.is_idle:
            del self._known[path]

    @property
    def last(self) -> dict[str, str]:
        """The mark of what was judged last, of each path that was judged."""
        return {p: s.last for p, s in self._known.items() if s.last is not None}

    @property
    def pending(self) -> list[str]:
        """The paths that wait for the silence, in the order in which they came."""
        return [path for path, known in self._known.items() if known.pin is not None]

    @property
    def hinted(self) -> list[str]:
        """The paths that somebody is about to read."""
        return [path for path, known in self._known.items() if known.is_hinted]

    @property
    def lacking(self) -> list[str]:
        """The paths that lack something which another file may make up for."""
        return [path for path, known in self._known.items() if known.lacking]

    def stop_waiting(self) -> None:
        """Nothing is judged any more: the checkout is gone."""
        for known in self._known.values():
            known.pin = None

    def judge_anew(self) -> None:
        """Other rules hold: what was judged by the old ones was not judged."""
        for known in self._known.values():
            known.answer = known.settled = None
