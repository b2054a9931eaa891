"""Every language: its units have names, its comments are found, its code counts."""

from __future__ import annotations

import pytest

from qualitywatch.analysis.outlines.outline import Outline
from qualitywatch.analysis.sources.source import Source, line_key
from qualitywatch.languages import LANGUAGES, of_path
from tests.samples import SAMPLES, outline

UNITS = {
    "shelf.c": "book shelf shelf_new book_new shelf_put due_on compare_with shelf_find"
    " report shelf_free",
    "shelf.cpp": "library library.Book library.Book.Book library.Book.~Book"
    " library.Book.due_on library.Book.operator< library.Book.title library.Shelf"
    " library.Shelf.Shelf library.Shelf.put library.Shelf.overdue library.Shelf.visit"
    " library.count_titles TEST(ShelfTest,_FullShelfTakesNothing)",
    "shelf.cs": "Example.Library Example.Library.Shelf Example.Library.Shelf.Shelf"
    " Example.Library.Shelf.Width.get Example.Library.Shelf.Width.set"
    " Example.Library.Shelf.Count Example.Library.Shelf.Put Example.Library.Shelf.Find"
    " Example.Library.Shelf.Overdue Example.Library.Shelf.ToString"
    " Example.Library.Shelf.DueOn Example.Library.Shelf.operator_=="
    " Example.Library.IFinder Example.Library.IFinder.Find Example.Library.Book"
    " Example.Library.Book.IsLent",
    "shelf.css": ":root .shelf .shelf_.book .shelf_.book::before .book.late,_.book.lost"
    " @media_(max-width:_600px) @media_(max-width:_600px)_.shelf"
    " @media_(max-width:_600px)_.shelf_.label @keyframes_fall",
    "shelf.go": "Book Finder Shelf New Book.DueOn Book.String Shelf.Put Shelf.Find"
    " Shelf.Overdue loaders.json Load",
    "shelf.html": "#menu #content #content_#late #content_#all",
    "shelf.java": "Shelf Shelf.Shelf Shelf.Shelf Shelf.put Shelf.take Shelf.overdue"
    " Shelf.BY_DATE.compare Shelf.iterator Shelf.Book Shelf.Book.Book Shelf.Book.dueOn"
    " Shelf.Book.toString Shelf.State Shelf.State.other Shelf.Finder Shelf.Finder.find"
    " Shelf.Finder.has",
    "shelf.js": "Book Book.constructor Book.get_isLent Book.dueOn Shelf Shelf.fromRows"
    " Shelf.constructor Shelf.put Shelf.take Shelf.overdue Shelf.overdue.late load"
    " report commands.show commands.count",
    "shelf.json": "shelves shelves.tiny shelves.wide loans loans.remind reports",
    "shelf.kt": "Finder Finder.find Finder.has State State.other Book Book.state.get"
    " Book.dueOn Container Container.accepts Container.describe Shelf Shelf.Companion"
    " Shelf.Companion.empty Shelf.init Shelf.constructor Shelf.accepts Shelf.put"
    " Shelf.find Shelf.overdue Shelf.titles Library Library.shelf report",
    "shelf.lua": "Book.new Book.due_on Shelf.new Shelf.put Shelf.take Shelf.overdue"
    " load_rows report",
    "shelf.php": "Container Container.accepts Container.count Finder Finder.find Named"
    " Named.name Book Book.__construct Book.dueOn Shelf Shelf.__construct"
    " Shelf.accepts Shelf.put Shelf.find Shelf.load report show",
    "shelf.py": "Book Book.is_lent Book.due_on Shelf Shelf.__init__ Shelf.put"
    " Shelf.take Shelf.overdue Shelf.by_author Shelf.by_author.place load report main",
    "shelf.rb": "Library Library.Book Library.Book.initialize Library.Book.lent?"
    " Library.Book.due_on Library.Book.== Library.Shelf Library.Shelf.self"
    " Library.Shelf.self.load Library.Shelf.empty Library.Shelf.initialize"
    " Library.Shelf.put Library.Shelf.take Library.Shelf.overdue Library.Shelf.grouped"
    " RSpec.describe(Library::Shelf) RSpec.describe(Library::Shelf).let(shelf)"
    " RSpec.describe(Library::Shelf).it(takes_nothing_when_full)",
    "shelf.rs": "Book ShelfError Find Find.has Book Book.new Book.due_on Book Book.fmt"
    " Shelf Shelf Shelf.new Shelf.put Shelf.overdue Shelf Shelf.find by_author tests"
    " tests.a_full_shelf_takes_nothing",
    "shelf.scala": "Finder Finder.has Book Book.dueOn Book.< Container Shelf Shelf.this"
    " Shelf.accepts Shelf.put Shelf.find Shelf.overdue Shelf Shelf.load Reports"
    " Reports.late Reports.late.line ShelfTest"
    " ShelfTest.test(a_full_shelf_takes_nothing)",
    "shelf.sh": "die usage shelf_file put take due_on overdue main",
    "shelf.swift": "Finder State State.other Book Book.dueOn Book.< Shelf"
    " Shelf.width.didSet Shelf.isFull.get Shelf.isFull.set Shelf.init Shelf.init"
    " Shelf.deinit Shelf.put Shelf.find Shelf Shelf.overdue Shelf.report load",
    "shelf.toml": "shelves.tiny shelves.wide loans reports reports",
    "shelf.ts": "Row Item Item.constructor Item.matches Book Book.constructor"
    " Book.get_state Book.describe Book.dueOn Book.lend Shelves Shelves.widest Shelf"
    " Shelf.constructor Shelf.put Shelf.overdue Shelf.overdue.late load report",
    "shelf.tsx": "Book Row Shelf Shelf.found Shelf.handleTake Counter Counter.increase"
    " Counter.render Page Page.take Page.take.rest",
    "shelf.yaml": "shelves shelves.tiny shelves.wide loans loans.remind reports"
    " reports.late reports.all",
}
"""The units of each sample, blanks in their names replaced."""


