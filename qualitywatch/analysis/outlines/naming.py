"""How units are called: by a name of their own, or by the name of what holds them."""

from __future__ import annotations

import re
from typing import NamedTuple

import tree_sitter

from qualitywatch.analysis.outlines.anatomy import body_of_node
from qualitywatch.languages.syntax import Binding, Shape
from qualitywatch.regex import regex

MAX_NAME = 80
MAX_LABEL = 500  # bytes of a call that labels a function
MAX_STEPS = 50  # of a declarator inside a declarator

_PARTS = regex(r"::|[.:]")
_GENERIC = regex(r"<[^<>]*>|\[[^\[\]]*\]|\([^()]*\)")
_PLAIN = regex(r"[\w~$].*", re.DOTALL)
_CALLED = regex(r"""([\w.:@$!?>-]+)[\s(]+(["'`])(.*?)\2""", re.DOTALL)
_QUOTED = regex(r"""[\s(]+(["'`])([^"'`\n]*)\1""")
_OPERATOR = regex(r"(|.*::)operator(\W.*)", re.DOTALL)
_MACRO_ARGUMENTS = regex(r"\(\s*[\w.:]+(?:\s*,\s*[\w.:]+)*\s*\)")
_ID = regex(r"""\sid\s*=\s*["']?([^\s"'>]+)""", re.IGNORECASE)
_DECLARED = frozenset(
    {
        "identifier",
        "field_identifier",
        "type_identifier",
        "qualified_identifier",
        "destructor_name",
        "operator_name",
        "operator_cast",
        "template_function",
    }
)


class Name(NamedTuple):
    """A name and what is written before it: `Stop` and `Server`."""

    short: str
    qualifier: str = ""


NOBODY = Name("")


