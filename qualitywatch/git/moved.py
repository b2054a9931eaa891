"""Files moved by hand: git finds a rename only between files that it knows."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path

from qualitywatch.git import command, parse


def asked_again(
    question: Sequence[str],
    new: Collection[str],
    *,
    folder: Path,
    index_file: Path,
    objects: Path,
) -> bytes | None:
    """What git answers if the files *new* are to be added; `None` if one is gone.

    It is asked over a copy of *index_file*, and nothing is written to *objects*: not
    even the empty object that stands for the contents of such files.
    """
    import shutil  # these two take 5 ms, and few ask
    import tempfile

    stdin = parse.raw("".join(f":(top,literal){path}\0" for path in new))
    with tempfile.TemporaryDirectory(prefix="qualitywatch-") as name:
        index, beside = Path(name) / "index", command.beside(objects, Path(name))
        shutil.copyfile(index_file, index)
        no_hook = ["-c", f"core.hooksPath={os.devnull}"]  # of who wrote the settings
        adding = [
            *no_hook,
            "add",
            "-N",
            "--pathspec-from-file=-",
            "--pathspec-file-nul",
        ]
        for arguments, given in ((adding, stdin), (question, b"")):
            done = command.run(
                arguments,
                folder=folder,
                stdin=given,
                index_file=index,
                incoming={**beside, **command.no_programs(folder)},
                accept=(0, 128),
            )
            if done.code == 128:
                return None
    return done.output
