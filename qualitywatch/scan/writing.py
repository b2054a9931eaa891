"""The inventory, written down: for people, and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeVar

import msgspec

from qualitywatch.model import Noun, Severity, StubFunction, Violation
from qualitywatch.reports import Look
from qualitywatch.reports.safe import json_text, no_command, safe
from qualitywatch.reports.text import violation_lines
from qualitywatch.scan.folding import Folder, Scan

MAX_SHOWN = 20  # of each list, unless somebody wants all

_T = TypeVar("_T")
_LISTS = {
    "by_folder": "folder",
    "stub_list": "stub",
    "violations": "violation",
    "unanalysable": "unanalysable",
    "skipped": "skipped",
    "suppressed": "suppressed",
}


def as_json(scan: Scan, _look: Look) -> str:
    """Every field, in the order of the contract."""
    return json_text(scan, indent=2) + "\n"


def as_jsonl(scan: Scan, _look: Look) -> str:
    """One object a line that says what it holds; the totals come last."""
    return "".join(f"{line}\n" for line in _json_lines(scan))


def as_text(scan: Scan, look: Look) -> str:
    """The number, the folders that need work, and what stands there."""
    return "".join(f"{no_command(line)}\n" for line in _lines(scan, look))


def _json_lines(scan: Scan) -> Iterator[str]:
    for field, word in _LISTS.items():
        for item in getattr(scan, field):
            yield json_text({word: item})
    fields = msgspec.structs.asdict(scan)
    yield json_text({"scan": {k: v for k, v in fields.items() if k not in _LISTS}})


def _lines(scan: Scan, look: Look) -> Iterator[str]:
    yield _headline(scan, look)
    yield from _basis(scan)
    yield from _folders(scan, look)
    yield from _stubs(scan.stub_list, look)
    yield from _violations(scan.violations, look)
    if scan.suppressed:
        yield ""
        yield f"allowed by a comment: {_count(len(scan.suppressed), 'violation')}"
        for each in scan.suppressed if look.verbose else ():
            one = each.violation
            place = f"{one.path}:{one.line}"
            yield f"    {safe(place)}  {safe(one.rule)}: {safe(each.reason)}"
    yield from _reasoned("could not be analysed", scan.unanalysable)
    yield from _skipped(scan, look)


def _headline(scan: Scan, look: Look) -> str:
    if scan.completeness is None:
        return "no function was counted"
    share = f"{percent(scan.completeness)} implemented"
    number = f"\033[1m{share}\033[0m" if look.colour else share
    functions = _count(scan.functions, "function")
    return f"{number}: {functions}, {_count(scan.stubs, 'stub')}"


def _basis(scan: Scan) -> Iterator[str]:
    """What the number is made of, and what it is not."""
    known = f", {scan.cached} of them known from before" if scan.cached else ""
    yield f"    counted in {scan.files_counted} of {_count(scan.files, 'file')}{known}"
    for reason, number in scan.apart.items():
        yield f"    apart: {_count(number, 'file')}, {safe(reason)}"
    if scan.unanalysable:
        unknown = _count(len(scan.unanalysable), "file")
        yield f"    unknown: {unknown} that could not be analysed, see below"


def _folders(scan: Scan, look: Look) -> Iterator[str]:
    rows = [each for each in scan.by_folder if each.stubs or each.unanalysable]
    if rows:
        yield from _title("folders, worst first", len(rows), look)
    for each in _some(rows, look):
        yield f"    {_share(each)}  {_told(each)}  {safe(each.path)}"


def _share(folder: Folder) -> str:
    share = "-" if folder.completeness is None else percent(folder.completeness)
    return f"{share:>7}"


def _told(folder: Folder) -> str:
    told = f"{folder.stubs:>4} of {folder.functions:<5}"
    return f"{told} {folder.unanalysable} unread" if folder.unanalysable else told


def _stubs(stubs: Sequence[StubFunction], look: Look) -> Iterator[str]:
    if stubs:
        yield from _title("stubs", len(stubs), look)
    for each in _some(stubs, look):
        place = f"{each.path}:{each.line}"
        yield f"    {safe(place)}  {safe(each.symbol)}  {safe(each.kind)}"


def _violations(violations: Sequence[Violation], look: Look) -> Iterator[str]:
    if not violations:
        return
    grades = Counter(one.severity for one in violations)
    told = ", ".join(
        f"{grades[severity]} {severity}"
        for severity in reversed(Severity)
        if grades[severity]
    )
    yield from _title(f"violations ({told})", len(violations), look)
    for one in _some(violations, look):
        yield ""
        yield from violation_lines(one, look)


def _skipped(scan: Scan, look: Look) -> Iterator[str]:
    if look.verbose:
        yield from _reasoned("skipped", scan.skipped)
    elif scan.skipped:
        yield ""
        yield f"skipped: {len(scan.skipped)} (--verbose lists them)"
        yield from _counts(scan.skipped_by_reason)


def _counts(reasons: Mapping[str, int]) -> Iterator[str]:
    for reason, number in islice(reasons.items(), MAX_SHOWN):
        yield f"    {number:>6}  {safe(reason)}"


def _title(title: str, number: int, look: Look) -> Iterator[str]:
    is_cut = number > MAX_SHOWN and not look.verbose
    cut = f", {MAX_SHOWN} of {number} (--verbose lists all)" if is_cut else ""
    yield ""
    yield f"{title}{cut}:"


def _some(rows: Sequence[_T], look: Look) -> Sequence[_T]:
    return rows if look.verbose else rows[:MAX_SHOWN]


def _reasoned(title: str, rows: Iterable[Noun]) -> Iterator[str]:
    for number, row in enumerate(rows):
        if number == 0:
            yield ""
            yield f"{title}:"
        path, reason = (str(getattr(row, name)) for name in ("path", "reason"))
        yield f"    {safe(path)}: {safe(reason)}"


def percent(share: float) -> str:
    """*share* as people read it, rounded down: 100 % is said of nothing less."""
    thousandths = int(share * 10_000 + 0.5) // 10
    return f"{thousandths // 10}.{thousandths % 10} %"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
