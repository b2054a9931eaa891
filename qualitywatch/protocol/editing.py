"""What an agent asks and says about its edits."""

from __future__ import annotations

from typing import Annotated

import msgspec

from qualitywatch.model import ChangeType, Quarantine, QuarantineState, Repair, Verdict
from qualitywatch.protocol.basics import FilePath, Message, Params, Word


class Permit(Params):
    """May I edit this path now?"""

    path: FilePath


class Check(Params):
    """A proposal: judged against the base, not recorded as landed."""

    path: FilePath
    new_content: str | None = None  # absent where `change_type` is delete
    change_type: ChangeType = ChangeType.UPDATE
    old_path: FilePath | None = None


class Report(Params):
    """A change that landed. The file decides; `new_content` is a hint."""

    event_id: Word
    path: FilePath
    change_type: ChangeType = ChangeType.UPDATE
    old_path: FilePath | None = None
    new_content: str | None = None
    task_id: Word | None = None


class Reported(Message):
    """The answer to `change.report`; a repeated `event_id` gets the same one."""

    seq: int
    verdict: Verdict


class ProposedFile(Params):
    """One file of a proposed repair, whole."""

    path: FilePath
    new_content: str


class ProposeRepair(Params):
    """What a quarantined agent offers to put back."""

    changes: Annotated[
        tuple[ProposedFile, ...], msgspec.Meta(min_length=1, max_length=100)
    ]


class Proposed(Message):
    """The repair as it was checked and is now shown to the operator."""

    quarantine: Quarantine
    repairs: tuple[Repair, ...]


class RegisterProcess(Params):
    """Have a process stopped while this agent is in quarantine, if settings ask so.

    It is the one that asks, over the Unix socket, or one that started it.
    """

    pid: Annotated[int, msgspec.Meta(gt=0)] | None = None  # absent: the one that asks


class RegisteredProcess(Message):
    """The process; `enabled` is false where the settings stop none."""

    pid: int
    with_group: bool  # it leads its process group, which is stopped with it
    enabled: bool


class Status(Message):
    """Where the asking agent stands."""

    agent: str
    state: QuarantineState
    quarantine: Quarantine | None
