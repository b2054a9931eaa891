"""The same key twice in one mapping: the first value is lost.

Needs a check because the two entries may be any distance apart, which no query says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

import tree_sitter

from qualitywatch.analysis.comparing.compare import Comparison
from qualitywatch.analysis.comparing.touched import Texts, hit_at, is_touched, touched
from qualitywatch.analysis.hit import Hit
from qualitywatch.model import Noun
from qualitywatch.regex import linear, regex

MAX_SHOWN = 40  # bytes of a key in a message
MAX_CALLEE = 120  # bytes of what is called that are read

Node = tree_sitter.Node
Entries = Iterator[tuple[str, Node]]
"""Key and its node; an empty key forgets what stood before it, as a spread does."""

Reader = Callable[[Node, Texts], Entries]


class _Mappings(Noun):
    """How a language writes mappings: which nodes, and what reads their entries."""

    types: frozenset[str]
    entries: Reader
    needs: re.Pattern[bytes] | None = None  # what the text must hold


def duplicate_key(comparison: Comparison) -> Iterator[Hit]:
    """Keys that a mapping has twice, where the change brought one of the two."""
    kind = _KINDS.get(comparison.after.language.name)
    data = comparison.after.data
    if kind is None or (kind.needs is not None and not kind.needs.search(data)):
        return
    template = _TEMPLATE if comparison.after.language.name in _FORMATS else _BRANCHED
    if template.search(data):
        return
    text = Texts(comparison.after)
    for node in touched(comparison, kind.types):
        if node.named_child_count > 1 and not node.has_error:
            yield from _twice(comparison, kind.entries(node, text), text)


def _twice(comparison: Comparison, entries: Entries, text: Texts) -> Iterator[Hit]:
    seen: dict[str, Node] = {}
    for key, node in entries:
        if not key:
            seen.clear()
            continue
        first = seen.get(key)
        seen[key] = node
        if first is None or _is_remark(key):
            continue
        shown = node if is_touched(comparison, node) else first
        if is_touched(comparison, shown):
            name = text(node)[:MAX_SHOWN].strip("'\"")
            yield hit_at(comparison, shown, key=name)


def _is_remark(key: str) -> bool:
    return key.strip("'") in _REMARKS or key.startswith("'//")


def _named(text: str) -> str:
    """A key as its language sees it: quoted texts differ from names."""
    if text.isidentifier():
        return text
    text = " ".join(text.split())
    quote = text[:1]
    if quote in ("'", '"') and text.endswith(quote) and len(text) > 1:
        return f"'{text[1:-1]}"
    return "" if "(" in text else text


def _word(text: str) -> str:
    """A key where a name is a text: `{a: 1}` is `{"a": 1}`."""
    return "'" + _named(text).removeprefix("'")


# Entries, one way for each family


def _fields(entry: str, field: str, forgets: str = "") -> Reader:
    """Entries that are nodes with the key in a field."""

    def read(node: Node, text: Texts) -> Entries:
        for child in node.named_children:
            key = child.child_by_field_name(field) if child.type == entry else None
            if key is not None:
                yield from _keyed(_named(text(key)), key)
            elif child.type == forgets:
                yield "", child

    return read


def _keyed(key: str, node: Node) -> Entries:
    """Nothing for a key that is computed: it may differ each time."""
    if key:
        yield key, node


def _text_fields(entry: str, field: str) -> Reader:
    """The same where names and quoted texts mean one thing."""

    def read(node: Node, text: Texts) -> Entries:
        for child in node.named_children:
            key = child.child_by_field_name(field) if child.type in entry else None
            if key is not None:
                yield _word(text(key)), key

    return read


def _members(node: Node, text: Texts) -> Entries:
    """Of an object of JavaScript, or the attributes of an element."""
    for child in node.named_children:
        if child.type in ("spread_element", "jsx_expression"):
            yield "", child
        elif child.type == "shorthand_property_identifier":
            yield _word(text(child)), child
        elif child.type == "method_definition":
            yield from _method(child, text)
        elif child.type == "pair":
            key = child.child_by_field_name("key")
            if key is not None and key.type != "computed_property_name":
                yield _word(text(key)), key
        elif child.type == "jsx_attribute":
            yield _word(text(child.named_children[0])), child


def _method(node: Node, text: Texts) -> Entries:
    name = node.child_by_field_name("name")
    if name is not None and name.type != "computed_property_name":
        accessor = node.children[0].type
        is_pair = accessor in ("get", "set")
        yield (f"{accessor} " if is_pair else "") + _word(text(name)), name


def _elements(node: Node, text: Texts) -> Entries:
    """Of an array of PHP: those that have a key."""
    for child in node.named_children:
        if child.type != "array_element_initializer":
            continue
        inner = child.named_children
        if inner and inner[0].type == "variadic_unpacking":
            yield "", child
        elif len(inner) == 2 and any(c.type == "=>" for c in child.children):
            yield from _keyed(_named(text(inner[0])), inner[0])


def _designated(node: Node, text: Texts) -> Entries:
    """Of an initialiser of C: `.name` and `[index]`, whole paths."""
    for child in node.named_children:
        keys = child.children_by_field_name("designator")
        if len(keys) == 1 and keys[0].type != "subscript_range_designator":
            yield text(keys[0]), keys[0]


def _initialised(node: Node, text: Texts) -> Entries:
    """Of an initialiser of C#: `["key"] = 1`, `Name = 1`, and `{ "key", 1 }`."""
    is_dictionary = "Dictionary" in text(node.parent or node)[:80]
    for child in node.named_children:
        left = child.child_by_field_name("left")
        if child.type == "assignment_expression" and left is not None:
            yield from _keyed(_named(text(left)), left)
        elif child.type == "initializer_expression" and is_dictionary:
            inner = child.named_children
            if len(inner) == 2:
                yield from _keyed(_named(text(inner[0])), inner[0])


