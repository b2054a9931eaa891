"""Every call to git: what a repository holds, and what changed in it."""

from qualitywatch.git.parse import Commit, PathChange, Person
from qualitywatch.git.repository import Range, Repository

__all__ = ["Commit", "PathChange", "Person", "Range", "Repository"]
