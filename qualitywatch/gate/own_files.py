"""Our own files inside a change: broken, they would stop every gate after this one."""

from __future__ import annotations

from pathlib import PurePosixPath

from qualitywatch import config, rulebook
from qualitywatch.analysers.recipes import plans
from qualitywatch.errors import UserError
from qualitywatch.model import ViolationType

_SETTINGS = {
    config.FILE_NAME: config.parse,
    config.PYPROJECT: config.parse_pyproject,
}
_OWN = f"{rulebook.OWN_FOLDER.as_posix()}/"
_TYPES = {rulebook.folder_of(type): type for type in ViolationType}


def fault(path: str, content: bytes | None) -> str | None:
    """Why nothing could be judged with *content* at *path*; `None` where it can.

    Files that are not ours have no fault, nor has one that is deleted.
    """
    if content is None:
        return None
    try:
        if parse := _SETTINGS.get(path):
            plans(parse(content, place=path).analysers)
        elif _is_rule(path):
            _parse_rule(PurePosixPath(path), content)
    except UserError as error:
        return f"{error.problem}; after this change no gate could judge"
    return None


def is_ours(path: str) -> bool:
    """True for our settings and for a rule of the repository."""
    return path == config.FILE_NAME or _is_rule(path)


def _is_rule(path: str) -> bool:
    if not path.startswith(_OWN):  # asked for every file of a change
        return False
    place = PurePosixPath(path)
    return place.parent.parent == PurePosixPath(_OWN) and place.suffix == ".md"


def _parse_rule(path: PurePosixPath, content: bytes) -> None:
    from qualitywatch.analysis import CHECKS  # only a repository's own rules need it

    type = _TYPES.get(path.parent.name)
    if type is None:
        raise UserError(f"no violation type has the folder {path.parent.name}")
    rulebook.parse(
        content.decode("utf-8", "replace"),
        source=str(path),
        id=path.stem,
        type=type,
        known_checks=CHECKS,
    )
