"""New bodies that are no code: with a confession, with a remark, or bare.

Needs functions: a stub is told from honest emptiness by where it stands, and only one
that the change brings counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from qualitywatch.analysis.bodies import Body, Stub
from qualitywatch.analysis.compare import Comparison
from qualitywatch.analysis.confession import Confession, confession
from qualitywatch.analysis.design import (
    is_abstract,
    is_declaration_file,
    is_open_by_design,
    is_test_double,
    is_test_double_file,
)
from qualitywatch.analysis.elision import elision
from qualitywatch.analysis.hit import Hit
from qualitywatch.analysis.source import Comment
from qualitywatch.analysis.units import Unit
from qualitywatch.model import Confidence

MAX_OWN_LINES = 12  # of code, signature included; a longer function is no stub

_ANSWERS = frozenset({Stub.CONSTANT, Stub.ECHO, Stub.LOG})
_INVITATION = re.compile(
    r"\b(?:implementation|code|logic) (?:goes |comes )?here\b"
    r"|\b(?:add|insert|write|put|paste) (?:your|the|more)\b.{0,40}\bhere\b"
    r"|\byour (?:code|logic|implementation)\b",
    re.IGNORECASE,
)


def confessed_stub(comparison: Comparison) -> Iterator[Hit]:
    """New bodies that do nothing or answer a constant, and say that this is not it."""
    for unit, body in _new_stubs(comparison):
        if is_abstract(unit) or body.stub is Stub.THROW:
            continue
        spoken = _confession_near(comparison, unit, body)
        if spoken is Confession.NONE or _standing_remark(comparison, body):
            continue
        weak = spoken is Confession.OPEN_TASK and body.stub not in _ANSWERS
        yield _hit(unit, body, Confidence.POSSIBLE if weak else None)


def remark_for_body(comparison: Comparison) -> Iterator[Hit]:
    """New bodies whose only content is a remark that stands for code."""
    for unit, body in _new_stubs(comparison):
        if body.stub is Stub.EMPTY and (remark := _standing_remark(comparison, body)):
            yield _hit(unit, body, None, remark=remark)


def new_stub(comparison: Comparison) -> Iterator[Hit]:
    """New bodies that are empty or raise a not-implemented error, without a word."""
    if comparison.after.has_errors:
        return  # where the grammar lost its way, bodies look empty
    for unit, body in _new_stubs(comparison):
        is_bare = body.stub in (Stub.EMPTY, Stub.NOT_IMPLEMENTED) and not body.remarks
        if is_bare and not is_open_by_design(unit) and comparison.origin(unit) is None:
            yield _hit(unit, body, None)


def _new_stubs(comparison: Comparison) -> Iterator[tuple[Unit, Body]]:
    """Functions whose stub the change brought, and that had no real body before."""
    path = comparison.path
    if is_declaration_file(path) or is_test_double_file(path):
        return
    for unit in comparison.outline.units:
        if unit.kind != "function" or is_test_double(unit):
            continue
        if len(comparison.outline.own_code(unit)) > MAX_OWN_LINES:
            continue
        if not _is_touched(comparison, unit):
            continue
        body = comparison.body(unit)
        if body.stub is not None and not _is_old(comparison, unit, body):
            yield unit, body


def _is_touched(comparison: Comparison, unit: Unit) -> bool:
    return any(
        comparison.is_new_line(line)
        for line in range(unit.start_line, unit.end_line + 1)
    )


def _is_old(comparison: Comparison, unit: Unit, body: Body) -> bool:
    """True where the base had this stub, or a real body that other rules speak of."""
    old = comparison.origin(unit)
    if old is None:
        return False
    return comparison.was_real(old) or (
        comparison.was_stub(old)
        and not any(comparison.is_said_anew(comment) for comment in body.remarks)
    )


def _confession_near(comparison: Comparison, unit: Unit, body: Body) -> Confession:
    """What is said inside the body, and in the remark right above the function."""
    above = [
        comment.text
        for comment in comparison.outline.comments_above(unit)
        if comparison.is_said_anew(comment)
    ]
    messages = body.messages if body.stub is Stub.LOG else ()
    inside = [
        _heading(comment)
        for comment in body.remarks
        if comparison.is_said_anew(comment)
        and not (comment.kind == "doc" and body.stub is Stub.NOT_IMPLEMENTED)
    ]
    said = (*inside, *messages, *above)
    return max(map(confession, said), default=Confession.NONE)


def _heading(comment: Comment) -> str:
    """What counts of a remark: of a docstring its first line, the rest is manual."""
    if comment.kind != "doc":
        return comment.text
    return comment.text.strip("\"'/* \n").partition("\n")[0]


def _standing_remark(comparison: Comparison, body: Body) -> Comment | None:
    """The comment of an empty body that stands for the code it should hold."""
    if body.stub is not Stub.EMPTY:
        return None
    return next(
        (c for c in body.comments if _stands_for_code(c.text, comparison)), None
    )


def _stands_for_code(text: str, comparison: Comparison) -> bool:
    if _INVITATION.search(text[:400]):
        return True
    return elision(text, file_name=comparison.path) is not None


def _hit(
    unit: Unit,
    body: Body,
    confidence: Confidence | None,
    *,
    remark: Comment | None = None,
) -> Hit:
    return Hit(
        line=body.line if remark is None else remark.line,
        column=body.column if remark is None else remark.column,
        end_line=body.end_line if remark is None else remark.end_line,
        end_column=body.end_column if remark is None else remark.end_column,
        symbol=unit.name,
        names={"name": unit.short},
        confidence=confidence,
        unit=unit.name,
    )