class Namer:
    """Reads the names of the units of one text."""

    def __init__(self, data: bytes, bodies: tuple[str, ...]) -> None:
        self._data = data  # of the tree: asking its nodes for their text is slow
        self._bodies = bodies

    def own(self, node: tree_sitter.Node, shape: Shape, *, is_member: bool) -> Name:
        """The name that *node* has itself; empty where it takes that of its holder."""
        if shape.naming == "declarator":
            return self._declared(node, is_member=is_member)
        if shape.naming != "text":
            return Name(_clipped(self._special(node, shape)))
        found = named_child(node, shape.name) if shape.name else None
        text = shape.prefix + (self._text(found) if found else shape.fallback)
        if shape.marks:
            marks = (c.type for c in node.children if c.type in shape.marks)
            text = " ".join([*marks, text])
        name = _split(text)
        if found is not None and shape.qualifier:
            return Name(name.short, self._before(node, found, shape.qualifier))
        return name

    def bound(self, node: tree_sitter.Node, binding: Binding) -> Name:
        """The name that *node* gives to the function in its value."""
        found = named_child(node, binding.name) if binding.name else None
        text = self._text(found) if found else binding.fallback
        text = text.strip("\"'`").removeprefix("this.")
        if text[:1] in ("{", "["):
            return NOBODY
        text = text.removeprefix("$")
        return _split(text) if binding.splits else Name(_clipped(text))

    def label(self, node: tree_sitter.Node, end: int) -> Name:
        """The call *node* with its first argument, up to what is given to it at *end*.

        `app.get("/users", () => ...)` is `app.get(/users)`.
        """
        head = self._data[node.start_byte : end][:MAX_LABEL].decode("utf-8", "replace")
        if found := _CALLED.match(head):
            return Name(_clipped(f"{found[1]}({found[3]})"))
        if quoted := list(_QUOTED.finditer(head)):  # the last call of a chain
            return Name(_clipped(f"{head[: quoted[-1].start()]}({quoted[-1][2]})"))
        callee, _, rest = head.replace("(", " ", 1).partition(" ")
        told = rest.partition(",")[0].strip(" (){,:\n")
        return Name(_clipped(f"{callee}({told})")) if callee else NOBODY

    def _special(self, node: tree_sitter.Node, shape: Shape) -> str:
        if shape.naming == "head":
            body = body_of_node(node, self._bodies)
            end = node.end_byte if body is None else body.start_byte
            head = self._data[node.start_byte : end][:MAX_LABEL]
            return head.decode("utf-8", "replace").rstrip("; \n")
        if shape.naming == "first":
            return self._text(node.named_children[0]) if node.named_children else ""
        if shape.naming == "operator":
            sign = self._text(node).partition("operator")[2].partition("(")[0]
            return f"operator {sign.strip()}"
        found = _ID.search(self._text(node.children[0])) if node.children else None
        return f"#{found[1]}" if found and "{" not in found[1] else ""

    def _declared(self, node: tree_sitter.Node, *, is_member: bool) -> Name:
        """The name that a C declarator declares, through pointers and parameters."""
        found, parameters = self._innermost(node)
        text = self._text(found)
        if text == "namespace":  # behind a macro that the grammar took for its type
            text = self._text(
                next((c for c in node.children if c.type == "ERROR"), None)
            )
        is_macro = (
            found is not None
            and found.type == "identifier"
            and not is_member
            and node.child_by_field_name("type") is None
            and _MACRO_ARGUMENTS.fullmatch(parameters) is not None
        )
        return Name(_clipped(text + parameters)) if is_macro else _split(text)

    def _innermost(self, node: tree_sitter.Node) -> tuple[tree_sitter.Node | None, str]:
        """The node of the declared name, and the parameters right behind it."""
        found = node.child_by_field_name("declarator")
        parameters = ""
        for _ in range(MAX_STEPS):
            if found is None or found.type in _DECLARED:
                break
            if found.type == "function_declarator":
                parameters = self._text(named_child(found, "parameters"))
            inner = found.child_by_field_name("declarator")
            if inner is None:
                inner = next((c for c in found.named_children if _declares(c)), None)
            found = inner
        return found, parameters

    def _before(
        self, node: tree_sitter.Node, name: tree_sitter.Node, qualifier: str
    ) -> str:
        found = named_child(node, qualifier)
        if found is None or found.start_byte > name.start_byte:
            return ""
        words = re.findall(r"\w+", _without_generics(self._text(found).strip("()")))
        return _clipped(words[-1]) if words else ""

    def _text(self, node: tree_sitter.Node | None) -> str:
        if node is None:
            return ""
        return self._data[node.start_byte : node.end_byte].decode("utf-8", "replace")


def named_child(node: tree_sitter.Node, name: str) -> tree_sitter.Node | None:
    """The child in the field *name*, else the first child of that type.

    `list/name` is the child `name` of the child `list`.
    """
    first, _, rest = name.partition("/")
    found = node.child_by_field_name(first)
    if found is None:
        found = next((child for child in node.children if child.type == first), None)
    return named_child(found, rest) if rest and found is not None else found


def _declares(node: tree_sitter.Node) -> bool:
    return node.type in _DECLARED or node.type.endswith("declarator")


def _split(text: str) -> Name:
    """Cuts `ns::Foo<T>::bar` into `bar` and `ns.Foo`."""
    if text.isidentifier() and text.isascii():  # as nearly all are
        return Name(text[:MAX_NAME])
    text = text.strip().strip("\"'")
    if found := _OPERATOR.fullmatch(text):
        name = _split(found[1].rstrip(":")) if found[1] else NOBODY
        sign = found[2].partition("(")[0] or found[2]
        return Name(_clipped(f"operator{sign}"), ".".join(filter(None, name[::-1])))
    if not _PLAIN.fullmatch(text):
        return Name(_clipped(text))
    parts = [part.strip() for part in _PARTS.split(_without_generics(text))]
    parts = [part for part in parts if part]
    return (
        Name(_clipped(parts[-1]), _clipped(".".join(parts[:-1]))) if parts else NOBODY
    )


def _without_generics(text: str) -> str:
    for _ in range(5):
        shorter = _GENERIC.sub("", text)
        if shorter == text:
            break
        text = shorter
    return text


def _clipped(text: str) -> str:
    return " ".join(text.split())[:MAX_NAME]
