"""The units of a source: its module, classes, functions and methods, with names.

A function without a name of its own takes the name of what holds it: a variable, a
property, or the call it is given to with a label (`app.get("/users", () => ...)`).
One that nothing names is no unit; its lines belong to the unit around it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Literal

import tree_sitter

from qualitywatch.analysis.source import Comment, Refused, Source

MAX_DEPTH = 100
MAX_UNITS = 20_000
MAX_NAME = 80

Kind = Literal["function", "class", "module"]
Reach = Literal["bare", "method", "other"]
"""How others call it: by its short name, through an object of its class, or else."""

_STATEMENTS = re.compile(
    r".*_(statement|declaration|definition)$|jsx_(self_closing_)?element$"
)
_NO_STATEMENTS = frozenset({"empty_statement", "expression_statement_list"})
_OWN_NAME = frozenset(
    {
        "function_definition",
        "class_definition",
        "function_declaration",
        "generator_function_declaration",
        "class_declaration",
        "abstract_class_declaration",
        "interface_declaration",
        "internal_module",
        "module",
        "method_definition",
    }
)
_NAMELESS = frozenset(
    {"function_expression", "generator_function", "arrow_function", "class"}
)
_NAME_FIELD = {
    "variable_declarator": "name",
    "assignment_expression": "left",
    "pair": "key",
    "field_definition": "property",
    "public_field_definition": "name",
}
_FIELDS = frozenset({"field_definition", "public_field_definition"})


class Unit:
    """A module, class or function of one source; `name` is qualified: `App.stop`."""

    def __init__(
        self,
        index: int,
        *,
        kind: Kind,
        short: str,
        owner: Unit | None,
        node: tree_sitter.Node,
        outer: tree_sitter.Node,
        reach: Reach,
    ) -> None:
        self.index = index
        self.kind = kind
        self.short = short  # the last part of the name
        self.owner = owner  # the unit around it
        self.node = node
        self.outer = outer  # with its decorators
        self.reach = reach
        self.line = node.start_point[0] + 1
        self.start_line = outer.start_point[0] + 1
        self.end_line = outer.end_point[0] + 1
        self.children: list[Unit] = []

    @property
    def parent(self) -> int | None:
        """The index of the unit around it; `None` for the module."""
        return None if self.owner is None else self.owner.index

    @cached_property
    def name(self) -> str:
        """The qualified name; empty for the module."""
        if self.owner is None or not self.owner.name:
            return self.short
        return f"{self.owner.name}.{self.short}"

    @cached_property
    def body(self) -> tree_sitter.Node | None:
        """A block, or the one expression of an arrow function."""
        if self.kind == "module":
            return self.node
        return self.node.child_by_field_name("body")

    @cached_property
    def body_line(self) -> int:
        """The line on which the body begins, remarks above its first line included."""
        colon = next((c for c in reversed(self.node.children) if c.type == ":"), None)
        start = colon or self.body or self.node
        return start.start_point[0] + 1

    @cached_property
    def statements(self) -> int:
        """How many statements and elements stand in the body, at any depth."""
        return 0 if self.body is None else _count(self.body)

    @property
    def decorators(self) -> tuple[str, ...]:
        """The text of each decorator, without the sign."""
        return tuple(
            (child.text or b"").decode().removeprefix("@").strip()
            for owner in {self.outer.id: self.outer, self.node.id: self.node}.values()
            for child in owner.children
            if child.type == "decorator"
        )

    @cached_property
    def bases(self) -> tuple[str, ...]:
        """What a class inherits from, as written; without metaclass and interfaces."""
        return tuple(_bases(self.node)) if self.kind == "class" else ()

    def encloses(self, line: int) -> bool:
        """True when *line* lies inside, decorators and hanging comments included."""
        return self.start_line <= line <= self.end_line


def units(source: Source) -> tuple[Unit, ...]:
    """Every unit in the order of the text; the first one is the module.

    Raises `Refused` where units are nested deeper than any person writes them.
    """
    reader = _Reader(source)
    for role, node in _in_order(source):
        reader.read(role, node)
    if source.language.name == "python":
        _attach_hanging(reader.units, source.comments(), source.lines)
    return tuple(reader.units)


def unit_at(all_units: tuple[Unit, ...], line: int) -> Unit:
    """The innermost unit that encloses *line*; the module where no other does."""
    unit = all_units[0]
    while inner := next((c for c in unit.children if c.encloses(line)), None):
        unit = inner
    return unit


class _Holder:
    """A node that may give its name to the function in its value."""

    def __init__(self, role: str, node: tree_sitter.Node) -> None:
        self.role = role
        self.node = node
        self.taken = False

    @cached_property
    def name(self) -> str:
        return _label(self.node) if self.role == "labelled" else _bound_name(self.node)


class _Reader:
    """Walks the captured nodes in order and keeps the stack of what is open."""

    def __init__(self, source: Source) -> None:
        root = source.tree.root_node
        module = Unit(
            0,
            kind="module",
            short="",
            owner=None,
            node=root,
            outer=root,
            reach="other",
        )
        module.start_line, module.end_line = 1, max(1, len(source.lines))
        self.units = [module]
        self.open: list[tuple[int, Unit | _Holder]] = [(len(source.data) + 1, module)]

    def read(self, role: str, node: tree_sitter.Node) -> None:
        while self.open[-1][0] <= node.start_byte:
            self.open.pop()
        if len(self.open) > 4 * MAX_DEPTH or len(self.units) > MAX_UNITS:
            raise Refused("nests or holds more functions than any person writes")
        if role not in ("function", "class"):
            self.open.append((node.end_byte, _Holder(role, node)))
        elif unit := self._unit("class" if role == "class" else "function", node):
            self.units.append(unit)
            if unit.owner is not None:
                unit.owner.children.append(unit)
            self.open.append((node.end_byte, unit))

    def _unit(self, kind: Kind, node: tree_sitter.Node) -> Unit | None:
        owner, holders = self._around()
        named = [h for h in holders if h.role != "decorated" and h.name]
        outer = next((h.node for h in holders if h.role == "decorated"), node)
        if own := _own_name(node):
            path = [h.name for h in named] if _is_property(node) else []
            path.append(own + _accessor(outer))
        elif named and not named[-1].taken:
            named[-1].taken = True
            path = [h.name for h in named]
        else:
            return None
        return Unit(
            len(self.units),
            kind=kind,
            short=".".join(path),
            owner=owner,
            node=node,
            outer=outer,
            reach=_reach(kind, node, owner, named),
        )

    def _around(self) -> tuple[Unit, list[_Holder]]:
        holders: list[_Holder] = []
        for _, entry in reversed(self.open):
            if isinstance(entry, Unit):
                return entry, holders[::-1]
            holders.append(entry)
        raise AssertionError("the module is always open")


def _in_order(source: Source) -> list[tuple[str, tree_sitter.Node]]:
    roles = ("decorated", "binding", "labelled", "class", "function")
    found = [(role, node) for role in roles for node in source.captures.get(role, ())]
    found.sort(key=lambda pair: (pair[1].start_byte, -pair[1].end_byte))
    return found


def _own_name(node: tree_sitter.Node) -> str:
    if node.type not in _OWN_NAME:
        return ""
    name = node.child_by_field_name("name")
    text = "" if name is None or name.text is None else name.text.decode()
    if node.type == "method_definition" and node.children[0].type in ("get", "set"):
        return f"{node.children[0].type} {text}"
    return text[:MAX_NAME]


def _accessor(outer: tree_sitter.Node) -> str:
    """Tells the setter of a Python property from its getter, which has its name."""
    for decorator in outer.children if outer.type == "decorated_definition" else ():
        role = (decorator.text or b"").rpartition(b".")[2].strip()
        if decorator.type == "decorator" and role in (b"setter", b"deleter"):
            return f" {role.decode()}"
    return ""


def _is_property(node: tree_sitter.Node) -> bool:
    return node.type == "method_definition"


def _bound_name(node: tree_sitter.Node) -> str:
    if node.type == "export_statement":
        return "default"
    name = node.child_by_field_name(_NAME_FIELD[node.type])
    text = "" if name is None or name.text is None else name.text.decode()
    text = text.strip("\"'`").removeprefix("this.")
    return "" if text[:1] in ("{", "[") else " ".join(text.split())[:MAX_NAME]


def _label(node: tree_sitter.Node) -> str:
    function = node.child_by_field_name("function")
    arguments = node.child_by_field_name("arguments")
    if function is None or arguments is None or not arguments.named_children:
        return ""
    callee = (function.text or b"").decode()
    label = (arguments.named_children[0].text or b"").decode().strip("\"'`")
    return " ".join(f"{callee}({label})".split())[:MAX_NAME]


def _reach(
    kind: Kind, node: tree_sitter.Node, owner: Unit, named: list[_Holder]
) -> Reach:
    if owner.kind == "class":
        is_member = not named or named[-1].node.type in _FIELDS
        return "method" if kind == "function" and is_member else "other"
    if node.type in _OWN_NAME:
        return "other" if _is_property(node) else "bare"
    is_variable = len(named) == 1 and named[0].node.type == "variable_declarator"
    return "bare" if is_variable else "other"


def _bases(node: tree_sitter.Node) -> Iterator[str]:
    listed = node.child_by_field_name("superclasses")
    for child in () if listed is None else listed.named_children:
        if child.type not in ("keyword_argument", "comment"):
            yield (child.text or b"").decode()
    for child in node.children:
        if child.type == "class_heritage":
            clauses = [c for c in child.named_children if c.type == "extends_clause"]
            is_plain = all(not c.type.endswith("_clause") for c in child.named_children)
            for inner in (clauses[0] if clauses else child).named_children[:1]:
                if clauses or is_plain:
                    yield (inner.text or b"").decode()


def _count(body: tree_sitter.Node) -> int:
    total, cursor = 0, body.walk()
    if body.type != "statement_block" and body.type != "block":
        total = 1
    depth = 0
    while True:
        if cursor.goto_first_child():
            depth += 1
        else:
            while not cursor.goto_next_sibling():
                if depth == 0 or not cursor.goto_parent():
                    return total
                depth -= 1
                if depth == 0:
                    return total
        node = cursor.node
        if node is not None and node.is_named and _STATEMENTS.match(node.type):
            total += node.type not in _NO_STATEMENTS


def _attach_hanging(
    all_units: list[Unit], comments: tuple[Comment, ...], lines: list[str]
) -> None:
    """Lengthen Python units by the comments that their indentation puts inside.

    The grammar ends a body with its last statement, so a body that is only a comment
    is empty for it, and the comment hangs outside the function.
    """
    open_above = _ends(all_units, comments, lines)
    for comment in comments:
        if not comment.alone or comment.kind != "line":
            continue
        for unit in open_above[comment.line]:
            if unit.node.start_point[1] + 1 >= comment.column:
                break
            unit.end_line = max(unit.end_line, comment.line)


def _ends(
    all_units: list[Unit], comments: tuple[Comment, ...], lines: list[str]
) -> dict[int, list[Unit]]:
    """For each commented line the units, outermost first, around the code above it."""
    commented = {
        line
        for comment in comments
        if comment.alone
        for line in range(comment.line, comment.end_line + 1)
    }
    found: dict[int, list[Unit]] = {}
    waiting = iter(all_units[1:])
    following = next(waiting, None)
    around: list[Unit] = []
    for number, text in enumerate(lines, 1):
        if number in commented:
            found[number] = around
        elif text.strip():
            while following is not None and following.start_line <= number:
                around = [*_still_open(around, following.start_line), following]
                following = next(waiting, None)
            around = _still_open(around, number)
    return found


def _still_open(around: list[Unit], line: int) -> list[Unit]:
    return [unit for unit in around if unit.end_line >= line]
