"""Syntax that the change broke: which parser is believed, and when both are needed."""

from __future__ import annotations

import pytest

from qualitywatch.analysis.checks.syntax import broken_syntax, python_error
from qualitywatch.analysis.sources.source import Source
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
        ("x = 1\n", "x = " + "(" * 500 + ")" * 500 + "\n", []),
        ("x = 1\n", "%matplotlib inline\nx = (\n", []),
        ("x = 1\n", "cdef int x = 1\n", []),
    ],
)
def test_python_needs_both_parsers(before, after, lines):
    assert lines == [line for line, _ in places(before, after)]


def test_python_errors_are_certain_and_say_where():
    assert [(3, "certain")] == places("x = 1\ny = 1\n", "x = 1\ny = 1\nz = = 2\n")


@pytest.mark.parametrize("before", [None, "x = 1\n", "x = 1\ny = 2\n"])
def test_a_text_that_is_new_for_the_most_part_is_likely_at_most(before):
    after = "x = 1\nz = (\nnew = 1\nnewer = 2\n"

    assert ["likely"] == [confidence for _, confidence in places(before, after)]


@pytest.mark.parametrize(
    "line",
    [
        "raise ValueError, 'no' % {x: (1, 2) 3}",
        "exec 'x = 1' in {} ()()) ",
        "print 'a' % (b,), ; True, False = 1, 0",
        "(True, False) = (1, 0)",
        "if x >= 0x80000000L: f(",
        "mode = 0755 + (",
    ],
)
def test_a_new_file_in_the_old_python_is_possible(line):
    assert [(1, "possible")] == places(None, f"{line}\n")
    assert [(10, "certain")] == places("x = 1\n" * 9, "x = 1\n" * 9 + line + "\n")


@pytest.mark.parametrize("line", ["use(a.async and b)", "f(async=1, await=2) + (1 2)"])
def test_a_name_that_became_a_keyword_is_possible(line):
    assert [(2, "possible")] == places("x = 1\n", f"x = 1\n{line}\n")


def test_a_warning_of_the_parser_is_not_shown():
    source = Source.read("a.py", b'x = "\\d"\n', LANGUAGES["python"])

    assert python_error(source) is None


@pytest.mark.parametrize(
    ("language", "before", "after", "found"),
    [
        ("javascript", "f();\n", "f();\ng(;\n", [(2, "certain")]),
        ("jsx", "f();\n", "f();\ng(;\n", [(2, "certain")]),
        ("typescript", "f();\n", "f();\ng(;\n", [(2, "likely")]),
        ("tsx", "f();\n", "const a = <p>x</b>;\n", [(1, "likely")]),
        ("javascript", "f(;\n", "f(;\ng(;\n", []),
        ("javascript", None, "// @flow\nfunction f(a: number) {}\n", []),
        ("javascript", None, "f(;\n", [(1, "likely")]),
        ("javascript", None, "describe 'a'\n  it 'b'\n  end\nend\n", []),
        ("typescript", "f();\n", "type A = (string) => void;\n", []),
        ("typescript", "f();\n", "export type * from './a';\n", []),
        ("tsx", "f();\n", "type A = import('a').B<\n  {},\n  C\n>\n\n;<B />\n", []),
        ("javascript", "f();\n", "import a from 'a' assert { type: 'json' };\n", []),
        ("typescript", None, "f();\ng(;\n", [(2, "possible")]),
        ("go", None, "package a\n\nvar x = (\n", [(3, "likely")]),
        ("go", "package a\n", "package a\n\nvar x = (\n", [(3, "likely")]),
        ("rust", "fn f() {}\n", "fn f() { try!(g()) }\n", []),
        ("rust", "fn f() {}\n", "fn f() {}\nfn g( {}\n", [(2, "likely")]),
        ("rust", "fn f( {}\n", "fn f( {}\nfn g( {}\n", []),
        ("swift", "let a = 1\n", "let a = 1\nlet b = = 2\n", [(2, "possible")]),
        ("csharp", "class A {}\n", "class A {}\n#if B\nclass C\n#endif\n{}\n", []),
        ("json", '{"a": 1}\n', '{"a": 1\n"b": 2}\n', [(2, "likely")]),
        ("yaml", "a: 1\nb: 2\n", "a: 1\nb: 2\nc: [\n", [(4, "certain")]),
        ("yaml", "a: 1\n", "{{- if .A }}\na: 1\n{{- end }}\n", []),
        ("yaml", "a: [\n", "a: [\nb: [\n", []),
        ("toml", "a = 1\nb = 2\n", "a = 1\nb = 2\nc =\n", [(3, "certain")]),
        ("sql", "SELECT 1;\n", "SELECT ((;\n", []),
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
