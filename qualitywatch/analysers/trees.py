"""The folders that a tool is run in: the changed files as they were, or as they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from qualitywatch.analysers.recipes import Plan
from qualitywatch.git import Repository
from qualitywatch.model import Change

MAX_FOLDERS = 500  # that are searched for the settings of a tool
MAX_SETTING = 1024 * 1024  # bytes of one file of settings


def settings_at(
    repository: Repository, base: str | None, plan: Plan, paths: Iterable[str]
) -> dict[str, bytes]:
    """The tool's own settings as the base has them, beside and above *paths*."""
    if base is None or not plan.settings:
        return {}
    folders = sorted({str(p) for path in paths for p in PurePosixPath(path).parents})
    found: dict[str, bytes] = {}
    for folder in folders[:MAX_FOLDERS]:
        for name in repository.names(base, folder):
            if not plan.is_setting(name):
                continue
            path = name if folder == "." else f"{folder}/{name}"
            content = repository.content(base, path, limit=MAX_SETTING)
            found[path] = content or b""
    return found


def write_before(
    folder: Path, changes: Iterable[Change], settings: Mapping[str, bytes]
) -> list[str]:
    """The files of the base below *folder*; returns their paths, as after the change.

    A renamed file stands under its new name, so that both runs speak of one file.
    """
    return _write(folder, {c.path: c.before for c in changes}, settings)


def write_after(
    folder: Path, changes: Iterable[Change], settings: Mapping[str, bytes]
) -> list[str]:
    """The files as they are now below *folder*; returns their paths."""
    return _write(folder, {c.path: c.after for c in changes}, settings)


def link(folder: Path, root: Path, names: Iterable[str]) -> None:
    """Folders of the repository that the tool needs, such as `node_modules`."""
    for name in names:
        if (root / name).is_dir() and not (folder / name).exists():
            (folder / name).symlink_to(root / name)


def _write(
    folder: Path, files: Mapping[str, bytes | None], settings: Mapping[str, bytes]
) -> list[str]:
    written = []
    for path, content in files.items():
        if content is not None and path not in settings:
            _put(folder, path, content)
            written.append(path)
    for path, content in settings.items():
        _put(folder, path, content)
    return written


def _put(folder: Path, path: str, content: bytes) -> None:
    file = folder / path
    if not file.resolve().is_relative_to(folder.resolve()):
        raise ValueError(f"{path!r} leads out of the repository")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
