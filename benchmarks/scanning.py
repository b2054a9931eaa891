"""How fast a tree is scanned: whole processes, side by side with others of the trade.

    python -m benchmarks.scanning TREE --only .py --ast-grep PROGRAM [--rules FILE]
    python -m benchmarks.scanning TREE --only .py --subset 150 --semgrep P --bandit P
    python -m benchmarks.scanning --rescan 50000

Each peer runs in turn with ours (A B A B), so that both meet the same machine; what
counts is the median of the ratios of the pairs. Ours judges with all rules, without
cache. Memory is that of the largest process, parent or worker.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
RULES = {
    ".py": HERE / "ast_grep" / "python.yml",
    ".ts": HERE / "ast_grep/typescript.yml",
}
OURS = (sys.executable, "-m", "qualitywatch", "scan")
FILES_IN_FOLDER = 100


class Run(NamedTuple):
    """What one process cost, its children included."""

    wall: float
    cpu: float
    megabytes: float  # of the largest process


class Pairs(NamedTuple):
    """Two programs, run in turn."""

    ours: list[Run]
    other: list[Run]

    @property
    def ratios(self) -> list[float]:
        """Wall time of the first program, in those of the second, pair by pair."""
        return [a.wall / b.wall for a, b in zip(self.ours, self.other, strict=True)]


def measured(command: Sequence[str], folder: Path) -> Run:
    """The cost of *command* in *folder*; it may find something (exit code 1)."""
    started = time.perf_counter()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=output)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - started
        if process.returncode not in (0, 1):
            output.seek(0)
            sys.exit(f"{command[0]} failed: {output.read()[-2000:]!r}")
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def in_turn(
    ours: Sequence[str], other: Sequence[str], folder: Path, pairs: int
) -> Pairs:
    """*pairs* runs of each, after one of each to warm the disk and the bytecode."""
    measured(ours, folder), measured(other, folder)
    both = [(measured(ours, folder), measured(other, folder)) for _ in range(pairs)]
    return Pairs([one for one, _ in both], [two for _, two in both])


def scan(*options: str) -> list[str]:
    """Our command, without cache."""
    return [*OURS, "--no-cache", "--format", "jsonl", *options, "."]


def say(title: str, target: str, pairs: Pairs, *, reverse: bool = False) -> None:
    """One line of the table."""
    ratios = [1 / r for r in pairs.ratios] if reverse else pairs.ratios
    sides = [
        f"{statistics.median(run.wall for run in runs):6.2f} s"
        f" (cpu {statistics.median(run.cpu for run in runs):6.2f} s,"
        f" {max(run.megabytes for run in runs):4.0f} MB)"
        for runs in (pairs.ours, pairs.other)
    ]
    spread = f"{min(ratios):.2f}-{max(ratios):.2f}"
    print(
        f"{title:34} {sides[0]} against {sides[1]}"
        f"  ratio {statistics.median(ratios):.2f} ({spread})  target {target}",
        flush=True,
    )


@contextmanager
def copied(tree: Path, suffix: str, number: int | None) -> Iterator[Path]:
    """A folder with the files of *tree* that end in *suffix*, or some of them."""
    files = sorted(path for path in tree.rglob(f"*{suffix}") if path.is_file())
    if number is not None:
        files = sorted(random.Random(1).sample(files, min(number, len(files))))
    with tempfile.TemporaryDirectory(prefix="scanning-") as name:
        folder = Path(name)
        for path in files:
            target = folder / path.relative_to(tree)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        size = sum(path.stat().st_size for path in files) / 1e6
        print(f"{tree.name}: {len(files)} files, {size:.1f} MB", flush=True)
        yield folder


@contextmanager
def made(number: int) -> Iterator[Path]:
    """A repository of *number* small files, each twentieth with a stub."""
    with tempfile.TemporaryDirectory(prefix="rescan-") as name:
        root = Path(name)
        for at in range(number):
            folder = root / f"package{at // (25 * FILES_IN_FOLDER)}"
            file = folder / f"module{at // FILES_IN_FOLDER}" / f"file{at}.py"
            file.parent.mkdir(parents=True, exist_ok=True)
            body = f"def f{at}(a):\n    b = a + {at}\n    return b * 2\n"
            stub = "\n\ndef pay(card):\n    # TODO: implement\n    return True\n"
            file.write_text(body + (stub if at % 20 == 0 else ""))
        git = ("git", "-c", "user.name=a", "-c", "user.email=a@b.org")
        for command in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "files")):
            subprocess.run([*git, *command], cwd=root, check=True)
        yield root


def rescan(number: int, runs: int) -> None:
    """The first scan of many files, and how long the next ones take."""
    with made(number) as root, tempfile.TemporaryDirectory() as cache:
        os.environ["XDG_CACHE_HOME"] = cache
        first = measured([*OURS, "."], root)
        time.sleep(3)  # until no file is young
        measured([*OURS, "."], root)
        again = [measured([*OURS, "."], root) for _ in range(runs)]
    print(
        f"rescan of {number} files: {statistics.median(r.wall for r in again):.2f} s"
        f" ({min(r.wall for r in again):.2f}-{max(r.wall for r in again):.2f}),"
        f" {max(r.megabytes for r in again):.0f} MB; first scan {first.wall:.1f} s"
        f" (cpu {first.cpu:.1f} s)  target <= 1.50 s"
    )


def against_peers(folder: Path, asked: argparse.Namespace) -> None:
    """Every peer that was named, and ourselves with half the processes."""
    two = scan("--jobs", "2")
    if asked.ast_grep:
        rules = asked.rules or RULES[asked.only]
        peer = [asked.ast_grep, "scan", "--rule", str(rules), "--json=stream", "."]
        say("2 processes, ast-grep", "<= 1.25", in_turn(two, peer, folder, asked.pairs))
    slow: dict[str, Callable[[], list[str]]] = {
        "semgrep": lambda: semgrep(asked.semgrep),
        "bandit": lambda: [asked.bandit, "-q", "-r", ".", "-f", "json"],
    }
    for name, command in slow.items():
        if getattr(asked, name):
            pairs = in_turn(two, command(), folder, asked.pairs)
            say(f"2 processes, {name}", f"{name} >= 10 x", pairs, reverse=True)
    if asked.halves:
        one = scan("--jobs", "1")
        say("2 processes, 1", "<= 0.62", in_turn(two, one, folder, asked.pairs))


def semgrep(program: str) -> list[str]:
    """semgrep with seven local rules and without the network."""
    options = ("--metrics", "off", "--disable-version-check", "--quiet", "--json")
    rules = str(HERE / "ast_grep" / "semgrep.yml")
    return [program, "scan", *options, "--no-git-ignore", "--config", rules, "."]


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("tree", nargs="?", type=Path)
    parser.add_argument("--only", default=".py", help="files that end so")
    parser.add_argument("--subset", type=int, help="that many of them, by chance")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--halves", action="store_true", help="2 processes against 1")
    parser.add_argument("--rules", type=Path, help="of ast-grep")
    parser.add_argument("--rescan", type=int, metavar="FILES")
    for peer in ("ast-grep", "semgrep", "bandit"):
        parser.add_argument(f"--{peer}", metavar="PROGRAM")
    asked = parser.parse_args()
    if asked.tree is not None:
        with copied(asked.tree, asked.only, asked.subset) as folder:
            (folder / ".semgrepignore").touch()  # else it leaves out the tests
            against_peers(folder, asked)
    if asked.rescan:
        rescan(asked.rescan, asked.pairs)


if __name__ == "__main__":
    main()
