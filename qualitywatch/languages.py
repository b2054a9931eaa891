"""The languages we can parse: one entry each, and nothing else to touch.

To add a language: one entry in `LANGUAGES`, one dependency in `pyproject.toml`,
and a section with examples in the rules that should serve it.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import tree_sitter


class Language(msgspec.Struct, frozen=True, kw_only=True):
    """How one language is recognised, parsed and cut into units."""

    name: str
    title: str  # as a heading in rule files
    suffixes: tuple[str, ...]
    grammar: tuple[str, str]  # module and the function that returns the grammar
    line_comment: str
    functions: frozenset[str]  # node types that are a function or a method
    classes: frozenset[str]  # node types that hold named members
    block_comments: tuple[tuple[str, str], ...] = ()
    shebangs: tuple[str, ...] = ()


_SLASHES = (("/*", "*/"),)
_JS_FUNCTIONS = frozenset(
    {
        "function_declaration",
        "generator_function_declaration",
        "function_expression",
        "generator_function",
        "arrow_function",
        "method_definition",
    }
)
_JS_CLASSES = frozenset({"class_declaration", "class"})
_TS_CLASSES = _JS_CLASSES | {
    "abstract_class_declaration",
    "interface_declaration",
    "internal_module",
    "module",
}

_ENTRIES = (
    Language(
        name="python",
        title="Python",
        suffixes=(".py", ".pyi", ".pyw"),
        grammar=("tree_sitter_python", "language"),
        line_comment="#",
        functions=frozenset({"function_definition"}),
        classes=frozenset({"class_definition"}),
        shebangs=("python", "python3"),
    ),
    Language(
        name="javascript",
        title="JavaScript",
        suffixes=(".js", ".mjs", ".cjs"),
        grammar=("tree_sitter_javascript", "language"),
        functions=_JS_FUNCTIONS,
        classes=_JS_CLASSES,
        shebangs=("node",),
        line_comment="//",
        block_comments=_SLASHES,
    ),
    Language(
        name="jsx",
        title="JSX",
        suffixes=(".jsx",),
        grammar=("tree_sitter_javascript", "language"),
        functions=_JS_FUNCTIONS,
        classes=_JS_CLASSES,
        line_comment="//",
        block_comments=_SLASHES,
    ),
    Language(
        name="typescript",
        title="TypeScript",
        suffixes=(".ts", ".mts", ".cts"),
        grammar=("tree_sitter_typescript", "language_typescript"),
        functions=_JS_FUNCTIONS,
        classes=_TS_CLASSES,
        line_comment="//",
        block_comments=_SLASHES,
    ),
    Language(
        name="tsx",
        title="TSX",
        suffixes=(".tsx",),
        grammar=("tree_sitter_typescript", "language_tsx"),
        functions=_JS_FUNCTIONS,
        classes=_TS_CLASSES,
        line_comment="//",
        block_comments=_SLASHES,
    ),
)

LANGUAGES = MappingProxyType({entry.name: entry for entry in _ENTRIES})
"""Every language we parse, by its name."""

_BY_SUFFIX = {suffix: entry for entry in _ENTRIES for suffix in entry.suffixes}
_BY_TITLE = {entry.title.lower(): entry for entry in _ENTRIES}


def of_path(path: str, first_line: bytes = b"") -> Language | None:
    """The language of *path* by its suffix, else by its shebang; `None` if unknown."""
    by_suffix = _BY_SUFFIX.get(PurePosixPath(path).suffix.lower())
    return by_suffix or _of_shebang(first_line)


def of_title(title: str) -> Language | None:
    """The language that a heading or fence of a rule file names."""
    return _BY_TITLE.get(title.lower()) or LANGUAGES.get(title.lower())


def load_grammar(language: Language) -> tree_sitter.Language:
    """The tree-sitter grammar, imported on first use: each costs milliseconds."""
    import tree_sitter

    module, function = language.grammar
    return tree_sitter.Language(getattr(import_module(module), function)())


def names() -> Iterable[str]:
    """The names of all languages, for messages."""
    return LANGUAGES.keys()


def _of_shebang(first_line: bytes) -> Language | None:
    if not first_line.startswith(b"#!"):
        return None
    words = first_line[2:].decode("ascii", "replace").split()
    programs = {PurePosixPath(word).name for word in words}
    return next((e for e in _ENTRIES if programs.intersection(e.shebangs)), None)
