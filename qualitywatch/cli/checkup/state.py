"""The state folder: whose it is, and whether what stands in it can be relied on."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from qualitywatch import approval, mirror
from qualitywatch.cli.checkup.checked import (
    Patient,
    Result,
    noted,
    refused,
    well,
    wrong,
)
from qualitywatch.daemon import tampering
from qualitywatch.daemon.exporting import exported_heads
from qualitywatch.daemon.place import refuse_if_vanished
from qualitywatch.daemon.tampering import MARKS
from qualitywatch.errors import QualityWatchError
from qualitywatch.reports.judged import count
from qualitywatch.store import verified_audit
from qualitywatch.store.looking import edited

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_BEGIN = "qualitywatch init"
_RESTORE = "stop the daemon and put a backup back: qualitywatch restore-db FILE"


def repository(patient: Patient) -> Iterator[Result]:
    """There is a repository, and its files can be watched."""
    if patient.repository is None:
        yield noted(f"{patient.root} is no git repository: no commit can be refused")
    elif patient.is_bare:
        yield noted("a bare repository: the gate works here, nothing is watched")
    else:
        yield well(str(patient.root))


def enrolment(patient: Patient) -> Iterator[Result]:
    """The repository is enrolled, and its records have not vanished."""
    if patient.is_bare:
        yield noted("nothing is recorded of a bare repository")
        return
    try:
        refuse_if_vanished(patient.root)
    except QualityWatchError as error:
        yield refused(error)
        return
    if not patient.database.exists():
        yield wrong("this repository is not enrolled", _BEGIN)
        return
    found = [one for one in tampering.seen(patient.root) if one.kind == MARKS]
    for one in found:
        yield wrong(f"{one.place}: {one.problem}", one.hint)
    if not found:
        yield well("enrolled, and its marks are in their places")


def folder(patient: Patient) -> Iterator[Result]:
    """The state belongs to us, and nobody else may look into it."""
    if not patient.state_dir.is_dir():
        yield noted("there is no state folder yet")
        return
    bad = [reason for file in _files(patient.state_dir) if (reason := _unsafe(file))]
    for said, mend in bad:
        yield wrong(said, mend)
    if not bad:
        yield well(f"{patient.state_dir} is private")


def database(patient: Patient) -> Iterator[Result]:
    """The records can be read, and every page of them is whole."""
    if not patient.database.exists():
        yield noted("nothing was ever recorded")
        return
    try:
        damage = patient.looked.damage
    except QualityWatchError as error:
        yield wrong(f"{error.place}: {error.problem}", _RESTORE)
        return
    if damage is None:
        yield well(f"whole, {patient.database.stat().st_size // 1024} KiB")
    else:
        yield wrong(f"damaged: {damage}", _RESTORE)


def schema(patient: Patient) -> Iterator[Result]:
    """This program knows the tables."""
    try:
        found = patient.looked
    except QualityWatchError:
        yield noted("the records can not be read")
        return
    said = f"schema {found.schema}, this program knows {found.newest_schema}"
    if found.schema > found.newest_schema:
        yield wrong(said, "install the newer version of qualitywatch that wrote it")
    elif found.schema < found.newest_schema:
        yield wrong(said, "start the daemon anew: qualitywatch stop, then start")
    else:
        yield well(said)


def passphrase(patient: Patient) -> Iterator[Result]:
    """Somebody can release."""
    if patient.records is None:
        yield noted("the records can not be read")
    elif patient.records.has_passphrase:
        yield well("set")
    else:
        yield wrong("nobody can release: no operator passphrase is set", _BEGIN)


def audit(patient: Patient) -> Iterator[Result]:
    """No record of a decision was changed since it was written."""
    if patient.records is None:
        yield noted("the records can not be read")
        return
    approved = approval.read(patient.records.approved or "")
    exported = approved.settings.audit.export if approved is not None else ()
    heads, unread = exported_heads(patient.state_dir, exported)
    found = verified_audit(patient.database, heads)
    for problem in unread:
        yield wrong(problem, "see who touched it; [audit] export names it")
    if found.fault is not None:
        yield wrong(
            f"record {found.fault.number}: {found.fault.problem}",
            "somebody edited the database: see `qualitywatch verify-audit`, and trust"
            " the gate in CI meanwhile",
        )
    elif told := edited(patient.database):
        for problem in told:
            yield wrong(
                problem, "see `qualitywatch verify-audit`, and restore a backup"
            )
    elif not unread:
        compared = f"compared with {count(found.heads, 'head')}"
        yield well(f"{count(found.records, 'record')} verified, {compared}")


def mirrored(patient: Patient) -> Iterator[Result]:
    """The hooks know the same quarantines as the records."""
    if patient.records is None:
        yield noted("the records can not be read")
        return
    again = "start the daemon, which writes it anew: qualitywatch start"
    try:
        shown = mirror.read(patient.state_dir).quarantines
    except QualityWatchError as error:
        yield wrong(f"hooks refuse everything: {error.problem}", again)
        return
    known = sorted(quarantine.subject for quarantine in shown)
    if known == list(patient.records.quarantined):
        yield well(f"{len(known)} quarantines")
    else:
        yield wrong("the hooks go by other quarantines than the records", again)


def _files(folder: Path) -> list[Path]:
    return [folder, *(file for file in folder.rglob("*"))]


def _unsafe(file: Path) -> tuple[str, str] | None:
    try:
        found = file.lstat()
    except OSError:
        return None  # it went meanwhile
    if found.st_uid != os.geteuid():
        return f"{file} belongs to another user", f"chown {os.geteuid()} {file}"
    if stat.S_ISLNK(found.st_mode):
        return f"{file} leads elsewhere", f"see who made it, then remove it: {file}"
    if stat.S_IMODE(found.st_mode) & _OTHERS and not stat.S_ISSOCK(found.st_mode):
        mode = "700" if stat.S_ISDIR(found.st_mode) else "600"
        return f"others may look into {file}", f"chmod {mode} {file}"
    return None
