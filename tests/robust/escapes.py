"""Ways out of the root: paths that point elsewhere, and files that are no files."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from qualitywatch.judge import files
from tests.robust.ground import Ground, lazy
from tests.robust.stand import CLOSED, FREE, WAYS, Stand, Wire
from tests.robust.tally import Tally

SECRET = "OUTSIDE_7f3a91"
"""Stands in what lies outside; wherever it turns up, somebody has read it."""

LIMIT = 256 * 1024
_SWAPPER = """
import os, sys
inside, outside, spare = sys.argv[1:]
print("ready", flush=True)
while True:
    os.symlink(outside, spare)
    os.rename(inside, inside + ".away")
    os.rename(spare, inside)
    os.unlink(inside)
    os.rename(inside + ".away", inside)
"""


async def hostile_paths(stand: Stand, tally: Tally) -> None:
    """Each path in each field that takes one: refused, or about nothing outside."""
    outside = plant(stand.ground)
    paths = list(_paths(stand.ground.root, outside))
    for way in WAYS:
        async with stand.known(FREE, way) as wire:
            for path in paths:
                await _try(path, wire, tally)


async def _try(path: str, wire: Wire, tally: Tally) -> None:
    for method, params in _calls(path):
        reply = await wire.ask(method, **params)
        what = f"{method} {path[:60]!r}"
        assert reply is not CLOSED, what
        tally.add(what, reply) if _leaves(path) else tally.check(what, True)
        tally.check(f"{what} shows it", SECRET not in str(reply))


async def races_at_the_hub(stand: Stand, tally: Tally, times: int) -> None:
    """Reports of a file whose folder is swapped for a link to the outside and back."""
    outside = plant(stand.ground)
    inside = stand.ground.root / "swapped"
    inside.mkdir(exist_ok=True)
    (inside / "app.py").write_text("VALUE = 1\n")
    with _swapping(inside, outside):
        for number in range(times):
            async with stand.known(FREE, WAYS[number % 2]) as wire:
                reply = await wire.ask(
                    "change.report", event_id=uuid.uuid4().hex, path="swapped/app.py"
                )
            tally.check("a report in a race", SECRET not in str(reply))


def races_at_the_disk(folder: Path, tally: Tally, times: int) -> None:
    """The same where files are opened: *times* reads or more, until both were met.

    On a busy machine whoever swaps may stand still while all the reads are done.
    """
    ground = Ground(folder / "root")
    inside = ground.root / "swapped"
    inside.mkdir(parents=True)
    (inside / "app.py").write_text("VALUE = 1\n")
    outside, met = plant(ground), {"the file": 0, "a swap": 0}
    with _swapping(inside, outside) as swapper:
        while sum(met.values()) < times or min(met.values()) < times // 100:
            assert swapper.poll() is None, "nobody swaps any more"
            file = files.read(ground.root, "swapped/app.py", limit=LIMIT)
            content = file.content or file.head
            met["the file" if content else "a swap"] += 1
            tally.check("a read in a race", SECRET.encode() not in content)


def special_files(root: Path, tally: Tally) -> None:
    """Whatever may stand where a file is due: nobody waits for it."""
    for name, make in _SPECIAL.items():
        path = f"special_{name}.py"
        make(root / path)
        begun = time.monotonic()
        file = files.read(root, path, limit=LIMIT)
        is_soon = time.monotonic() - begun < 10  # else it is for ever
        tally.check(f"{name} blocks", is_soon)
        tally.check(f"{name} is read", file.content is None)


def plant(ground: Ground) -> Path:
    """A folder beside the root that nobody may look into."""
    outside = ground.root.parent / "outside"
    outside.mkdir(exist_ok=True)
    (outside / "app.py").write_text(f"{SECRET} = 1\n{lazy(1)}")
    return outside


def leaks(ground: Ground, *more: Path) -> list[Path]:
    """Files of the records in which the secret stands."""
    kept = [file for file in ground.state_dir.rglob("*") if file.is_file()]
    return [file for file in (*kept, *more) if SECRET.encode() in file.read_bytes()]


def _paths(root: Path, outside: Path) -> Iterator[str]:
    links = {"link.py": outside / "app.py", "linked": outside, "loop": root / "loop"}
    for name, target in links.items():
        if not (root / name).is_symlink():
            (root / name).symlink_to(target)
    up = f"../{outside.name}/app.py"
    descriptor = os.open(outside, os.O_RDONLY)
    os.close(descriptor)
    yield from (up, f"./{up}", f"x/../{up}", f"a/b/../../{up}", f"linked/../{up}")
    yield from (
        str(outside / "app.py"),
        f"//{outside}/app.py",
        "/etc/passwd",
        "/",
        "..",
    )
    yield from (f"{root}/{up}", "link.py", "linked/app.py", "loop/app.py", "linked")
    yield from (f"/proc/self/fd/{descriptor}/app.py", "/proc/self/root/etc/passwd")
    yield from ("/proc/self/cwd/app.py", "/dev/fd/0", "/dev/zero", "~/.ssh/id_rsa")
    yield from ("a\0b.py", f"{up}\0.py", "x\0/../../y", "\0")
    yield from ("a/" * 2000 + "b.py", "n" * 300 + ".py", "../" * 1000 + "etc/passwd")
    yield from (
        "OTHER.PY",
        "Other.py",
        "other.py/",
        "other.py/.",
        "..",
        "other.py/../x",
    )
    yield from (
        "..\\outside\\app.py",
        "C:\\x.py",
        "%2e%2e/outside/app.py",
        "..%2foutside",
    )
    yield from (
        "\u2025/outside/app.py",
        "\uff0e\uff0e/outside/app.py",
        "..\u2215outside",
    )
    yield from (
        "a\udcff.py",
        "a\x1b[2J.py",
        " ",
        ".",
        "./",
        "-rf",
        "file:///etc/passwd",
    )
    yield from (".git/config", ".git/qualitywatch/state.db", ".GIT/config", ".git")


def _leaves(path: str) -> bool:
    """True for a path that must be refused as it stands."""
    parts = path.split("/")
    is_out = path.startswith("/") or ".." in parts or "\0" in path
    return is_out or parts[0] in {"link.py", "linked"}


def _calls(path: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    event = uuid.uuid4().hex
    yield "edit.permit", {"path": path}
    yield "change.check", {"path": path, "new_content": "x = 1\n"}
    yield (
        "change.check",
        {"path": "other.py", "old_path": path, "new_content": "x = 1\n"},
    )
    yield "change.report", {"path": path, "event_id": event}
    yield (
        "change.report",
        {
            "path": "other.py",
            "old_path": path,
            "event_id": event,
            "change_type": "rename",
        },
    )


@contextmanager
def _swapping(inside: Path, outside: Path) -> Iterator[subprocess.Popen[str]]:
    """A process of its own: it is in the middle of it whenever somebody looks."""
    words = [sys.executable, "-c", _SWAPPER, inside, outside, inside.with_name("spare")]
    swapper = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    with swapper:
        assert swapper.stdout is not None
        swapper.stdout.readline()
        try:
            yield swapper
        finally:
            swapper.kill()


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        folder = os.open(path.parent, os.O_RDONLY)
        one.bind(f"/proc/self/fd/{folder}/{path.name}")
        os.close(folder)


_SPECIAL = {
    "pipe": os.mkfifo,
    "socket": _socket,
    "folder": Path.mkdir,
    "dangling link": lambda path: path.symlink_to("nowhere"),
    "link to a device": lambda path: path.symlink_to("/dev/zero"),
    "link to itself": lambda path: path.symlink_to(path.name),
    "link outside": lambda path: path.symlink_to("/etc/passwd"),
}
