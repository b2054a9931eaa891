"""Markdown -> `Rule`: which sections and blocks a rule file holds.

A rule finds in exactly one way per language: a `query` (in Python with a `matcher`
behind it), or, for all languages at once, the fields `remark` or `check`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

import msgspec

from qualitywatch import languages
from qualitywatch.languages import Language
from qualitywatch.model import ViolationType
from qualitywatch.rulebook import examples, fields, markdown
from qualitywatch.rulebook.examples import Setting
from qualitywatch.rulebook.fields import Fields
from qualitywatch.rulebook.markdown import Block, Part, refusal
from qualitywatch.rulebook.rule import Example, Rule, Section

REASONS = ("What it finds", "Why it matters", "When to leave it")
"""The prose that every rule has."""

ANY_LANGUAGE = "Any language"
"""The heading of a section that serves every language."""

_LIMITS = "Known limits"
_OPTIONAL = (_LIMITS, "References")
_ILLUSTRATIONS = (("text",), ("console",))  # blocks that are not data
_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def parse(
    text: str,
    *,
    source: str,
    id: str,
    type: ViolationType,
    known_checks: Collection[str] | None = None,
) -> Rule:
    """The rule that *text* defines; raises `RuleError` with place, problem and hint."""
    text = text.replace("\r\n", "\n")
    parts = markdown.cut(text, source=source)
    head, body = _head(parts, id, source)
    block = _toml_block(head, source)
    found = fields.read(block, type, source, known_checks)
    sections = _sections(body, found, id, source)
    return Rule(
        id=id,
        type=type,
        **msgspec.structs.asdict(found),
        remark_line=fields.line_of("remark", block),
        sections=sections,
        source=source,
        text=text,
    )


# The title and the prose


def _head(parts: Sequence[Part], id: str, source: str) -> tuple[Part, Sequence[Part]]:
    """The part below the title, and all others, of which none is unknown."""
    title = f"`{id}`"
    if not parts or parts[0].level != 1 or parts[0].title != title:
        line = parts[0].line if parts else 1
        raise refusal(
            source,
            line,
            "the title is not the name of the file",
            f"the first line must be: # {title}",
        )
    _refuse_odd_id(id, source)
    body = parts[1:]
    for part in body:
        _refuse_odd_part(part, body, source)
    for reason in REASONS:
        if not any(part.title == reason and part.prose for part in body):
            raise refusal(
                source,
                1,
                f"the section `## {reason}` is missing or empty",
                f"every rule has: {', '.join(REASONS)}",
            )
    return parts[0], body


def _refuse_odd_id(id: str, source: str) -> None:
    suffix = id.rpartition("-")[2]
    if (
        _ID.fullmatch(id)
        and not id.startswith("no-")
        and not languages.of_title(suffix)
    ):
        return
    raise refusal(
        source,
        1,
        f"`{id}` is no name for a rule",
        "lower case, words joined by `-`; it names the fault, so that `allow <id>` "
        "reads well; it does not begin with `no-` or end with a language",
    )


def _refuse_odd_part(part: Part, body: Sequence[Part], source: str) -> None:
    if part.level != 2 or not _is_known(part.title):
        allowed = (*REASONS, *_OPTIONAL, *_titles())
        raise refusal(
            source,
            part.line,
            f"unknown section `{part.title}`",
            f"a section is one of: {', '.join(allowed)}",
        )
    if part is not next(other for other in body if other.title == part.title):
        raise refusal(source, part.line, f"a second section `{part.title}`")
    if part.title in REASONS or part.title == "References":
        _data(part, source, "an example stands in the section of its language")


def _data(part: Part, source: str, hint: str = "") -> tuple[Block, ...]:
    """The blocks of *part* that are data; with a *hint*, none may be."""
    found = tuple(b for b in part.blocks if b.words[:1] not in _ILLUSTRATIONS)
    if found and hint:
        raise refusal(source, found[0].line, "a block of data in a prose section", hint)
    return found


def _is_known(title: str) -> bool:
    return title in REASONS or title in _OPTIONAL or bool(_served(title))


def _served(title: str) -> tuple[Language, ...]:
    """The languages a heading names: `Go`, `JavaScript, JSX`, or `Any language`."""
    if title == ANY_LANGUAGE:
        return tuple(languages.LANGUAGES.values())
    found = [languages.of_title(word) for word in title.split(", ")]
    titles = ", ".join(language.title for language in found if language)
    return tuple(filter(None, found)) if titles == title else ()


def _titles() -> Iterable[str]:
    return (language.title for language in languages.LANGUAGES.values())


def _toml_block(head: Part, source: str) -> Block:
    blocks = _data(head, source)
    if len(blocks) != 1 or blocks[0].words != ("toml",):
        line = blocks[-1].line if blocks else head.line
        raise refusal(
            source,
            line,
            "below the title stands exactly one `toml` block",
            "it holds: " + ", ".join(Fields.__struct_fields__),
        )
    return blocks[0]


# The sections of the languages


def _sections(
    body: Sequence[Part], given: Fields, id: str, source: str
) -> tuple[Section, ...]:
    limits = _known_limits(body, id, source)
    sections: list[Section] = []
    for part in body:
        if served := _served(part.title):
            setting = Setting(rule_id=id, languages=served, source=source)
            sections += _sections_of(part, given, setting, limits)
    _refuse_second_section(sections, source)
    names = {section.language for section in sections}
    for example in limits:
        if not names & {example.language, languages.ANY}:
            problem = f"an example in {example.language}, which has no section"
            raise refusal(source, example.line, problem)
    if not sections:
        hint = f"add one of: {', '.join(f'## {title}' for title in _titles())}"
        raise refusal(source, 1, "there is no section for a language", hint)
    return tuple(sections)


def _sections_of(
    part: Part, given: Fields, setting: Setting, limits: tuple[Example, ...]
) -> Iterator[Section]:
    """A section for each language that *part* serves, each with its own examples."""
    blocks = _data(part, setting.source)
    query = _only("query", blocks, setting.source)
    matcher = _only("matcher", blocks, setting.source)
    _refuse_odd_finding(part, query, matcher, given, setting)
    shown = [b for b in blocks if b is not query and b is not matcher]
    for block in shown:
        _refuse_other_language(block, part, setting)
    found = examples.read(shown, setting)
    _refuse_one_side(part, found, setting)
    section = Section(
        language=languages.ANY,
        line=part.line,
        query=query.text if query else None,
        query_line=query.line if query else 0,
        matcher=matcher.text if matcher else None,
        matcher_line=matcher.line if matcher else 0,
        examples=found,
    )
    if part.title == ANY_LANGUAGE:
        yield msgspec.structs.replace(section, examples=found + limits)
        return
    for language in setting.languages:
        own = (e for e in (*found, *limits) if e.language == language.name)
        yield msgspec.structs.replace(
            section, language=language.name, examples=tuple(own)
        )


def _refuse_second_section(sections: Iterable[Section], source: str) -> None:
    seen: set[str] = set()
    for section in sections:
        if section.language in seen:
            title = languages.LANGUAGES[section.language].title
            raise refusal(source, section.line, f"a second section for {title}")
        seen.add(section.language)


def _only(word: str, blocks: Iterable[Block], source: str) -> Block | None:
    found = [block for block in blocks if block.words[:1] == (word,)]
    if len(found) > 1:
        problem = f"a second `{word}` block: more than one way of finding"
        hint = "one query may hold several patterns"
        raise refusal(source, found[1].line, problem, hint)
    return found[0] if found else None


def _refuse_odd_finding(
    part: Part,
    query: Block | None,
    matcher: Block | None,
    given: Fields,
    setting: Setting,
) -> None:
    """Exactly one way of finding for each language."""
    field = "check" if given.check else "remark" if given.remark else None
    block = query or matcher
    if field and block:
        problem = f"`{field}` and a `{block.words[0]}`: more than one way of finding"
        hint = f"a rule with `{field}` has nothing but examples in its sections"
        raise refusal(setting.source, block.line, problem, hint)
    is_python = [language.name for language in setting.languages] == ["python"]
    if matcher and (query is None or not is_python):
        hint = "a matcher decides on the candidates of a query, in Python only"
        raise refusal(setting.source, matcher.line, "a `matcher` out of place", hint)
    if query and part.title == ANY_LANGUAGE:
        hint = "a query is written for the node types of one grammar"
        raise refusal(setting.source, query.line, "a `query` for any language", hint)
    if not field and not query:
        hint = "add a `query` block, or the field `check` or `remark`"
        problem = f"nothing says how to find it in {part.title}"
        raise refusal(setting.source, part.line, problem, hint)


def _refuse_other_language(block: Block, part: Part, setting: Setting) -> None:
    word = block.words[0] if block.words else ""
    language = languages.of_title(word)
    if language is None:
        known = ", ".join(("query", "matcher", *languages.names()))
        problem = f"unknown language `{word}`" if word else "a block without a language"
        raise refusal(setting.source, block.line, problem, f"known: {known}")
    if language not in setting.languages:
        problem = f"an example in {language.title} below {part.title}"
        hint = f"move it below `## {language.title}`"
        raise refusal(setting.source, block.line, problem, hint)


def _refuse_one_side(part: Part, found: Iterable[Example], setting: Setting) -> None:
    marked = {any(id == setting.rule_id for _, id in e.finds) for e in found}
    if marked == {True, False}:
        return
    missing = "clean" if True in marked else "marked"
    comment = setting.languages[0].line_comment
    raise refusal(
        setting.source,
        part.line,
        f"{part.title} has no {missing} example",
        f"show both sides: one with a line that ends in `{comment} finds`, one without",
    )


def _known_limits(body: Sequence[Part], id: str, source: str) -> tuple[Example, ...]:
    part = next((part for part in body if part.title == _LIMITS), None)
    found: list[Example] = []
    grouped: dict[str, list[Block]] = {}
    for block in _data(part, source) if part else ():
        grouped.setdefault(block.words[0] if block.words else "", []).append(block)
    for word, blocks in grouped.items():
        language = languages.of_title(word)
        if language is None:
            known = ", ".join(languages.names())
            raise refusal(
                source, blocks[0].line, f"unknown language `{word}`", f"known: {known}"
            )
        setting = Setting(
            rule_id=id, languages=(language,), source=source, known_limits=True
        )
        found.extend(examples.read(blocks, setting))
    return tuple(found)
