"""What one query per language finds in a tree: units, what names them, comments.

The parts are written once for all languages; a node type that a grammar does not
know is left out, so that adding a language needs no query of its own.
"""

from __future__ import annotations

from functools import lru_cache

import tree_sitter

from qualitywatch.languages import Language, load_grammar

# A value that can hold a function, where a function takes the name of what holds it.
_HOLDERS = (
    "arrow_function",
    "function_expression",
    "generator_function",
    "class",
    "object",
    "call_expression",
    "as_expression",
    "satisfies_expression",
    "parenthesized_expression",
)
# Node that binds, field of the value. The name is read from the node when needed.
_BINDINGS = (
    ("variable_declarator", "value"),
    ("assignment_expression", "right"),
    ("pair", "value"),
    ("field_definition", "value"),
    ("public_field_definition", "value"),
    ("export_statement", "value"),
)
_COMMENTS = (
    "comment",
    "html_comment",
    "line_comment",
    "block_comment",
    "multiline_comment",
    "js_comment",
    "xml_comment",
)


@lru_cache(maxsize=32)
def grammar(language: Language) -> tree_sitter.Language:
    """The grammar of *language*, loaded once in a process."""
    return load_grammar(language)


@lru_cache(maxsize=32)
def structure_query(language: Language) -> tree_sitter.Query:
    """The query whose captures are the units and comments of *language*."""
    known = grammar(language)
    return tree_sitter.Query(known, "\n".join(_patterns(language, known)))


def _patterns(language: Language, known: tree_sitter.Language) -> list[str]:
    def alternatives(types: tuple[str, ...] | frozenset[str]) -> str:
        named = sorted(t for t in types if known.id_for_node_kind(t, True) is not None)
        return "[" + " ".join(f"({name})" for name in named) + "]"

    def knows(type: str) -> bool:
        return known.id_for_node_kind(type, True) is not None

    patterns = [f"{alternatives(_COMMENTS)} @comment"]
    if language.functions:
        patterns.append(f"{alternatives(language.functions)} @function")
    if language.classes:
        patterns.append(f"{alternatives(language.classes)} @class")
    if language.name == "python":
        patterns += [
            "(expression_statement . [(string) (concatenated_string)] @doc .)",
            "(decorated_definition) @decorated",
        ]
    if knows("jsx_expression"):
        patterns.append("(jsx_expression . (comment) @jsx)")
    patterns += [
        f"({node} {field}: {alternatives(_HOLDERS)}) @binding"
        for node, field in _BINDINGS
        if knows("arrow_function") and knows(node)
    ]
    if knows("call_expression") and knows("arrow_function"):
        patterns.append(
            "(call_expression arguments: (arguments . [(string) (template_string)]"
            f" {alternatives(('arrow_function', 'function_expression'))})) @labelled"
        )
    return patterns
