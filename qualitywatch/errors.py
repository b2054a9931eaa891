"""Errors that we expect, each saying place, problem and way out.

    QualityWatchError
    ├── UserError            the person at the terminal can mend it
    │   ├── ConfigError      qualitywatch.toml
    │   └── RuleError        a rule file
    ├── MachineError         git, disk, port: the machine can not do it now
    │   └── InTheWay         another daemon or another program holds what we need
    └── PeerError            what arrived over the wire can not be answered

Everything else is a bug and is caught only at the top (`cli.main`) and at the task
boundary of the daemon.
"""

from __future__ import annotations


class QualityWatchError(Exception):
    """The root: a problem we foresaw, with a hint of what to do about it."""

    def __init__(self, problem: str, *, place: str = "", hint: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.place = place
        self.hint = hint

    def __str__(self) -> str:
        head = f"{self.place}: {self.problem}" if self.place else self.problem
        return f"{head}\n  hint: {self.hint}" if self.hint else head


class UserError(QualityWatchError):
    """The command, a file or a setting is wrong; the user can mend it."""


class ConfigError(UserError):
    """A setting in `qualitywatch.toml` is unknown or has the wrong type."""


class RuleError(UserError):
    """A rule file can not be used; `place` is `file:line`."""


class MachineError(QualityWatchError):
    """The machine can not do it now: git is missing, the disk is full."""


class InTheWay(MachineError):
    """Another daemon or program holds the lock or the port we need."""


class PeerError(QualityWatchError):
    """A peer asked for what can not be given; `code` is stable and public."""

    def __init__(
        self, code: str, problem: str, *, place: str = "", hint: str = ""
    ) -> None:
        super().__init__(problem, place=place, hint=hint)
        self.code = code
