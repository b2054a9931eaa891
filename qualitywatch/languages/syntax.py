"""How a grammar calls what we look for: units, their names and bodies, comments.

All of it is data: node types, fields, and queries where a type alone does not tell.
What reads it is the package `analysis.outlines`.
"""

from __future__ import annotations

from typing import Literal

import msgspec

UnitKind = Literal["function", "class", "block"]
"""A `block` has a name and holds others, but nobody calls it or inherits from it."""

Naming = Literal["text", "declarator", "head", "first", "operator", "id"]
"""The text of the name; the innermost declarator; all up to the body; the text of the
first child; the word `operator` and its sign; the attribute `id` of an element."""

BindingRole = Literal["variable", "field", "other"]
"""A function in a variable is called by its name, one in a field as a method is."""


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """Nodes that are units, and how they are named."""

    types: tuple[str, ...]
    kind: UnitKind = "function"
    name: str = "name"  # field or child type; empty: it takes the name of its holder
    naming: Naming = "text"
    fallback: str = ""  # its name where it has none of its own
    prefix: str = ""
    marks: tuple[str, ...] = ()  # words of the node that belong to its name
    qualifier: str = ""  # field or child type that names the class it belongs to
    has_body: bool = False  # it is a unit only with a body
    is_member: bool = False  # nobody calls it by its name alone
    joins: bool = False  # the name of what holds it comes before its own
    is_listed: bool = True  # each node of the type is a unit; else `patterns` say which


class Binding(msgspec.Struct, frozen=True, kw_only=True):
    """Nodes that give their name to the function in their value."""

    type: str
    pattern: str  # what stands inside such a node, in the language of queries
    name: str = "name"  # field or child type, or a path of them
    fallback: str = ""
    role: BindingRole = "other"
    splits: bool = False  # what stands before a dot is what the function belongs to


class Syntax(msgspec.Struct, frozen=True, kw_only=True):
    """The node types and fields of one grammar."""

    shapes: tuple[Shape, ...] = ()
    bindings: tuple[Binding, ...] = ()
    patterns: tuple[str, ...] = ()
    """Queries beside those of the shapes and bindings. They may capture units that a
    type alone does not tell (`@function`, `@class`, `@block`), calls that label the
    function they are given (`@labelled`), nodes that widen the unit inside them
    (`@outer`), decorators in front of a unit (`@attribute`), calls that label the block
    behind them (`@heading`), remarks that are no
    comments for the grammar (`@doc`, `@jsx`), and comments for it that are none
    (`@quoted`, `@shebang`)."""

    comments: tuple[str, ...] = ("comment",)
    bodies: tuple[str, ...] = ()  # children that are the body, where no field is
    blocks: tuple[str, ...] = ("block",)  # nodes whose children are statements
    wrappers: tuple[str, ...] = ()  # of these, those that stand inside another one
    separator: str = "."  # between the parts of a qualified name
    decorators: tuple[str, ...] = ()
    modifiers: tuple[str, ...] = ()  # words before a name that say what a unit is
    bases: tuple[str, ...] = ()  # nodes that list what a class inherits from
    base_fields: tuple[str, ...] = ()  # fields that hold one of them
    base_types: tuple[str, ...] = ()  # of their children; empty: all
