"""What a text still refers to although it no longer defines it.

A name is bound when any scope of the file gives it a meaning: a definition, an import,
a parameter, an assignment, a pattern. Scopes are not told apart, which errs on the
side of silence.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator, Mapping
from enum import Enum, auto
from functools import lru_cache
from itertools import islice

import msgspec
import tree_sitter

from qualitywatch.analysis.sources.source import Source
from qualitywatch.analysis.symbols.words import places
from qualitywatch.regex import regex

MAX_OCCURRENCES = 2_000


class Role(Enum):
    """What an occurrence of a name does."""

    BINDS = auto()
    CALLS = auto()
    READS = auto()
    LISTS = auto()  # exports it
    NEITHER = auto()  # another thing of the same name


class Use(msgspec.Struct, frozen=True):
    """An occurrence of a name and what it does."""

    node: tree_sitter.Node
    role: Role


_NAMES = frozenset(
    {
        "identifier",
        "shorthand_property_identifier",
        "shorthand_property_identifier_pattern",
        "property_identifier",
        "private_property_identifier",
        "type_identifier",
        "string_content",
    }
)
Fields = Mapping[str, tuple[str, ...] | None]
# Parent type -> the fields of it that bind; `None`: every child binds.
BINDING: Fields = {
    # Python
    "function_definition": ("name",),
    "class_definition": ("name",),
    "parameters": None,
    "lambda_parameters": None,
    "typed_parameter": None,
    "default_parameter": ("name",),
    "typed_default_parameter": ("name",),
    "list_splat_pattern": None,
    "dictionary_splat_pattern": None,
    "tuple_pattern": None,
    "list_pattern": None,
    "pattern_list": None,
    "assignment": ("left",),
    "augmented_assignment": ("left",),
    "for_statement": ("left",),
    "for_in_clause": ("left",),
    "as_pattern_target": None,
    "named_expression": ("name",),
    "global_statement": None,
    "nonlocal_statement": None,
    "aliased_import": ("alias",),
    "type_parameter": None,
    "case_pattern": None,
    "splat_pattern": None,
    # JavaScript and TypeScript
    "function_declaration": ("name",),
    "generator_function_declaration": ("name",),
    "function_expression": ("name",),
    "function_signature": ("name",),
    "class_declaration": ("name",),
    "abstract_class_declaration": ("name",),
    "class": ("name",),
    "enum_declaration": ("name",),
    "interface_declaration": ("name",),
    "type_alias_declaration": ("name",),
    "internal_module": ("name",),
    "module": ("name",),
    "variable_declarator": ("name",),
    "formal_parameters": None,
    "required_parameter": ("pattern",),
    "optional_parameter": ("pattern",),
    "rest_pattern": None,
    "array_pattern": None,
    "object_pattern": None,
    "pair_pattern": ("value",),
    "assignment_pattern": ("left",),
    "object_assignment_pattern": ("left",),
    "arrow_function": ("parameter",),
    "import_clause": None,
    "import_specifier": None,
    "namespace_import": None,
    "import_require_clause": None,
    "catch_clause": ("parameter",),
    "for_in_statement": ("left",),
    "assignment_expression": ("left",),
    "augmented_assignment_expression": ("left",),
    "labeled_statement": ("label",),
    "method_definition": ("name",),
    "field_definition": ("property",),
    "public_field_definition": ("name",),
    "property_signature": ("name",),
    "method_signature": ("name",),
    "abstract_method_signature": ("name",),
}
_NOT_A_USE: Fields = {
    "attribute": ("attribute",),
    "keyword_argument": ("name",),
    "member_expression": ("property",),
    "delete_statement": None,
    "break_statement": None,
    "continue_statement": None,
    "nested_identifier": ("property",),
    "type_query": None,
}
CALLS: Fields = {
    "call": ("function",),
    "call_expression": ("function",),
    "new_expression": ("constructor",),
    "decorator": None,
    "jsx_opening_element": ("name",),
    "jsx_self_closing_element": ("name",),
}
_IMPORTS = frozenset(
    {"import_statement", "import_from_statement", "future_import_statement"}
)
_GLOBAL = frozenset({b"window", b"globalThis", b"global", b"self", b"exports"})
_BUILT_IN_SCRIPT = regex(
    r"AbortController|AbortSignal|AggregateError|Array|ArrayBuffer|Atomics"
    r"|BigInt|Blob|Boolean|Buffer|CustomEvent|DOMParser|DataView|Date|Error"
    r"|Event|EventSource|EventTarget|File|FileReader|FormData|Function|Headers"
    r"|Image|Infinity|Intl|JSON|Map|Math|MutationObserver|NaN|Node|Number|Object"
    r"|Promise|Proxy|RangeError|ReadableStream|ReferenceError|Reflect|RegExp"
    r"|Request|Response|Set|String|Symbol|SyntaxError|TextDecoder|TextEncoder"
    r"|TypeError|URIError|URL|URLSearchParams|WeakMap|WeakRef|WeakSet"
    r"|WebAssembly|WebSocket|Worker|WritableStream|XMLHttpRequest|alert|atob"
    r"|btoa|cancelAnimationFrame|clearImmediate|clearInterval|clearTimeout"
    r"|confirm|console|crypto|customElements|decodeURI|decodeURIComponent"
    r"|document|encodeURI|encodeURIComponent|eval|fetch|getComputedStyle"
    r"|globalThis|indexedDB|isFinite|isNaN|localStorage|matchMedia|navigator"
    r"|parseFloat|parseInt|performance|postMessage|process|prompt|queueMicrotask"
    r"|removeEventListener|addEventListener|dispatchEvent|requestAnimationFrame"
    r"|requestIdleCallback|require|scrollTo|sessionStorage|setImmediate"
    r"|setInterval|setTimeout|structuredClone|undefined|window"
)
_WILD_PYTHON = regex(
    r"^[^\S\n]*from\s+\S+\s+import\s+\*|(?<![.\w])exec\("
    r"|\bglobals\(\)(?!\[\w+\](?!\s*=[^=])|\.get\()",
    re.MULTILINE,
)
_WILD_SCRIPT = regex(r"\bdeclare\s+global\b|^[^\S\n]*with\s*\(", re.MULTILINE)

_DECLARED = regex(r"/\*\s*(?:globals?|exported)\b([^*]*)")


def dangling(source: Source, name: str) -> list[Use]:
    """Where *source* uses the bare *name* that nothing in it binds; calls first."""
    uses = []
    for node in occurrences(source, name):
        role = _role(node)
        if role is Role.BINDS:
            return []
        if role is not Role.NEITHER:
            uses.append(Use(node, role))
    if not uses or _is_built_in(source, name) or _bound_unseen(source, name):
        return []
    return sorted(uses, key=lambda use: (use.role.value, use.node.start_byte))


def occurrences(source: Source, name: str) -> Iterator[tree_sitter.Node]:
    """Every place where *name* stands as a name, or in a string."""
    wanted, data = name.encode(), source.data
    root, size = source.tree.root_node, len(wanted)
    starts = (
        start
        for start in places(data, wanted)
        if data[start + size : start + size + 1] != b"$"
    )
    for start in islice(starts, MAX_OCCURRENCES):
        node = root.descendant_for_byte_range(start, start + size)
        if node is not None and node.type in _NAMES and node.text == wanted:
            yield node


def _role(node: tree_sitter.Node) -> Role:
    parent = node.parent
    if parent is None or node.type in (
        "type_identifier",
        "private_property_identifier",
    ):
        return _type_role(node, parent)
    if node.type == "string_content":
        return Role.LISTS if _is_in_all(node) else Role.NEITHER
    if node.type == "property_identifier":
        return Role.BINDS if _is_global_property(parent) else Role.NEITHER
    if parent.type == "dotted_name":
        return _dotted_role(node, parent)
    if parent.type == "export_specifier":
        return _export_role(node, parent)
    if is_field(node, parent, BINDING):
        return Role.NEITHER if is_overload(parent) else Role.BINDS
    if is_field(node, parent, _NOT_A_USE) or _is_asked_for(parent):
        return Role.NEITHER
    return Role.CALLS if is_field(node, parent, CALLS) else Role.READS


def _type_role(node: tree_sitter.Node, parent: tree_sitter.Node | None) -> Role:
    return Role.BINDS if is_field(node, parent, BINDING) else Role.NEITHER


def _dotted_role(node: tree_sitter.Node, parent: tree_sitter.Node) -> Role:
    """`import a.b` binds `a`; `from x import a` binds `a`, and `x` is no name here."""
    statement = parent.parent
    if statement is not None and statement.type == "aliased_import":
        return Role.NEITHER  # its alias binds
    if statement is None or statement.type not in _IMPORTS:
        is_pattern = statement is not None and statement.type == "case_pattern"
        return Role.BINDS if is_pattern else Role.READS
    if statement.child_by_field_name("module_name") == parent:
        return Role.NEITHER
    return Role.BINDS if parent.named_children[0] == node else Role.NEITHER


def _export_role(node: tree_sitter.Node, parent: tree_sitter.Node) -> Role:
    if parent.child_by_field_name("name") != node:
        return Role.NEITHER
    clause = parent.parent
    statement = None if clause is None else clause.parent
    is_from = statement is not None and statement.child_by_field_name("source")
    return Role.NEITHER if is_from else Role.LISTS


def is_overload(parent: tree_sitter.Node) -> bool:
    """True for the signature of a function whose body has to stand below it."""
    around = parent.parent
    if parent.type == "method_signature":
        return around is not None and around.type == "class_body"
    while around is not None and around.type in ("export_statement", "program"):
        around = around.parent
    return parent.type == "function_signature" and around is None


def _is_asked_for(parent: tree_sitter.Node) -> bool:
    """`typeof name` is legal where nothing is called so."""
    return parent.type == "unary_expression" and parent.children[0].type == "typeof"


def _is_in_all(node: tree_sitter.Node) -> bool:
    """True for a string in the list that is assigned to `__all__`."""
    string = node.parent
    listing = None if string is None else string.parent
    statement = None if listing is None else listing.parent
    if statement is None or statement.type not in (
        "assignment",
        "augmented_assignment",
    ):
        return False
    left = statement.child_by_field_name("left")
    return left is not None and left.text == b"__all__"


def _is_global_property(parent: tree_sitter.Node) -> bool:
    """True for `window.name = ...`, which binds the bare name."""
    receiver = parent.child_by_field_name("object")
    return (
        receiver is not None
        and receiver.text in _GLOBAL
        and is_field(parent, parent.parent, BINDING)
    )


def _is_built_in(source: Source, name: str) -> bool:
    """True for a name that the language itself, or a browser, gives a meaning."""
    if source.language.name == "python":
        return hasattr(builtins, name)
    return _BUILT_IN_SCRIPT.fullmatch(name) is not None


def _bound_unseen(source: Source, name: str) -> bool:
    """True where a name may be bound without being written as a name."""
    wild = _WILD_PYTHON if source.language.name == "python" else _WILD_SCRIPT
    if _is_wild(source.text, wild):
        return True
    own = re.compile(rf"\b{re.escape(name)}\b")
    return any(own.search(source.text, *span) for span in _declared_spans(source.text))


@lru_cache(maxsize=2)  # asked for every name of the same text
def _is_wild(text: str, wild: re.Pattern[str]) -> bool:
    return wild.search(text) is not None


@lru_cache(maxsize=2)
def _declared_spans(text: str) -> list[tuple[int, int]]:
    """Where comments list names that other files bind."""
    return [match.span(1) for match in _DECLARED.finditer(text)]


def is_field(
    node: tree_sitter.Node,
    parent: tree_sitter.Node | None,
    table: Fields,
) -> bool:
    """True where *node* is one of the fields that *table* lists for its parent."""
    if parent is None or parent.type not in table:
        return False
    fields = table[parent.type]
    return fields is None or any(
        node in parent.children_by_field_name(field) for field in fields
    )
