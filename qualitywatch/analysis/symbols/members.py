"""Where a class calls a member that it no longer has, in Python and in scripts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import tree_sitter

from qualitywatch.analysis.outlines.units import Unit
from qualitywatch.analysis.sources.source import Source
from qualitywatch.analysis.symbols.dangling import (
    BINDING,
    CALLS,
    Role,
    Use,
    is_field,
    is_overload,
    occurrences,
)
from qualitywatch.regex import regex

_MEMBERS = {
    "attribute": ("object", "attribute"),
    "member_expression": ("object", "property"),
}
_SCOPES = frozenset(
    {"function_definition", "lambda", "statement_block", "arrow_function"}
)
_SELF = frozenset({b"self", b"cls", b"this"})
_WILD_CLASS = regex(r"__getattr__|__getattribute__|\bnew Proxy\(|\[key: string\]")


def dangling_member(source: Source, name: str, owner: Unit) -> list[Use]:
    """Where the class *owner* calls its member *name* that it no longer defines."""
    if _is_wild(source.data, owner.node.start_byte, owner.node.end_byte):
        return []
    uses = []
    for node in occurrences(source, name):
        role = _member_role(node, owner)
        if role is Role.BINDS:
            return []
        if role is not Role.NEITHER:
            uses.append(Use(node, role))
    return sorted(uses, key=lambda use: (use.role.value, use.node.start_byte))


def binds_member(source: Source, name: str, owner: Unit) -> bool:
    """True where the class *owner* itself gives its objects a member *name*."""
    return any(
        _member_role(node, owner) is Role.BINDS for node in occurrences(source, name)
    )


@lru_cache(maxsize=64)  # asked for every member of the same class
def _is_wild(data: bytes, start: int, end: int) -> bool:
    return _WILD_CLASS.search(data[start:end].decode()) is not None


def heirs(owner: Unit, units: Sequence[Unit]) -> list[Unit]:
    """The classes among *units* that inherit from *owner*, however far."""
    names, found = {owner.short}, list[Unit]()
    for unit in units:
        if unit.kind == "class" and not names.isdisjoint(unit.bases):
            names.add(unit.short)
            found.append(unit)
    return found


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
    if is_field(member, member.parent, BINDING):
        return Role.NEITHER if _reads_itself(member) else Role.BINDS
    if is_self and not _is_own_this(node, owner):
        return Role.NEITHER
    return Role.CALLS if is_field(member, member.parent, CALLS) else Role.READS


def _reads_itself(member: tree_sitter.Node) -> bool:
    """True for `this.name = this.name.bind(this)`, which gives it no meaning."""
    right = (
        None if member.parent is None else member.parent.child_by_field_name("right")
    )
    own = (member.text or b"") + b"."
    return right is not None and (right.text or b"").startswith(own)


def _binds_member(node: tree_sitter.Node, owner: Unit) -> bool:
    """True where *node* gives the class a member of that name."""
    parent = node.parent
    if node.type == "string_content" or not is_field(node, parent, BINDING):
        return False
    if parent is not None and parent.type == "function_definition":
        return _is_direct(parent, owner)
    if parent is not None and is_overload(parent):
        return False
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
