"""The costly half of reading a rule: does every pattern of it compile?"""

from __future__ import annotations

from qualitywatch import languages
from qualitywatch.rulebook import matchers, queries, rehearsal
from qualitywatch.rulebook.markdown import refusal
from qualitywatch.rulebook.regexes import BrokenPattern, compile_regex
from qualitywatch.rulebook.rule import Rule, Section


def refuse_broken(rule: Rule) -> None:
    """Raises `RuleError` with the line if a pattern of *rule* can not be used."""
    if rule.remark is not None:
        refuse_broken_remark(rule)
    for section in rule.sections:
        if section.query is not None:
            refuse_broken_query(rule, section)
        if section.matcher is not None:
            refuse_broken_matcher(rule, section)


def refuse_broken_remark(rule: Rule) -> None:
    """Raises `RuleError` if the remark of *rule* is not RE2."""
    try:
        compile_regex(rule.remark or "")
    except BrokenPattern as error:
        raise _refusal(rule, rule.remark_line - 1, error) from error


def refuse_broken_query(rule: Rule, section: Section) -> None:
    """Raises `RuleError` if the query does not compile or asks a missing matcher."""
    query = section.query or ""
    language = languages.LANGUAGES[section.language]
    try:
        compiled = queries.compile_query(language, query)
    except BrokenPattern as error:
        raise _refusal(rule, section.query_line, error) from error
    shown = (example.after for example in rule.examples_of(section))
    if rehearsal.bursts(compiled, language, shown):
        problem = "the query can be matched in too many ways"
        hint = "name the nodes: wildcards beside each other multiply"
        raise refusal(rule.source, section.query_line, problem, hint)
    asks = queries.CANDIDATE in queries.captures(query)
    if asks == (section.matcher is not None):
        return
    problem = (
        "`@candidate` asks a matcher, and there is none"
        if asks
        else "the query has no `@candidate` for its matcher"
    )
    hint = "capture `@hit` where the query alone decides"
    raise refusal(rule.source, section.query_line, problem, hint)


def refuse_broken_matcher(rule: Rule, section: Section) -> None:
    """Raises `RuleError` if the matcher is not one of libcst's."""
    try:
        matchers.read_matcher(section.matcher or "")
    except BrokenPattern as error:
        raise _refusal(rule, section.matcher_line, error) from error


def _refusal(rule: Rule, line: int, error: BrokenPattern) -> Exception:
    return refusal(rule.source, line + error.line, error.problem, error.hint)
