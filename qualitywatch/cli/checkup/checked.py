"""What a check says, and what every check is given."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

from qualitywatch.daemon.place import Running, state_dir_of
from qualitywatch.enrolment import DATABASE_NAME
from qualitywatch.errors import QualityWatchError
from qualitywatch.git import Repository
from qualitywatch.model import Noun
from qualitywatch.store.looking import Looked, looked_at


class Standing(StrEnum):
    """How one thing stands."""

    WELL = "well"
    WRONG = "wrong"
    NOTED = "noted"  # does not apply here, or nobody can say


class Checked(Noun):
    """One thing that was looked at."""

    check: str
    standing: Standing
    said: str
    mend: str = ""


@dataclass(frozen=True)
class Patient:
    """The repository that is looked at; what costs something is found out once."""

    root: Path
    repository: Repository | None

    @cached_property
    def state_dir(self) -> Path:
        """Where its state is, or would be."""
        return state_dir_of(self.root)

    @property
    def is_bare(self) -> bool:
        """True where nobody edits: it is pushed to, and the hooks need no records."""
        return self.repository is not None and self.repository.root is None

    @cached_property
    def running(self) -> Running | None:
        """The daemon, while one runs."""
        return Running.read(self.state_dir)

    @property
    def database(self) -> Path:
        """The file of the records."""
        return self.state_dir / DATABASE_NAME

    @cached_property
    def looked(self) -> Looked:
        """How the records stand; raises `MachineError` where nobody can say."""
        return looked_at(self.database)

    @cached_property
    def records(self) -> Looked | None:
        """The same, where they can be relied on."""
        try:
            is_whole = self.looked.damage is None
        except QualityWatchError:
            return None
        return self.looked if is_whole and not self.is_of_another_version else None

    @property
    def is_of_another_version(self) -> bool:
        """True where the tables are not those that this program knows."""
        return self.looked.schema != self.looked.newest_schema


Result: TypeAlias = tuple[Standing, str, str]
Check: TypeAlias = Callable[[Patient], Iterable[Result]]


def well(said: str) -> Result:
    """It is as it should be."""
    return Standing.WELL, said, ""


def wrong(said: str, mend: str) -> Result:
    """It is not as it should be, and what to do about it."""
    return Standing.WRONG, said, mend


def noted(said: str) -> Result:
    """It does not apply, or can not be known."""
    return Standing.NOTED, said, ""


def refused(error: QualityWatchError, mend: str = "") -> Result:
    """Wrong, in the words of *error*."""
    place = f"{error.place}: " if error.place else ""
    return wrong(f"{place}{error.problem}", error.hint or mend)
