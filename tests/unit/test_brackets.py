"""Brackets as a second opinion: only where all of them matched before."""

from __future__ import annotations

import pytest

from qualitywatch.analysis.syntax.brackets import were_broken

GOOD = "int f(int a) {\n  return g(a[0]);\n}\n"
CUT = "int f(int a) {\n  return g(a[0];\n}\n"


@pytest.mark.parametrize(
    ("language", "before", "after", "broken"),
    [
        ("c", GOOD, CUT, True),
        ("c", GOOD, GOOD.replace("}", ""), True),
        ("c", CUT, CUT.replace("0", "1"), False),
        ("c", GOOD, GOOD + "// (\n/* { */ char c = '('; char* s = \"[\";\n", False),
        ("c", GOOD, f"#if A\n{CUT}#else\n{GOOD}#endif\n", False),
        ("cpp", GOOD, GOOD + 'auto s = R"x(()x";\n', False),
        ("csharp", GOOD, GOOD + 'var s = @"({";\n', False),
        ("rust", GOOD, GOOD + "let s = r#\"(\"#; let c = '('; fn f<'a>() {}\n", False),
        ("rust", GOOD, GOOD + 'let s = "(\n";\n', False),
        ("rust", GOOD, GOOD + "/* f( /* g */ ) */\n", False),
        ("rust", GOOD, CUT + "/* f() */\n", True),
        ("kotlin", GOOD, GOOD + 'val s = """\n(\n"""\n', False),
        ("swift", GOOD, CUT + 'let s = "\\(f("x"))"\n', False),
        ("css", "a { b: c; }\n", "a { b: c;\n", True),
        ("bash", "f() { g; }\n", "f() { g;\n", False),
    ],
)
def test_were_broken(language, before, after, broken):
    assert broken == were_broken(language, before, after)
