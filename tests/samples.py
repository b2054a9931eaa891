"""The sample files of `tests/data/languages`, and honest edits of them by program."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from qualitywatch.analysis.comparing.compare import Comparison
from qualitywatch.analysis.outlines.outline import Outline
from qualitywatch.analysis.outlines.units import Unit
from qualitywatch.analysis.sources.source import Source
from qualitywatch.languages import Language, of_path

FOLDER = Path(__file__).parent / "data" / "languages"
SAMPLES = sorted(path.name for path in FOLDER.iterdir())
CODE = [name for name in SAMPLES if not re.search(r"\.(html|toml|ya?ml|json)$", name)]

_WORD = re.compile(r"[A-Za-z_]\w{2,}")
_TAKEN = frozenset({"constructor", "init", "deinit", "self", "this", "main"})


@lru_cache(maxsize=64)
def outline(name: str) -> Outline:
    """The outline of the sample *name*."""
    return Outline(source(name, (FOLDER / name).read_text("utf-8")))


def source(name: str, text: str) -> Source:
    """*text* as a version of the sample *name*."""
    return Source.read(name, text.encode(), language(name))


def language(name: str) -> Language:
    """The language of the sample *name*."""
    found = of_path(name)
    assert found is not None
    return found


def change(name: str, after: str) -> Comparison:
    """The sample *name* and what became of it."""
    return Comparison(outline(name).source, source(name, after))


def functions(name: str) -> list[Unit]:
    """The functions of the sample that share no line with what is beside them."""
    starts = [unit.start_line for unit in outline(name).units]
    ends = [unit.end_line for unit in outline(name).units]
    return [
        unit
        for unit in outline(name).units
        if unit.kind == ("block" if name.endswith(".css") else "function")
        and unit.body is not None
        and unit.end_line > unit.start_line
        and starts.count(unit.start_line) == 1
        and (ends.count(unit.end_line) == 1 or name.endswith(".py"))
    ]


def renameable(name: str) -> list[Unit]:
    """Functions with a name that may be replaced wherever it stands as a word."""
    return [
        unit
        for unit in functions(name)
        if _WORD.fullmatch(unit.short) and unit.short not in _TAKEN
    ]


def lines_of(unit: Unit, lines: list[str]) -> list[str]:
    """The lines on which *unit* stands."""
    return lines[unit.start_line - 1 : unit.end_line]


def renamed(text: str, old: str, new: str) -> str:
    """*text* with the word *old* replaced."""
    return re.sub(rf"\b{re.escape(old)}\b", new, text)


def remark(name: str, text: str) -> str:
    """A comment with *text* in the language of the sample."""
    known = language(name)
    if known.line_comments:
        return f"{known.line_comments[0]} {text}"
    opening, closing = known.block_comments[0]
    return f"{opening} {text} {closing}"
