"""The units of a source: its module, classes, functions and methods, with names.

A function without a name of its own takes the name of what holds it: a variable, a
property, or the call it is given to with a label (`app.get("/users", () => ...)`).
One that nothing names is no unit; its lines belong to the unit around it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Literal

import tree_sitter

from qualitywatch.analysis.outlines.anatomy import (
    bases_of,
    body_of_node,
    decorators_of,
    head_of,
    last_row,
    modifiers_in,
    statements_in,
)
from qualitywatch.analysis.outlines.hanging import attach_hanging
from qualitywatch.analysis.outlines.naming import NOBODY, Name, Namer
from qualitywatch.analysis.outlines.structure import bindings, shapes
from qualitywatch.analysis.sources.source import Refused, Source
from qualitywatch.languages.syntax import BindingRole, Shape, Syntax

MAX_DEPTH = 100
MAX_UNITS = 20_000
MAX_BLOCKS = 5_000  # tables, rules and elements; the rest belongs to what is around

Kind = Literal["function", "class", "block", "module"]
"""A `block` has a name and holds others: a namespace, a style rule, a table of keys."""

Reach = Literal["bare", "method", "other"]
"""How others call it: by its short name, through an object of its class, or else."""

_REMARKED = (b"", b"/", b"*")  # how lines begin that hold no code
_NAMELESS = Shape(types=(), name="")
_KINDS: dict[str, Kind] = {"block": "block", "class": "class", "function": "function"}
ROLES = ("outer", "attribute", "heading", "binding", "labelled", *_KINDS)
"""What captures say of nodes that are units, if they have a name, or can give one."""

Nodes = tuple[tree_sitter.Node, ...]


class Unit:
    """A module, class or function of one source; `name` is qualified: `App.stop`."""

    def __init__(
        self,
        index: int,
        *,
        kind: Kind,
        name: Name,
        owner: Unit | None,
        node: tree_sitter.Node,
        outer: tree_sitter.Node,
        reach: Reach,
        syntax: Syntax,
        attributes: Nodes = (),
    ) -> None:
        self.index = index
        self.kind = kind
        self.short = name.short  # the last part of the name
        self.qualifier = name.qualifier  # written before it: `Server` of `Server::stop`
        self.owner = owner  # the unit around it
        self.node = node
        self.outer = outer  # with its decorators
        self.reach = reach
        self.children: list[Unit] = []
        self._syntax = syntax
        self._attributes = attributes

    @cached_property
    def line(self) -> int:
        """The line on which it begins, decorators left out."""
        return self.node.start_point[0] + 1

    @cached_property
    def start_line(self) -> int:
        """The line on which it begins, decorators and attributes included."""
        return (self._attributes or (self.outer,))[0].start_point[0] + 1

    @cached_property
    def end_line(self) -> int:
        """The line on which it ends; in Python with the remarks that hang below it."""
        return last_row(self.outer) + 1

    @property
    def parent(self) -> int | None:
        """The index of the unit around it; `None` for the module."""
        return None if self.owner is None else self.owner.index

    @cached_property
    def name(self) -> str:
        """The qualified name; empty for the module."""
        owner = "" if self.owner is None else self.owner.name
        parts = (owner, self.qualifier, self.short)
        return self._syntax.separator.join(part for part in parts if part)

    @cached_property
    def body(self) -> tree_sitter.Node | None:
        """A block, or the one expression that is all; `None` for a mere declaration."""
        if self.kind == "module":
            return self.node
        found = body_of_node(self.node, self._syntax.bodies)
        if found is None and self.node.type in self._syntax.blocks:
            return self.node
        return found

    @cached_property
    def body_line(self) -> int:
        """The line on which the body begins, remarks above its first line included."""
        colon = next((c for c in reversed(self.node.children) if c.type == ":"), None)
        start = colon or self.body or self.node
        return start.start_point[0] + 1

    @cached_property
    def statements(self) -> int:
        """How many statements and elements stand in the body, at any depth."""
        return 0 if self.body is None else statements_in(self.body, self._syntax)

    @cached_property
    def decorators(self) -> tuple[str, ...]:
        """The text of each decorator, annotation or attribute, without its sign."""
        nodes = (*self._attributes, self.outer, self.node)
        return tuple(decorators_of(nodes, self._syntax))

    @cached_property
    def modifiers(self) -> frozenset[str]:
        """The words before the name that say what it is: `abstract`, `override`."""
        return modifiers_in(head_of(self.outer, self.body), self._syntax)

    @cached_property
    def signature(self) -> str:
        """Its text up to the body, blanks apart: tells overloads from each other."""
        return head_of(self.node, self.body)

    @cached_property
    def bases(self) -> tuple[str, ...]:
        """What a class inherits from, as written, without metaclass.

        With interfaces, where these can bring code: not in TypeScript.
        """
        return tuple(bases_of(self.node, self._syntax)) if self.kind == "class" else ()

    def over(
        self, owner: Unit | None, find: Callable[[tree_sitter.Node], tree_sitter.Node]
    ) -> Unit:
        """The same unit of another tree, with the nodes that *find* has for its own."""
        unit = Unit(
            self.index,
            kind=self.kind,
            name=Name(self.short, self.qualifier),
            owner=owner,
            node=find(self.node),
            outer=find(self.outer),
            reach=self.reach,
            syntax=self._syntax,
            attributes=tuple(map(find, self._attributes)),
        )
        unit.start_line, unit.end_line = self.start_line, self.end_line
        if owner is not None:
            owner.children.append(unit)
        return unit

    def encloses(self, line: int) -> bool:
        """True when *line* lies inside, decorators and hanging comments included."""
        return self.start_line <= line <= self.end_line


def units(source: Source) -> tuple[Unit, ...]:
    """Every unit in the order of the text; the first one is the module.

    Raises `Refused` where units are nested deeper than any person writes them.
    """
    reader = _Reader(source)
    for start, _, _, role, node in _in_order(source):
        reader.read(role, node, start)
    if source.language.name == "python":
        attach_hanging(reader.units, source.comments(), source.lines)
    return tuple(reader.units)


def unit_at(all_units: tuple[Unit, ...], line: int) -> Unit:
    """The innermost unit that encloses *line*; the module where no other does."""
    unit = all_units[0]
    while inner := next((c for c in unit.children if c.encloses(line)), None):
        unit = inner
    return unit


class _Holder:
    """A node that may give its name to the function inside it."""

    def __init__(
        self, role: str, node: tree_sitter.Node, binds: BindingRole = "other"
    ) -> None:
        self.role = role
        self.node = node
        self.binds = binds
        self.name = NOBODY  # until it is read, for the first function inside
        self.is_read = False
        self.taken = False


class _Reader:
    """Walks the captured nodes in order and keeps the stack of what is open."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.syntax = source.language.syntax
        self.shapes = shapes(self.syntax)
        self.bindings = bindings(self.syntax)
        self.namer = Namer(source.data, self.syntax.bodies)
        root = source.tree.root_node
        module = Unit(
            0,
            kind="module",
            name=NOBODY,
            owner=None,
            node=root,
            outer=root,
            reach="other",
            syntax=self.syntax,
        )
        module.start_line, module.end_line = 1, max(1, len(source.lines))
        self.units = [module]
        self.open: list[tuple[int, Unit | _Holder]] = [(len(source.data) + 1, module)]
        self.attributes: list[tree_sitter.Node] = []
        self.heading: tree_sitter.Node | None = None
        self.blocks = 0

    def read(self, role: str, node: tree_sitter.Node, start: int) -> None:
        while self.open[-1][0] <= start:
            self.open.pop()
        if len(self.open) > 4 * MAX_DEPTH or len(self.units) > MAX_UNITS:
            raise Refused("nests or holds more functions than any person writes")
        if role in ("attribute", "heading"):
            self.attributes.append(node)
            self.heading = node if role == "heading" else self.heading
        elif role not in _KINDS:
            self.open.append((node.end_byte, self._holder(role, node)))
        elif unit := self._unit(_KINDS[role], node):
            self.units.append(unit)
            if unit.owner is not None:
                unit.owner.children.append(unit)
            self.open.append((node.end_byte, unit))

    def _holder(self, role: str, node: tree_sitter.Node) -> _Holder:
        binds = self.bindings[node.type].role if role == "binding" else "other"
        return _Holder(role, node, binds)

    def _unit(self, kind: Kind, node: tree_sitter.Node) -> Unit | None:
        if kind == "block" and self.blocks >= MAX_BLOCKS:
            return None
        owner, holders = self._around()
        shape = self.shapes.get(node.type, _NAMELESS)
        held, outer = list[_Holder](), node
        if holders:
            held = [h for h in holders if self._names(h, node)]
            outer = next((h.node for h in holders if h.role == "outer"), node)
        own = self.namer.own(node, shape, is_member=owner.kind == "class")
        if own.short:
            if outer is not node and (accessor := self._accessor(outer)):
                own = Name(own.short + accessor, own.qualifier)
            name = _joined(held if shape.joins else [], own)
        else:
            name = self._borrowed(kind, held)
        if not name.short:
            return None
        self.blocks += kind == "block"
        return Unit(
            len(self.units),
            kind=kind,
            name=name,
            owner=owner,
            node=node,
            outer=outer,
            reach=_reach(kind, name, owner, shape, [h.binds for h in held]),
            syntax=self.syntax,
            attributes=self._attributes_of(outer),
        )

    def _borrowed(self, kind: Kind, held: list[_Holder]) -> Name:
        """The name that what holds it, or the call before it, gives to a function."""
        if held and not held[-1].taken:
            held[-1].taken = True
            return _joined(held if kind == "function" else _bound(held), NOBODY)
        if not held and self.attributes and self.attributes[-1] is self.heading:
            return self.namer.label(self.heading, self.heading.end_byte)
        return NOBODY

    def _accessor(self, outer: tree_sitter.Node) -> str:
        """Tells the setter of a Python property from its getter, which has its name."""
        for child in outer.children if outer.type == "decorated_definition" else ():
            if child.type == "decorator":
                text = self.source.data[child.start_byte : child.end_byte]
                role = text.rpartition(b".")[2].strip()
                if role in (b"setter", b"deleter"):
                    return f" {role.decode()}"
        return ""

    def _around(self) -> tuple[Unit, list[_Holder]]:
        """The unit around what comes next, and what stands between them."""
        holders: list[_Holder] = []
        for _, entry in reversed(self.open):
            if isinstance(entry, Unit):
                return entry, holders[::-1]
            holders.append(entry)
        raise AssertionError("the module is always open")

    def _names(self, holder: _Holder, node: tree_sitter.Node) -> bool:
        """True where *holder* has a name to give to *node*, inside it."""
        if holder.role == "labelled" and not holder.name.short:
            holder.name = self.namer.label(holder.node, node.start_byte)
        elif holder.role == "binding" and not holder.is_read:
            binding = self.bindings[holder.node.type]
            holder.name = self.namer.bound(holder.node, binding)
            holder.is_read = True
        return holder.role != "outer" and bool(holder.name.short)

    def _attributes_of(self, outer: tree_sitter.Node) -> Nodes:
        """The attributes with nothing but comments between them and *outer*."""
        if not self.attributes:
            return ()
        waiting, self.attributes = self.attributes, []
        start, found = outer.start_byte, []
        for node in reversed(waiting):
            between = self.source.data[node.end_byte : start].split(b"\n")
            if any(line.lstrip()[:1] not in _REMARKED for line in between):
                break
            found.append(node)
            start = node.start_byte
        return tuple(reversed(found))


