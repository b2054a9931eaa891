"""What a file imports: Python, ES modules, CommonJS, also in Vue and Svelte.

An import that may fail on purpose, inside `try`, is not counted, nor is one that only
checkers of types see.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import tree_sitter

from qualitywatch.analysis.outlines.structure import grammar
from qualitywatch.analysis.sources.skipping import language_of, skip_reason
from qualitywatch.analysis.sources.source import Refused, Source
from qualitywatch.analysis.symbols.exports import IMPORTABLE, SCRIPTS
from qualitywatch.languages import LANGUAGES, Language
from qualitywatch.regex import regex
from qualitywatch.traces import Import

MAX_IMPORTS = 2_000  # of one file

Node = tree_sitter.Node

_EMBEDDING = frozenset({"vue", "svelte"})
HOLDS_IMPORTS = _EMBEDDING | IMPORTABLE
_SCRIPT = regex(r"<script\b[^>]*>(.*?)</script>", re.DOTALL | re.IGNORECASE)
_QUERIES = {
    "python": "[(import_statement) (import_from_statement)] @import",
    "script": """
        [(import_statement) (export_statement source: (string))] @import
        (call_expression
          function: (identifier) @_require
          arguments: (arguments . (string) .)
          (#eq? @_require "require")) @import
    """,
}


def imports(path: str, content: bytes) -> tuple[Import, ...]:
    """What the file imports; nothing where it can not be read, or is not ours."""
    language = language_of(path, content)
    if skip_reason(path, content) is not None:
        return ()
    try:
        if language.name in _EMBEDDING:
            return tuple(_embedded(path, content))
        if language.name == "python" or language.name in SCRIPTS:
            return tuple(_imports(Source.read(path, content, language), 0))
    except Refused:
        pass  # whatever it imports: it is judged, or not, for itself
    return ()


def _embedded(path: str, content: bytes) -> Iterator[Import]:
    text = content.decode("utf-8", "replace")
    for script in _SCRIPT.finditer(text):
        inner = script[1].encode()
        source = Source.read(path, inner, LANGUAGES["typescript"])
        yield from _imports(source, text.count("\n", 0, script.start(1)))


def _imports(source: Source, offset: int) -> Iterator[Import]:
    query = _query(source.language)
    cursor = tree_sitter.QueryCursor(query)
    found = cursor.captures(source.tree.root_node).get("import", [])
    found.sort(key=lambda node: node.start_byte)  # the cursor has no order of its own
    read = _python if source.language.name == "python" else _script
    for node in found[:MAX_IMPORTS]:
        if _is_tried(node):
            continue
        line = node.start_point[0] + 1
        for module, name, local in read(node):
            yield Import(
                module=module,
                name=name,
                line=line + offset,
                text=source.lines[line - 1].strip(),
                is_used=bool(local) and _count(source, local) > 1,
            )


@lru_cache(maxsize=8)
def _query(language: Language) -> tree_sitter.Query:
    kind = "python" if language.name == "python" else "script"
    return tree_sitter.Query(grammar(language), _QUERIES[kind])


def _is_tried(node: Node) -> bool:
    """True where the import may fail, or is only there for those who check types."""
    around = node.parent
    while around is not None:
        if around.type == "try_statement":
            return True
        condition = around.child_by_field_name("condition")
        if condition is not None and b"TYPE_CHECKING" in (condition.text or b""):
            return True
        around = around.parent
    return False


def _count(source: Source, name: str) -> int:
    return len(re.findall(rf"(?<![\w$]){re.escape(name)}(?![\w$])", source.tokens))


Row = tuple[str, str | None, str]  # the module, the name, what it is called here


def _python(statement: Node) -> Iterator[Row]:
    names = statement.children_by_field_name("name")
    if statement.type == "import_statement":
        for child in names:
            module = child.child_by_field_name("name") or child
            local = child.child_by_field_name("alias") or child
            yield _text(module), None, _text(local).partition(".")[0]
        return
    module_name = _text(statement.child_by_field_name("module_name"))
    if not names:
        yield module_name, None, ""  # a star
    for child in names:
        name = child.child_by_field_name("name") or child
        local = child.child_by_field_name("alias") or child
        yield module_name, _text(name), _text(local)


def _script(node: Node) -> Iterator[Row]:
    if node.type == "call_expression":
        yield from _required(node)
        return
    source = node.child_by_field_name("source")
    for child in node.children:
        if child.type == "import_require_clause":  # import x = require("y")
            source = child.child_by_field_name("source")
    if source is None:
        return
    module = _text(source).strip("\"'`")
    yield module, None, ""
    for specifier in _specifiers(node):
        name = _text(specifier.child_by_field_name("name"))
        local = _text(specifier.child_by_field_name("alias")) or name
        yield module, name, "" if node.type == "export_statement" else local


def _specifiers(statement: Node) -> Iterator[Node]:
    waiting = list(statement.children)
    while waiting:
        node = waiting.pop(0)
        if node.type in ("import_specifier", "export_specifier"):
            yield node
        elif node.type in ("import_clause", "named_imports", "export_clause"):
            waiting += node.children


def _required(call: Node) -> Iterator[Row]:
    arguments = call.child_by_field_name("arguments")
    module = _text(arguments).strip("()\"'` \n")
    yield module, None, ""
    parent = call.parent
    if parent is None:
        return
    if parent.type == "member_expression":
        name = _text(parent.child_by_field_name("property"))
        yield module, name, ""
    elif parent.type == "variable_declarator":
        pattern = parent.child_by_field_name("name")
        for child in [] if pattern is None else pattern.named_children:
            if child.type == "shorthand_property_identifier_pattern":
                yield module, _text(child), _text(child)
            elif child.type == "pair_pattern":
                local = _text(child.child_by_field_name("value"))
                yield module, _text(child.child_by_field_name("key")), local


def _text(node: Node | None) -> str:
    return "" if node is None or node.text is None else node.text.decode()
