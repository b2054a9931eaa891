"""Many words are looked up in a repository at once: each finds what it finds alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import pytest

from qualitywatch.gate import Tree
from qualitywatch.gate.references import File, References
from qualitywatch.git import Repository
from qualitywatch.traces import Import, Missing
from tests.conftest import Repo

FILES = {
    "user.js": 'import { parse } from "./rows.js";\n',
    "other.js": 'import { show } from "./lines.js";\n',
    "both.js": 'import { parse } from "./lines.js";\nimport "./rows.js";\n',
    "longer.js": "parseAll(rows, browser.lines, a);\n",
    "signs.js": "a.b($scope, c+c, [x]);\n",
    "nosigns.js": "aXb(scope, ccc, x);\n",
    "rows.txt": "rows, parse",
}
EXPECTED = {
    ("rows", "parse"): {"user.js", "both.js"},
    ("rows", "show"): set(),
    ("lines", "parse"): {"both.js"},
    ("lines", "show"): {"other.js"},
    ("a.b",): {"signs.js"},
    ("$scope",): {"signs.js"},
    ("c+c", "[x]"): {"signs.js"},
    ("nowhere",): set(),
}


@pytest.fixture
def tree(repo: Repo) -> Iterator[Tree]:
    """The files as they are committed."""
    head = repo.commit(**FILES)
    found = Repository.discover(repo.root)
    assert found is not None
    with found:
        yield Tree(found, rev=head, limit=1_000)


def test_each_alone(tree: Tree):
    for words, paths in EXPECTED.items():
        assert [(words, paths)] == list(tree.holding([words], (".js",)))


def test_all_at_once(tree: Tree):
    assert EXPECTED == dict(tree.holding(EXPECTED, (".js",)))


def test_there_may_be_any_number(tree: Tree):
    many = [("rows", f"name_{number}") for number in range(120)]

    found = dict(tree.holding([*many, ("rows", "parse")], (".js",)))

    assert {"user.js", "both.js"} == found.pop(("rows", "parse"))
    assert not any(found.values())


def test_a_word_of_several_lines_spoils_no_other(tree: Tree):
    searches = [("a\nlonger", "line"), ("\n",), ("rows", "parse")]

    found = dict(tree.holding(searches, (".js",)))

    assert {
        ("a\nlonger", "line"): set(),
        ("rows", "parse"): EXPECTED["rows", "parse"],
    } == (found)


def test_words_may_be_long(tree: Tree):
    long = [("rows", f"{'x.' * 2_000}{number}") for number in range(45)]

    found = dict(tree.holding([*long, ("rows", "parse")], (".js",)))

    assert {"user.js", "both.js"} == found.pop(("rows", "parse"))
    assert not any(found.values())


def test_nothing_is_a_word_of_no_file(tree: Tree):
    assert [] == list(tree.holding([("",), ("", "parse")], (".js",)))


def test_each_file_is_read_once_for_all_that_is_missing(tree: Tree):
    read: list[str] = []

    def imports(files: Sequence[File]) -> Iterable[tuple[Import, ...]]:
        read.extend(path for path, _ in files)
        return [() for _ in files]

    missing = [
        Missing(path=path, home="code", names=frozenset({"parse", "show"}))
        for path in ("rows.js", "lines.js", "rows.js")
    ]
    assert [(), (), ()] == References(tree, imports).importers(missing)
    assert ["both.js", "other.js", "user.js"] == sorted(read)
