"""What one query per language finds in a tree: units, what names them, comments.

The query is made from the tables of `languages`, so that adding a language needs no
code here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType

import tree_sitter

from qualitywatch.languages import LANGUAGES, Language, load_grammar
from qualitywatch.languages.syntax import Binding, Shape, Syntax


@lru_cache(maxsize=32)
def grammar(language: Language) -> tree_sitter.Language:
    """The grammar of *language*, loaded once in a process."""
    return load_grammar(language)


@lru_cache(maxsize=1)
def empty_tree() -> tree_sitter.Tree:
    """The tree of an empty text, for languages that have no grammar."""
    return tree_sitter.Parser(grammar(LANGUAGES["json"])).parse(b"")


@lru_cache(maxsize=32)
def structure_query(language: Language) -> tree_sitter.Query:
    """The query whose captures are the units and comments of *language*."""
    return tree_sitter.Query(grammar(language), structure_text(language))


def structure_text(language: Language) -> str:
    """The same as text, to be joined with other queries."""
    return "\n".join(_patterns(language.syntax))


@lru_cache(maxsize=128)
def nodes_query(language: Language, types: frozenset[str]) -> tree_sitter.Query | None:
    """The query that captures all nodes of *types*, those that the grammar has."""
    text = "" if language.grammar is None else nodes_text(language, types)
    return tree_sitter.Query(grammar(language), f"{text} @node") if text else None


def nodes_text(language: Language, types: Iterable[str]) -> str:
    """Those of *types* that the grammar has, as one pattern; empty without any."""
    known = grammar(language)
    named = sorted(t for t in types if known.id_for_node_kind(t, True) is not None)
    return _any_of(tuple(named)) if named else ""


@lru_cache(maxsize=32)
def shapes(syntax: Syntax) -> Mapping[str, Shape]:
    """The shape of each node type that may be a unit."""
    return MappingProxyType({t: shape for shape in syntax.shapes for t in shape.types})


@lru_cache(maxsize=32)
def bindings(syntax: Syntax) -> Mapping[str, Binding]:
    """How each node type that binds calls what it binds."""
    return MappingProxyType({binding.type: binding for binding in syntax.bindings})


def _patterns(syntax: Syntax) -> Iterator[str]:
    yield f"{_any_of(syntax.comments)} @comment"
    for shape in syntax.shapes:
        if shape.is_listed and shape.has_body:
            yield from (f"({t} body: (_)) @{shape.kind}" for t in shape.types)
        elif shape.is_listed:
            yield f"{_any_of(shape.types)} @{shape.kind}"
    for binding in syntax.bindings:
        yield f"({binding.type} {binding.pattern}) @binding"
    yield from syntax.patterns


def _any_of(types: tuple[str, ...]) -> str:
    return "[" + " ".join(f"({name})" for name in types) + "]"
