"""What a daemon costs that has nothing to do, and how fast it comes up and goes.

A repository with a few files is watched by a process of its own, as `watch` runs it.
Its memory is what the kernel counts as resident; `own` is the part that is not shared
with other processes (code, libraries). After some quiet its processor time is taken.

    python -m benchmarks.idle --seconds 15
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click
import psutil

_FILES = 50


@click.command()
@click.option("--seconds", default=15.0, show_default=True, help="Of quiet.")
def main(seconds: float) -> None:
    """Measure a daemon that idles."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "repository"
        _make(root)
        first = _started(root)
        time.sleep(seconds / 3)
        daemon = psutil.Process(first[0].pid)
        before = _processor(daemon)
        time.sleep(seconds)
        used = _processor(daemon) - before
        own = daemon.memory_full_info().uss
        whole = daemon.memory_info().rss
        below = sum(one.memory_info().rss for one in daemon.children(recursive=True))
        stopped = _stopped(first[0])
        again = _started(root)
        _stopped(again[0])
    print(f"ready, first start            {first[1]:8.2f} s")
    print(f"ready, second start           {again[1]:8.2f} s")
    print(f"stopped                       {stopped:8.2f} s")
    print(f"daemon, resident              {whole / 2**20:8.1f} MiB")
    print(f"daemon, own                   {own / 2**20:8.1f} MiB")
    print(f"workers and git, resident     {below / 2**20:8.1f} MiB")
    print(f"processor while idle          {used / seconds:8.2%} of a core")


def _make(root: Path) -> None:
    root.mkdir()
    for number in range(_FILES):
        (root / f"file_{number}.py").write_text(f"x = {number}\n")
    (root.parent / "passphrase").write_text("correct horse battery staple\n")
    (root.parent / "passphrase").chmod(0o600)
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run(["git", *words], cwd=root, check=True, env=_environment(root))


def _environment(root: Path) -> dict[str, str]:
    names = {"GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org"}
    also = {"GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.org"}
    return {**os.environ, **names, **also, "XDG_STATE_HOME": str(root.parent / "state")}


def _started(root: Path) -> tuple[subprocess.Popen[str], float]:
    """The daemon and how long it took to be ready."""
    begun = time.monotonic()
    passphrase = str(root.parent / "passphrase")
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "qualitywatch", "watch", str(root)),
            *("--port", "0", "--passphrase-file", passphrase),
        ],
        stdout=subprocess.PIPE,
        text=True,
        env=_environment(root),
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line.startswith("ready: "):
        raise click.ClickException(f"the daemon did not start: {line!r}")
    return process, time.monotonic() - begun


def _stopped(process: subprocess.Popen[str]) -> float:
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    with process:
        process.wait(timeout=30)
    return time.monotonic() - begun


def _processor(daemon: psutil.Process) -> float:
    """Seconds that it and its children have used."""
    times = [daemon.cpu_times(), *(c.cpu_times() for c in daemon.children(True))]
    return float(sum(one.user + one.system for one in times))


if __name__ == "__main__":
    main()
