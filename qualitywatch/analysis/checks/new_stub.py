"""New bodies that are no code: with a confession, or bare.

Needs functions: a stub is told from honest emptiness by where it stands, and only one
that the change brings counts.
"""

from __future__ import annotations

from collections.abc import Iterator

from qualitywatch.analysis.checks.once import once
from qualitywatch.analysis.comparing.compare import Comparison
from qualitywatch.analysis.elision.reading import elision
from qualitywatch.analysis.hit import Hit
from qualitywatch.analysis.outlines.units import Unit
from qualitywatch.analysis.sources.source import Comment
from qualitywatch.analysis.stubs.bodies import Body, Stub
from qualitywatch.analysis.stubs.confession import Confession, confession, gives_reason
from qualitywatch.analysis.stubs.design import (
    is_callback,
    is_declaration_file,
    is_open_by_design,
    is_test_double,
    is_test_double_file,
    may_override,
)
from qualitywatch.analysis.stubs.facts import facts_of, is_left_to_others
from qualitywatch.analysis.stubs.invitation import invites
from qualitywatch.model import Confidence

MAX_OWN_LINES = 12  # of code, signature included; a longer function is no stub

_ANSWERS = frozenset({Stub.CONSTANT, Stub.NAMED, Stub.ECHO, Stub.LOG})
_PLAIN_ANSWERS = _ANSWERS - {Stub.NAMED}
_RAISES = frozenset({Stub.NOT_IMPLEMENTED, Stub.REFUSED})
_BARE = frozenset({Stub.EMPTY, *_RAISES})


@once
def confessed_stub(comparison: Comparison) -> Iterator[Hit]:
    """New bodies that do nothing or answer a constant, and say that this is not it."""
    for unit, body in new_stubs(comparison):
        if body.stub is Stub.THROW or is_callback(unit):
            continue
        said = _said_near(comparison, unit, body)
        spoken = max(map(confession, said), default=Confession.NONE)
        if spoken is Confession.NONE or standing_remark(comparison, body):
            continue
        if not is_left_to_others(comparison.outline, unit):
            yield hit_of(unit, body, _confidence(body, spoken, said))


@once
def new_stub(comparison: Comparison) -> Iterator[Hit]:
    """New bodies that are empty or raise a not-implemented error, without a word."""
    if comparison.after.has_errors:
        return  # where the grammar lost its way, bodies look empty
    for unit, body in new_stubs(comparison):
        if body.stub not in _BARE or body.remarks or comparison.origin(unit):
            continue
        if is_callback(unit) and body.stub is Stub.EMPTY:
            continue
        if not is_open_by_design(unit) and not _is_for_others(comparison, unit, body):
            yield hit_of(unit, body, None)


def new_stubs(comparison: Comparison) -> list[tuple[Unit, Body]]:
    """Functions whose stub the change brought, and that had no real body before."""
    return comparison.once(_new_stubs)


def _new_stubs(comparison: Comparison) -> list[tuple[Unit, Body]]:
    return list(_found_stubs(comparison))


def _found_stubs(comparison: Comparison) -> Iterator[tuple[Unit, Body]]:
    path = comparison.path
    if is_declaration_file(path) or is_test_double_file(path):
        return
    for unit in comparison.outline.units:
        if unit.kind != "function":
            continue
        if not comparison.has_new_line(unit.start_line, unit.end_line):
            continue
        if not comparison.is_stub(unit) or is_test_double(unit):
            continue
        if not comparison.outline.is_short(unit, MAX_OWN_LINES):
            continue
        body = comparison.body(unit)
        if not _is_old(comparison, unit, body):
            yield unit, body


def standing_remark(comparison: Comparison, body: Body) -> Comment | None:
    """The comment of an empty body that stands for the code it should hold."""
    if body.stub is not Stub.EMPTY:
        return None
    return next((c for c in body.comments if _stands_for_code(c, comparison)), None)


def hit_of(
    unit: Unit,
    body: Body,
    confidence: Confidence | None,
    *,
    remark: Comment | None = None,
) -> Hit:
    """The hit for *unit*: at its body, or at the *remark* in it."""
    place = body if remark is None else remark
    return Hit(
        line=place.line,
        column=place.column,
        end_line=place.end_line,
        end_column=place.end_column,
        symbol=unit.name,
        names={"name": unit.short},
        confidence=confidence,
        unit=unit.name,
    )


def _confidence(
    body: Body, spoken: Confession, said: tuple[str, ...]
) -> Confidence | None:
    """`None` is the rule's own; an error that is raised is honest work in progress."""
    if spoken is Confession.PLAIN:
        is_sure = body.stub in _ANSWERS or not any(map(gives_reason, said))
        return None if is_sure and body.stub not in _RAISES else Confidence.POSSIBLE
    asks = any("?" in text for text in said)  # a thought, and no task
    return None if body.stub in _PLAIN_ANSWERS and not asks else Confidence.POSSIBLE


def _is_old(comparison: Comparison, unit: Unit, body: Body) -> bool:
    """True where the base had this stub, or a real body that other rules speak of."""
    old = comparison.origin(unit)
    if old is None:
        return False
    return comparison.was_real(old) or (
        comparison.was_stub(old)
        and not any(comparison.is_said_anew(comment) for comment in body.remarks)
    )


def _is_for_others(comparison: Comparison, unit: Unit, body: Body) -> bool:
    """True for what a base class asks for, or what subclasses fill in."""
    if body.stub is Stub.EMPTY and may_override(unit):
        return True
    if is_left_to_others(comparison.outline, unit):
        return True
    facts = facts_of(comparison.outline, unit)
    return body.stub in _RAISES and bool(facts and facts.has_subclasses)


def _said_near(comparison: Comparison, unit: Unit, body: Body) -> tuple[str, ...]:
    """What is said inside the body, and in the remark right above the function."""
    above = [
        _heading(comment)
        for comment in comparison.outline.comments_above(unit)
        if comparison.is_said_anew(comment)
    ]
    messages = body.messages if body.stub is Stub.LOG else ()
    inside = [
        _heading(comment)
        for comment in body.remarks
        if comparison.is_said_anew(comment)
        and not (comment.kind == "doc" and body.stub in _RAISES)
    ]
    return (*inside, *messages, *above)


def _heading(comment: Comment) -> str:
    """What counts of a remark: of a docstring its first line, the rest is manual."""
    if comment.kind != "doc":
        return comment.text
    return comment.text.strip("\"'/*! \n").partition("\n")[0]


def _stands_for_code(comment: Comment, comparison: Comparison) -> bool:
    if comment.kind == "doc":
        return False
    return invites(comment.text) or (
        elision(comment.text, file_name=comparison.path) is not None
    )
