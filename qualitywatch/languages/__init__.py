"""The languages we can read: one entry each, and nothing else to touch.

To add a language: one entry, in `plain`, or with a grammar in `scripting`, `compiled`,
`managed` or `web` (with a dependency in `pyproject.toml`), and a section with examples
in the rules that should serve it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from importlib import import_module
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from qualitywatch.languages.headers import of_header
from qualitywatch.languages.language import Language
from qualitywatch.languages.parsed import PARSED
from qualitywatch.languages.plain import PLAIN, TEXT

if TYPE_CHECKING:
    import tree_sitter

__all__ = [
    "ANY",
    "LANGUAGES",
    "TEXT",
    "Language",
    "load_grammar",
    "names",
    "of_path",
    "of_title",
]

ANY = "any"
"""The name of the section of a rule that serves every language."""

_ENTRIES = (*PARSED, *PLAIN, TEXT)

LANGUAGES = MappingProxyType({entry.name: entry for entry in _ENTRIES})
"""Every language we read, by its name."""

_BY_SUFFIX = {suffix: entry for entry in _ENTRIES for suffix in entry.suffixes}
_BY_FILE_NAME = {name: entry for entry in _ENTRIES for name in entry.file_names}
_BY_TITLE = {entry.title.lower(): entry for entry in _ENTRIES}


def of_path(path: str, content: bytes = b"") -> Language | None:
    """The language of *path*; `None` if unknown.

    The name tells, else the first line of *content*. Only for headers, which C and
    C++ share, more of it is read.
    """
    name = path.rpartition("/")[2].lower()
    suffixes = [f".{part}" for part in name.lstrip(".").split(".")[1:]]
    endings = ("".join(suffixes[-2:]), suffixes[-1]) if suffixes else ()
    if endings and endings[-1] == ".h":
        return LANGUAGES[of_header(content)]
    by_suffix = next((_BY_SUFFIX[e] for e in endings if e in _BY_SUFFIX), None)
    return (
        by_suffix
        or _BY_FILE_NAME.get(name)
        or _BY_FILE_NAME.get(name.partition(".")[0])  # Dockerfile.worker
        or _of_shebang(content[:200].partition(b"\n")[0])
    )


def of_title(title: str) -> Language | None:
    """The language that a heading or fence of a rule file names."""
    return _BY_TITLE.get(title.lower()) or LANGUAGES.get(title.lower())


def load_grammar(language: Language) -> tree_sitter.Language:
    """The tree-sitter grammar, imported on first use: each costs milliseconds."""
    import tree_sitter

    assert language.grammar is not None, f"{language.name} has no grammar"
    package, function = language.grammar
    return tree_sitter.Language(getattr(_binding(package), function)())


@lru_cache(maxsize=32)
def _binding(package: str) -> Any:
    """The compiled part of *package*; the rest takes 5 ms to find files of queries."""
    whole = find_spec(package)
    places = whole.submodule_search_locations if whole else None
    spec = PathFinder.find_spec(f"{package}._binding", places)
    if spec is None or spec.loader is None:
        return import_module(package)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def names() -> Iterable[str]:
    """The names of all languages, for messages."""
    return LANGUAGES.keys()


def _of_shebang(first_line: bytes) -> Language | None:
    if not first_line.startswith(b"#!"):
        return None
    words = first_line[2:].decode("ascii", "replace").split()
    programs = {PurePosixPath(word).name for word in words}
    return next((e for e in _ENTRIES if programs.intersection(e.shebangs)), None)
