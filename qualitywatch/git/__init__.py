"""Every call to git: what a repository holds, and what changed in it."""

from qualitywatch.git.command import NOTHING_INCOMING, incoming_objects
from qualitywatch.git.merged import merged
from qualitywatch.git.parse import Commit, PathChange, Person, is_absent
from qualitywatch.git.repository import Range, Repository

__all__ = [
    "NOTHING_INCOMING",
    "Commit",
    "PathChange",
    "Person",
    "Range",
    "Repository",
    "incoming_objects",
    "is_absent",
    "merged",
]
