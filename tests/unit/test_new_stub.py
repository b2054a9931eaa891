"""New bodies that are no code, and the many that are empty by design."""

from __future__ import annotations

import pytest

from qualitywatch.analysis.checks.new_stub import confessed_stub, new_stub
from qualitywatch.analysis.checks.remark_for_body import remark_for_body
from qualitywatch.analysis.stubs.confession import (
    Confession,
    confession,
    names_replacement,
)
from tests.unit.test_compare import compare


def fires(check, after: str, language: str = "python", *, path="app.py", before=None):
    comparison = compare(before, after, language)
    comparison.path = path
    return [(hit.line, str(hit.confidence or "rule")) for hit in check(comparison)]


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("# Placeholder implementation", Confession.PLAIN),
        (
            "// In a real implementation, this would use semantic search",
            Confession.PLAIN,
        ),
        ("// For now, returning empty array", Confession.PLAIN),
        ("// Simulate API call", Confession.PLAIN),
        ("# would normally query the database", Confession.PLAIN),
        ("// 待实现", Confession.PLAIN),
        ("# TODO: retries", Confession.OPEN_TASK),
        ("// FIXME", Confession.OPEN_TASK),
        ("# the gateway refuses more", Confession.NONE),
        ("// todos are shown first", Confession.NONE),
        ("# method of the interface", Confession.NONE),
        ("# returns the default", Confession.NONE),
    ],
)
def test_confession(text, level):
    assert level == confession(text)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("use Client.get() instead", True),
        ("was removed in 2.0", True),
        ("moved to app.tools", True),
        ("Not implemented", False),
    ],
)
def test_tombstones(text, names):
    assert names is names_replacement(text)


@pytest.mark.parametrize(
    ("after", "found"),
    [
        ("def f():\n    # TODO: later\n    return 1\n", [(2, "rule")]),
        ("def f():\n    # TODO: later\n    pass\n", [(2, "possible")]),
        ("def f():\n    # TODO: is it needed?\n    return 1\n", [(2, "possible")]),
        ("def f():\n    # TODO: later\n    return Poll.READY\n", [(2, "possible")]),
        ("def f():\n    pass  # placeholder\n", [(2, "rule")]),
        ("# placeholder\ndef f():\n    return 1\n", [(3, "rule")]),
        ("def f():\n    raise NotImplementedError  # TODO\n", [(2, "possible")]),
        ("def f():\n    raise ValueError  # for now\n", []),
        ('def f():\n    """Placeholder."""\n', [(1, "rule")]),
        ('def f():\n    """Do.\n\n    For now.\n    """\n    return 1\n', []),
        ('def f():\n    """For now."""\n    raise NotImplementedError\n', []),
        ("def f():\n    return 1\n", []),
        ("def f():\n    # TODO: later\n    return g()\n", []),
        ("def fake_f():\n    # placeholder\n    return 1\n", []),
        ("class Mock:\n    def f(self):\n        # for now\n        return 1\n", []),
        ("@abstractmethod\ndef f():\n    # TODO\n    return 1\n", []),
    ],
)
def test_confessed_stub(after, found):
    assert found == fires(confessed_stub, after)


@pytest.mark.parametrize(
    "path",
    ["tests/test_a.py", "a_test.py", "conftest.py", "src/__mocks__/a.js", "a.pyi",
     "examples/a.py", "a.spec.ts", "a.d.ts", "fakes/mail.py"],
)  # fmt: skip
@pytest.mark.parametrize("check", [confessed_stub, remark_for_body, new_stub])
def test_where_stubs_are_the_purpose_all_are_silent(check, path):
    after = "def f():\n    # ... rest of the code\n    pass\n\n\ndef g():\n    pass\n"

    assert not fires(check, after, path=path)


@pytest.mark.parametrize("check", [confessed_stub, remark_for_body, new_stub])
def test_old_stubs_are_silent(check):
    old = "def f():\n    # placeholder\n    pass\n\n\ndef g():\n    pass\n"

    assert not fires(check, f"{old}\n\nx = 1\n", before=old)


def test_a_stub_that_was_renamed_with_its_remark_is_old():
    old = "def f():\n    # placeholder\n    return 1\n"

    assert not fires(confessed_stub, old.replace("f()", "g()"), before=old)


def test_a_body_that_was_real_is_left_to_other_rules():
    before = "def f():\n    a = b()\n    c(a)\n    return a\n"

    assert not fires(
        confessed_stub, "def f():\n    # TODO\n    return 1\n", before=before
    )


@pytest.mark.parametrize(
    ("after", "found"),
    [
        ("def f():\n    # ... rest of the code\n    pass\n", [(2, "rule")]),
        ("def f():\n    # your code here\n    ...\n", [(2, "rule")]),
        ("def f():\n    # nothing to do\n    pass\n", []),
        ("def f():\n    # ... rest of the code\n    return 1\n", []),
    ],
)
def test_remark_for_body(after, found):
    assert found == fires(remark_for_body, after)


@pytest.mark.parametrize(
    ("after", "lines"),
    [
        ("def f():\n    pass\n", [2]),
        ("def f():\n    raise NotImplementedError\n", [2]),
        ("def f():\n    raise NotImplementedError\n\n\nx = (\n", []),
        ("def f():\n    pass  # the pool does it\n", []),
        ('def f():\n    """Says what."""\n', []),
        ("@overload\ndef f(): ...\n", []),
        ("@app.command()\ndef f(): ...\n", []),
        ("class A(Protocol):\n    def f(self): ...\n", []),
        ("class BaseA:\n    def f(self):\n        raise NotImplementedError\n", []),
        ("class A:\n    def __init__(self):\n        pass\n", []),
        ("class NullA:\n    def f(self):\n        pass\n", []),
        ("class A(Exception):\n    pass\n", []),
    ],
)
def test_new_stub(after, lines):
    assert lines == [line for line, _ in fires(new_stub, after)]