def read(text: str, language: str) -> Source:
    return Source.read("file", text.encode(), LANGUAGES[language])


@pytest.mark.parametrize("name", SAMPLES)
def test_units_of_a_whole_file(name):
    found = " ".join(u.name.replace(" ", "_") for u in outline(name).units[1:])

    assert UNITS[name] == found


@pytest.mark.parametrize("name", SAMPLES)
def test_the_samples_are_valid(name):
    assert not outline(name).source.has_errors


@pytest.mark.parametrize(
    ("language", "text", "names"),
    [
        ("c", "static void (*get(void))(int) { }", "get"),
        ("c", "struct s *make(void) { return 0; }", "make"),
        ("c", "int main(argc) int argc; { return 1; }", "main"),
        ("cpp", "int& ns::Foo<T>::at(int i) { return x; }", "ns.Foo.at"),
        ("cpp", "Foo::~Foo() { }", "Foo.~Foo"),
        ("cpp", "Foo::operator bool() const { return 1; }", "Foo.operator bool"),
        ("cpp", "template <> struct A<int> { void f() {} };", "A A.f"),
        ("cpp", "BEGIN\nnamespace n { void f() {} }", "n n.f"),
        ("cpp", "class API Foo { void f() {} };", "Foo Foo.f"),
        ("cpp", 'TEST_CASE("adds")\n{ f(); }', "TEST_CASE(adds)"),
        ("csharp", "class A { void I.F() { } ~A() { } }", "A A.I.F A.~A"),
        ("csharp", "class A { int this[int i] { get { return 1; } } }", "A A.this.get"),
        ("go", "package a\nfunc (*Foo[T]) Bar() {}", "Foo.Bar"),
        ("go", "package a\nvar f = func() {}", "f"),
        ("go", 'package a\nfunc f() { t.Run("x", func() {}) }', "f f.t.Run(x)"),
        ("java", "enum E { A { void f() {} }; void f() {} }", "E E.A.f E.f"),
        ("kotlin", "fun <T> Foo.Bar<T>.ext(): Int = 3\n", "Bar.ext"),
        ("kotlin", "val f = fun(x: Int): Int { return x }\n", "f"),
        ("lua", "M.a, M.b = function() end, 1", "M.a"),
        ("lua", "describe('x', function() end)", "describe(x)"),
        ("php", "<?php $f = fn($x) => $x;", "f"),
        ("php", "<?php Route::get('/x', function () {});", "Route::get(/x)"),
        ("ruby", "define_method(:x) { 1 }", "define_method(x)"),
        ("ruby", "X = Struct.new(:a) do\n def y; 1 end\nend", "X X.y"),
        ("ruby", "private def x; 1 end", "x"),
        ("rust", "impl<T> a::Tr for b::Foo<T> { fn f() {} }", "b.Foo b.Foo.f"),
        ("rust", "macro_rules! m { () => {} }", "m"),
        ("scala", "object A { def +(o: A): A = o }", "A A.+"),
        (
            "swift",
            "class A { subscript(i: Int) -> Int { get { 1 } } }",
            "A A.subscript.get",
        ),
        ("swift", "extension A.B { func f() {} }", "A.B A.B.f"),
        ("bash", "function a { b; }", "a"),
    ],
)
def test_names(language, text, names):
    found = Outline(read(text, language)).units[1:]

    assert names == " ".join(unit.name for unit in found)


