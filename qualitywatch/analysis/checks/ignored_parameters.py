"""A function that is asked a question and always gives the same answer.

Needs a check: it has to know what a body answers, which parameters are real, and which
signatures are not the author's to choose.
"""

from __future__ import annotations

from collections.abc import Iterator

from qualitywatch.analysis.checks.new_stub import hit_of, new_stubs
from qualitywatch.analysis.comparing.compare import Comparison
from qualitywatch.analysis.hit import Hit
from qualitywatch.analysis.outlines.units import Unit
from qualitywatch.analysis.stubs.bodies import Body, Stub
from qualitywatch.analysis.stubs.design import (
    head,
    is_callback,
    is_open_by_design,
    may_override,
)
from qualitywatch.regex import regex

MAX_PARAMETERS = 2000  # characters of a list of parameters that are read

_QUESTION = regex(
    r"^_*(?i:validate|verify|check|is|are|has|have|can|should|may|must|authori[sz]e"
    r"|authenticate|allow|allows|permit|permits|ensure|matches|contains|exists|includes"
    r"|compare|equals)(?:$|[_A-Z0-9?!])"
)
_ASKED_BY_LANGUAGE = frozenset({"canEqual"})  # a class of Scala may have to answer it
_GIVEN = regex(r"(?:&\s*)?(?:mut\s+)?(?:self|cls|this|Self)\b")
_LEFT_OUT = regex(  # `_ name: Type` is a label of Swift
    r"(?:[*&]{0,2}|[\w<>?\[\], ]*\s)\$?_(?!\s+\w+\s*:)|void$|\*{1,2}\w*$|\.\.\."
)
_WORD = regex(r"[A-Za-z]\w*")
_HONEST_DECORATORS = regex(r"(?:static|class)_?method$|@?public$|final$")
_OPENING, _CLOSING = frozenset("([{<"), frozenset(")]}>")
_INHERITS = regex(r"\b(?:extends|implements|with|for)\b|\)\s*:|\w\s*:\s*\w")


def ignored_parameters(comparison: Comparison) -> Iterator[Hit]:
    """Questions that take parameters, read none and answer a constant."""
    if comparison.after.has_errors:
        return  # where the grammar lost its way, bodies look empty
    for unit, body in new_stubs(comparison):
        is_question = _QUESTION.search(unit.short) is not None
        if not is_question or not _answers_all_alike(body):
            continue
        if not _is_bound_by_others(unit) and _takes_parameters(unit):
            yield hit_of(unit, body, None)


def _answers_all_alike(body: Body) -> bool:
    """True for a constant without a word why."""
    return body.stub is Stub.CONSTANT and not body.comments


def _is_bound_by_others(unit: Unit) -> bool:
    """True where somebody else decides on the parameters."""
    if is_open_by_design(unit) or is_callback(unit) or may_override(unit):
        return True
    if unit.short in _ASKED_BY_LANGUAGE:
        return True
    if not all(_HONEST_DECORATORS.search(text) for text in unit.decorators):
        return True
    owner = unit.owner
    if owner is None or owner.kind != "class":
        return unit.reach != "bare"
    return _INHERITS.search(head(owner).partition("{")[0]) is not None


def _takes_parameters(unit: Unit) -> bool:
    return any(_is_real(text) for text in _parameters(head(unit)))


def _is_real(parameter: str) -> bool:
    parameter = parameter.strip()
    if _GIVEN.match(parameter) or _LEFT_OUT.match(parameter):
        return False
    return _WORD.search(parameter) is not None


def _parameters(signature: str) -> Iterator[str]:
    """The parameters of *signature*, as written: what its first brackets hold."""
    _, _, rest = signature.partition("(")
    depth, current = 0, ""
    for sign in rest[:MAX_PARAMETERS]:
        if sign == ")" and depth == 0:
            break
        if sign == "," and depth == 0:
            yield current
            current = ""
            continue
        depth += (sign in _OPENING) - (sign in _CLOSING)
        current += sign
    yield current