def _joined(held: list[_Holder], own: Name) -> Name:
    """The name of a function with the names of what holds it."""
    if not held:
        return own
    qualifier = held[0].name.qualifier if len(held) == 1 and not own.short else ""
    parts = [holder.name.short for holder in held] + [own.short] * bool(own.short)
    return Name(".".join(parts), qualifier or own.qualifier)


def _bound(held: list[_Holder]) -> list[_Holder]:
    """A class is called as what holds it, whatever labels the call that makes it."""
    return [holder for holder in held if holder.role == "binding"] or held


def _in_order(source: Source) -> list[tuple[int, int, int, str, tree_sitter.Node]]:
    """Where each node begins and ends, its number, its role, and the node."""
    captures = source.captures
    found = [(role, node) for role in ROLES for node in captures.get(role, ())]
    return sorted(
        (node.start_byte, -node.end_byte, number, role, node)
        for number, (role, node) in enumerate(found)
    )


def _reach(
    kind: Kind, name: Name, owner: Unit, shape: Shape, roles: list[BindingRole]
) -> Reach:
    if kind == "function" and (owner.kind == "class" or name.qualifier):
        return "method" if not roles or roles[-1] == "field" else "other"
    if owner.kind == "class":
        return "other"
    if shape.name or shape.fallback:
        return "other" if shape.is_member or (shape.joins and roles) else "bare"
    return "bare" if roles == ["variable"] else "other"