@pytest.mark.parametrize(
    ("language", "text", "decorators"),
    [
        ("csharp", "class A { [Test, X(1)] void F() { } }", ("Test", "X(1)")),
        ("java", "class A { @Override @X(1) void f() { } }", ("Override", "X(1)")),
        ("kotlin", "class A { @Test fun f() { } }", ("Test",)),
        ("php", "<?php #[A(1), B]\nfunction f() { }", ("A(1)", "B")),
        ("rust", "#[test]\n// why\n#[ignore]\nfn f() {}", ("test", "ignore")),
        ("rust", "#[derive(A)] struct S;\nfn f() {}", ()),
        ("scala", "class A { @tailrec def f = 1 }", ("tailrec",)),
        (
            "swift",
            "@objc @available(iOS 1, *) func f() {}",
            ("objc", "available(iOS 1, *)"),
        ),
        ("typescript", "class A { @X() @Y f() {} }", ("X()", "Y")),
    ],
)
def test_decorators(language, text, decorators):
    unit = Outline(read(text, language)).units[-1]

    assert decorators == unit.decorators


@pytest.mark.parametrize(
    ("language", "text", "modifiers"),
    [
        ("java", "class A { public abstract void f(final int a); }", "abstract public"),
        ("csharp", "class A { protected override void F() { } }", "override protected"),
        ("cpp", "struct A { virtual int f() const override { } };", "override virtual"),
        ("kotlin", "class A { private suspend fun f() { } }", "private suspend"),
        ("php", "<?php class A { final static function f() { } }", "final static"),
        ("rust", "pub async fn f() {}", "async pub"),
        ("swift", "class A { override open func f() { } }", "open override"),
        ("typescript", "class A { static async f() {} }", "async static"),
        ("python", "async def f(): pass", ""),
    ],
)
def test_modifiers(language, text, modifiers):
    unit = Outline(read(text, language)).units[-1]

    assert modifiers == " ".join(sorted(unit.modifiers))


