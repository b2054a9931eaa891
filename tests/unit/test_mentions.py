"""Who still imports what is gone: what a file offers, imports, and how it is found."""

from __future__ import annotations

import pytest

from qualitywatch.analysis.sources.skipping import language_of
from qualitywatch.analysis.sources.source import Source
from qualitywatch.analysis.symbols import mentions
from qualitywatch.analysis.symbols.exports import offer, withdrawn
from qualitywatch.analysis.symbols.imports import imports
from qualitywatch.traces import Missing

# What a file offers


def source(text: str, path: str = "app.py") -> Source:
    return Source.read(path, text.encode(), language_of(path, text.encode()))


OFFERS = [
    ("a.py", "def f(): pass", {"f"}),
    ("a.py", "class C: pass\n@d\ndef g(): pass", {"C", "g"}),
    ("a.py", "A = 1\nB, (C, *D) = x\nE: int = 2\nF = G = 3", set("ABCDEFG")),
    ("a.py", "if x:\n    def f(): pass\nelse:\n    f = None", {"f"}),
    ("a.py", "def f():\n    inner = 1\nclass C:\n    member = 1", {"f", "C"}),
    ("a.py", "import os\nfrom x import y", set()),
    ("a.py", "a.b = 1\nc[0] = 2", set()),
    ("a.ts", "export function f() {}", {"f"}),
    ("a.ts", "export class C {}\nexport enum E { A }", {"C", "E"}),
    ("a.ts", "export const a = 1, { b, c: [d] } = x;", {"a", "b", "d"}),
    ("a.ts", "function f() {}\nconst k = 1;\nexport { f, k as l };", {"f", "l"}),
    ("a.ts", "export type T = string;\nexport interface I {}", set()),
    ("a.ts", "export { f } from './b';\nexport * as ns from './c';", set()),
    ("a.js", "module.exports = { f, g: 1, h() {} };", {"f", "g", "h"}),
    ("a.js", "exports.f = 1;\nmodule.exports.g = 2;", {"f", "g"}),
    ("a.js", "function hidden() {}", set()),
]


@pytest.mark.parametrize(("path", "text", "names"), OFFERS)
def test_what_a_file_defines_for_others(path, text, names):
    found = offer(source(text, path))

    assert names == found.own
    assert not found.is_open


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", "from x import *"),
        ("a.py", "def __getattr__(name): return name"),
        ("a.py", "globals().update(x)"),
        ("a.py", "def broken(:"),
        ("a.ts", "export * from './b';"),
        ("a.ts", "export = f;"),
        ("a.js", "module.exports = make();"),
        ("a.js", "module.exports = { ...other };"),
        ("a.js", "exports = module.exports = f;"),
        ("a.js", "Object.assign(exports, other);"),
        ("a.go", "package a"),
    ],
)
def test_what_nobody_can_list_is_open(path, text):
    assert offer(source(text, path)).is_open


def test_what_something_else_gives_by_that_name_is_not_withdrawn():
    after = source("from .impl import f\ng = make()\n")

    assert {"h"} == withdrawn(source("def f(): 1\ndef g(): 1\ndef h(): 1"), after)


# What a file imports


def read(path: str, text: str) -> set[tuple[str, str | None]]:
    return {(each.module, each.name) for each in imports(path, text.encode())}


IMPORTS = [
    ("a.py", "from x import f, g as h", {("x", "f"), ("x", "g")}),
    ("a.py", "from . import f\nfrom ..y.z import g", {(".", "f"), ("..y.z", "g")}),
    ("a.py", "import x.y as z, w", {("x.y", None), ("w", None)}),
    ("a.py", "from x import *", {("x", None)}),
    ("a.py", "def f():\n    from x import g", {("x", "g")}),
    ("a.py", "try:\n    import x\nexcept ImportError:\n    x = None", set()),
    ("a.py", "if TYPE_CHECKING:\n    from x import f", set()),
    (
        "a.ts",
        "import { f, g as h } from './x';",
        {("./x", n) for n in (None, "f", "g")},
    ),
    ("a.ts", "import d, * as ns from './x';", {("./x", None)}),
    ("a.ts", "export { f as g } from './x';", {("./x", None), ("./x", "f")}),
    ("a.ts", "export * from './x';", {("./x", None)}),
    ("a.ts", "import x = require('./x');", {("./x", None)}),
    (
        "a.js",
        "const { f, g: h } = require('./x');",
        {("./x", n) for n in (None, "f", "g")},
    ),
    ("a.js", "require('./x').f();", {("./x", None), ("./x", "f")}),
    ("a.js", "// import { f } from './x'\nlet s = \"require('./x')\";", set()),
    (
        "a.vue",
        "<script>\nimport { f } from './x'\n</script>",
        {("./x", None), ("./x", "f")},
    ),
    ("a.md", "from x import f", set()),
    ("dist/a.js", "require('./x')", set()),
]


@pytest.mark.parametrize(("path", "text", "found"), IMPORTS)
def test_what_a_file_imports(path, text, found):
    assert found == read(path, text)


def test_an_import_knows_its_line_and_whether_it_is_used():
    used, idle = imports("a.py", b"\nfrom x import f, g as h\n\nf(1)\n")

    assert (2, "from x import f, g as h", True) == (used.line, used.text, used.is_used)
    assert not idle.is_used


def test_a_script_in_a_page_counts_lines_from_the_top():
    text = b"<template/>\n<script setup>\nimport { f } from './x'\nf()\n</script>\n"
    (*_, named) = imports("a.vue", text)

    assert 3 == named.line


