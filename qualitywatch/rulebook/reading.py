"""Markdown -> `Rule`: which sections and blocks a rule file holds.

A rule finds in exactly one way per language: a `query` (in Python with a `matcher`
behind it), or, for all languages at once, the fields `remark` or `check`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from qualitywatch import languages
from qualitywatch.languages import Language
from qualitywatch.model import ViolationType
from qualitywatch.regex import regex
from qualitywatch.rulebook import fields, markdown, section_examples
from qualitywatch.rulebook.fields import Fields
from qualitywatch.rulebook.markdown import Block, Part, refusal
from qualitywatch.rulebook.parts import (
    ANY_LANGUAGE,
    LIMITS,
    REFERENCES,
    data,
    served,
    titles,
)
from qualitywatch.rulebook.rule import Rule, Section, pressed
from qualitywatch.rulebook.words import packed

REASONS = ("What it finds", "Why it matters", "When to leave it")
"""The prose that every rule has."""

_ID = regex(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


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
    rule = _rule(head, body, text, id=id, type=type, source=source, known=known_checks)
    section_examples.of(rule)
    return rule


def define(
    text: str,
    *,
    source: str,
    id: str,
    type: ViolationType,
    known_checks: Collection[str] | None = None,
) -> Rule:
    """The same for a rule that has been proven: only what it judges by is read.

    Its examples are looked at when somebody asks for them.
    """
    text = text.replace("\r\n", "\n")
    head, *rest = markdown.cut(text, source=source, leave=True)
    body = [part for part in rest if served(part.title)]
    return _rule(head, body, text, id=id, type=type, source=source, known=known_checks)


def _rule(
    head: Part,
    body: Sequence[Part],
    text: str,
    *,
    id: str,
    type: ViolationType,
    source: str,
    known: Collection[str] | None,
) -> Rule:
    block = _toml_block(head, source)
    found = fields.read(block, type, source, known)
    return Rule(
        id=id,
        type=type,
        **{name: getattr(found, name) for name in Fields.__struct_fields__},
        remark_line=fields.line_of("remark", block),
        sections=_sections(body, found, source),
        source=source,
        pressed=pressed(text),
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
        allowed = (*REASONS, LIMITS, REFERENCES, *titles())
        raise refusal(
            source,
            part.line,
            f"unknown section `{part.title}`",
            f"a section is one of: {', '.join(allowed)}",
        )
    if part is not next(other for other in body if other.title == part.title):
        raise refusal(source, part.line, f"a second section `{part.title}`")
    if part.title in REASONS or part.title == REFERENCES:
        data(part, source, "an example stands in the section of its language")


def _is_known(title: str) -> bool:
    return title in REASONS or title in (LIMITS, REFERENCES) or bool(served(title))


def _toml_block(head: Part, source: str) -> Block:
    blocks = data(head, source)
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


def _sections(body: Sequence[Part], given: Fields, source: str) -> tuple[Section, ...]:
    sections: list[Section] = []
    for part in body:
        if languages_ := served(part.title):
            sections += _sections_of(part, languages_, given, source)
    _refuse_second_section(sections, source)
    if not sections:
        hint = f"add one of: {', '.join(f'## {title}' for title in titles())}"
        raise refusal(source, 1, "there is no section for a language", hint)
    return tuple(sections)


def _sections_of(
    part: Part, languages_: Sequence[Language], given: Fields, source: str
) -> Iterator[Section]:
    """A section for each language that *part* serves."""
    query = _only("query", part.blocks, source)
    matcher = _only("matcher", part.blocks, source)
    _refuse_odd_finding(part, query, matcher, given, languages_, source)
    is_any = part.title == ANY_LANGUAGE
    for name in [languages.ANY] if is_any else [one.name for one in languages_]:
        yield Section(
            language=name,
            line=part.line,
            query=query.text if query else None,
            query_line=query.line if query else 0,
            packed=packed(query.text) if query else b"",
            matcher=matcher.text if matcher else None,
            matcher_line=matcher.line if matcher else 0,
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
    languages_: Sequence[Language],
    source: str,
) -> None:
    """Exactly one way of finding for each language."""
    field = "check" if given.check else "remark" if given.remark else None
    block = query or matcher
    if field and block:
        problem = f"`{field}` and a `{block.words[0]}`: more than one way of finding"
        hint = f"a rule with `{field}` has nothing but examples in its sections"
        raise refusal(source, block.line, problem, hint)
    is_python = [language.name for language in languages_] == ["python"]
    if matcher and (query is None or not is_python):
        hint = "a matcher decides on the candidates of a query, in Python only"
        raise refusal(source, matcher.line, "a `matcher` out of place", hint)
    if query and part.title == ANY_LANGUAGE:
        hint = "a query is written for the node types of one grammar"
        raise refusal(source, query.line, "a `query` for any language", hint)
    if not field and not query:
        hint = "add a `query` block, or the field `check` or `remark`"
        problem = f"nothing says how to find it in {part.title}"
        raise refusal(source, part.line, problem, hint)