@pytest.mark.parametrize(
    ("language", "text", "bases"),
    [
        ("cpp", "class A : public B, private n::C<int> { };", ("B", "n::C<int>")),
        ("csharp", "class A : B<T>, IC { }", ("B<T>", "IC")),
        ("java", "class A extends B<T> implements C, D { }", ("B<T>", "C", "D")),
        ("kotlin", "class A : B(1), C { }", ("B", "C")),
        ("php", "<?php class A extends B implements C, D { }", ("B", "C", "D")),
        ("ruby", "class A < B::C\nend", ("B::C",)),
        ("rust", "impl fmt::Display for A { }", ("fmt::Display",)),
        ("scala", "class A extends B(1) with C { }", ("B", "C")),
        ("swift", "class A: B, C { }", ("B", "C")),
        ("typescript", "interface A extends B { }", ("B",)),
    ],
)
def test_bases(language, text, bases):
    assert bases == Outline(read(text, language)).units[1].bases


@pytest.mark.parametrize(
    ("language", "text", "reach"),
    [
        ("go", "package a\nfunc f() {}", "bare"),
        ("go", "package a\nfunc (a A) F() {}", "method"),
        ("rust", "mod m { fn f() {} }", "bare"),
        ("rust", "impl A { fn f(&self) {} }", "method"),
        ("cpp", "namespace n { void f() {} }", "bare"),
        ("cpp", "void A::f() {}", "method"),
        ("csharp", "class A { int B { get { return 1; } } }", "other"),
        ("java", "class A { void f() {} }", "method"),
        ("kotlin", "fun f() {}", "bare"),
        ("scala", "def f = 1", "bare"),
        ("php", "<?php function f() {}", "bare"),
        ("lua", "local f = function() end", "bare"),
        ("lua", "function A.f() end", "method"),
        ("bash", "f() { g; }", "bare"),
        ("typescript", "namespace N { function f() {} }", "bare"),
    ],
)
def test_reach(language, text, reach):
    assert reach == Outline(read(text, language)).units[-1].reach


@pytest.mark.parametrize(
    ("language", "text", "count"),
    [
        ("bash", "f() { a; if b; then c; fi; }", 2),
        ("c", "int f() { int a; if (a) return 1; return a; }", 4),
        ("csharp", "class A { int F() => 1; }", 1),
        ("csharp", "class A { int F() { var a = 1; return a; } }", 2),
        ("go", "package a\nfunc f() { a := 1; if a > 0 { b() }; return }", 4),
        ("go", "package a\nfunc f() { }", 0),
        ("java", "class A { int f() { int a = 1; return a; } }", 2),
        ("kotlin", "fun f(): Int { val a = 1; return a }", 2),
        ("kotlin", "fun f() = 1", 1),
        ("lua", "function f() local a = 1; return a end", 2),
        ("php", "<?php function f() { $a = 1; return $a; }", 2),
        ("ruby", "def f\n  a = 1\n  if a\n    b\n  end\n  c\nend", 4),
        ("rust", "fn f() -> i32 { let a = 1; a }", 2),
        ("scala", "def f = { val a = 1; a }", 2),
        ("swift", "func f() -> Int { let a = 1; return a }", 2),
        ("swift", "func f() { }", 0),
    ],
)
def test_statements(language, text, count):
    unit = next(u for u in Outline(read(text, language)).units if u.kind == "function")

    assert count == unit.statements


