"""What a pre-receive hook answers: may this push change the refs of the server?

The barrier that `--no-verify` does not pass. A server has no daemon and no list of
quarantines: content alone is judged, by the settings and rules of what the ref was.
Analysers that those settings name do not run, because whoever may push would choose the
commands that the server runs.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from qualitywatch.errors import MachineError
from qualitywatch.gate import Trusted, between, trusted
from qualitywatch.git import Range, Repository, is_absent
from qualitywatch.hooks.git import NOTHING, Answer, Clock, Told, inside, judged
from qualitywatch.mirror import Mirror
from qualitywatch.model import GO, Noun
from qualitywatch.reports import text
from qualitywatch.reports.safe import safe

_TAGS = "refs/tags/"
_NOBODY = Mirror(quarantines=(), dismissed=(), agents=())


class Update(Noun):
    """One line that git hands to a pre-receive hook."""

    old: str
    new: str
    ref: str

    @property
    def is_deletion(self) -> bool:
        """True where the ref shall go; whether it may is git's to say."""
        return is_absent(self.new)


def answer_receive(repository: Repository, lines: str, *, clock: Clock) -> Answer:
    """May the refs that git lists in *lines* become what they shall be?"""
    said = []
    for update in parse_updates(lines):
        for report, look in _reports(repository, update, clock):
            if report.decision != GO:
                said.append(f"{safe(update.ref)}: {text.render(report, look)}")
    return Answer(allowed=not said, text="\n".join(said))


def parse_updates(lines: str) -> list[Update]:
    """The refs that git lists: `<old id> <new id> <ref>`."""
    return [_parse_update(line) for line in lines.split("\n") if line]


def _parse_update(line: str) -> Update:
    words = line.split(" ")
    if len(words) != 3:
        raise MachineError(
            f"git hands this hook three words for a ref, not {line!r}",
            hint="it is meant to be called by git, when somebody pushes",
        )
    return Update(old=words[0], new=words[1], ref=words[2])


def _reports(repository: Repository, update: Update, clock: Clock) -> Iterator[Told]:
    """The judgement of the net change; none where nothing comes in and none goes."""
    if update.is_deletion:
        return
    head = repository.find_commit(update.new)
    if head is None:
        _refuse_odd(update)
        return
    # A tag that moves takes no code from anybody: only what comes with it counts.
    old = None if _is_tag(update) else repository.find_commit(update.old)
    if old != head:
        yield from _judged(repository, old, repository.outgoing(head, ["--all"]), clock)


def _judged(
    repository: Repository, old: str | None, new: Range, clock: Clock
) -> Iterator[Told]:
    met = repository.independent(new.boundary)
    base = old or next(iter(met), None)
    if old is None and not new.commits:
        return
    trust = _without_commands(trusted(repository, base))
    known = [commit for commit in met if commit != base]
    changes = between(repository, base, new.head, known=known, limit=trust.limit)
    also = NOTHING if base else inside(repository, new, trust)
    yield judged(repository, changes, trust, _NOBODY, clock, also=also)


def _without_commands(trust: Trusted) -> Trusted:
    settings = msgspec.structs.replace(trust.settings, analysers=())
    return trust._replace(settings=settings)


def _is_tag(update: Update) -> bool:
    return update.ref.startswith(_TAGS)


def _refuse_odd(update: Update) -> None:
    """Anything but a tag leads to a commit, or nobody could judge it."""
    if not _is_tag(update):
        raise MachineError(
            f"{update.new} is no commit, or its objects can not be read",
            place=safe(update.ref),
            hint="push a commit",
        )
