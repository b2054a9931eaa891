"""Answers that are made up: the words count only beside code that does no work."""

from __future__ import annotations

import pytest

from qualitywatch.analysis.checks.simulated_result import simulated_result
from qualitywatch.analysis.stubs.canned import is_canned
from qualitywatch.analysis.stubs.idioms import idioms
from tests.unit.test_compare import compare

SAID = "def f(text):\n    # In a real implementation, this would call the service\n"


def lines(after: str, *, before: str | None = None, path: str = "app.py") -> list[int]:
    comparison = compare(before, after, "python")
    comparison.path = path
    return [hit.line for hit in simulated_result(comparison)]


@pytest.mark.parametrize(
    "body",
    [
        "a = 1\n    b = 2\n    return {'a': a, 'b': b}",
        "sleep(1)\n    n = random.random()\n    return {'score': n, 'text': text}",
        "rows = [\n        {'id': 1},\n        {'id': 2},\n    ]\n    return rows",
        "rows = []\n    for n in range(3):\n        rows.append([n])\n    return rows",
        "now = datetime.now()\n    return {'at': now.isoformat(), 'ok': True}",
        "label = 'a' if random.random() > 0.5 else 'b'\n    return label",
    ],
)
def test_what_is_made_up(body):
    assert [2] == lines(f"{SAID}    {body}\n")


@pytest.mark.parametrize(
    "body",
    [
        "a = load(text)\n    return {'a': a}",
        "words = text.split()\n    return {'words': words}",
        "a = 1\n    b = a + text\n    return {'b': b}",
        "a = self.rows\n    b = 1\n    return {'a': a, 'b': b}",
        "with open(text) as file:\n        rows = file.read()\n    return rows",
        "a = f'{load(text)}'\n    b = 1\n    return [a, b]",
        "return {'a': 1}",  # a plain stub is another rule's
    ],
)
def test_what_does_some_work_is_silent(body):
    assert [] == lines(f"{SAID}    {body}\n")


CANNED = "def f(text):\n    {}\n    a = 1\n    b = 2\n    return [a, b]\n"


@pytest.mark.parametrize(
    ("remark", "found"),
    [
        ("# Simulate the call", True),
        ("# Mock data for now", True),
        ("# for now just return fixed rows", True),
        ("# the two ends of the scale", False),
        ("# TODO: more of them", False),
    ],
)
def test_it_has_to_say_so(remark, found):
    assert found is bool(lines(CANNED.format(remark)))


@pytest.mark.parametrize("path", ["tests/test_f.py", "examples/f.py", "fakes/f.py"])
def test_where_it_is_the_purpose_it_is_silent(path):
    assert [] == lines(CANNED.format("# Mock data"), path=path)


def test_what_was_there_before_is_silent():
    old = CANNED.format("# Mock data")

    assert [] == lines(f"{old}\n\nx = 1\n", before=old)


def test_a_remark_beside_old_code_is_silent():
    old = CANNED.format("# the ends of the scale")

    assert [] == lines(old.replace("the ends of the scale", "mock data"), before=old)


@pytest.mark.parametrize("text", ["", "a = 1\n" * 5000, "(" * 9000])
def test_what_is_too_long_is_data(text):
    assert not is_canned(text, frozenset(), idioms("python"))
