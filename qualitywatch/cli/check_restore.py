"""`check --restore`: the change with its lost code put back, as patch, text or JSON."""

from __future__ import annotations

import stat
import sys
from pathlib import Path
from typing import NamedTuple

import click
import msgspec

from qualitywatch import whole_file
from qualitywatch.cli import terminal, verdict
from qualitywatch.cli.restoring import patch, shown
from qualitywatch.errors import MachineError, UserError
from qualitywatch.gate import Trusted
from qualitywatch.model import GO, Change, GateReport, Violation

_STDOUT = "-"


class Repair(NamedTuple):
    """The change as it was, as it is now, and what was done to it."""

    original: Change
    change: Change
    restored: tuple[Violation, ...]
    refused: tuple[tuple[Violation, str], ...]

    @property
    def patch(self) -> str:
        """What putting back changes; empty where nothing."""
        return patch(self.original.path, self.original.after, self.change.after)

    def conclude(
        self, report: GateReport, format: str, output: str | None, *, verbose: bool
    ) -> int:
        """Show the patch or write the text; the code that says what *report* decided.

        *report* is that of the restored text.
        """
        if output is not None and self.change.after is not None:
            _write(output, self.change.after)
        code = 0 if report.decision == GO else 1
        if output == _STDOUT:
            self._complain()
            return code
        if format == "json":
            text = terminal.json_text(self._object(report), indent=2)
            terminal.emit(f"{text}\n", utf8=True)
            return code
        if output is None:
            terminal.emit(shown(self.patch, colour=sys.stdout.isatty()))
        self._complain()
        changes = [self.change]
        return verdict.conclude(report, format=format, verbose=verbose, changes=changes)

    def _object(self, report: GateReport) -> dict[str, object]:
        """The report on the restored text, and what was done to it."""
        fields: dict[str, object] = msgspec.to_builtins(report)
        refused = [{"violation": one, "reason": why} for one, why in self.refused]
        more = {"patch": self.patch, "restored": self.restored, "refused": refused}
        return {**fields, **more}

    def _complain(self) -> None:
        for violation, reason in self.refused:
            place = f"{violation.path}:{violation.line}"
            terminal.note(f"{place}: {violation.rule} can not be put back: {reason}")


def refuse_odd(change: Change, *, format: str) -> None:
    """Raise where there is no base, or no place in the format for a patch."""
    if change.before is None and change.problem is None:
        raise click.UsageError("--restore needs --before: it puts back lines of it")
    if format not in ("text", "json"):
        raise click.UsageError("--restore goes with --format text or json")


def repaired(change: Change, trust: Trusted) -> Repair:
    """*change* with what it lost put back, as far as that can be exact."""
    from qualitywatch.workers.once import restore_once

    if change.problem is not None or change.before is None:
        return Repair(change, change, (), ())
    done = restore_once(change, trust.rules, limits=trust.settings.analysis)
    problem = (
        change.problem if done.problem is None else f"not restored: {done.problem}"
    )
    after = msgspec.structs.replace(change, after=done.content, problem=problem)
    refused = tuple((one.violation, one.reason) for one in done.refused)
    return Repair(change, after, done.restored, refused)


def _write(output: str, content: bytes) -> None:
    if output == _STDOUT:
        _print(content)
        return
    path = Path(output)
    try:
        whole_file.replace(path, content, durable=True, mode=_mode(path))
    except OSError as error:
        raise MachineError(
            f"can not be written: {error.strerror}",
            place=output,
            hint="name a file in a folder that exists and that you may write to",
        ) from error


def _print(content: bytes) -> None:
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
    except BrokenPipeError:
        terminal.drop_output()


def _mode(path: Path) -> int:
    """The mode of the file there; of a new one as the user's mask has it."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return whole_file.usual_mode()
    if not stat.S_ISREG(status.st_mode):
        raise UserError(
            "is a link or no regular file, and is not replaced",
            place=str(path),
            hint="name the file itself",
        )
    return stat.S_IMODE(status.st_mode)
