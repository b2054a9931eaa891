"""Code of one language inside a file of another: scripts and styles in a page, ...

A part is a source of its own, with blanks for what stands before it in its host, so
that lines and columns stay true. Part is compared with part, and a host whose parts
found their partners is compared without them; a part that is gone stays a loss of its
host. Parts are found by their tags, as browsers find them, before anything is parsed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice

import msgspec

from qualitywatch.analysis.comparing.compare import Comparison
from qualitywatch.analysis.firing import without_suppressions
from qualitywatch.analysis.sources.notebooks import cells
from qualitywatch.analysis.sources.source import Source, line_key
from qualitywatch.languages import LANGUAGES, TEXT, Language
from qualitywatch.model import Noun
from qualitywatch.regex import regex
from qualitywatch.rulebook import Rulebook
from qualitywatch.traces import Around

MAX_PARTS = 100  # of one file
LIKE = 0.3  # of the lines of two parts, to be the same part, edited

_PAGES = frozenset({"html", "vue", "svelte", "blade", "razor", "xml", TEXT.name})
_COMPONENTS = frozenset({"vue", "svelte"})  # their scripts are no templates
_NOTEBOOK = ".ipynb"
_OPENING = regex(r"<!--|<(script|style)\b([^>]{0,500})>", re.IGNORECASE)
_CLOSING = {
    "<!--": regex("-->"),
    "script": regex(r"</script\s*>", re.IGNORECASE),
    "style": regex(r"</style\s*>", re.IGNORECASE),
}
_LANG = regex(r"\blang\s*=\s*[\"']?([\w-]+)", re.IGNORECASE)
_TYPE = regex(r"\btype\s*=\s*[\"']?([\w/+.-]+)", re.IGNORECASE)
_SCRIPTS = {
    "": "javascript",
    "module": "javascript",
    "text/javascript": "javascript",
    "application/javascript": "javascript",
    "text/babel": "jsx",
    "js": "javascript",
    "jsx": "jsx",
    "ts": "typescript",
    "typescript": "typescript",
    "tsx": "tsx",
    "application/json": "json",
    "application/ld+json": "json",
    "importmap": "json",
}
_STYLES = {
    "": "css",
    "text/css": "css",
    "css": "css",
    "postcss": "css",
    "scss": "scss",
    "less": "less",
}
_PHP = regex(r"<\?(?:php\b|=)?[\s\S]*?(?:\?>|\Z)")
_TEMPLATE = regex(
    r"<\?.*?\?>|<%.*?%>|\{\{.*?\}\}|\{!!.*?!!\}|\{%.*?%\}|@[\w.]+(?:\(.*?\))?"
)
_SHELTERED = regex(r"\s*(?:<!--|<!\[CDATA\[)")  # from readers of other markup
_VISIBLE = regex(r"[^\n]")


class Part(Noun):
    """Code of one language in its host."""

    tag: str
    language: str
    text: str  # with blanks before it, so that lines and columns are the host's
    spans: tuple[tuple[int, int], ...]  # of the host, in characters
    is_template: bool  # it is made into code later, and need not parse before


class Pair(Noun):
    """A part before and after; without `before` it is new."""

    before: Source | None
    after: Source
    is_template: bool


class Judged(msgspec.Struct, frozen=True):
    """One of the comparisons by which a change of one file is judged."""

    comparison: Comparison
    must_parse: bool  # a template need not


def comparisons(whole: Comparison, rulebook: Rulebook) -> Iterator[Judged]:
    """The file without the code that it embeds, and each part of that."""
    (before, after), pairs = split(whole.before, whole.after)
    if not pairs or whole.is_deleted:
        yield Judged(whole, must_parse=True)
        return
    sides = [(before, after), *((pair.before, pair.after) for pair in pairs)]
    gains = [gained(*side) for side in sides]
    arounds = [_others(whole.around, gains, at) for at in range(len(sides))]
    host = Comparison(before, after, around=arounds[0], suppressions=whole.suppressions)
    yield Judged(host, must_parse=True)
    for pair, around in zip(pairs, arounds[1:], strict=True):
        old, new, told = without_suppressions(pair.before, pair.after, rulebook)
        part = Comparison(old, new, around=around, suppressions=told)
        yield Judged(part, must_parse=not pair.is_template)


def _others(around: Around, gains: list[frozenset[str]], own: int) -> Around:
    """*around*, and what the other parts of the same file gained."""
    lines = (lines for at, lines in enumerate(gains) if at != own)
    told = around.importers if own == 0 else ()  # they import the file as a whole
    return msgspec.structs.replace(
        around, lines=around.lines.union(*lines), importers=told
    )


def split(
    before: Source | None, after: Source
) -> tuple[tuple[Source | None, Source], list[Pair]]:
    """The host without what is judged for itself, and the parts that are."""
    new = parts(after)
    old = [] if before is None else parts(before)
    if not new:
        return (before, after), []
    matched = _matched(old, new)
    pairs = [
        Pair(
            before=None if one is None or before is None else _source(before, one),
            after=_source(after, other),
            is_template=other.is_template or (one is not None and one.is_template),
        )
        for one, other in matched
    ]
    if after.language.name == "php":  # a remark of the script may mean the page
        return (before, after), pairs
    known = [one for one, _ in matched if one is not None]
    return (before and _without(before, known), _without(after, new)), pairs


def gained(before: Source | None, after: Source) -> frozenset[str]:
    """The lines of code that *after* has and *before* has not, by their text."""
    old = set() if before is None else {line.strip() for line in before.lines}
    new = {line.strip() for line in after.lines} - old
    return frozenset(key for key in map(line_key, new) if key)


def parts(source: Source) -> list[Part]:
    """The parts of *source*, in the order of the text."""
    name = source.language.name
    if source.path.endswith(_NOTEBOOK):
        return [_notebook(source.text)] if '"cell_type"' in source.text else []
    if name == "php":
        return _around_php(source)
    if name not in _PAGES or "</" not in source.text:
        return []
    return [_part(source, element) for element in _elements(source.text)]


class _Element(msgspec.Struct, frozen=True):
    """A script or style of a page: where its code stands, and in which language."""

    tag: str
    language: str
    start: int
    end: int


def _elements(page: str) -> list[_Element]:
    return list(islice(_found_elements(page), MAX_PARTS))


def _found_elements(page: str) -> Iterator[_Element]:
    unclosed: set[str] = set()  # searched to the end of the text, once each
    opening = _OPENING.search(page)
    while opening is not None:
        tag, start = (opening[1] or opening[0]).lower(), opening.end()
        closing = None if tag in unclosed else _CLOSING[tag].search(page, start)
        if closing is None:
            unclosed.add(tag)
        elif page[start : closing.start()].strip() and (
            language := _language(tag, opening[2])
        ):
            yield _Element(tag, language, start, closing.start())
        opening = _OPENING.search(page, start if closing is None else closing.end())


def _language(tag: str, attributes: str | None) -> str | None:
    """The language of an element; `None` for a comment, and what we do not know."""
    if attributes is None:
        return None
    said = _LANG.search(attributes) or _TYPE.search(attributes)
    known = _SCRIPTS if tag == "script" else _STYLES
    return known.get(said[1].lower() if said else "")


def _part(host: Source, element: _Element) -> Part:
    code = host.text[element.start : element.end]
    is_component = host.language.name in _COMPONENTS
    fixed = code if is_component else _TEMPLATE.sub(_placeholder, code)
    line = host.text.rfind("\n", 0, element.start) + 1
    lead = "\n" * host.text.count("\n", 0, line) + " " * (element.start - line)
    return Part(
        tag=element.tag,
        language=element.language,
        text=lead + fixed,
        spans=((element.start, element.end),),
        is_template=host.language.name == "php"
        or fixed != code
        or _SHELTERED.match(code) is not None,
    )


def _placeholder(found: re.Match[str]) -> str:
    """A name as long as what a template engine will replace."""
    return "_" * len(found[0])


def _around_php(source: Source) -> list[Part]:
    """The page around the PHP, if there is one, and what it embeds."""
    text = source.text
    if text.startswith("<?php") and "?>" not in text:
        return []
    page = _blanked(text, (found.span() for found in _PHP.finditer(text)))
    if not page.strip():
        return []
    elements = _elements(page)
    inner = ((element.start, element.end) for element in elements)
    around = Part(
        tag="page",
        language="html",
        text=_blanked(page, inner),
        spans=(),
        is_template=True,
    )
    return [around, *(_part(source, element) for element in elements)]


def _notebook(text: str) -> Part:
    return Part(
        tag="cells",
        language="python",
        text="\n".join(cells(text)),
        spans=(),
        is_template=True,
    )


# Before and after


def _matched(old: list[Part], new: list[Part]) -> list[tuple[Part | None, Part]]:
    """Each new part with what it was; parts are few, and mostly keep their order."""
    found: list[tuple[Part | None, Part]] = []
    for tag in dict.fromkeys(part.tag for part in new):
        ours = [part for part in new if part.tag == tag]
        theirs = [part for part in old if part.tag == tag]
        if len(ours) == len(theirs):
            found += zip(theirs, ours, strict=True)
        else:
            found += _likest(theirs, ours)
    return found


def _likest(old: list[Part], new: list[Part]) -> Iterator[tuple[Part | None, Part]]:
    left = list(old)
    for part in new:
        best = max(left, key=lambda one: _likeness(one, part), default=None)
        if best is not None and _likeness(best, part) >= LIKE:
            left.remove(best)
            yield best, part
        else:
            yield None, part


def _likeness(one: Part, other: Part) -> float:
    """The share of lines that two parts have in common, of the shorter one."""
    ours, theirs = (
        {line.strip() for line in part.text.splitlines()} - {""}
        for part in (one, other)
    )
    return len(ours & theirs) / max(1, min(len(ours), len(theirs)))


def _source(host: Source, part: Part) -> Source:
    language: Language = LANGUAGES[part.language]
    return Source(host.path, language, part.text.encode(), part.text)


def _without(host: Source, blanked: Iterable[Part]) -> Source:
    """*host* with blanks in place of its parts."""
    text = _blanked(host.text, (span for part in blanked for span in part.spans))
    return Source(host.path, host.language, host.content, text)


def _blanked(text: str, spans: Iterable[tuple[int, int]]) -> str:
    pieces, at = [], 0
    for start, end in sorted(spans):
        pieces += [text[at:start], _VISIBLE.sub(" ", text[start:end])]
        at = end
    return "".join([*pieces, text[at:]])