@pytest.mark.parametrize(
    ("language", "text", "kinds"),
    [
        ("rust", "//! a\n/// b\n//// c\n// d\n", "doc doc line line"),
        ("rust", "/** a */ /* b /* c */ */ /*! d */", "doc block doc"),
        ("csharp", "/// a\n// b\n/* c */", "doc line block"),
        ("lua", "--- a\n-- b\n--[[ c ]]\n--[==[ d ]==]", "doc line block block"),
        ("ruby", "# a\n=begin\nb\n=end\n", "line block"),
        ("php", "<?php # a\n// b\n/* c */\n/** d */", "line line block doc"),
        ("html", "<!-- a -->", "block"),
        ("css", "/* a */", "block"),
        ("kotlin", "/** a */\n// b\n/* /* c */ */", "doc line block"),
        ("yaml", "# a\nb: 1 # c", "line line"),
        ("bash", "#!/bin/sh\n# a\necho ${b#c} \\#d", "line"),
        ("python", "#!/usr/bin/python\n# a", "line"),
        ("javascript", "#!/usr/bin/env node\n// a", "line"),
        ("lua", "#!/usr/bin/lua\n-- a", "line"),
        ("rust", "#!/usr/bin/env x\n// a", "line"),
    ],
)
def test_comments(language, text, kinds):
    found = read(text, language).comments()

    assert kinds == " ".join(comment.kind for comment in found)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("bash", "cat <<X\n# a\nX"),
        ("cpp", 'auto a = R"(/* x */)";'),
        ("csharp", 'var a = @"// x"; var b = $"/* {c} */";'),
        ("css", '.a { b: "/* x */"; c: url(//d.e/f) }'),
        ("go", "package a\nvar a = `// x`"),
        ("html", '<p title="<!-- x -->">y</p>'),
        ("java", 'class A { String a = """\n// x\n"""; }'),
        ("kotlin", 'val a = "/* x */ // y"'),
        ("lua", "a = [[-- x]]"),
        ("php", "<?php $a = <<<X\n// y\nX;"),
        ("ruby", "a = %q(# x) + <<~Y\n  # z\nY\n"),
        ("rust", 'const A: &str = r#"// x "#;'),
        ("scala", 'val a = "/* x */"'),
        ("swift", 'let a = "/* x */ // y"'),
        ("swift", 'let a = """\n/* x */\n"""'),
        ("toml", 'a = """\n# b\n"""'),
        ("typescript", "const a = `// x`;"),
        ("tsx", "const a = <p>// x</p>;"),
        ("yaml", "a: |\n  # b"),
    ],
)
def test_what_a_string_holds_is_no_comment(language, text):
    assert () == read(text, language).comments()


def test_a_doc_comment_of_rust_ends_on_its_own_line():
    (comment,) = read("/// a\nfn f() {}\n", "rust").comments()

    assert ("/// a", 1, 5, True) == (
        comment.text,
        comment.end_line,
        comment.end_column,
        comment.alone,
    )


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("bash", "if a; then\n  b\nfi"),
        ("lua", "if a then\n  b()\nend"),
        ("ruby", "if a\n  b\nend"),
        ("rust", "fn f() {\n  b\n}"),
    ],
)
def test_what_only_closes_is_no_code(language, text):
    assert [1, 2] == [code.line for code in read(text, language).code]


@pytest.mark.parametrize(
    ("language", "line", "key"),
    [
        ("python", "a = 1  # b", "a = 1"),
        ("javascript", 'a("http://x"); // b', "a http : / / x"),
        ("lua", "a = b -- c", "a = b"),
        ("sql", "select 1 -- c", "select 1"),
        ("css", "color: red; /* why */", "color : red"),
        ("ruby", "end", ""),
        ("python", "end", "end"),
    ],
)
def test_key_of_a_line_in_its_language(language, line, key):
    assert key == line_key(line, LANGUAGES[language])


@pytest.mark.parametrize(
    ("content", "language"),
    [
        (b"", "c"),
        (b"int f(void);\n", "c"),
        (b"/* class A {}; */\nint a;\n", "c"),
        (b'#ifdef __cplusplus\nextern "C" {\n#endif\nint a;\n', "c"),
        (b"#ifdef __cplusplus\nnamespace a {}\n#endif\nint b;\n", "c"),
        (b"class A {\n};\n", "cpp"),
        (b"namespace a {\n", "cpp"),
        (b"  public:\n", "cpp"),
        (b"std::string f();\n", "cpp"),
        (b"template <typename T>\nT f();\n", "cpp"),
        (b"@interface A : NSObject\n@end\n", "objective-c"),
    ],
)
def test_language_of_a_header(content, language):
    found = of_path("include/a.h", content)

    assert found is LANGUAGES[language]
