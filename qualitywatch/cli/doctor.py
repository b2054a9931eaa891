"""`qualitywatch doctor`: looks at the whole chain, and says what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import MappingProxyType

import click

from qualitywatch.cli.checkup import guard, machine, state
from qualitywatch.cli.checkup.checked import Check, Checked, Patient, Standing
from qualitywatch.cli.operator import root_around
from qualitywatch.cli.progress import progress
from qualitywatch.cli.terminal import format_option, say, say_object
from qualitywatch.git import Repository
from qualitywatch.model import Noun

EXIT_NOT_WELL = 1

CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "python": machine.python,
        "packages": machine.packages,
        "git": machine.git,
        "repository": state.repository,
        "enrolment": state.enrolment,
        "state folder": state.folder,
        "database": state.database,
        "schema": state.schema,
        "passphrase": state.passphrase,
        "audit": state.audit,
        "mirror": state.mirrored,
        "settings": guard.settings,
        "rules": guard.rules,
        "hooks": guard.hooks,
        "daemon": guard.daemon,
        "degraded": guard.degraded,
        "watches": machine.watches,
        "open files": machine.open_files,
        "disk": machine.disk,
        "clock": machine.clock,
    }
)
"""Every check, in the order in which one needs the ones before."""

_SIGNS = {Standing.WELL: "ok  ", Standing.WRONG: "BAD ", Standing.NOTED: "-   "}


class Diagnosis(Noun):
    """All that was found; well where nothing is wrong."""

    root: str
    is_well: bool
    checks: tuple[Checked, ...]


@click.command("doctor")
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@format_option("text", "json")
def command(path: Path, format: str) -> int:
    """Look at the whole chain that guards PATH, and say how to mend what is wrong.

    Nothing is changed. Exits with 1 where something is wrong.
    """
    root = root_around(path)
    with ExitStack() as stack, progress("looking"):
        repository = Repository.discover(root)
        if repository is not None:
            stack.enter_context(repository)
        patient = Patient(root=root, repository=repository)
        checks = tuple(_checked(patient))
    is_well = all(one.standing is not Standing.WRONG for one in checks)
    diagnosis = Diagnosis(root=str(root), is_well=is_well, checks=checks)
    if format == "json":
        say_object(diagnosis)
    else:
        for line in _lines(diagnosis):
            say(line)
    return 0 if is_well else EXIT_NOT_WELL


def _checked(patient: Patient) -> Iterator[Checked]:
    for name, check in CHECKS.items():
        for standing, said, mend in check(patient):
            yield Checked(check=name, standing=standing, said=said, mend=mend)


def _lines(diagnosis: Diagnosis) -> Iterator[str]:
    width = max(map(len, CHECKS))
    for one in diagnosis.checks:
        yield f"{_SIGNS[one.standing]}{one.check:<{width}}  {one.said}"
        if one.mend:
            yield f"{'':<{width + 6}}mend: {one.mend}"
    bad = sum(one.standing is Standing.WRONG for one in diagnosis.checks)
    yield "all is well" if not bad else f"{bad} things are wrong"
