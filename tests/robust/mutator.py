"""A stranger who works in the tree and tells nobody: every way a file can change."""

from __future__ import annotations

import asyncio
import mmap
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

from tests.robust.actors import Stage
from tests.robust.ground import lazy, whole

FOLDER = "stranger"
KNOWN = tuple(f"{FOLDER}/known_{number}.py" for number in range(4))
"""Files of the first commit that are the stranger's to spoil."""
BRANCHED = "branched/part.py"
"""The file in which the branches differ; nobody edits it."""


LONGEST_PAUSE = 0.15


class Mutator:
    """Does one thing after the other to the files below `FOLDER`."""

    def __init__(self, stage: Stage, seed: int, *, drops_code: bool = True) -> None:
        self._stage = stage
        self._root = stage.ground.root / FOLDER
        self._outside = stage.ground.root.parent / "outside"
        self._outside.mkdir(exist_ok=True)
        self._random = random.Random(seed)
        self._number = seed * 10_000  # no name is made twice in a run
        self._drops_code = drops_code
        self._deeds: tuple[Callable[[], None], ...] = (
            self._create,
            self._create,
            self._rewrite,
            self._rewrite,
            self._save_atomically,
            self._rename,
            self._delete,
            self._make_folders,
            self._link,
            self._write_through_memory,
            self._move_out_and_in,
            self._rename_folder,
            self._point_elsewhere,
            self._write_bytes,
            self._spoil,
            self._mend,
        )

    async def run(self) -> None:
        """Work until it is over."""
        while not self._stage.is_over:
            if self._random.random() < 0.03:
                await asyncio.to_thread(self._switch_branch)
            else:
                self._random.choice(self._deeds)()
            await asyncio.sleep(self._random.uniform(0, LONGEST_PAUSE))

    # Deeds

    def _create(self) -> None:
        self._new().write_text(self._text())

    def _rewrite(self) -> None:
        if file := self._any():
            file.write_text(self._text())

    def _save_atomically(self) -> None:
        if file := self._any():
            temporary = file.with_suffix(".tmp")
            temporary.write_text(self._text())
            temporary.replace(file)

    def _rename(self) -> None:
        if file := self._any():
            file.rename(self._new())

    def _delete(self) -> None:
        if file := self._any():
            file.unlink()

    def _make_folders(self) -> None:
        folder = self._root / f"deep_{self._next()}" / "er" / "est"
        folder.mkdir(parents=True)
        (folder / "at_once.py").write_text(self._text())

    def _link(self) -> None:
        if file := self._any():
            os.link(file, self._new())

    def _write_through_memory(self) -> None:
        if file := self._any():
            with file.open("r+b") as opened, mmap.mmap(opened.fileno(), 0) as memory:
                memory[0:10] = b"VERSION = "

    def _move_out_and_in(self) -> None:
        folders = [p for p in self._root.glob("deep_*") if p.is_dir()]
        if folders:
            away = self._outside / f"away_{self._next()}"
            shutil.move(self._random.choice(folders), away)
            (away / "outside.py").write_text(self._text())
            shutil.move(away, self._root / f"deep_{self._next()}")

    def _rename_folder(self) -> None:
        folders = [p for p in self._root.glob("deep_*") if p.is_dir()]
        if folders:
            new = self._root / f"deep_{self._next()}"
            self._random.choice(folders).rename(new)

    def _point_elsewhere(self) -> None:
        self._new().symlink_to(self._random.choice((self._outside, "nowhere", "/etc")))

    def _write_bytes(self) -> None:
        self._new().write_bytes(b"\xff\xfe" + self._random.randbytes(40))

    def _spoil(self) -> None:
        if self._drops_code and self._random.random() < 0.3:
            self._known().write_text(lazy(self._next()))

    def _mend(self) -> None:
        self._known().write_text(whole(self._next()))

    def _switch_branch(self) -> None:
        branch = self._random.choice(("main", "other"))
        self._stage.ground.git("checkout", "-q", branch)

    # What they need

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _text(self) -> str:
        return whole(self._next())

    def _new(self) -> Path:
        return self._root / f"new_{self._next()}.py"

    def _known(self) -> Path:
        return self._stage.ground.root / self._random.choice(KNOWN)

    def _any(self) -> Path | None:
        files = [p for p in self._root.rglob("new_*.py") if not p.is_symlink()]
        return self._random.choice(sorted(files)) if files else None
