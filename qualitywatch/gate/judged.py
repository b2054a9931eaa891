"""A change set together with what it is judged by."""

from __future__ import annotations

from qualitywatch import config
from qualitywatch.gate.base import Base
from qualitywatch.gate.changes import ChangeSet
from qualitywatch.gate.trust import Trusted
from qualitywatch.model import Noun


class Judged(Noun):
    """A change set, and by what it is judged."""

    door: str  # range, staged or worktree
    changes: ChangeSet
    trust: Trusted
    settings: config.Gate  # as they were applied, `--fail-on` included
    accept_new_suppressions: bool = False
    base: Base | None = None  # of a range
