"""The text of a `matcher`: a libcst matcher, read and never evaluated.

It is read as an expression tree, of which only calls of matcher names, lists, tuples
and constants are understood. libcst costs a third of a second to import, so that
happens when the first matcher is read and no sooner.
"""

from __future__ import annotations

import ast
import inspect
from functools import cache
from typing import Any

from qualitywatch.rulebook.regexes import BrokenPattern, compile_regex
from qualitywatch.rulebook.rule import closest

_CHOICES = frozenset({"OneOf", "AllOf"})


def read_matcher(text: str) -> Any:
    """The libcst matcher that *text* describes; raises `BrokenPattern`."""
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None) or 1
        reason = getattr(error, "msg", None) or str(error)
        raise BrokenPattern(line, f"the matcher is no expression: {reason}") from error
    matcher = _built(tree.body)
    if not isinstance(tree.body, ast.Call):
        hint = "such as `ExceptHandler(body=...)`"
        raise BrokenPattern(1, "a matcher is a call of a matcher name", hint)
    return matcher


def _built(node: ast.expr) -> Any:
    """The value of *node*: constants, sequences and calls, nothing else."""
    match node:
        case ast.Constant(value=str() | int() | float() | bool() | None as value):
            return value
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return [_built(item) for item in items]
        case ast.Call(func=function):
            return _called(_name(function), node)
    raise BrokenPattern(
        node.lineno,
        f"`{ast.unparse(node)}` is not understood in a matcher",
        "only calls of libcst matcher names, lists, tuples and constants are",
    )


def _name(function: ast.expr) -> str:
    match function:
        case ast.Name(id=name) | ast.Attribute(value=ast.Name(id="m"), attr=name):
            return name
    return ast.unparse(function)


def _called(name: str, call: ast.Call) -> Any:
    known = _matchers()
    if name not in known:
        problem = f"`{name}` is no libcst matcher"
        raise BrokenPattern(call.lineno, problem, _similar(name))
    positional = [_built(argument) for argument in call.args]
    if any(keyword.arg is None for keyword in call.keywords):
        raise BrokenPattern(call.lineno, "`**` is not understood in a matcher")
    if name in _CHOICES and any(_is_plain(each) for each in positional):
        problem = f"`{name}` takes matchers, and neither constants nor lists"
        hint = f"choose one level up, `{name}(X(y=1), X(y=2))`, or use `MatchRegex`"
        raise BrokenPattern(call.lineno, problem, hint)
    named = {str(k.arg): _built(k.value) for k in call.keywords}
    try:
        inspect.signature(known[name]).bind(*positional, **named)
        return known[name](*positional, **named)
    except (TypeError, ValueError) as error:
        raise BrokenPattern(call.lineno, f"`{name}`: {error}") from error


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float | list)


def _similar(name: str) -> str:
    hint = closest(name, _matchers())
    return hint if hint.startswith("did") else "the names are those of libcst.matchers"


@cache
def _matchers() -> dict[str, Any]:
    """Every name a matcher may call, and what makes it."""
    import libcst.matchers as m

    nodes = {
        name: value
        for name, value in vars(m).items()
        if isinstance(value, type)
        and issubclass(value, m.BaseMatcherNode)
        and not name.startswith(("Base", "TypeOf", "_"))
    }
    combined = (
        m.OneOf,
        m.AllOf,
        m.DoesNotMatch,
        m.DoNotCare,
        m.ZeroOrMore,
        m.ZeroOrOne,
        m.AtLeastN,
        m.AtMostN,
    )
    named = {value.__name__: value for value in combined}
    return {**nodes, **named, "MatchRegex": _match_regex}


def _match_regex(regex: str) -> Any:
    """libcst's own `MatchRegex` takes a backtracking expression; ours is RE2."""
    import libcst.matchers as m

    compiled = compile_regex(regex)
    return m.MatchIfTrue(
        lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None
    )
