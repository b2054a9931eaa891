"""Host programs of every language, with places where a remark may replace code.

A host marks by `@drop NAME` and `@end` the code that a lazy edit would drop there; the
remark takes the indentation of `@drop`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from qualitywatch.languages import LANGUAGES
from tests.remark_places import Setting

FOLDER = Path(__file__).parent / "data" / "hosts"
NAMES = {"shell": "bash", ".hpp": "cpp"}
"""What the corpus calls a language, where we call it otherwise."""

_PATHS = {"phtml": "page.phtml", "dockerfile": "Dockerfile", "makefile": "Makefile"}
_MARK = re.compile(r"^[ \t]*@(?:drop \w+|end)\n", re.MULTILINE)
_PLACE = re.compile(
    r"^(?P<indent>[ \t]*)@drop (?P<name>\w+)\n(?P<code>.*?)^[ \t]*@end\n",
    re.MULTILINE | re.DOTALL,
)
# Words of a context, and the places that they mean; the first that a host has counts.
_CONTEXTS = (
    (("style",), ("style", "module")),
    (("string", "template literal", "heredoc"), ("string", "template")),
    (("script",), ("script",)),
    (("HTML", "element", "nav", "JSX"), ("element",)),
    (("import", "using", "usings"), ("imports",)),
    (("match", "switch"), ("match", "switch")),
    (("view",), ("view",)),
    (("only content", "only statement"), ("body",)),
    (("class", "struct", "interface", "base version"), ("class",)),
    (("file", "module", "bare"), ("module",)),
    (("function", "body", "catch", "try"), ("function",)),
)
_ORDER = ("function", "module", "class", "element")


def languages() -> list[str]:
    """The names of all hosts."""
    return sorted(path.stem for path in FOLDER.glob("*.host"))


@cache
def text(name: str) -> str:
    """The host of that name, marks included."""
    return (FOLDER / f"{name}.host").read_text(encoding="utf-8")


@cache
def places(name: str) -> Mapping[str, re.Match[str]]:
    """The places of a host, by their names."""
    return {found["name"]: found for found in _PLACE.finditer(text(name))}


def host_of(language: str, context: str) -> str:
    """The host for a row of the corpus."""
    if language == "php" and ("HTML" in context or "element" in context):
        return "phtml"
    if language == "php" and ("style" in context or "script" in context):
        return "phtml"
    return NAMES.get(language, language)


def place_of(name: str, context: str) -> str:
    """The place of a host that a context of the corpus means."""
    known = places(name)
    wanted = [
        place
        for words, meant in _CONTEXTS
        if any(word in context for word in words)
        for place in meant
    ]
    return next(place for place in (*wanted, *_ORDER, *known) if place in known)


def path_of(name: str) -> str:
    """A path under which a host is analysed."""
    return _PATHS.get(name) or LANGUAGES[name].example_path


def dropped(remark: str, name: str, place: str) -> Setting:
    """The remark in place of the code."""
    return _set(name, place, remark, keeps_code=False)


def beside(remark: str, name: str, place: str) -> Setting:
    """The remark above the code, which stays; a number changes elsewhere."""
    setting = _set(name, place, remark, keeps_code=True)
    return setting._replace(after=setting.after.replace("100", "250"))


def new_file(remark: str, name: str, place: str) -> Setting:
    """The same text as a file that was not there before."""
    return beside(remark, name, place)._replace(before="")


def _set(name: str, place: str, remark: str, *, keeps_code: bool) -> Setting:
    found = places(name)[place]
    lines = "".join(f"{found['indent']}{line}\n" for line in remark.split("\n"))
    code = found["code"] if keeps_code else ""
    whole = text(name)
    after = whole[: found.start()] + lines + code + whole[found.end() :]
    return Setting(
        path=path_of(name),
        before=_MARK.sub("", whole),
        after=_MARK.sub("", after),
    )
