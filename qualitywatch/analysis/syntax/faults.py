"""The places where a text does not parse, without what the grammars get wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from types import MappingProxyType

import tree_sitter

from qualitywatch.analysis.outlines.structure import grammar
from qualitywatch.analysis.sources.source import Source
from qualitywatch.languages import LANGUAGES, Language
from qualitywatch.regex import regex

MAX_FAULTS = 50  # looked at in one file
MATCH_LIMIT = 256  # elements open at once; what nests deeper is not compared

# Legal and refused by the grammars: `&` in the text of JSX, and these.
_LEGAL_SCRIPT = regex(
    r"\bassert\s*\{\s*type\s*:|^[^\S\n]*import\s+(?:defer|source)\s"
    r"|\bas\s+(?:null|void|function|class|enum|if|in|new|delete|typeof|true|false|this)\b",
    re.MULTILINE,
)
_LEGAL_TYPE = regex(
    # `import("./x").T["k"]`, `import("./x").T<A>` as a type
    r"import\(\s*['\"][^'\"]+['\"]\s*\)[\w.]*\s*[\[<]"
    # a parameter of a function type that has the name of a type: `(string) => void`
    r"|[(,]\s*(?:string|number|boolean|any|object|symbol|unknown|never|void|bigint)"
    r"\s*(?:,[^()]*)?\)\s*=>"
    r"|\bin\?:|<\s*in\s+out\b|^[^\S\n]*type\s*="
    r"|\bexport\s+(?:type\s*\*|default\s+abstract\s+class\b)",
    re.MULTILINE,
)
_OPEN_IMPORT = regex(rb"\bimport\(['\"][^'\"]+['\"]\)[\w.]*<[^;]*\Z")
_LONG_TYPE = 2_000  # bytes that one type may go on for
# `try!` is a keyword since Rust 2018; older code calls the macro of that name.
_OLD_TRY = regex(r"\btry!\s*[(\[{]")
# A preprocessor takes one branch; the grammar sees both.
_PREPROCESSED = frozenset({"c", "cpp", "csharp"})
_CONDITION = regex(r"[ \t]*#[ \t]*(?:if|el|endif)")
# Names of classes in PHP 5, which PHP 7 took for types.
_OLD_CLASS = regex(
    r"\b(?:class|interface|extends|implements|use|new)\s+[\w\\\\, ]*?"
    r"\b(?:String|Bool|Int|Float|Void|Object|Mixed|Iterable|Null|True|False)\b",
    re.IGNORECASE,
)
# Lua 5.1 takes the sign behind an unknown escape as it is.
_OLD_ESCAPE = regex(r"[\"'][^\"'\n]*\\[^abfnrtvxzu\d\\\"'\n]")
_LEGAL = MappingProxyType(
    {
        "php": (_OLD_CLASS,),
        "lua": (_OLD_ESCAPE,),
        "javascript": (_LEGAL_SCRIPT,),
        "jsx": (_LEGAL_SCRIPT,),
        "typescript": (_LEGAL_SCRIPT, _LEGAL_TYPE),
        "tsx": (_LEGAL_SCRIPT, _LEGAL_TYPE),
        "rust": (_OLD_TRY,),
    }
)


def faults(source: Source) -> list[tree_sitter.Node]:
    """The first error nodes of *source*, in order; none where it parses."""
    return _errors(source) if source.has_errors else _mismatched_tags(source)


def errors(source: Source) -> Iterator[tree_sitter.Node]:
    """The outermost error nodes of *source*, in order: only what has one is walked."""
    cursor = source.tree.walk()
    while True:
        node = cursor.node
        assert node is not None
        is_fault = node.is_error or node.is_missing
        if is_fault:
            yield node
        if not is_fault and node.has_error and cursor.goto_first_child():
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return


def _errors(source: Source) -> list[tree_sitter.Node]:
    real = (node for node in errors(source) if not _is_legal(node, source))
    return list(islice(real, MAX_FAULTS))


def has_types(source: Source) -> bool:
    """True for a script that parses as soon as types are allowed in it."""
    typed = Source.read(source.path, source.data, LANGUAGES["tsx"])
    return not faults(typed)


def _mismatched_tags(source: Source) -> list[tree_sitter.Node]:
    """Closing tags with another name than their opening tag: no grammar minds."""
    query = _tag_query(source.language) if "</" in source.text else None
    if query is None:
        return []
    cursor = tree_sitter.QueryCursor(query, match_limit=MATCH_LIMIT)
    matches = cursor.matches(source.tree.root_node)
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


def _is_legal(node: tree_sitter.Node, source: Source) -> bool:
    """True for what the language allows and its grammar does not."""
    name = source.language.name
    if source.data[node.start_byte : node.end_byte].lstrip().startswith(b"&"):
        return name in ("tsx", "jsx", "javascript", "html", "vue", "svelte")
    first = node.start_point[0]
    if name in _PREPROCESSED:
        near = source.lines[max(0, first - 1) : min(first + 40, node.end_point[0] + 2)]
        return node.type[0] == "#" or any(_CONDITION.match(line) for line in near)
    text = "\n".join(source.lines[first : first + 2])
    if any(pattern.search(text) for pattern in _LEGAL.get(name, ())):
        return True
    above = source.data[max(0, node.start_byte - _LONG_TYPE) : node.start_byte]
    return name in ("typescript", "tsx") and _OPEN_IMPORT.search(above) is not None
