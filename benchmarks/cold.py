"""How long a command takes that starts from nothing: whole processes, in pairs.

Every run of a command is followed by one of bare `python -c pass` (A B A B ...), and
what counts is the ratio: it holds on other machines and on noisy ones. Bytecode is
compiled before, as an installer does. The gate judges a repository that is made here
from the sources in FOLDER, and honest work in it: in each file one name is changed
wherever it stands, which touches many lines, or one line of one function is.

    python benchmarks/cold.py FOLDER --pairs 15 --files 1000
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import click

LINES = 500  # of the file that `check` gets
WARM_UPS = 2
MAX_BYTES = 256 * 1024
_BARE = (sys.executable, "-c", "pass")
_COMMAND = (sys.executable, "-m", "qualitywatch")
_NAME = re.compile(rb"\b[a-z_]{8,30}\b")
_INSIDE = re.compile(rb"^[ \t]+(?:return|\w+ =) .*?\b([a-z_]{8,30})\b", re.MULTILINE)
_GO = (0, 1)  # a clean answer, or violations: no failure of the command


class Run(NamedTuple):
    """One process, and those it waited for."""

    wall: float  # seconds
    cpu: float
    megabytes: float  # of the largest process


class Case(NamedTuple):
    """A command to measure."""

    name: str
    folder: Path
    arguments: Sequence[str]


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--pairs", default=15, show_default=True)
@click.option("--files", default=1000, show_default=True, help="Changed in the gate.")
@click.option("--suffix", default=".py", show_default=True)
def main(folder: Path, pairs: int, files: int, suffix: str) -> None:
    """Measure `check` and `gate` on the sources below FOLDER."""
    sources = _sources(folder, suffix)
    if len(sources) < files:
        raise click.UsageError(f"only {len(sources)} files *{suffix} below {folder}")
    with tempfile.TemporaryDirectory(prefix="qualitywatch-cold-") as name:
        place = Path(name)
        surroundings = _surroundings(place)
        print(f"{'':24}  {'wall':>8}  {'(min-max)':>13}  {'cpu':>8}  {'MB':>4}  ratio")
        for case in _cases(place, sources, files, surroundings):
            _measure(case, pairs, surroundings)


def _cases(
    place: Path, sources: Sequence[Path], files: int, surroundings: Mapping[str, str]
) -> Iterator[Case]:
    yield _check(place, sources)
    repository = place / "repository"
    base, *heads = _made(repository, sources[:files], surroundings)
    names = ("1 file", f"{files} files, a name", f"{files} files, a line")
    for name, head in zip(names, heads, strict=True):
        arguments = ("gate", "--base", base, "--head", head)
        yield Case(f"gate, {name}", repository, arguments)


def _check(place: Path, sources: Sequence[Path]) -> Case:
    """`check` of the file that has most nearly `LINES` lines."""
    chosen = min(sources, key=lambda path: abs(_lines(path) - LINES))
    before, after = place / f"before{chosen.suffix}", place / f"after{chosen.suffix}"
    before.write_bytes(chosen.read_bytes())
    after.write_bytes(edited(chosen.read_bytes()))
    name = f"check, {_lines(chosen)} lines"
    return Case(name, place, ("check", "--before", str(before), "--after", str(after)))


def edited(content: bytes) -> bytes:
    """*content* with its most common long name changed, wherever it stands."""
    names = Counter(_NAME.findall(content)).most_common(1)
    if not names:
        return content + b"\n"
    name = names[0][0]
    return re.sub(rb"\b%s\b" % name, name[:-1] + b"q", content)


def touched(content: bytes) -> bytes:
    """*content* with another name in one line of a function in the middle."""
    places = [found.end(1) for found in _INSIDE.finditer(content)]
    if not places:
        return content + b"\n"
    end = places[len(places) // 2]
    return content[: end - 1] + b"q" + content[end:]


def _made(
    repository: Path, sources: Sequence[Path], surroundings: Mapping[str, str]
) -> list[str]:
    """A repository of *sources*: its first commit, and others of the cases.

    Each file has a name of its own: they would collide.
    """
    repository.mkdir()
    placed = {
        repository / f"part{number // 50}" / f"at{number}{path.suffix}": path
        for number, path in enumerate(sources)
    }
    _git(repository, surroundings, "init", "-q", "-b", "main")
    for target, path in placed.items():
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(path.read_bytes())
    commits = [_committed(repository, surroundings)]
    for change, number in ((edited, 1), (edited, None), (touched, None)):
        for target, path in islice(placed.items(), number):
            target.write_bytes(change(path.read_bytes()))
        commits.append(_committed(repository, surroundings))
    return commits


def _committed(repository: Path, surroundings: Mapping[str, str]) -> str:
    _git(repository, surroundings, "add", "-A")
    _git(repository, surroundings, "commit", "-q", "-m", "a step")
    return _git(repository, surroundings, "rev-parse", "HEAD").strip()


def _git(folder: Path, surroundings: Mapping[str, str], *arguments: str) -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    done = subprocess.run(
        ("git", *who, *arguments),
        cwd=folder,
        env=surroundings,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def _sources(folder: Path, suffix: str) -> list[Path]:
    """The files of real code below *folder*, the same ones every time."""
    found = sorted(path for path in folder.rglob(f"*{suffix}") if path.is_file())
    return [path for path in found if 200 < path.stat().st_size < MAX_BYTES]


def _lines(path: Path) -> int:
    return path.read_bytes().count(b"\n")


def _surroundings(place: Path) -> dict[str, str]:
    """The environment of every run: bytecode is kept, nothing else is known."""
    kept = {"PATH": os.environ["PATH"], "HOME": str(place)}
    package = str(Path(__file__).parents[1])
    cache = str(place / "bytecode")
    return {**kept, "PYTHONPATH": package, "PYTHONPYCACHEPREFIX": cache}


def _measure(case: Case, pairs: int, surroundings: Mapping[str, str]) -> None:
    command = (*_COMMAND, *case.arguments)
    for _ in range(WARM_UPS):
        _timed(command, case.folder, surroundings)
    runs, bare = list[Run](), list[Run]()
    for _ in range(pairs):
        runs.append(_timed(command, case.folder, surroundings))
        bare.append(_timed(_BARE, case.folder, surroundings))
    _print(case.name, runs, bare)


def _timed(
    command: Sequence[str], folder: Path, surroundings: Mapping[str, str]
) -> Run:
    started = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, env=surroundings, stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in _GO:
        raise click.ClickException(f"exit code {process.returncode}: {command}")
    return Run(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def _print(name: str, runs: Sequence[Run], bare: Sequence[Run]) -> None:
    walls = [1000 * run.wall for run in runs]
    ratio = _median(a.wall / b.wall for a, b in zip(runs, bare, strict=True))
    print(
        f"{name:24}  {_median(walls):5.0f} ms  "
        f"{f'({min(walls):.0f}-{max(walls):.0f})':>13}  "
        f"{1000 * _median(run.cpu for run in runs):5.0f} ms  "
        f"{max(run.megabytes for run in runs):4.0f}  {ratio:5.1f}"
    )


def _median(values: Iterable[float]) -> float:
    return statistics.median(values)


if __name__ == "__main__":
    main()