def _symbols(node: Node, text: Texts) -> Entries:
    """Of a hash of Ruby: `a: 1` is `:a => 1`."""
    for child in node.named_children:
        key = child.child_by_field_name("key")
        if child.type == "hash_splat_argument":
            yield "", child
        elif key is not None and key.type == "hash_key_symbol":
            yield f":{text(key)}", key
        elif key is not None:
            yield from _keyed(_named(text(key)), key)


def _swift(node: Node, text: Texts) -> Entries:
    for key in node.children_by_field_name("key"):
        yield from _keyed(_named(text(key)), key)


def _table(node: Node, text: Texts) -> Entries:
    """Of a table of Lua: `a = 1` is `["a"] = 1`, and `[a] = 1` is neither."""
    for child in node.named_children:
        name = child.child_by_field_name("name")
        if child.type != "field" or name is None:
            continue
        is_computed = child.children[0].type == "[" and name.type == "identifier"
        yield from _keyed(
            _named(text(name)) if is_computed else _word(text(name)), name
        )


def _arguments(callee: str, infix: str | None) -> Reader:
    """The arguments of a call that makes a map: in pairs, or joined by a word."""
    maker = re.compile(rf"{callee}\s*(?:<[^()]*>|\[[^()]*\])?\s*$")

    def read(node: Node, text: Texts) -> Entries:
        if maker.search(text.before(node, MAX_CALLEE)) is None:
            return
        found = node.named_children
        for argument in found[::2] if infix is None else found:
            key = argument if infix is None else _left_of(argument, infix, text)
            if key is not None:
                yield from _keyed(_named(text(key)), key)

    return read


def _left_of(argument: Node, infix: str, text: Texts) -> Node | None:
    while argument.type == "value_argument" and argument.named_child_count == 1:
        argument = argument.named_children[0]
    parts = argument.named_children
    is_pair = argument.type == "infix_expression" and len(parts) == 3
    return parts[0] if is_pair and text(parts[1]) == infix else None


_JS = _Mappings(
    types=frozenset({"object", "jsx_opening_element", "jsx_self_closing_element"}),
    entries=_members,
)
_C = _Mappings(types=frozenset({"initializer_list"}), entries=_designated)
_KINDS: Mapping[str, _Mappings] = MappingProxyType(
    {
        "python": _Mappings(
            types=frozenset({"dictionary"}),
            entries=_fields("pair", "key", "dictionary_splat"),
        ),
        "javascript": _JS,
        "jsx": _JS,
        "typescript": _JS,
        "tsx": _JS,
        "go": _Mappings(
            types=frozenset({"literal_value"}), entries=_fields("keyed_element", "key")
        ),
        "java": _Mappings(
            types=frozenset({"argument_list"}),
            entries=_arguments(r"\bMap\.of", None),
            needs=regex(rb"\bMap\s*\.\s*of\b"),
        ),
        "c": _C,
        "cpp": _C,
        "csharp": _Mappings(
            types=frozenset({"initializer_expression"}), entries=_initialised
        ),
        "ruby": _Mappings(types=frozenset({"hash"}), entries=_symbols),
        "php": _Mappings(
            types=frozenset({"array_creation_expression"}), entries=_elements
        ),
        "kotlin": _Mappings(
            types=frozenset({"value_arguments"}),
            entries=_arguments("(?:m|[a-z]M)apOf", "to"),
            needs=regex(rb"[mM]apOf\b"),
        ),
        "swift": _Mappings(types=frozenset({"dictionary_literal"}), entries=_swift),
        "scala": _Mappings(
            types=frozenset({"arguments"}),
            entries=_arguments(r"\bMap", "->"),
            needs=regex(rb"\bMap\s*[(\[]"),
        ),
        "lua": _Mappings(types=frozenset({"table_constructor"}), entries=_table),
        "json": _Mappings(
            types=frozenset({"object"}), entries=_text_fields("pair", "key")
        ),
        "yaml": _Mappings(
            types=frozenset({"block_mapping", "flow_mapping"}),
            entries=_text_fields("block_mapping_pair flow_pair", "key"),
        ),
    }
)
_FORMATS = frozenset({"json", "yaml"})
_TEMPLATE = linear(rb"\{\{|\{%|<%")
_BRANCHED = linear(rb"\{%-?[\s\v]*(?:if|else|for)\b|<%")
_REMARKS = frozenset({"", "#", "comment", "_comment", "$comment", "__comment", "<<"})


def mappings_of(language: str) -> frozenset[str]:
    """The types of mappings that are worth looking at in any text of *language*."""
    kind = _KINDS.get(language)
    return frozenset() if kind is None or kind.needs is not None else kind.types
