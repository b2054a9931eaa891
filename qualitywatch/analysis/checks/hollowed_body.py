"""A body that was real has become a stub.

Needs a function: it compares the two bodies of one function, and has to know what is
honest: code that moved elsewhere, a tombstone that names the replacement, a class that
became abstract.
"""

from __future__ import annotations

from collections.abc import Iterator

from qualitywatch.analysis.comparing.compare import Comparison
from qualitywatch.analysis.hit import Hit
from qualitywatch.analysis.outlines.units import Unit
from qualitywatch.analysis.sources.source import line_key
from qualitywatch.analysis.stubs.bodies import Body, Stub
from qualitywatch.analysis.stubs.confession import (
    gives_reason,
    names_replacement,
    sounds_incomplete,
)
from qualitywatch.analysis.stubs.design import (
    has_abstract_class,
    head,
    is_constructor,
    is_declaration_file,
    is_marked_abstract,
)
from qualitywatch.analysis.stubs.facts import facts_of
from qualitywatch.model import Confidence, Evidence
from qualitywatch.regex import regex

# What a constructor leaves to its head: fields among its parameters, a list of
# initialisers, a call of the constructor above it.
_DOES_BY_HEAD = regex(
    r"\b(?:public|private|protected|readonly|va[lr])\s+\w[^()]*[,)]|\)\s*:\s*\w+\s*[({]"
)
_DELIBERATE = frozenset({Stub.ECHO, Stub.NAMED, Stub.REFUSED, Stub.THROW})
MIN_REASON_WORDS = 4  # of a remark, its mark included; a shorter one is a label
MIN_ERROR_WORDS = 3  # of an error that tells its caller why; "later" tells nothing
MIN_DEAD_LINES = 2  # lines of the old body that now stand in comments


def hollowed_body(comparison: Comparison) -> Iterator[Hit]:
    """One hit for each function whose code is gone and whose shell is left."""
    if not comparison.may_have_lost(1) or is_declaration_file(comparison.path):
        return
    for old, new in comparison.hollowed:
        evidence = comparison.gone_from(old)
        if evidence is None or not comparison.is_sure(old, new):
            continue
        if not _is_in_place(comparison, old, new):
            continue
        body = comparison.body(new)
        if confidence := _confidence(comparison, old, new, body, evidence):
            yield _hit(new, body, evidence, confidence)


def _is_in_place(comparison: Comparison, old: Unit, new: Unit) -> bool:
    """False for a namesake in another class: a stub there says nothing of this one."""
    if old.name == new.name:
        return True
    was, now = old.owner, new.owner
    return was is not None and now is not None and comparison.successor(was) is now


def _confidence(
    comparison: Comparison, old: Unit, new: Unit, body: Body, evidence: Evidence
) -> Confidence | None:
    """How sure it is that code is missing; `None` where it is honest."""
    if _is_honest(comparison, old, new, body, evidence):
        return None
    said = _said(comparison, body)
    confesses = any(sounds_incomplete(text) for text in said)
    if body.stub is Stub.EMPTY and _is_relieved(comparison, old, new) and not confesses:
        return None
    if _is_template_of_subclasses(comparison, new, body):
        return Confidence.POSSIBLE
    if body.stub is Stub.NOT_IMPLEMENTED or confesses:
        return Confidence.CERTAIN
    if _has_dead_code(comparison, old, body):
        return Confidence.CERTAIN
    if body.stub in _DELIBERATE:
        return Confidence.POSSIBLE
    is_explained = any(
        gives_reason(text) or len(text.split()) > MIN_REASON_WORDS for text in said
    )
    if (
        is_explained
        or _is_kept_answer(comparison, body)
        or old.decorators != new.decorators
    ):
        return Confidence.POSSIBLE
    return Confidence.LIKELY


def _is_honest(
    comparison: Comparison, old: Unit, new: Unit, body: Body, evidence: Evidence
) -> bool:
    return (
        _is_told_why(body)
        or 2 * evidence.lost_lines < comparison.body_lines(old)  # it lives elsewhere
        or _became_abstract(comparison, old, new)
        or any(names_replacement(t) for t in _said(comparison, body))
        or any(names_replacement(t) for t in _said_above(comparison, new))
    )


def _is_told_why(body: Body) -> bool:
    """True for an error that is the answer from now on, and says so to the caller."""
    return body.stub is Stub.THROW and (
        not body.messages
        or any(len(said.split()) >= MIN_ERROR_WORDS for said in body.messages)
    )


def _became_abstract(comparison: Comparison, old: Unit, new: Unit) -> bool:
    """True where others have the body from now on."""
    assert comparison.base is not None
    if is_marked_abstract(new):
        return True
    if has_abstract_class(new) and not has_abstract_class(old):
        return True
    now = facts_of(comparison.outline, new)
    was = facts_of(comparison.base, old) if now is not None else None
    return now is not None and was is not None and now.is_abstract > was.is_abstract


def _said(comparison: Comparison, body: Body) -> list[str]:
    """What the change itself says in the body; the old docstring knows nothing."""
    comments = [c.text for c in body.comments if comparison.is_new_line(c.line)]
    return [*comments, *body.messages]


def _said_above(comparison: Comparison, new: Unit) -> Iterator[str]:
    """The lines that the change adds to the documentation of the function."""
    for comment in comparison.outline.comments_above(new):
        for line in range(comment.line, comment.end_line + 1):
            if comparison.is_new_line(line):
                yield comparison.after.lines[line - 1]


def _is_template_of_subclasses(comparison: Comparison, new: Unit, body: Body) -> bool:
    """True where the whole class now leaves its methods to subclasses."""
    if body.stub is not Stub.NOT_IMPLEMENTED or new.owner is None:
        return False
    siblings = [u for u in new.owner.children if not is_constructor(u)]
    return (
        new.owner.kind == "class"
        and len(siblings) > 1
        and all(comparison.body(unit).stub is Stub.NOT_IMPLEMENTED for unit in siblings)
    )


def _is_kept_answer(comparison: Comparison, body: Body) -> bool:
    """True for a constant of several lines that the old body ended with as well."""
    lines = range(body.line, body.end_line + 1)
    return len(lines) > 1 and not any(map(comparison.is_new_line, lines))


def _is_relieved(comparison: Comparison, old: Unit, new: Unit) -> bool:
    """True for a constructor whose work fields, a decorator or a base class now do."""
    was, now = old.owner, new.owner
    if not is_constructor(new) or was is None or now is None or not comparison.base:
        return False
    fields = comparison.outline.own_code(now)
    has_more_fields = len(fields) > len(comparison.base.own_code(was))
    is_short_form = _DOES_BY_HEAD.search(head(new)) is not None
    is_remade = (was.bases, was.decorators) != (now.bases, now.decorators)
    return has_more_fields or is_remade or is_short_form


def _has_dead_code(comparison: Comparison, old: Unit, body: Body) -> bool:
    """True where lines of the old body now stand in comments."""
    assert comparison.base is not None
    was = {code.key for code in comparison.base.code_of(old)}
    commented = [
        line_key(line.strip().lstrip("#/*- "))
        for comment in body.comments
        for line in comment.text.split("\n")
    ]
    return sum(key in was for key in commented if key) >= MIN_DEAD_LINES


def _hit(new: Unit, body: Body, evidence: Evidence, confidence: Confidence) -> Hit:
    return Hit(
        line=body.line,
        column=body.column,
        end_line=body.end_line,
        end_column=body.end_column,
        symbol=new.name,
        evidence=evidence,
        names={"name": new.short, "lines": str(evidence.lost_lines)},
        confidence=confidence,
        unit=new.name,
    )