# Where they meet

TREE = frozenset(
    {
        *("src/app.ts", "src/rows.ts", "src/ui/page.tsx", "src/ui/index.ts"),
        *("pkg/__init__.py", "pkg/rows.py", "pkg/sub/__init__.py", "pkg/sub/user.py"),
        *("main.py", "tools/rows.py", "tools/run.py"),
    }
)


def needs(importer: str, text: str, path: str, *, tree=TREE, **fields) -> bool:
    """True when *importer*, holding *text*, needs what is missing from *path*."""
    missing = Missing(path=path, home="code", **{"names": frozenset({"f"}), **fields})
    found = [(importer, imports(importer, text.encode()))]
    return bool(mentions.importers(found, missing, tree))


@pytest.mark.parametrize(
    ("importer", "text", "path"),
    [
        ("src/app.ts", "import { f } from './rows'", "src/rows.ts"),
        ("src/app.ts", "import { f } from './rows.js'", "src/rows.ts"),
        ("src/ui/page.tsx", "import { f } from '../rows'", "src/rows.ts"),
        ("src/ui/page.tsx", "import { f } from '@/rows'", "src/rows.ts"),
        ("src/app.ts", "import { f } from './ui'", "src/ui/index.ts"),
        ("src/ui/page.tsx", "import { f } from '.'", "src/ui/index.ts"),
        ("main.py", "from pkg.rows import f", "pkg/rows.py"),
        ("main.py", "from pkg import f", "pkg/__init__.py"),
        ("pkg/sub/user.py", "from ..rows import f", "pkg/rows.py"),
        ("pkg/sub/user.py", "from pkg.rows import f", "pkg/rows.py"),
        ("tools/run.py", "from rows import f", "tools/rows.py"),
    ],
)
def test_a_module_is_found_as_its_language_finds_it(importer, text, path):
    assert needs(importer, text, path)


@pytest.mark.parametrize(
    ("importer", "text", "path"),
    [
        ("src/app.ts", "import { g } from './rows'", "src/rows.ts"),
        ("src/app.ts", "import { f } from 'rows'", "src/rows.ts"),
        ("src/ui/page.tsx", "import { f } from './rows'", "src/rows.ts"),
        ("src/app.ts", "import * as rows from './rows'", "src/rows.ts"),
        ("main.py", "from rows import f", "tools/rows.py"),
        ("pkg/sub/user.py", "from .rows import f", "pkg/rows.py"),
        ("pkg/sub/user.py", "from rows import f", "pkg/rows.py"),
        ("main.py", "import pkg.rows", "pkg/rows.py"),
    ],
)
def test_another_module_or_name_is_not_meant(importer, text, path):
    assert not needs(importer, text, path)


@pytest.mark.parametrize(
    ("importer", "text", "path", "rival"),
    [
        (
            "src/app.ts",
            "import { f } from './rows'",
            "src/rows.ts",
            "src/rows/index.ts",
        ),
        ("src/app.ts", "import { f } from './rows'", "src/rows.ts", "src/rows.js"),
        ("main.py", "from pkg.rows import f", "pkg/rows.py", "pkg/rows/__init__.py"),
        ("main.py", "from pkg.rows import f", "pkg/rows.py", "src/pkg/rows.py"),
        ("main.py", "from pkg import f", "pkg/__init__.py", "pkg/f.py"),
    ],
)
def test_where_two_files_may_be_meant_there_is_no_answer(importer, text, path, rival):
    assert not needs(importer, text, path, tree=TREE | {rival})


@pytest.mark.parametrize(
    ("importer", "text", "path"),
    [
        ("src/app.ts", "import rows from './rows'", "src/rows.ts"),
        ("src/app.ts", "import './rows'", "src/rows.ts"),
        ("main.py", "import pkg.rows", "pkg/rows.py"),
        ("main.py", "from pkg.rows import *", "pkg/rows.py"),
        ("pkg/sub/user.py", "from .. import rows", "pkg/rows.py"),
    ],
)
def test_a_file_that_is_gone_is_missed_however_it_was_imported(importer, text, path):
    assert needs(importer, text, path, tree=TREE - {path}, is_gone=True)


def test_a_file_that_lives_on_under_another_root_is_not_gone():
    tree = TREE - {"pkg/rows.py"} | {"src/pkg/rows.py"}

    assert not needs(
        "main.py", "from pkg.rows import f", "pkg/rows.py", tree=tree, is_gone=True
    )


def test_the_best_witness_of_a_file_is_told():
    text = "export { f } from './rows'\nimport { f as g } from './rows'\ng(1)\n"
    missing = Missing(path="src/rows.ts", home="code", names=frozenset({"f"}))
    found = [("src/app.ts", imports("src/app.ts", text.encode()))]
    (importer,) = mentions.importers(found, missing, TREE)

    assert (2, True) == (importer.line, importer.is_used)


@pytest.mark.parametrize(
    ("path", "names", "searches"),
    [
        ("src/rows.ts", {"f"}, [("rows", "f")]),
        ("src/ui/index.ts", {"f"}, [("f",)]),
        ("pkg/__init__.py", {"f", "g"}, [("f",), ("g",)]),
        ("src/rows.ts", set("abcdefghijkl"), [("rows",)]),
        ("pkg/__init__.py", set("abcdefghijkl"), []),
    ],
)
def test_what_an_importer_must_hold(path, names, searches):
    missing = Missing(path=path, home="code", names=frozenset(names))

    assert searches == mentions.searches(missing)
