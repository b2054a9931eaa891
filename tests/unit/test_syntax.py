"""Syntax that the change broke: which parser is believed, and when both are needed."""

from __future__ import annotations

import pytest

from qualitywatch.analysis.checks.syntax import broken_syntax, python_error
from qualitywatch.analysis.source import Source
from qualitywatch.languages import LANGUAGES
from tests.unit.test_compare import compare


def places(before: str | None, after: str, language: str = "python", path="src/a"):
    comparison = compare(before, after, language)
    comparison.path = path
    return [(hit.line, str(hit.confidence)) for hit in broken_syntax(comparison)]


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ("x = 1\n", "x = (1\n", [1]),
        (None, "x = (1\n", [1]),
        ("x = 1\n", "x = 1\n\n\ndef f(:\n    pass\n", [4]),
        ("x = (1\n", "x = (2\n", []),
        ("print 'py2'\n", "print 'py 2'\n", []),
        ("print 'py2'\n", "print 'py 2\n", [1]),
        (None, "print 'py2'\n", []),
        ("x = 1\n", "type X = int\n", []),
        ("x = 1\n", "x = {{ value }}\n", []),
        (None, "{% if a %}\nx = 1\n{% endif %}\n", []),
        ("def f():\n    g()\n", "def f():\n    # rest\n", [1]),
        ("def f():\n    g()\n", 'def f():\n    """Doc."""\n', []),
        ("x = 1\n", "x = " + "(" * 5000 + ")" * 5000 + "\n", []),
    ],
)
def test_python_needs_both_parsers(before, after, lines):
    assert lines == [line for line, _ in places(before, after)]


def test_python_errors_are_certain_and_say_where():
    assert [(2, "certain")] == places("x = 1\n", "x = 1\ny = = 2\n")


def test_a_warning_of_the_parser_is_not_shown():
    source = Source.read("a.py", b'x = "\\d"\n', LANGUAGES["python"])

    assert python_error(source) is None


@pytest.mark.parametrize(
    ("language", "before", "after", "found"),
    [
        ("javascript", "f();\n", "f(;\n", [(1, "certain")]),
        ("jsx", "f();\n", "f(;\n", [(1, "certain")]),
        ("typescript", "f();\n", "f();\ng(;\n", [(2, "likely")]),
        ("tsx", "f();\n", "const a = <p>x</b>;\n", [(1, "likely")]),
        ("javascript", "f(;\n", "f(;\ng(;\n", []),
        ("javascript", None, "// @flow\nfunction f(a: number) {}\n", []),
        ("javascript", None, "f(;\n", [(1, "certain")]),
        ("javascript", None, "let a: number = 1;\n", [(1, "possible")]),
        ("javascript", None, "declare module 'a' {\n}\n", []),
        ("tsx", None, "const a = <p>a & b</p>;\n", []),
        ("typescript", None, "type A = import('./x').T['k'];\n", []),
        ("javascript", None, "const a = {{ value }};\n", []),
    ],
)
def test_other_languages_need_a_new_error_node(language, before, after, found):
    assert found == places(before, after, language)


def test_the_hit_stands_at_the_first_new_line_of_the_error():
    before = "const a = (\n  <div>\n    <p>x</p>\n  </div>\n);\n"

    assert [(3, "certain")] == places(before, before.replace("</p>", ""), "jsx")


@pytest.mark.parametrize("path", ["tests/fixtures/a.py", "testdata/a.py"])
def test_test_data_may_be_wrong_on_purpose(path):
    assert not places(None, "x = (\n", path=path)
