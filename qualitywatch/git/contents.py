"""Contents of objects: as git stores them, or as a checkout would write them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from qualitywatch.git import attributes, command, parse
from qualitywatch.git.batch import Batch


class Contents:
    """Two processes, each started when it is first needed: stored and filtered."""

    def __init__(
        self,
        *,
        folder: Path,
        common_dir: Path,
        incoming: Mapping[str, str] = command.NOTHING_INCOMING,
    ) -> None:
        self._folder = folder
        self._common_dir = common_dir
        self._stored = Batch(["cat-file", "--batch"], folder=folder, incoming=incoming)
        self._filtered = Batch(
            ["cat-file", "--batch", "--filters"],
            folder=folder,
            incoming=incoming,
            without_programs=True,
        )
        # What the filtered process has read by now: it never looks a second time.
        self._signatures: dict[Path, tuple[int, int] | None] = {}

    def read(
        self, name: str, *, as_path: str | None, limit: int | None
    ) -> bytes | None:
        """The blob *name*, which holds no space; filtered as the file *as_path*."""
        if as_path is None:
            return self._stored.read(parse.raw(name), limit=limit)
        if "\n" in as_path or "\r" in as_path:  # does not fit on a request line
            return self._filtered_alone(name, as_path, limit)
        self._notice_new_filters(as_path)
        return self._filtered.read(parse.raw(f"{name} {as_path}"), limit=limit)

    def id(self, name: str) -> str | None:
        """The id of the object *name*, which holds no line end; `None` if none is."""
        return self._stored.id(parse.raw(name))

    def close(self) -> None:
        """End the processes."""
        self._stored.stop()
        self._filtered.stop()

    def _filtered_alone(self, name: str, path: str, limit: int | None) -> bytes | None:
        done = command.run(
            ["cat-file", "--filters", f"--path={path}", name],
            folder=self._folder,
            incoming=command.no_programs(self._folder),
            accept=(0, 128),
        )
        return done.output[:limit] if done.code == 0 else None

    def _notice_new_filters(self, path: str) -> None:
        folders = (self._folder / parent for parent in PurePosixPath(path).parents)
        for file in (
            *(folder / attributes.FILE_NAME for folder in folders),
            self._common_dir / "info" / "attributes",
            self._common_dir / "config",
        ):
            now = _signature(file)
            if self._signatures.setdefault(file, now) != now:
                self._signatures[file] = now
                self._filtered.stop()


def _signature(file: Path) -> tuple[int, int] | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
