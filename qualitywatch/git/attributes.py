"""Which files a commit itself marks as generated or vendored."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path

from qualitywatch.git import command, parse

FILE_NAME = ".gitattributes"
NOT_OURS = ("linguist-generated", "linguist-vendored")


def files_for(paths: Collection[str]) -> set[str]:
    """The attribute files that speak of *paths*, as far as they exist."""
    found = {FILE_NAME} if paths else set()
    for path in paths:
        folder = path.rpartition("/")[0]
        while folder and f"{folder}/{FILE_NAME}" not in found:
            found.add(f"{folder}/{FILE_NAME}")
            folder = folder.rpartition("/")[0]
    return found


def not_ours(files: Mapping[str, bytes], paths: Collection[str]) -> dict[str, str]:
    """Those of *paths* that *files* mark, and the attribute that does."""
    if not any(b"linguist-" in content for content in files.values()):
        return {}
    import tempfile  # 5 ms; few ask

    with tempfile.TemporaryDirectory(prefix="qualitywatch-") as folder:
        return _marked(Path(folder), files, paths)


def _marked(
    folder: Path, files: Mapping[str, bytes], paths: Collection[str]
) -> dict[str, str]:
    """git itself reads the attributes, in a folder that holds nothing else."""
    command.run(["init", "--quiet", "--template="], folder=folder)
    for file, content in files.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(content)
    arguments = ["-c", f"core.attributesFile={os.devnull}", "check-attr", "-z"]
    done = command.run(
        [*arguments, "--stdin", *NOT_OURS],
        folder=folder,
        stdin=parse.raw("".join(f"{path}\0" for path in paths)),
    )
    rows = iter(parse.fields(done.output))
    return {
        path: attribute
        for path, attribute, value in zip(rows, rows, rows, strict=True)
        if value in ("set", "true")
    }
