"""What a text still refers to although it no longer defines it.

A name is bound when any scope of the file gives it a meaning: a definition, an import,
a parameter, an assignment, a pattern. Scopes are not told apart, which errs on the
side of silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import Enum, auto
from typing import NamedTuple

import tree_sitter

from qualitywatch.analysis.source import Source
from qualitywatch.analysis.units import Unit

MAX_OCCURRENCES = 2_000


class Role(Enum):
    """What an occurrence of a name does."""

    BINDS = auto()
    CALLS = auto()
    READS = auto()
    LISTS = auto()  # exports it
    NEITHER = auto()  # another thing of the same name


class Use(NamedTuple):
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
_Fields = Mapping[str, tuple[str, ...] | None]
# Parent type -> the fields of it that bind; `None`: every child binds.
_BINDING: _Fields = {
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
_NOT_A_USE: _Fields = {
    "attribute": ("attribute",),
    "keyword_argument": ("name",),
    "member_expression": ("property",),
    "delete_statement": None,
    "break_statement": None,
    "continue_statement": None,
    "nested_identifier": ("property",),
    "type_query": None,
}
_CALLS: _Fields = {
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
_MEMBERS = {
    "attribute": ("object", "attribute"),
    "member_expression": ("object", "property"),
}
_SCOPES = frozenset(
    {"function_definition", "lambda", "statement_block", "arrow_function"}
)
_SELF = frozenset({b"self", b"cls", b"this"})
_GLOBAL = frozenset({b"window", b"globalThis", b"global", b"self", b"exports"})
_WILD_PYTHON = re.compile(
    r"^\s*from\s+\S+\s+import\s+\*|\bglobals\(\)|(?<![.\w])exec\(", re.MULTILINE
)
_WILD_SCRIPT = re.compile(r"\bdeclare\s+global\b|^\s*with\s*\(", re.MULTILINE)
_WILD_CLASS = re.compile(
    r"__getattr__|__getattribute__|\bsetattr\(|\bnew Proxy\(|\[key: string\]"
)


def dangling(source: Source, name: str) -> list[Use]:
    """Where *source* uses the bare *name* that nothing in it binds; calls first."""
    uses = []
    for node in _occurrences(source, name):
        role = _role(node)
        if role is Role.BINDS:
            return []
        if role is not Role.NEITHER:
            uses.append(Use(node, role))
    if not uses or _bound_unseen(source, name):
        return []
    return sorted(uses, key=lambda use: (use.role.value, use.node.start_byte))


def dangling_member(source: Source, name: str, owner: Unit) -> list[Use]:
    """Where the class *owner* calls its member *name* that it no longer defines."""
    text = source.data[owner.node.start_byte : owner.node.end_byte].decode()
    if _WILD_CLASS.search(text):
        return []
    uses = []
    for node in _occurrences(source, name):
        role = _member_role(node, owner)
        if role is Role.BINDS:
            return []
        if role is not Role.NEITHER:
            uses.append(Use(node, role))
    return sorted(uses, key=lambda use: (use.role.value, use.node.start_byte))


def _occurrences(source: Source, name: str) -> Iterator[tree_sitter.Node]:
    pattern = re.compile(rb"(?<![\w$])" + re.escape(name.encode()) + rb"(?![\w$])")
    root = source.tree.root_node
    for count, match in enumerate(pattern.finditer(source.data)):
        if count >= MAX_OCCURRENCES:
            return
        node = root.descendant_for_byte_range(match.start(), match.end())
        if node is not None and node.type in _NAMES and node.text == name.encode():
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
    if _is_field(node, parent, _BINDING):
        return Role.BINDS
    if _is_field(node, parent, _NOT_A_USE) or _is_asked_for(parent):
        return Role.NEITHER
    return Role.CALLS if _is_field(node, parent, _CALLS) else Role.READS


def _type_role(node: tree_sitter.Node, parent: tree_sitter.Node | None) -> Role:
    return Role.BINDS if _is_field(node, parent, _BINDING) else Role.NEITHER


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
        and _is_field(parent, parent.parent, _BINDING)
    )


def _bound_unseen(source: Source, name: str) -> bool:
    """True where a name may be bound without being written as a name."""
    wild = _WILD_PYTHON if source.language.name == "python" else _WILD_SCRIPT
    if wild.search(source.text):
        return True
    globals_ = re.compile(rf"/\*\s*(?:globals?|exported)\b[^*]*\b{re.escape(name)}\b")
    return globals_.search(source.text) is not None


def _member(node: tree_sitter.Node) -> tree_sitter.Node | None:
    """The `x.name` expression whose name *node* is."""
    parent = node.parent
    if parent is None or parent.type not in _MEMBERS:
        return None
    return (
        parent if parent.child_by_field_name(_MEMBERS[parent.type][1]) == node else None
    )


def _member_role(node: tree_sitter.Node, owner: Unit) -> Role:
    is_inside = owner.node.start_byte <= node.start_byte < owner.node.end_byte
    member = _member(node)
    if member is None:
        binds = is_inside and _binds_member(node, owner)
        return Role.BINDS if binds else Role.NEITHER
    receiver = member.child_by_field_name("object")
    name = b"" if receiver is None else receiver.text
    is_self = is_inside and name in _SELF
    if not is_self and name != owner.short.encode():
        return Role.NEITHER
    if _is_field(member, member.parent, _BINDING):
        return Role.BINDS
    if is_self and not _is_own_this(node, owner):
        return Role.NEITHER
    return Role.CALLS if _is_field(member, member.parent, _CALLS) else Role.READS


def _binds_member(node: tree_sitter.Node, owner: Unit) -> bool:
    """True where *node* gives the class a member of that name."""
    parent = node.parent
    if node.type == "string_content" or not _is_field(node, parent, _BINDING):
        return False
    if parent is not None and parent.type == "function_definition":
        return _is_direct(parent, owner)
    while parent is not None and parent != owner.body:
        if parent.type in _SCOPES:
            return False
        parent = parent.parent
    return True


def _is_direct(definition: tree_sitter.Node, owner: Unit) -> bool:
    return any(unit.node == definition for unit in owner.children)


def _is_own_this(node: tree_sitter.Node, owner: Unit) -> bool:
    """False inside a plain function, where `this` is another object."""
    around = node.parent
    while around is not None and around != owner.node:
        if around.type in (
            "function_expression",
            "function_declaration",
            "object",
            "class",
        ):
            return False
        if around.type == "class_definition":
            return False
        around = around.parent
    return True


def _is_field(
    node: tree_sitter.Node,
    parent: tree_sitter.Node | None,
    table: _Fields,
) -> bool:
    if parent is None or parent.type not in table:
        return False
    fields = table[parent.type]
    return fields is None or any(
        node in parent.children_by_field_name(field) for field in fields
    )
