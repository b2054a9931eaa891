"""Callbacks that do nothing: which confess, and which are honest."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qualitywatch.analysis.checks.empty_handler import (
    _JS,
    _MAY_BE_EMPTY_JS,
    _SPOKEN,
    empty_handler,
)
from tests.unit.test_compare import compare


def found(after: str, language: str = "tsx", *, before=None, path="app.tsx"):
    comparison = compare(before, after, language)
    comparison.path = path
    return [
        (hit.line, str(hit.severity or "rule"), str(hit.confidence or "rule"))
        for hit in empty_handler(comparison)
    ]


@pytest.mark.parametrize(
    ("handler", "says"),
    [
        ("onClick={() => { /* not implemented */ }}", ("rule", "rule")),
        ("onClick={() => { console.log('x'); // TODO: save\n }}", ("rule", "rule")),
        ("onClick={() => alert('Coming soon')}", ("rule", "rule")),
        ("onClick={() => { /* TODO: save */ }}", ("rule", "possible")),
        ("onClick={() => {}}", ("low", "possible")),
        ("onClick={function () {}}", None),
        ("onClick={() => { /* nothing to do */ }}", None),
        ("onClick={() => { /* placeholder, no-op by design */ }}", None),
        ("onChange={() => {}}", None),
        ("onClick={() => {}} disabled", None),
        ("onClick={() => alert('Saved')}", None),
        ("onClick={() => { save(); /* TODO: faster */ }}", None),
        ("onError={() => {}}", None),
    ],
)
def test_in_markup(handler, says):
    hits = found(f"export const A = () => <Button {handler} />;\n")

    assert [says] * (says is not None) == [(s, c) for _, s, c in hits]


@pytest.mark.parametrize("above", ["", "// first words\n", "// é\n"])
def test_other_comments_hide_no_confession(above):
    text = f"{above}x = <A onClick={{() => {{\n  // stub: saves the form\n}}}} />\n"

    assert [line for line, _, _ in found(text)] == [above.count("\n") + 2]


def test_old_handlers_are_silent():
    old = "export const A = () => <Button onClick={() => {}} />;\n"

    assert [] == found(f"{old}export const b = 1;\n", before=old)


@pytest.mark.parametrize("path", ["a.stories.tsx", "src/__mocks__/a.tsx", "a.d.ts"])
def test_where_they_are_the_purpose_they_are_silent(path):
    assert [] == found("const a = <B onClick={() => {}} />;\n", path=path)


def test_a_line_longer_than_people_write_is_not_read():
    assert [] == found(f"const a = <B onClick={{() => {{}}}} x='{'y' * 500}' />;\n")


SIGNS = ("=", "{", "}", "(", ")", "=>", ":", ".", ",", "'a'")
WORDS = (
    "onClick",
    "async",
    "function",
    "alert",
    "console.log",
    "toast",
    "window",
    "get",
)
PIECES = st.sampled_from((*SIGNS, *WORDS, "addEventListener"))


@given(st.lists(PIECES, max_size=14), st.sampled_from(["", " ", "\t"]))
@example([".on('a', () => {})"], "")
@example(["onClick={() => window.alert('Coming soon')}"], "")
def test_no_handler_is_passed_over(pieces: list[str], blank: str) -> None:
    """What is asked first, of the whole text, holds for every such line."""
    line = blank.join(pieces)
    is_handler = _JS.search(line) or _SPOKEN.search(line)

    assert not is_handler or _MAY_BE_EMPTY_JS.may_fit(line)
