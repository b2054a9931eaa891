"""Real files to edit: what a repository holds, cut into functions."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator

from qualitywatch.analysis.outlines.outline import Outline
from qualitywatch.analysis.outlines.units import Unit
from qualitywatch.analysis.sources.skipping import language_of, skip_reason
from qualitywatch.analysis.sources.source import Refused, Source
from qualitywatch.analysis.syntax.faults import faults
from qualitywatch.git import Repository
from qualitywatch.languages import LANGUAGES, Language
from qualitywatch.model import Noun

MIN_LINES, MAX_LINES = 50, 900
MIN_FUNCTIONS = 3
MIN_BODY = 5  # lines of a body that is worth an edit

_OTHER = re.compile(
    r"(^|/)_*(tests?|specs?|examples?|docs?|vendor|third_party|fixtures?|stubs?"
    r"|testdata|benchmarks?|mocks?|dist|build)(/|_|\.)|[._-](test|spec|min)\.|^test_"
    r"|_test\.|Tests?\.\w+$|\.pyi$|\.d\.ts$",
    re.IGNORECASE,
)
_CONSTRUCTORS = frozenset({"constructor", "init", "initialize", "__init__", "main"})
_OPENERS = {"python": (":",), "lua": (")",), "ruby": (), "bash": ("{",)}


class Function(Noun):
    """A function of a sample, in 1-based lines, ends included."""

    name: str
    start: int  # with decorators
    line: int  # of its name
    body: int  # first line of the body
    body_end: int
    end: int
    indent: str
    member_of: str  # empty: of the file itself
    owner_ends: tuple[int, ...]  # last lines of what encloses it, from the inside out


class Sample(Noun):
    """A file of a repository, and its functions that are plain enough to edit."""

    repository: str
    path: str
    language: str
    text: str
    functions: tuple[Function, ...]

    @property
    def lines(self) -> list[str]:
        """The lines, without their ends."""
        return self.text.split("\n")

    @property
    def mark(self) -> str:
        """What opens a line comment."""
        return LANGUAGES[self.language].line_comment


def samples(repository: Repository, name: str, number: int, seed: int) -> list[Sample]:
    """At most *number* files of each language of *repository*, chosen by *seed*."""
    head = repository.rev_parse("HEAD")
    paths = [p for p in repository.files(head, ".") if not _OTHER.search(p)]
    random.Random(seed).shuffle(paths)
    found: list[Sample] = []
    taken: Counter[str] = Counter()
    for path in paths:
        content = repository.content(head, path, filtered=False)
        language = language_of(path, content)
        if content is None or not language.functions:
            continue
        if taken[language.name] >= number or skip_reason(path, content):
            continue
        if sample := _sample(name, path, content, language):
            found.append(sample)
            taken[language.name] += 1
    return found


def _sample(name: str, path: str, content: bytes, language: Language) -> Sample | None:
    try:
        source = Source.read(path, content, language)
        if not MIN_LINES <= len(source.lines) <= MAX_LINES or faults(source):
            return None
        functions = tuple(_functions(Outline(source)))
    except Refused:
        return None
    if len(functions) < MIN_FUNCTIONS:
        return None
    return Sample(
        repository=name,
        path=path,
        language=language.name,
        text=source.text,
        functions=functions,
    )


def _functions(outline: Outline) -> Iterator[Function]:
    names = Counter(unit.short for unit in outline.units)
    for unit in outline.units:
        is_plain = re.fullmatch(r"\w+", unit.short) is not None
        if unit.kind != "function" or not is_plain or names[unit.short] > 1:
            continue
        if unit.short in _CONSTRUCTORS or _is_constructor(unit):
            continue
        if any(owner.kind == "function" for owner in _owners(unit)):
            continue
        if function := _cut(outline, unit):
            yield function


def _cut(outline: Outline, unit: Unit) -> Function | None:
    lines = outline.source.lines
    language = outline.source.language.name
    body = _body_line(lines, unit, language)
    end = unit.end_line
    body_end = end if language == "python" else end - 1
    if body is None or body_end - body + 1 < MIN_BODY:
        return None
    if language != "python" and not re.match(r"\s*(\}|end\b)", lines[end - 1]):
        return None
    first = lines[unit.start_line - 1]
    if sum(bool(line.strip()) for line in lines[body - 1 : body_end]) < MIN_BODY:
        return None
    owners = list(_owners(unit))
    return Function(
        name=unit.short,
        start=unit.start_line,
        line=unit.line,
        body=body,
        body_end=body_end,
        end=end,
        indent=first[: len(first) - len(first.lstrip())],
        member_of=owners[0].short if owners else "",
        owner_ends=tuple(owner.end_line for owner in owners),
    )


def _body_line(lines: list[str], unit: Unit, language: str) -> int | None:
    """The first line below the head; `None` where the head does not end its line."""
    openers = _OPENERS.get(language, ("{",))
    if not openers:
        return unit.line + 1
    for number in range(unit.line, min(unit.end_line, unit.line + 12)):
        text = re.sub(r"\s+(#|//).*", "", lines[number - 1]).rstrip()
        if text.endswith(openers):
            return number + 1
    return None


def _owners(unit: Unit) -> Iterator[Unit]:
    owner = unit.owner
    while owner is not None and owner.kind != "module":
        yield owner
        owner = owner.owner


def _is_constructor(unit: Unit) -> bool:
    return unit.owner is not None and unit.short == unit.owner.short
