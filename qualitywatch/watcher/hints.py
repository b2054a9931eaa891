"""What a watcher says, and how it stands."""

from __future__ import annotations

from typing import NamedTuple

from qualitywatch.model import Noun

TROUBLES = ("root", "events", "folders", "git")


class Saved(NamedTuple):
    """Files that may have new content, or are gone."""

    paths: list[str]
    renamed: dict[str, str]  # new path -> old path, where the system said so


class GitMoved(NamedTuple):
    """git wrote its index or moved `HEAD`: a commit, a checkout, a stash."""


class Trouble(NamedTuple):
    """The workspace can not be watched as it should be."""

    what: str  # one of `TROUBLES`
    reason: str


class Recovered(NamedTuple):
    """What `Trouble` said is over."""

    what: str


Hint = Saved | GitMoved | Trouble | Recovered


class WatcherState(Noun):
    """How a watcher stands; times count back from now.

    `None` where that never was, or is not to be had: without a root nothing is, and
    where no events come everything is looked at instead.
    """

    last_cookie_ms: int | None  # since the stream of events proved that it flows
    last_reconcile_ms: int | None  # since the whole disk was compared with the table
    overflows: int  # how often events were dropped
    reconciles: int  # how often everything was looked at
    doubt: str | None  # why that was done out of turn the last time
    polling: bool  # events are not trusted: everything is looked at every few seconds
    degraded: str | None  # what is in trouble now
