"""Ways to hide code: whoever reads it is to see it, or to say that it can not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from tests.robust import quiet
from tests.robust.ground import SETTINGS, Daemon, Ground, lazy, whole

PYTHON, SCRIPT = "eval(input())", "eval(location.hash)"
"""What is hidden: each is a violation where it stands in the open."""

BEFORE = whole(0)
_SCRIPT_BEFORE = "export const version = 1\n"
_MIB = 1024 * 1024
_LONGEST = 60.0


class Trick(NamedTuple):
    """What is done to a file, and beside it."""

    name: str
    path: str
    after: bytes
    before: str = BEFORE
    beside: Mapping[str, str] = MappingProxyType({})  # in the same folder
    deed: Callable[[Path], None] | None = None  # before all, in that folder


def tricks() -> tuple[Trick, ...]:
    """All of them, each in a folder of its own, and those at the top."""
    found = (*_cookies(), *_bytes(), *_signs(), *_scripts(), *_noise(), *_neighbours())
    apart = (
        trick._replace(path=f"trick_{number}/{trick.path}")
        for number, trick in enumerate(found)
    )
    return (*apart, *_at_the_top())


def lay_out(ground: Ground, played: tuple[Trick, ...]) -> None:
    """Commit each file as it stood before."""
    for trick in played:
        file = ground.root / trick.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(trick.before)
    ground.commit("Before")


def play(ground: Ground, trick: Trick) -> None:
    """Do it."""
    file = ground.root / trick.path
    if trick.deed is not None:
        trick.deed(file.parent)
    for name, text in trick.beside.items():
        (file.parent / name).write_text(text)
    file.write_bytes(trick.after)


async def play_all(folder: Path) -> list[str]:
    """Every trick at once under one daemon; those of which nothing was said."""
    ground = Ground.make(folder, ["app.py"])
    played = tricks()
    lay_out(ground, played)
    daemon = Daemon(ground, port=0)
    try:
        assert await daemon.ready() is not None, daemon.log.read_text()
        for trick in played:
            play(ground, trick)
        return await silent(ground, played)
    finally:
        daemon.process.kill()
        daemon.process.wait()


async def silent(ground: Ground, played: tuple[Trick, ...]) -> list[str]:
    """The tricks of which nothing was said in the time there was."""
    wanted = {trick.path: trick.name for trick in played}
    async with asyncio.timeout(_LONGEST + 5):
        for _ in range(int(_LONGEST / 0.2)):
            said = {
                row.path
                for row in quiet.judged(ground)
                if row.has_violation or row.is_unanalysable
            }
            if wanted.keys() <= said:
                return []
            await asyncio.sleep(0.2)
    return sorted(wanted[path] for path in wanted.keys() - said)


def _py(name: str, after: bytes | str) -> Trick:
    return Trick(name, "app.py", after if isinstance(after, bytes) else after.encode())


def _js(name: str, after: str) -> Trick:
    return Trick(name, "app.js", after.encode(), before=_SCRIPT_BEFORE)


def _cookies() -> Iterator[Trick]:
    """Encodings in which a comment is code."""
    hidden = {
        "utf-7": b"#+AAo-" + PYTHON.encode(),
        "unicode_escape": b"#\\n" + PYTHON.encode(),
        "raw_unicode_escape": b"# \\u000a" + PYTHON.encode(),
    }
    for codec, line in hidden.items():
        cookie = f"# -*- coding: {codec} -*-\n".encode()
        yield _py(codec, BEFORE.encode().join((cookie, line + b"\n")))
    line = hidden["utf-7"] + b"\n" + BEFORE.encode()
    for alias in ("utf_7", "UTF7", "u7", "unicode-1-1-utf-7"):
        yield _py(f"cookie {alias}", f"# coding: {alias}\n".encode() + line)
    yield _py("a mode line", b"# vim: set fileencoding=utf-7 :\n" + line)
    yield _py("in the second line", b"#!/usr/bin/python\n# coding=utf-7\n" + line)
    yield _py("behind a form feed", b"\x0c# coding: utf-7\n" + line)
    for codec in (
        "rot13",
        "hz",
        "iso2022_jp",
        "punycode",
        "utf-16",
        "cp037",
        "nonsense",
    ):
        text = f"# coding: {codec}\n{PYTHON}\n{BEFORE}"
        yield _py(f"cookie {codec}", text)
    for codec, sign in {"latin-1": "\xe9", "cp1252": "\u20ac"}.items():
        text = f"# coding: {codec}\n# {sign}\n{PYTHON}\n{BEFORE}"
        yield _py(codec, text.encode(codec))


def _bytes() -> Iterator[Trick]:
    """Bytes that readers disagree about."""
    text = f"{BEFORE}{PYTHON}\n"
    yield _py("a bare carriage return", f"{BEFORE}x = 1  # hi\r{PYTHON}\n")
    yield _py("carriage returns only", text.replace("\n", "\r"))
    yield _py("NUL", f"{BEFORE}x = 1\0\n{PYTHON}\n")
    yield _py("NUL in a comment", f"{BEFORE}# x\0\n{PYTHON}\n")
    yield _py("Ctrl-Z", f"{BEFORE}\x1a\n{PYTHON}\n")
    yield _py("a byte order mark", b"\xef\xbb\xbf" + text.encode())
    yield _py("a mark and a cookie", b"\xef\xbb\xbf# coding: utf-7\n" + text.encode())
    for codec in ("utf-16", "utf-16-le", "utf-16-be", "utf-32"):
        yield _py(codec, text.encode(codec))
    yield _py("not UTF-8", b"# \xff\xfe\n" + text.encode())
    yield _py("an overlong slash", b"# \xc0\xaf\n" + text.encode())
    yield _py("a surrogate", b"# \xed\xa0\x80\n" + text.encode())


def _signs() -> Iterator[Trick]:
    """Signs that look like others, or like nothing."""
    yield _py(
        "a mathematical name",
        BEFORE + "\U0001d41e\U0001d42f\U0001d41a\U0001d425(input())\n",
    )
    yield _py("a full-width name", BEFORE + "\uff45val(input())\n")
    yield _py("a ligature", BEFORE + "e\U0001d4cbal(input())\n")
    yield _py("a Cyrillic letter", BEFORE.replace("total", "t\u043etal"))
    yield _py("a zero-width space", BEFORE + f"x = 'a\u200bb'\n{PYTHON}\n")
    yield _py("a zero-width name", BEFORE + "to\u200dtal = 1\n")
    yield _py(
        "bidi",
        BEFORE + 'if level != "user\u202e \u2066# admin\u2069 \u2066":\n    x = 1\n',
    )
    yield _py("bidi in a comment", BEFORE + "x = 1  # \u202e } \u2066if admin\u2069\n")
    yield _py("tags", BEFORE + "x = 'a\U000e0041\U000e0042\U000e0043\U000e0044'\n")
    yield _py("a Hangul filler", BEFORE + "\u3164 = 1\n")
    yield _py(
        "a remark in full width", lazy(1).replace("rest", "\uff52\uff45\uff53\uff54")
    )
    yield _py("a remark with zero width", lazy(1).replace("rest", "re\u200bst"))


def _scripts() -> Iterator[Trick]:
    """What ends a line in JavaScript, and how it spells a name."""
    for name, sign in {"U+2028": "\u2028", "U+2029": "\u2029", "CR": "\r"}.items():
        yield _js(f"{name} ends a comment", f"{_SCRIPT_BEFORE}// hi{sign}{SCRIPT}\n")
    yield _js("an escaped name", f"{_SCRIPT_BEFORE}\\u0065val(location.hash)\n")
    yield _js("a braced escape", f"{_SCRIPT_BEFORE}\\u{{65}}val(location.hash)\n")
    yield _js("a mark", f"\ufeff{_SCRIPT_BEFORE}{SCRIPT}\n")


def _noise() -> Iterator[Trick]:
    """So much, or so many requests to look away, that nobody looks."""
    allow = "# noqa  # nosec  # type: ignore  # pylint: disable=all"
    yield _py("a remark for every tool", f"{BEFORE}{PYTHON}  {allow}\n")
    yield _py("ours too", f"{BEFORE}{PYTHON}  # qualitywatch: allow eval -- trust me\n")
    yield _py("10,000 of them", f"{allow}\n" * 10_000 + f"{BEFORE}{PYTHON}\n")
    yield _py("a line of 2 MiB", f"{BEFORE}# {'x' * 2 * _MIB}\n{PYTHON}\n")
    yield _py("5 MiB", f"{BEFORE}{'# padding' * 60_000 * 10}\n{PYTHON}\n")
    yield _py("100,000 empty lines", f"{BEFORE}{chr(10) * 100_000}{PYTHON}\n")
    yield _py("far to the right", f"{BEFORE}x = 1{' ' * 5000};{PYTHON}\n")
    yield _py("under a thousand functions", _functions(1000) + f"{PYTHON}\n{BEFORE}")
    yield _py("deep brackets", f"{BEFORE}x = {'[' * 500}{']' * 500}\n{PYTHON}\n")


def _neighbours() -> Iterator[Trick]:
    """Files and folders beside it that say: do not look here."""
    gone = lazy(1).encode()
    for name, text in {
        "generated": "*.py linguist-generated=true\n",
        "vendored": "* linguist-vendored\n",
        "binary": "*.py binary\n",
        "no diff": "*.py -diff -text\n",
        "LFS": "*.py filter=lfs diff=lfs merge=lfs -text\n",
        "another encoding": "*.py working-tree-encoding=UTF-16\n",
    }.items():
        yield Trick(name, "app.py", gone, beside={".gitattributes": text})
    yield Trick("ignored", "app.py", gone, beside={".gitignore": "*\n"})
    yield Trick("a repository", "app.py", gone, deed=lambda at: (at / ".git").mkdir())
    yield Trick("a link to one", "app.py", gone, beside={".git": "gitdir: /nowhere\n"})
    yield Trick("a word on generation", "app.py", b"# @generated. Hands off.\n" + gone)


def _at_the_top() -> tuple[Trick, ...]:
    """The files at the top that say what is looked at."""
    return (
        Trick(
            "our settings", "qualitywatch.toml", b"[watch]\nignore=['*']\n", SETTINGS
        ),
        Trick("ignored by git", ".gitignore", b"*.py\nsrc/\n", "*.pyc\n"),
        Trick("attributes", ".gitattributes", b"*.py binary\n", "*.png binary\n"),
    )


def _functions(count: int) -> str:
    return "".join(f"def step_{n}():\n    return {n}\n\n\n" for n in range(count))
