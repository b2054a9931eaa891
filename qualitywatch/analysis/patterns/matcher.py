"""Rules written as libcst matchers: a second opinion on one candidate of a query.

libcst costs 19 to 98 times a tree-sitter parse, and a small hostile file can cost it a
gigabyte, so it only ever sees the snippet of a candidate. A snippet is seldom a module
of its own (`except ...:` has no `try:`), so it is put into a shell that makes it one;
its indentation is kept, because a string inside it may depend on it.

The matcher is asked about the candidate itself and not about what it holds: else an
outer handler would be blamed for an inner one.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from qualitywatch.analysis.sources.cost import affordable
from qualitywatch.rulebook import matchers

if TYPE_CHECKING:
    import libcst

MAX_SNIPPET = 64 * 1024  # characters; libcst needs about a second for 100 KB

_BLOCK = "if 1:\n"
_CLAUSES = {  # node type -> what must stand before it
    "except_clause": "{indent}try:\n{indent}    pass\n",
    "except_group_clause": "{indent}try:\n{indent}    pass\n",
    "finally_clause": "{indent}try:\n{indent}    pass\n",
    "elif_clause": "{indent}if 1:\n{indent}    pass\n",
    "else_clause": "{indent}if 1:\n{indent}    pass\n",
}
_CASE = "case_clause"


class TooCostly(Exception):
    """The snippet is larger or deeper than libcst can bear."""


@lru_cache(maxsize=256)
def compile(text: str) -> Any:
    """The matcher that *text* describes; raises `BrokenPattern`."""
    return matchers.read_matcher(text)


def is_costly(snippet: str) -> bool:
    """True for what libcst is not asked."""
    return len(snippet) > MAX_SNIPPET or not affordable(snippet)


def confirms(matcher: Any, snippet: str, *, node_type: str, indent: str = "") -> bool:
    """True when *matcher* accepts the node that *snippet* is the text of.

    *indent* is the white space before its first line. A snippet that is no Python is
    not confirmed; one that is too large or too deep raises `TooCostly`.
    """
    import libcst.matchers as m

    if is_costly(snippet):
        raise TooCostly
    try:
        return any(
            m.matches(node, matcher) for node in _candidates(snippet, node_type, indent)
        )
    except RecursionError:
        raise TooCostly from None


def _candidates(snippet: str, node_type: str, indent: str) -> Iterator[libcst.CSTNode]:
    """The nodes that are the candidate itself, from the outermost inwards."""
    import libcst as cst

    node = _parsed(snippet, node_type, indent)
    if node_type in _CLAUSES or node_type == _CASE:
        yield from _clauses(node)
    elif node is not None:
        yield node
        if isinstance(node, cst.SimpleStatementLine) and len(node.body) == 1:
            yield node.body[0]
            if isinstance(node.body[0], cst.Expr):
                yield node.body[0].value


def _parsed(snippet: str, node_type: str, indent: str) -> Any:
    """The statement that holds the snippet; `None` where it is no Python."""
    import libcst

    for block, text in _shells(snippet, node_type, indent):
        try:
            statement: Any = libcst.parse_module(block + text).body[0]
        except (libcst.ParserSyntaxError, SyntaxError, ValueError):
            continue
        return statement.body.body[0] if block else statement
    return None


def _shells(snippet: str, node_type: str, indent: str) -> Iterator[tuple[str, str]]:
    """Blocks to open, and what then holds the snippet; the likeliest first."""
    block = _BLOCK if indent else ""
    if node_type == _CASE:
        yield "", f"match 1:\n{indent or ' '}{snippet}\n"
    elif node_type in _CLAUSES:
        head = _CLAUSES[node_type].format(indent=indent)
        yield block, f"{head}{indent}{snippet}\n"
    else:
        yield block, f"{indent}{snippet}\n"
        yield "", f"(\n{snippet}\n)\n"  # an expression cut out of its brackets


def _clauses(statement: Any) -> Iterator[libcst.CSTNode]:
    import libcst as cst

    match statement:
        case cst.Try() | cst.TryStar():
            yield from statement.handlers
            yield from filter(None, (statement.finalbody,))
        case cst.If(orelse=clause) if clause is not None:
            yield clause
        case cst.Match():
            yield from statement.cases
