"""Every way in which files come, change and go, by chance but repeatable."""

from __future__ import annotations

import mmap
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

from tests.conftest import Repo

_STRANGE = (
    os.fsdecode(b"\xff\xfe"),
    "new\nline",
    "<img onerror=x>",
    "\u202egnp",
    "a b",
)


class Changer:
    """Changes the files of a repository, never those of git or of the first commit."""

    def __init__(self, repo: Repo, seed: int) -> None:
        self.counts: dict[str, int] = {}
        self._repo = repo
        self._root = repo.root
        self._outside = repo.root.with_name("outside")
        self._outside.mkdir(exist_ok=True)
        self._random = random.Random(seed)
        self._number = 0
        self._deeds: tuple[Callable[[], None], ...] = (
            *(self._create, self._create, self._create, self._strange, self._nested),
            *(self._write, self._write, self._append, self._save_atomically),
            *(self._rename, self._delete, self._link, self._write_through_link),
            *(self._map, self._restore_times, self._replace_by_folder, self._point),
            *(self._move_out, self._move_in, self._rename_folder, self._remove_folder),
            *(self._nested, self._stay_inside_what_left, self._switch_branch),
        )

    def change(self, times: int) -> None:
        """Do *times* things."""
        for _ in range(times):
            deed = self._random.choice(self._deeds)
            deed()
            self.counts[deed.__name__] = self.counts.get(deed.__name__, 0) + 1

    # Files

    def _create(self) -> None:
        self._file(self._folder()).write_text(self._text())

    def _strange(self) -> None:
        name = f"{self._next()}{self._random.choice(_STRANGE)}.py"
        (self._folder() / name).write_text(self._text())

    def _write(self) -> None:
        if file := self._any_file():
            file.write_text(self._text())

    def _append(self) -> None:
        if file := self._any_file():
            with file.open("a") as opened:
                opened.write(self._text())

    def _save_atomically(self) -> None:
        if file := self._any_file():
            temporary = file.with_name(f".{self._next()}.tmp")
            temporary.write_text(self._text())
            temporary.replace(file)

    def _rename(self) -> None:
        if file := self._any_file():
            file.rename(self._file(self._folder()))

    def _delete(self) -> None:
        if file := self._any_file():
            file.unlink()

    def _link(self) -> None:
        if file := self._any_file():
            os.link(file, self._file(self._folder()))

    def _write_through_link(self) -> None:
        """No event tells of this one."""
        if file := self._any_file():
            alias = self._outside / f"alias{self._next()}"
            os.link(file, alias)
            alias.write_text(self._text())

    def _map(self) -> None:
        if file := self._any_file():
            with file.open("r+b") as opened, mmap.mmap(opened.fileno(), 0) as memory:
                memory[:4] = f"{self._next() % 10000:04}".encode()

    def _restore_times(self) -> None:
        """Another content of the same size, and the time of the old one."""
        if file := self._any_file():
            before = file.stat()
            file.write_text(f"{self._next():0{before.st_size}}"[: before.st_size])
            os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))

    def _replace_by_folder(self) -> None:
        if file := self._any_file():
            file.unlink()
            file.mkdir()
            (file / "inside.py").write_text(self._text())

    def _point(self) -> None:
        self._file(self._folder()).symlink_to(self._random.choice(["/etc", "x", ".."]))

    # Folders

    def _nested(self) -> None:
        """`mkdir -p` and a file at once: a race with the new watches."""
        folder = self._folder() / f"d{self._next()}" / "e" / "f"
        folder.mkdir(parents=True)
        self._file(folder).write_text(self._text())

    def _move_out(self) -> None:
        if folder := self._any_folder():
            folder.rename(self._outside / f"d{self._next()}")

    def _move_in(self) -> None:
        folders = sorted(p for p in self._outside.iterdir() if p.is_dir())
        if folders:
            folder = self._random.choice(folders)
            folder.rename(self._folder() / f"d{self._next()}")

    def _stay_inside_what_left(self) -> None:
        """Write where watchdog still has a watch, under a name that is gone."""
        folders = sorted(p for p in self._outside.rglob("*") if p.is_dir())
        if folders:
            self._file(self._random.choice(folders)).write_text(self._text())

    def _rename_folder(self) -> None:
        if folder := self._any_folder():
            folder.rename(folder.with_name(f"d{self._next()}"))

    def _remove_folder(self) -> None:
        if folder := self._any_folder():
            shutil.rmtree(folder)

    def _switch_branch(self) -> None:
        branch = self._random.choice(["main", "other"])
        self._repo.git("checkout", "-q", branch, check=False)

    # What they need

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _text(self) -> str:
        return f"value = {self._next()}\n" * self._random.randint(1, 40)

    def _file(self, folder: Path) -> Path:
        return folder / f"file{self._next()}.py"

    def _folder(self) -> Path:
        return self._random.choice([self._root, *self._folders()])

    def _folders(self) -> list[Path]:
        found = []
        for folder, names, _ in os.walk(self._root):
            names[:] = [name for name in names if name not in {".git", "branched"}]
            found += [Path(folder, name) for name in names]
        return sorted(path for path in found if not path.is_symlink())

    def _any_folder(self) -> Path | None:
        folders = self._folders()
        return self._random.choice(folders) if folders else None

    def _any_file(self) -> Path | None:
        folders = [self._root, *self._folders()]
        files = sorted(
            path
            for folder in folders
            for path in folder.glob("*file*.py")
            if path.is_file() and not path.is_symlink()
        )
        return self._random.choice(files) if files else None


def two_branches(repo: Repo) -> None:
    """`main` and `other`, which differ in many files that nobody else touches."""
    repo.commit(**{"app.py": "x = 1\n"})
    repo.git("checkout", "-q", "-b", "other")
    repo.commit(**{f"branched/b{n}.py": f"x = {n}\n" for n in range(50)})
    repo.git("checkout", "-q", "main")
