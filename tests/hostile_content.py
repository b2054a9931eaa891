"""Files made to stall, crash or blind an analysis: one small function each.

Nesting, chains, huge and odd texts, decoding tricks, and bombs for the parts of the
analysis that look at text: comments, expressions, matching, aliases.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

KIB, MIB = 1024, 1024 * 1024


class Bomb(NamedTuple):
    """One hostile change."""

    name: str
    path: str
    after: bytes
    before: bytes | None = None


def _nested(opening: str, closing: str, depth: int, core: str = "1") -> str:
    return opening * depth + core + closing * depth


def _noise(size: int, seed: int = 7) -> bytes:
    return random.Random(seed).randbytes(size)


def _text_noise(size: int, seed: int = 7) -> str:
    signs = "(){}[]<>\"'`\\/*#$@:;,.=+-!?&|%^~ \n\tabcxyz019_"
    return "".join(random.Random(seed).choices(signs, k=size))


def _functions(count: int, suffix: str = "") -> str:
    return "".join(
        f"def step_{n}(a, b):\n    c = a + {n}\n    return c * b{suffix}\n\n"
        for n in range(count)
    )


def _stairs(line: str, count: int) -> str:
    return "".join(f"{' ' * n}{line}\n" for n in range(count))


def _alias_bomb(count: int) -> str:
    doubled = (f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, count))
    return "a0: &a0 [x, x]\n" + "".join(doubled)


def _here_documents(count: int) -> list[str]:
    return [f"<<A{n}" for n in range(count)]


def _names(count: int) -> list[str]:
    return [f"name_{n}" for n in range(count)]


_LINES_OF_REMARK = "... existing code\n" * 30_000

_PYTHON: Mapping[str, str] = MappingProxyType(
    {
        "parentheses, 1,300 deep": f"x = {_nested('(', ')', 1300)}\n",
        "parentheses, 1,000,000 deep": f"x = {_nested('(', ')', 1_000_000)}\n",
        "lists, 1,300 deep": f"x = {_nested('[', ']', 1300)}\n",
        "calls, 1,300 deep": f"x = {_nested('f(', ')', 1300)}\n",
        "subscripts, 1,000 deep": f"x: {_nested('a[', ']', 1000)} = 1\n",
        "comprehensions, 1,000 deep": (f"x = {_nested('[y for y in ', ']', 1000)}\n"),
        "formatted strings, 1,000 deep": (
            "x = " + 'f"{' * 1000 + "1" + '}"' * 1000 + "\n"
        ),
        "depth 20 on 500 lines": f"x = {_nested('[', ']', 20)}\n" * 500,
        "depth 190 on 20 lines": f"x = {_nested('f(', ')', 190)}\n" * 20,
        "a sum of 10,000": f"x = {'+'.join(['1'] * 10_000)}\n",
        "a sum of 300,000": f"x = {'+'.join(['1'] * 300_000)}\n",
        "10,000 attributes": f"x = a{'.a' * 10_000}\n",
        "10,000 calls in a row": f"x = a{'()' * 10_000}\n",
        "10,000 subscripts in a row": f"x = a{'[0]' * 10_000}\n",
        "10,000 signs": f"x = {'-' * 10_000}1\n",
        "10,000 negations": f"x = {'not ' * 10_000}1\n",
        "8,300 elif": "if a:\n    b\n" + "elif a:\n    b\n" * 8300,
        "7,200 and": f"x = {' and '.join(['a'] * 7200)}\n",
        "3,500 lambda": f"x = {'lambda: ' * 3500}1\n",
        "4,000 strings in a row": "x = (" + '"a" ' * 4000 + ")\n",
        "indented 150 times": (
            "".join(f"{' ' * n}if a:\n" for n in range(150)) + " " * 150 + "pass\n"
        ),
        "functions inside functions, 90 deep": (
            "".join(f"{' ' * n}def f():\n" for n in range(90)) + " " * 90 + "pass\n"
        ),
        "a list of 100,000": f"x = [{'1,' * 100_000}]\n",
        "one string of 1 MB": f"x = '{'a' * (MIB - 9)}'\n",
        "100,000 comments": "# x\n" * 100_000,
        "500,000 empty lines": "\n" * 500_000,
        "20,000 functions": _functions(20_000),
        "20,000 functions of one name": "def f():\n    return g()\n\n" * 20_000,
        "a string without end": "x = '''" + "a\n" * 50_000,
        "form feeds and odd spaces": "\f\v x = 1\x1c\n" * 5000,
        "Ctrl-Z": "x = 1\n\x1aimport os\n",
        "10 MB of code": _functions(180_000),
    }
)

_SCRIPTS: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("js", "unclosed brackets, 1,000,000"): "[{(\n" * 333_334,
        ("js", "unclosed brackets, 60 KB"): "[{(\n" * 15_000,
        ("js", "functions, 10,000 deep"): _nested("function f(){\n", "}\n", 10_000),
        ("js", "arrows, 20,000 deep"): "x = " + "a =>\n" * 20_000 + "1;\n",
        ("js", "else if, 16,000"): "if(a){b}" + "else if(a){b}\n" * 16_000,
        ("js", "ternaries, 20,000"): "x = " + "a ? b :\n" * 20_000 + "c;\n",
        ("js", "template strings, 5,000 deep"): _nested("`${\n", "}`\n", 5000),
        ("js", "try, 3,000 deep"): _nested("try{\n", "}catch(e){}\n", 3000),
        ("js", "regular expressions"): f"x = /{'(a+)+' * 900}$/;\n" * 40,
        ("ts", "generics, 20,000 deep"): f"let x: {_nested('A<', '>', 20_000)};\n",
        ("ts", "unions of 50,000"): f"type A = {'|'.join(['B'] * 50_000)};\n",
        ("tsx", "elements, 16,000 deep"): "x = " + _nested("<b>", "</b>", 16_000),
        ("tsx", "elements without end"): "const a = " + "<div>" * 16_000,
        ("json", "arrays, 100,000 deep"): _nested("[", "]", 100_000),
        ("json", "objects, 900 deep"): _nested('{"a":', "}", 900),
        ("json", "a number of 200,000 digits"): "9" * 200_000,
        ("json", "60,000 keys"): "{" + "".join(f'"k{n}":1,' for n in range(60_000)),
        ("yaml", "aliases that multiply"): _alias_bomb(60),
        ("yaml", "sequences, 50,000 deep"): _nested("[", "]", 50_000),
        ("yaml", "indented 1,000 times"): _stairs("a:", 1000),
        ("yaml", "keys without end"): "? " * 50_000,
        ("toml", "arrays, 50,000 deep"): "a = " + _nested("[", "]", 50_000),
        ("toml", "dotted keys"): f"{'.'.join(['a'] * 20_000)} = 1\n",
        ("rs", "brackets, 50,000 deep"): f"fn f() {{{_nested('(', ')', 50_000)}}}",
        ("rs", "generics, 20,000 deep"): f"type A = {_nested('V<', '>', 20_000)};",
        ("rs", "comments inside comments"): _nested("/*", "*/", 50_000),
        ("rs", "macro brackets"): f"m!{_nested('(', ')', 30_000)};\n",
        ("cpp", "templates, 20,000 deep"): f"{_nested('A<', '>', 20_000)} x;",
        ("cpp", "raw strings without end"): 'auto x = R"(' * 20_000,
        ("c", "pointers, 50,000"): f"int {'*' * 50_000}x;\n",
        ("c", "casts, 20,000"): f"int x = {'(int)' * 20_000}1;\n",
        ("go", "literals, 20,000 deep"): "package a\nvar x = "
        + _nested("T{", "}", 20_000),
        (
            "java",
            "generics, 20,000 deep",
        ): f"class A {{{_nested('B<', '>', 20_000)} x;}}",
        ("cs", "generics, 20,000 deep"): f"class A {{{_nested('B<', '>', 20_000)} x;}}",
        ("cs", "interpolations"): 'class A { string x = $"{' * 2000,
        ("rb", "here-documents on a line"): f"f({', '.join(_here_documents(3000))})\n",
        ("rb", "interpolations, 3,000 deep"): _nested('"#{', '}"', 3000),
        ("php", "arrays, 50,000 deep"): "<?php $x = " + _nested("[", "]", 50_000),
        ("php", "here-documents without end"): "<?php\n" + "$x = <<<A\n" * 5000,
        ("kt", "lambdas, 5,000 deep"): f"val x = {_nested('{ a -> ', ' }', 5000)}\n",
        ("kt", "comments inside comments"): "/*" * 70_000,
        ("swift", "closures, 5,000 deep"): "let x = " + _nested("{ a in ", " }", 5000),
        ("swift", "a sum of 5,000"): f"let x = {' + '.join(['1'] * 5000)}\n",
        ("scala", "types, 5,000 deep"): f"type A = {_nested('F[', ']', 5000)}\n",
        ("lua", "tables, 50,000 deep"): f"x = {_nested('{', '}', 50_000)}\n",
        ("lua", "long brackets"): "[[" * 20_000,
        ("sh", "here-documents on a line"): f"cat {' '.join(_here_documents(2000))}\n",
        ("sh", "substitutions, 5,000 deep"): _nested("$(echo ", ")", 5000) + "\n",
        ("html", "elements, 30,000 deep"): _nested("<div>", "</div>", 30_000),
        ("html", "attributes, 100,000"): f"<p {'a=b ' * 100_000}>\n",
        ("html", "comments without end"): "<!--" * 30_000,
        ("vue", "scripts, 3,000"): "<script>\nlet a = 1\n</script>\n" * 3000,
        ("css", "blocks, 20,000 deep"): _nested("a{", "}", 20_000, "b:c"),
        ("sql", "brackets, 100,000 deep"): _nested("(", ")", 100_000),
    }
)

_TEXTS: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("py", "conflict marks, 100,000"): "<<<<<<< a\n=======\n" * 50_000,
        ("py", "fences, 50,000"): "```python\n" * 50_000,
        ("py", "a remark of 500 KB"): f"# ... {'rest of the ' * 40_000}\n",
        ("py", "a remark of blanks"): f"# ...{' ' * 500_000}x\n",
        ("py", "remarks, 20,000"): "# ... rest of the code unchanged\n" * 20_000,
        ("py", "names in a remark"): f"# ... ({', '.join(_names(20_000))} unchanged)\n",
        ("py", "turned text, 50,000"): "x = '\u202e\u2066'\n" * 50_000,
        ("js", "a remark of 500 KB"): f"/* {_LINES_OF_REMARK}*/\n",
        ("js", "one line of 900 KB"): f"x = [{'1, ' * 300_000}]\n" + "y = 1;\n" * 9999,
        ("txt", "brackets, 500,000"): "(" * 500_000,
    }
)

_NOISY = (
    "py",
    "js",
    "ts",
    "tsx",
    "go",
    "rs",
    "java",
    "c",
    "cpp",
    "cs",
    "rb",
    "php",
    "kt",
    "swift",
    "scala",
    "lua",
    "sh",
    "html",
    "vue",
    "css",
    "json",
    "yaml",
    "toml",
    "sql",
)


def bombs() -> Iterator[Bomb]:
    """All of them, in a fixed order."""
    for name, python in _PYTHON.items():
        yield Bomb(f"py: {name}", "src/bomb.py", python.encode())
    for table in (_SCRIPTS, _TEXTS):
        for (suffix, name), text in table.items():
            yield Bomb(f"{suffix}: {name}", f"src/bomb.{suffix}", text.encode())
    for suffix in _NOISY:
        noise = _text_noise(100 * KIB).encode()
        yield Bomb(f"{suffix}: 100 KB of noise", f"src/bomb.{suffix}", noise)
    yield Bomb("py: 100 KB of random bytes", "src/bomb.py", _noise(100 * KIB))
    yield from _changes()


def _changes() -> Iterator[Bomb]:
    """What is hostile only next to its base."""
    old, new = _functions(3000), _functions(3000, " + 1")
    yield Bomb("py: 3,000 functions changed", "src/bomb.py", new.encode(), old.encode())
    gone = "".join(f"step_{n}(1, 2)\n" for n in range(3000))
    yield Bomb("py: 3,000 functions gone", "src/bomb.py", gone.encode(), old.encode())
    same, other = "x = 1\n" * 100_000, "x = 1\ny = 2\n" * 50_000
    yield Bomb("py: 100,000 equal lines", "src/bomb.py", other.encode(), same.encode())
    shuffled = old.split("\n\n")
    random.Random(7).shuffle(shuffled)
    text = "\n\n".join(shuffled)
    yield Bomb("py: 3,000 functions moved", "src/bomb.py", text.encode(), old.encode())
    twins = "def f():\n    return g()\n\n" * 5000
    fewer = "def f():\n    return g()\n\n" * 4000
    yield Bomb(
        "py: 5,000 twins, less 1,000", "src/bomb.py", fewer.encode(), twins.encode()
    )
