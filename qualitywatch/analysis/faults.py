"""The places where a text does not parse, without what the grammars get wrong."""

from __future__ import annotations

import re
from functools import lru_cache

import tree_sitter

from qualitywatch.analysis.source import Source
from qualitywatch.analysis.structure import grammar
from qualitywatch.languages import LANGUAGES, Language

MAX_FAULTS = 50  # looked at in one file

# `&` in JSX text and `import("./x").T["k"]` as a type are legal and refused.
_LEGAL_TYPE = re.compile(rb"import\(\s*['\"][^'\"]+['\"]\s*\)[\w.]*\s*\[")
_TEMPLATE = re.compile(r"\{%.*%\}|<%.*%>|<\?php")
_FLOW = re.compile(
    r"/[*/]+\s*@?flow\b|^(?:declare|(?:import|export|opaque) type)\b", re.M
)
_FIELD = re.compile(r"(?<![={])\{\{-?\s*[\w.]+(?:\s*\|[^}]*)?\s*-?\}\}")


def faults(source: Source) -> list[tree_sitter.Node]:
    """The first error nodes of *source*, in order; none where it parses."""
    return _errors(source) if source.has_errors else _mismatched_tags(source)


def _errors(source: Source) -> list[tree_sitter.Node]:
    found: list[tree_sitter.Node] = []
    cursor = source.tree.walk()
    while len(found) < MAX_FAULTS:
        node = cursor.node
        assert node is not None
        is_fault = node.is_error or node.is_missing
        if is_fault and not _is_legal(node, source):
            found.append(node)
        if not is_fault and node.has_error and cursor.goto_first_child():
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return found
    return found


def is_flow(source: Source) -> bool:
    """True for JavaScript with the types of Flow, which its grammar refuses."""
    is_script = source.language.name in ("javascript", "jsx")
    return is_script and _FLOW.search(source.text[:2000]) is not None


def has_types(source: Source) -> bool:
    """True for a script that parses as soon as types are allowed in it."""
    typed = Source.read(source.path, source.data, LANGUAGES["tsx"])
    return not faults(typed)


def _mismatched_tags(source: Source) -> list[tree_sitter.Node]:
    """Closing tags with another name than their opening tag: no grammar minds."""
    query = _tag_query(source.language) if "</" in source.text else None
    if query is None:
        return []
    matches = tree_sitter.QueryCursor(query).matches(source.tree.root_node)
    found = [
        captures["closing"][0]
        for _, captures in matches
        if captures["opening"][0].text != captures["closing"][0].text
    ]
    return sorted(found, key=lambda node: node.start_byte)[:MAX_FAULTS]


@lru_cache(maxsize=32)
def _tag_query(language: Language) -> tree_sitter.Query | None:
    known = grammar(language)
    if known.id_for_node_kind("jsx_element", True) is None:
        return None
    return tree_sitter.Query(
        known,
        "(jsx_element"
        " open_tag: (jsx_opening_element name: (_) @opening)"
        " close_tag: (jsx_closing_element name: (_) @closing))",
    )


def is_template(source: Source, line: int) -> bool:
    """True where another program turns the text, or this *line*, into code first."""
    if _FIELD.search(source.lines[line - 1]):
        return True
    return _TEMPLATE.search(source.text) is not None


def _is_legal(node: tree_sitter.Node, source: Source) -> bool:
    text = source.data[node.start_byte : node.end_byte]
    if text.lstrip().startswith(b"&"):
        return source.language.name in ("tsx", "jsx", "javascript")
    if source.language.name not in ("typescript", "tsx"):
        return False
    line = source.lines[node.start_point[0]].encode()
    return _LEGAL_TYPE.search(line) is not None
