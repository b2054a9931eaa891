"""Runs a tool over a change set, and keeps what the change set introduced."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO

from qualitywatch import languages
from qualitywatch.analysers import trees
from qualitywatch.analysers.recipes import FILES, OUTPUT, ROOT, Plan
from qualitywatch.analysers.sarif import READERS, BadOutput, Result
from qualitywatch.analysis.violations import fingerprinted
from qualitywatch.git import Repository
from qualitywatch.git.command import environment
from qualitywatch.model import (
    SEVERITY_OF_TYPE,
    Analysis,
    Change,
    Unanalysable,
    Violation,
)

MAX_FILES = 200  # that one run is given: a command line has an end
MAX_OUTPUT = 64 * 1024 * 1024  # bytes
MAX_EXCERPT = 200

_FOUND_SOMETHING = (0, 1)  # exit codes of a run that went well


def introduced(
    plan: Plan, changes: Sequence[Change], repository: Repository, base: str | None
) -> Analysis:
    """What the tool says of *changes* that it does not say of the base already."""
    wanted = [c for c in changes if _has_text(c) and plan.wants(c.path)]
    if not wanted:
        return Analysis()
    try:
        found = _introduced(plan, wanted, repository, base)
    except (BadOutput, OSError, ValueError) as error:
        reason = f"{plan.name}: {_said(error)}"
        rows = (Unanalysable(path=c.path, reason=reason) for c in wanted)
        return Analysis(unanalysable=tuple(rows))
    return Analysis(violations=tuple(_violations(plan, wanted, found)))


def _has_text(change: Change) -> bool:
    return change.problem is None and change.after not in (None, change.before)


def _introduced(
    plan: Plan, changes: Sequence[Change], repository: Repository, base: str | None
) -> list[Result]:
    paths = [change.path for change in changes]
    settings = trees.settings_at(repository, base, plan, paths)
    place = repository.root or repository.git_dir
    with tempfile.TemporaryDirectory(prefix="qualitywatch-") as scratch:
        after, before = Path(scratch, "after"), Path(scratch, "before")
        for folder in (after, before):
            folder.mkdir()
            trees.link(folder, place, plan.links)
        now = _run(plan, after, trees.write_after(after, changes, settings), place)
        if not now:
            return []
        old = trees.write_before(before, changes, settings)
        then = _run(plan, before, old, place) if old else []
    return _news(now, then, changes)


def _news(
    now: Iterable[Result], then: Iterable[Result], changes: Sequence[Change]
) -> list[Result]:
    """The results that the base does not have on a line of the same text."""
    after = {change.path: _lines(change.after) for change in changes}
    before = {change.path: _lines(change.before) for change in changes}
    known = Counter((r.rule, r.path, _line(before, r)) for r in then)
    news = []
    for result in now:
        key = (result.rule, result.path, _line(after, result))
        if known[key] > 0:
            known[key] -= 1
        elif result.path in after:
            news.append(result)
    return news


def _line(lines: dict[str, list[str]], result: Result) -> str:
    texts = lines.get(result.path, [])
    return texts[result.line - 1].strip() if result.line <= len(texts) else ""


def _lines(content: bytes | None) -> list[str]:
    return (content or b"").decode("utf-8", "replace").splitlines()


# Running


def _run(plan: Plan, folder: Path, files: list[str], root: Path) -> list[Result]:
    if FILES not in plan.command:
        return _once(plan, folder, [], root)
    chunks = (files[at : at + MAX_FILES] for at in range(0, len(files), MAX_FILES))
    return [result for chunk in chunks for result in _once(plan, folder, chunk, root)]


def _once(plan: Plan, folder: Path, files: list[str], root: Path) -> list[Result]:
    written = folder.parent / f"{folder.name}.out"
    command = [*_filled(plan, files, root, written)]
    output = _output(command, folder, plan.seconds)
    if any(OUTPUT in word for word in plan.command):
        output = _read(written)
    results = READERS[plan.output](output)
    home = f"{os.path.realpath(folder)}/"
    return [_at_home(result, home) for result in results]


def _filled(plan: Plan, files: list[str], root: Path, written: Path) -> Iterator[str]:
    for word in plan.command:
        if word == FILES:
            yield from (f"./{path}" for path in files)  # none of them is an option
        else:
            yield word.replace(ROOT, str(root)).replace(OUTPUT, str(written))


def _output(command: list[str], folder: Path, seconds: float) -> bytes:
    """What the command writes to standard output; raises `BadOutput`."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as complaint:
        try:
            process = subprocess.Popen(
                command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=complaint,
                env={**environment(), "NO_COLOR": "1"},
                start_new_session=True,
            )
        except FileNotFoundError:
            raise BadOutput(f"{command[0]} is not installed, or not on PATH") from None
        try:
            code = process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise BadOutput(f"it used more than {seconds:g} s") from None
        finally:
            _end(process)
        if code not in _FOUND_SOMETHING:
            raise BadOutput(f"it ended with code {code}{_last_words(complaint)}")
        output.seek(0)
        return _limited(output.read(MAX_OUTPUT + 1))


def _end(process: subprocess.Popen[bytes]) -> None:
    """Nothing that the tool started outlives it."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait()


def _last_words(complaint: IO[bytes]) -> str:
    complaint.seek(0)
    said = complaint.read(2000).decode("utf-8", "replace").split("\n")
    text = next((line.strip() for line in said if line.strip()), "")
    return f": {text[:200]}" if text else ""


def _read(file: Path) -> bytes:
    if not file.exists():
        raise BadOutput("it wrote no report")
    with file.open("rb") as opened:
        return _limited(opened.read(MAX_OUTPUT + 1))


def _limited(output: bytes) -> bytes:
    if len(output) > MAX_OUTPUT:
        raise BadOutput(f"it wrote more than {MAX_OUTPUT >> 20} MiB")
    return output


def _at_home(result: Result, home: str) -> Result:
    """*result* with a path as the repository knows it."""
    path = result.path.removeprefix(home).removeprefix("./")
    return Result(
        rule=result.rule,
        severity=result.severity,
        message=result.message,
        path=path,
        line=result.line,
        column=result.column,
        end_line=result.end_line,
        end_column=result.end_column,
    )


# Violations


def _violations(
    plan: Plan, changes: Sequence[Change], found: Iterable[Result]
) -> Iterable[Violation]:
    lines = {change.path: _lines(change.after) for change in changes}
    ordered = sorted(found, key=lambda r: (r.path, r.line, r.column, r.rule))
    return fingerprinted(_violation(plan, result, lines) for result in ordered)


def _violation(plan: Plan, result: Result, lines: dict[str, list[str]]) -> Violation:
    type = plan.type_of(result.rule)
    language = languages.of_path(result.path)
    return Violation(
        type=type,
        rule=f"{plan.name}/{result.rule}",
        severity=min(result.severity, SEVERITY_OF_TYPE[type], key=lambda one: one.rank),
        confidence=plan.confidence,
        path=result.path,
        language=language.name if language else "text",
        line=result.line,
        column=result.column,
        end_line=result.end_line,
        end_column=result.end_column,
        symbol=None,
        message=result.message,
        remedy=f"Mend what {plan.name} found: its rule is {result.rule}.",
        excerpt="" if plan.secret else _line(lines, result)[:MAX_EXCERPT],
        evidence=None,
        fingerprint="",
    )


def _said(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"can not be run: {error.strerror or error}"
    return str(error)
