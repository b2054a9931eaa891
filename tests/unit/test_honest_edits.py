"""Whatever the language: an honest edit loses nothing, and a deletion loses itself."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from qualitywatch.analysis.comparing.compare import Comparison
from qualitywatch.analysis.outlines.units import Unit
from tests import samples
from tests.samples import CODE, SAMPLES, change, outline

few = settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
INDENTED = (".py", ".yaml", ".scala")  # blanks at the start of a line mean something


def names(units: list[Unit]) -> list[str]:
    return [unit.name for unit in units]


def lines(name: str) -> list[str]:
    return outline(name).source.text.split("\n")


@pytest.mark.parametrize("name", CODE)
@given(data=st.data())
@few
def test_renaming_a_function_with_its_callers(name, data):
    options = samples.renameable(name)
    if not options:
        return
    unit = data.draw(st.sampled_from(options))

    after = samples.renamed(outline(name).source.text, unit.short, "newlyNamed")

    comparison = change(name, after)
    assert comparison.loss is None
    assert names(comparison.removed) == []


@pytest.mark.parametrize("name", CODE)
@given(data=st.data())
@few
def test_reordering_two_functions(name, data):
    neighbours = [
        (one, other)
        for one in samples.functions(name)
        for other in samples.functions(name)
        if one.owner is other.owner
        and one.end_line < other.start_line
        and "." not in one.short + other.short
    ]
    if not neighbours:
        return
    one, other = data.draw(st.sampled_from(neighbours))
    old = lines(name)
    between = old[one.end_line : other.start_line - 1]

    new = (
        old[: one.start_line - 1]
        + samples.lines_of(other, old)
        + between
        + samples.lines_of(one, old)
        + old[other.end_line :]
    )

    comparison = change(name, "\n".join(new))
    assume(not comparison.after.has_errors)
    assert comparison.loss is None
    assert names(comparison.removed) == []


@pytest.mark.parametrize("name", CODE)
@given(data=st.data())
@few
def test_moving_a_function_to_another_place(name, data):
    unit = data.draw(st.sampled_from(samples.functions(name)))
    old = lines(name)
    moved = samples.lines_of(unit, old)
    rest = old[: unit.start_line - 1] + old[unit.end_line :]
    starts = [u.start_line for u in outline(name).units if u.end_line < unit.start_line]
    place = data.draw(st.sampled_from([len(rest), *(start - 1 for start in starts)]))

    new = rest[:place] + moved + rest[place:]

    comparison = change(name, "\n".join(new))
    assume(not comparison.after.has_errors)
    assert comparison.loss is None


@pytest.mark.parametrize("name", SAMPLES)
@given(data=st.data())
@few
def test_other_blanks_and_line_ends(name, data):
    text = outline(name).source.text
    if data.draw(st.booleans()):
        text = re.sub(r"(?m)$", data.draw(st.sampled_from(["", " ", "\t"])), text)
    if not name.endswith(INDENTED) and data.draw(st.booleans()):
        unit = data.draw(st.sampled_from(["\t", "   ", "      "]))
        text = re.sub(r"(?m)^( {2}|\t)+", lambda m: unit * len(m[0]), text)
    if data.draw(st.booleans()):
        text = text.replace("\n", "\r\n")

    comparison = change(name, text)
    assert comparison.loss is None
    assert names(comparison.removed) == []


@pytest.mark.parametrize("name", [n for n in CODE if not n.endswith((".sh", ".css"))])
@given(data=st.data())
@few
def test_calls_broken_over_lines(name, data):
    """A line end may follow the commas of a call."""
    call = re.compile(r"(\w\([\w.]+), ([\w.]+\))")
    places = [n for n, line in enumerate(lines(name)) if call.search(line)]
    if not places:
        return
    at = data.draw(st.sampled_from(places))
    new = lines(name)

    new[at] = call.sub(r"\1,\n            \2", new[at])

    comparison = change(name, "\n".join(new))
    assert comparison.loss is None
    assert names(comparison.removed) == []


@pytest.mark.parametrize("name", SAMPLES)
@given(data=st.data())
@few
def test_other_comments(name, data):
    source = outline(name).source
    new = lines(name)
    for comment in source.comments():
        if comment.alone and comment.kind != "jsx" and data.draw(st.booleans()):
            for number in range(comment.line, comment.end_line + 1):
                new[number - 1] = ""
    if not name.endswith(".json"):
        at = data.draw(st.sampled_from([u.start_line for u in outline(name).units[1:]]))
        indent = re.match(r"\s*", new[at - 1])
        new.insert(at - 1, indent[0] + samples.remark(name, "as people asked for"))

    comparison = change(name, "\n".join(new))
    assert comparison.loss is None
    assert names(comparison.removed) == []


@pytest.mark.parametrize("name", CODE)
@given(data=st.data())
@few
def test_adding_a_function(name, data):
    old = lines(name)
    options = [
        u for u in samples.renameable(name) if u.short in samples.lines_of(u, old)[0]
    ]
    if not options:
        return
    unit = data.draw(st.sampled_from(options))
    copy = [
        samples.renamed(t, unit.short, "another") for t in samples.lines_of(unit, old)
    ]

    new = [*old[: unit.end_line], "", *copy, *old[unit.end_line :]]

    comparison = change(name, "\n".join(new))
    assume(not comparison.after.has_errors)
    assert comparison.loss is None
    assert names(comparison.removed) == []
    assert comparison.added[0].short == "another"


@pytest.mark.parametrize("name", CODE)
@given(data=st.data())
@few
def test_a_deleted_function_is_exactly_what_is_lost(name, data):
    unit = data.draw(st.sampled_from(samples.functions(name)))
    old = lines(name)

    comparison = change(
        name, "\n".join(old[: unit.start_line - 1] + old[unit.end_line :])
    )

    assert comparison.loss is not None
    assert comparison.loss.lost_lines == len(outline(name).code_of(unit))
    assert unit.name in comparison.loss.lost_symbols


@pytest.mark.parametrize("name", SAMPLES)
@given(data=st.data())
@few
def test_deleting_more_never_loses_less(name, data):
    numbers = st.sets(
        st.sampled_from([code.line for code in outline(name).source.code])
    )
    fewer = data.draw(numbers)
    more = fewer | data.draw(numbers)

    losses = []
    for gone in (fewer, more):
        left = [text for n, text in enumerate(lines(name), 1) if n not in gone]
        comparison = change(name, "\n".join(left))
        assume(has_lost_only(comparison, gone))
        losses.append(sum(unit.net for unit in comparison.losses))

    assert losses[0] <= losses[1]


def has_lost_only(comparison: Comparison, gone: set[int]) -> bool:
    """False where a line was half a string: then text became code, or code text."""
    assert comparison.before is not None
    left = Counter(c.key for c in comparison.before.code if c.line not in gone)
    return left == Counter(c.key for c in comparison.after.code)
