"""Units: what is one, how it is called, and where it ends."""

from __future__ import annotations

import pytest

from qualitywatch.analysis.outlines.outline import Outline
from qualitywatch.analysis.outlines.units import Unit, units
from qualitywatch.analysis.sources.source import Refused, Source
from qualitywatch.languages import LANGUAGES


def all_units(text: str, language: str = "python") -> list[Unit]:
    return list(units(Source.read("file", text.encode(), LANGUAGES[language])))


@pytest.mark.parametrize(
    ("language", "text", "names"),
    [
        ("python", "class A:\n  def b(self):\n    def c(): pass\n", "A A.b A.b.c"),
        ("python", "async def a(): pass\n", "a"),
        ("python", "class A:\n @x.setter\n def x(self, v): pass\n", "A A.x setter"),
        ("javascript", "const a = () => { b() };", "a"),
        ("javascript", "const a = useCallback(async () => {}, []);", "a"),
        ("javascript", "const o = { a() {}, b: function () {} };", "o.a o.b"),
        ("javascript", "module.exports = function () {};", "module.exports"),
        ("javascript", "App.prototype.run = function () {};", "App.prototype.run"),
        ("javascript", "export default () => {};", "default"),
        ("javascript", "app.get('/users', (q, r) => {});", "app.get(/users)"),
        ("javascript", "list.forEach((x) => { y(x) });", ""),
        (
            "javascript",
            "class A { b = () => {}; get c() { return 1 } }",
            "A A.b A.get c",
        ),
        ("typescript", "namespace N { export function f() {} }", "N N.f"),
        ("typescript", "abstract class A { private b(): void {} }", "A A.b"),
        ("tsx", "const A: FC = () => { const b = () => {}; return <p/> };", "A A.b"),
    ],
)
def test_names(language, text, names):
    found = " ".join(unit.name for unit in all_units(text, language)[1:])

    assert names == found


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("def f():\n    # only a remark\n\nx = 1\n", 2),
        ("def f():\n    x = 1\n    # tail\ny = 2\n", 3),
        ("def f():\n    x = 1\n# not inside\ny = 2\n", 2),
        ("def f():\n    # one\n\n    # two\n", 4),
        ("def f():\n    x = 1\n    # one\n  # two\ny = 1\n", 4),
        ("def f():\n    # one\n    x = 1\n    # two\n\n\n    # three\ny = 2\n", 7),
    ],
)
def test_hanging_comments_belong_where_they_are_indented(text, end):
    assert end == all_units(text)[1].end_line


def test_a_remark_in_a_method_is_inside_method_and_class():
    found = all_units(
        "class A:\n    def f(self):\n        # rest\n    # more\n\nx = 1\n"
    )

    assert [("A", 4), ("A.f", 3)] == [(u.name, u.end_line) for u in found[1:]]


@pytest.mark.parametrize(
    ("language", "text", "count"),
    [
        ("python", "def f():\n    pass\n", 1),
        ("python", "def f():\n    if a:\n        b()\n    return c\n", 3),
        ("python", "def f():\n    # nothing\n", 0),
        ("javascript", "function f() { let a = 1; if (a) { b(); } }", 3),
        ("javascript", "const f = () => 1;", 1),
    ],
)
def test_statements_count_at_any_depth(language, text, count):
    assert count == all_units(text, language)[1].statements


@pytest.mark.parametrize(
    ("language", "text", "bases"),
    [
        ("python", "class A(B, m.C, metaclass=M): pass", ("B", "m.C")),
        ("javascript", "class A extends B {}", ("B",)),
        ("typescript", "class A extends B<T> implements I {}", ("B",)),
        ("typescript", "class A implements I {}", ()),
    ],
)
def test_bases(language, text, bases):
    assert bases == all_units(text, language)[1].bases


@pytest.mark.parametrize(
    ("language", "text", "reach"),
    [
        ("python", "def f(): pass", "bare"),
        ("python", "class A:\n def f(self): pass", "method"),
        ("javascript", "const f = () => {};", "bare"),
        ("javascript", "class A { f() {} }", "method"),
        ("javascript", "const o = { f() {} };", "other"),
        ("javascript", "a.f = function () {};", "other"),
    ],
)
def test_reach_says_how_others_call_it(language, text, reach):
    assert reach == all_units(text, language)[-1].reach


def test_decorators_are_part_of_a_unit():
    source = Source.read("f", b"@a.b\ndef f():\n    x\n", LANGUAGES["python"])
    outline = Outline(source)

    assert outline.unit_at(1).name == "f"
    assert outline.unit_at(1).decorators == ("a.b",)


def test_absurd_nesting_is_refused():
    with pytest.raises(Refused):
        all_units("a = () => {" * 600 + "}" * 600, "javascript")
