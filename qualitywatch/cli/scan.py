"""`qualitywatch scan`: what stands in a tree now, and how much of it is real."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import click

from qualitywatch import config, rulebook, scan
from qualitywatch.cli import terminal
from qualitywatch.cli.progress import progress
from qualitywatch.model import GO, NO_GO, Confidence, GateReport, Severity
from qualitywatch.reports import SHARED, Judged, Look
from qualitywatch.scan import Scan
from qualitywatch.scan.scanning import Judge, Keeper

_OWN: Mapping[str, Callable[[Scan, Look], str]] = {
    "text": scan.as_text,
    "json": scan.as_json,
    "jsonl": scan.as_jsonl,
}


@click.command("scan")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@terminal.format_option(*_OWN, *SHARED)
@click.option(
    "--fail-on",
    type=click.Choice([severity.value for severity in Severity]),
    help="Fail where a violation of that severity stands.",
)
@click.option(
    "--min-completeness",
    type=click.FloatRange(0, 1),
    metavar="SHARE",
    help="Fail where fewer functions are real, as 0.95.",
)
@click.option("--no-cache", is_flag=True, help="Look into every file again.")
@click.option(
    "--jobs",
    type=click.IntRange(1, 64),
    metavar="N",
    help="Processes that judge.  [default: the configured number]",
)
@click.option("-v", "--verbose", is_flag=True, help="Show every list in full.")
def command(
    paths: tuple[Path, ...],
    format: str,
    fail_on: str | None,
    min_completeness: float | None,
    no_cache: bool,
    jobs: int | None,
    verbose: bool,
) -> int:
    """Count what is implemented below PATHS, and list what is not.

    Without --fail-on and --min-completeness it only tells: the exit code is 0.
    """
    with progress("looking into files") as shown:
        selection = scan.selected(paths or (Path(),))
        settings = config.load(selection.root)
        judge = _judge(selection.root, settings, jobs)
        cache = _cache(selection.root, judge, is_off=no_cache)
        found = scan.scan(selection, judge, cache, counted=shown.counted)
    for part in selection.empty:
        terminal.note(f"{part}: nothing there is to be looked into: ignored, or empty")
    is_bar = not (fail_on is None and min_completeness is None)
    bar = settings.gate.confidence
    reasons = _failures(found, fail_on, bar, min_completeness) if is_bar else []
    if format in _OWN:
        look = Look(verbose=verbose, colour=format == "text" and sys.stdout.isatty())
        terminal.emit(_OWN[format](found, look))
    else:
        judged: Judged = _report(found, reasons) if is_bar else found
        look = Look(verbose=verbose, rules=judge.rules.rules)
        terminal.emit(SHARED[format](judged, look), utf8=True)
    for reason in reasons:
        terminal.note(reason)
    return 1 if reasons else 0


def _judge(root: Path, settings: config.Config, jobs: int | None) -> Judge:
    """The rules and limits as they stand in the tree: nothing is decided by them."""
    checks = None
    if (root / rulebook.OWN_FOLDER).is_dir():
        from qualitywatch.analysis import CHECKS  # only own rules need the parsers

        checks = CHECKS
    rules = rulebook.for_repository(root, known_checks=checks)
    return Judge(rules.without(settings.rules.disabled), settings.analysis, jobs)


def _cache(root: Path, judge: Judge, *, is_off: bool) -> Keeper:
    return scan.NoCache() if is_off else scan.Cache(root, judge.key, terminal.note)


def _failures(
    found: Scan, fail_on: str | None, bar: Confidence, share: float | None
) -> list[str]:
    """Which bar is missed; what nobody could read clears none."""
    reasons = []
    if fail_on is not None:
        severity = Severity(fail_on)
        number = sum(one.reaches(severity, bar) for one in found.violations)
        if number:
            reasons.append(f"{number} violations at or above {severity}, {bar}")
    if share is not None and not found.is_as_complete_as(share):
        real = found.functions - found.stubs
        reasons.append(
            f"{real} of {found.functions} functions are real: below {share:.2%}"
        )
    if found.unanalysable:
        reasons.append(f"{len(found.unanalysable)} files could not be analysed")
    return reasons


def _report(found: Scan, reasons: list[str]) -> GateReport:
    """The same as a judgement, for formats that show no number: a bar decides."""
    return GateReport(
        decision=NO_GO if reasons else GO,
        reasons=tuple(reasons),
        base=None,
        head=None,
        files_checked=found.files,
        violations=found.violations,
        unanalysable=found.unanalysable,
        skipped=found.skipped,
        duration_ms=found.duration_ms,
        suppressed=found.suppressed,
    )
