"""The examples of a rule, section by section.

They are its tests and its documentation; who judges needs none of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from qualitywatch import languages
from qualitywatch.rulebook import examples, markdown
from qualitywatch.rulebook.examples import Setting
from qualitywatch.rulebook.markdown import FINDING, Block, Part, refusal
from qualitywatch.rulebook.parts import ANY_LANGUAGE, LIMITS, data, served
from qualitywatch.rulebook.rule import Example, Rule

Shown = tuple[tuple[Example, ...], ...]


def of(rule: Rule) -> Shown:
    """The examples of each section of *rule*; raises `RuleError` for an odd one."""
    text = rule.text
    return _read(text, rule.id, rule.source) if text else ()


@lru_cache(maxsize=64)
def _read(text: str, id: str, source: str) -> Shown:
    body = markdown.cut(text, source=source)[1:]
    limits = _known_limits(body, id, source)
    shown: list[tuple[Example, ...]] = []
    names: set[str] = set()
    for part in body:
        if found := served(part.title):
            setting = Setting(rule_id=id, languages=found, source=source)
            shown += _of_part(part, setting, limits)
            is_any = part.title == ANY_LANGUAGE
            names |= {languages.ANY} if is_any else {one.name for one in found}
    for example in limits:
        if not names & {example.language, languages.ANY}:
            problem = f"an example in {example.language}, which has no section"
            raise refusal(source, example.line, problem)
    return tuple(shown)


def _of_part(
    part: Part, setting: Setting, limits: Sequence[Example]
) -> list[tuple[Example, ...]]:
    """Those of each section that *part* makes."""
    blocks = [b for b in data(part, setting.source) if b.words[:1] not in FINDING]
    for block in blocks:
        _refuse_other_language(block, part, setting)
    found = examples.read(blocks, setting)
    _refuse_one_side(part, found, setting)
    if part.title == ANY_LANGUAGE:
        return [(*found, *limits)]
    return [
        tuple(e for e in (*found, *limits) if e.language == language.name)
        for language in setting.languages
    ]


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
    part = next((part for part in body if part.title == LIMITS), None)
    found: list[Example] = []
    grouped: dict[str, list[Block]] = {}
    for block in data(part, source) if part else ():
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
