"""JSON, YAML and TOML: their own parsers, and what tools take beyond the standard."""

from __future__ import annotations

import pytest

from qualitywatch.analysis.sources.source import Source
from qualitywatch.analysis.syntax.formats import format_error
from qualitywatch.languages import LANGUAGES


def found(language: str, text: str, path: str = "a") -> tuple[int, str] | None:
    error = format_error(Source.read(path, text.encode(), LANGUAGES[language]))
    return None if error is None else (error.line, str(error.confidence))


@pytest.mark.parametrize(
    ("path", "text", "error"),
    [
        ("a.json", '{"a": 1}', None),
        ("a.json", "", None),
        ("a.json", '{"a": 1}\n{"a": 2}\n', None),
        ("a.json", "[" * 900 + "]" * 900, None),
        ("a.json", "9" * 10_000, None),
        ("a.json", '{"a" 1}', (1, "certain")),
        ("a.json", '{"a": 1', (1, "certain")),
        ("a.json", '{\n"a": 1,\n}', (3, "likely")),
        ("a.json", '// why\n{"a": 1}', (1, "possible")),
        ("package.json", '{\n"a": 1,\n}', (3, "certain")),
        ("package.json", '{"a": 1}\n{"a": 2}\n', (2, "certain")),
        ("tsconfig.build.json", '{\n"a": 1, // why\n}', None),
        (".eslintrc.json", '{"a": 1,}', None),
        ("a.json5", "{a: 'b',}", None),
        ("tsconfig.json", '{"a" 1}', (1, "certain")),
    ],
)
def test_json(path, text, error):
    assert error == found("json", text, path)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("a: 1\n---\nb: 2\n", None),
        ("a: !Ref b\nc: !Sub '${d}'\n", None),
        ("a: &x {b: 1}\nc: *x\n", None),
        ("a: ${{ b }}\n", None),
        ("a: [1, 2\nb: 3\n", (2, "certain")),
        ("a: 1\n  b: 2\n", (2, "certain")),
        ("a:\n\t- b\n", (2, "certain")),
        ('a: "b\n', (2, "certain")),
        ("a: *unknown\n", (1, "certain")),
        ("a: &x 1\n---\nb: *x\n", (3, "certain")),
    ],
)
def test_yaml(text, error):
    assert error == found("yaml", text)


def test_aliases_are_not_expanded():
    lines = (f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 100))

    assert found("yaml", "a0: &a0 [x]\n" + "".join(lines)) is None


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("a = 1\n[b]\nc = 2\n", None),
        ("a = 1\nb = \n", (2, "certain")),
        ("a = 1\na = 2\n", (2, "certain")),
        ("a = [1\n", (2, "certain")),
        ("a = {\n  b = 1,\n}\n", (1, "possible")),
    ],
)
def test_toml(text, error):
    assert error == found("toml", text)
