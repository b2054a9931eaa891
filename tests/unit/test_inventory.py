"""What stands in one text: its functions, its stubs, and why some count for nothing."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from weakref import ref

import pytest

from qualitywatch import rulebook
from qualitywatch.analysis import examine
from qualitywatch.analysis.inventory import (
    DECLARATIONS,
    DOUBLES,
    NO_FUNCTIONS,
    ODD_SYNTAX,
    UNJUDGED,
    inventory,
)
from qualitywatch.model import Change, Inventory

RULES = rulebook.load()
REAL = "def total(rows):\n    net = sum(rows)\n    return net * 2\n"
STUB = "def charge(card):\n    # TODO: implement\n    return True\n"
PRETENDS = """def fetch(account):
    # Simulate an API call
    rows = [{"id": 1, "name": "Ada"}, {"id": 2, "name": "Grace"}]
    names = [row["name"] for row in rows]
    return {"status": "ok", "names": ["Ada", "Grace"], "count": 2}
"""
ABSTRACT = """import abc

class Store(abc.ABC):
    @abc.abstractmethod
    def read(self): ...

    def count(self):
        rows = self.read()
        return len(rows)
"""
NULL_OBJECT = "class NullLogger:\n    def log(self, text):\n        pass\n"


def stands(path: str, text: str | bytes) -> Inventory:
    """The inventory of *text* at *path*."""
    content = text.encode() if isinstance(text, str) else text
    return inventory(path, content, RULES)


@pytest.mark.parametrize(
    ("text", "functions", "stubs"),
    [
        (REAL, 1, []),
        (REAL + STUB, 2, [("charge", 4, "constant")]),
        ("def go(path):\n    pass\n", 1, [("go", 1, "empty")]),
        (
            "def go(path):\n    raise NotImplementedError\n",
            1,
            [("go", 1, "not implemented")],
        ),
        ("def go(a):\n    # ... rest of the code\n    pass\n", 1, [("go", 1, "empty")]),
        (ABSTRACT, 1, []),  # what others write is no function yet
        (NULL_OBJECT, 1, []),
        ("class E(Exception):\n    pass\n", 0, []),
        ("x = 1\n", 0, []),
    ],
)
def test_functions_and_stubs(
    text: str, functions: int, stubs: list[tuple[str, int, str]]
) -> None:
    found = stands("src/app.py", text)

    assert functions == found.functions
    assert stubs == [(stub.symbol, stub.line, stub.kind) for stub in found.stubs]
    assert found.apart is None


def test_stub_that_pretends() -> None:
    """A function that says that it simulates, and does, is not implemented."""
    (stub,) = stands("src/app.py", PRETENDS).stubs

    assert ("fetch", 1, "simulated") == (stub.symbol, stub.line, stub.kind)


def test_remark_in_a_branch_makes_no_stub() -> None:
    """It is a violation; the function around it has code."""
    text = (
        "export function pick(a: number) {\n  const b = a * 2\n  if (b > 2) {\n"
        "    // ... rest of the code\n  }\n  return b + a\n}\n"
    )

    found = stands("src/pick.ts", text)

    assert ["remark-for-body"] == [one.rule for one in found.analysis.violations]
    assert () == found.stubs


def test_declarations_without_body_are_no_functions() -> None:
    text = (
        "export function size(a: string): number\n"
        "export function size(a: any) {\n  return a.length + 1\n}\n"
    )

    assert 1 == stands("src/size.ts", text).functions


@pytest.mark.parametrize(
    ("path", "text", "apart"),
    [
        ("tests/test_app.py", STUB, DOUBLES),
        ("src/app.pyi", "def go() -> None: ...\n", DECLARATIONS),
        ("src/app.css", "a { color: red }\n", NO_FUNCTIONS),
        ("src/deploy.cfg", "[a]\nb = 1\n", NO_FUNCTIONS),
        ("src/app.py", "def go(:\n    pass\n", ODD_SYNTAX),
        ("src/app.min.js", "x()", UNJUDGED),
        ("src/app.py", b"\xff\xfe\xff" * 30, UNJUDGED),
    ],
)
def test_what_counts_for_nothing(path: str, text: str | bytes, apart: str) -> None:
    """Such a file has no functions and no stubs, so it makes no number better."""
    found = stands(path, text)

    assert apart == found.apart
    assert (0, ()) == (found.functions, found.stubs)


def test_code_in_a_page_counts() -> None:
    """A page is of no language with functions, and its script is."""
    text = "<html><script>\nfunction go(a) {\n  return a * 2\n}\n</script></html>\n"

    found = stands("src/page.html", text)

    assert (1, None) == (found.functions, found.apart)


def test_violations_are_those_of_a_new_file() -> None:
    content = (REAL + STUB + "eval(input())\n").encode()
    change = Change(path="src/app.py", before=None, after=content)

    expected = examine(change, RULES).analysis

    assert expected == stands("src/app.py", content).analysis
    assert expected.violations


def test_stubs_do_not_depend_on_the_rules() -> None:
    """Who switches off the rules has as many stubs as before."""
    nothing = RULES.without(RULES.ids)

    found = inventory("src/app.py", STUB.encode(), nothing)

    assert () == found.analysis.violations
    assert 1 == len(found.stubs)


def test_large_file_is_unknown() -> None:
    found = inventory("src/app.py", b"x = 1\n" * 9, RULES, max_bytes=10)

    assert (UNJUDGED, 1) == (found.apart, len(found.analysis.unanalysable))


@pytest.fixture
def no_search_for_garbage() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


ALLOWED = "x = 1  # qualitywatch: allow new-stub -- it is a sample\n"
SCRIPT = "class A { f() { return 1 }\n g() { it('x', () => { expect(1) }) } }\n"


@pytest.mark.usefixtures("no_search_for_garbage")
@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", ABSTRACT + REAL + STUB + ALLOWED),
        ("test_a.py", "def test_a():\n    assert 1\n"),
        ("a.ts", SCRIPT),
        ("a.test.ts", SCRIPT),
        ("a.html", "<p>Hi</p>\n"),
    ],
)
def test_a_text_that_was_counted_is_freed_at_once(path: str, text: str) -> None:
    """What hangs in circles keeps its tree, and every tree gets memory of its own."""
    change = Change(path=path, before=None, after=text.encode())
    seen = []

    examine(change, RULES, seen=lambda part: seen.append(ref(part.after)))

    assert seen
    assert [None] == list({text() for text in seen})
