"""Does a text admit that the code beside it is not the real thing?"""

from __future__ import annotations

import re
from enum import IntEnum

from qualitywatch.analysis.sources.sieve import Sieve
from qualitywatch.analysis.sources.source import MAX_REMARK


def _any(*patterns: str) -> Sieve:
    return Sieve("|".join(patterns), re.IGNORECASE | re.MULTILINE)


# Said of code that is not there: nobody says it of a finished function.
_PLAIN = _any(
    r"\bplace-? ?holder",
    r"\bnot (?:yet |currently |fully )?implemented\b",
    r"\bun-?implemented\b",
    r"\bimplement(?:ed)? (?:this|me|it|later)\b",
    r"\bto be (?:implemented|completed|filled in|done)\b",
    r"\bimplementation (?:goes|would|will|omitted|pending|needed|required|here)\b",
    r"\b(?:your|actual|real|main|the) (?:\w+ )?(?:code|logic|implementation) here\b",
    r"\b(?:code|logic) (?:goes|would go|will go|comes) here\b",
    r"\b(?:would|will|should|could) (?:go|be (?:added|implemented|done|placed)) here\b",
    r"\b(?:in|for) (?:an? |the |any )?(?:real|actual|production|full|complete|proper)"
    r"[- ](?:world )?(?:app|application|implementation|scenario|system|environment"
    r"|setup|project|life|code)\b",
    r"\bin (?:production|reality|practice)\b[^.]{0,60}"
    r"\b(?:would|should|use|replace|call)\b",
    r"\b(?:would|should) (?:actually|normally|typically|really|be replaced)\b",
    r"\b(?:would|will) (?:call|fetch|query|load|send|use|integrate|connect)\b"
    r"[^.]{0,60}\b(?:actual|real|production|here|api|database)\b",
    r"\b(?:replace|swap) (?:this |it )?with (?:the |an? |your )?"
    r"(?:actual|real|proper|own)\b",
    r"\bfor now\b",
    r"\bsimulat(?:e|es|ed|ing)\b",
    r"\b(?:mock|dummy|fake)(?:ed)? (?:data|response|result|value|return|implement)",
    r"\bhard-? ?coded\b",
    r"\bstub(?:bed)?(?: out)? (?:implementation|until|here|function|method|only)\b",
    r"^\W*stub(?:bed)?\b(?! for type)",
    r"\bcoming soon\b",
    r"\bomitted\b",
    r"\bsimplified (?:version|implementation)\b",
    r"\btemporar(?:y|ily) (?:return|stub|disabled|removed|implementation|solution)",
    r"占位|待实现|尚未实现|未实现|实际实现|实现省略|未実装|미구현",
    r"por implementar|pendiente de implementar|à implémenter|não implementado",
    r"noch nicht implementiert|нужно реализовать|не реализован",
)
# Said of code that answers what it made up.
_SIMULATED = _any(
    r"\b(?:in|for) (?:an? |the |any )?(?:real|actual|production|full|complete|proper)"
    r"[- ](?:world )?(?:app|application|implementation|scenario|system|environment"
    r"|setup|project|life|code|version)\b",
    r"\bin (?:production|reality|practice)\b[^.]{0,60}"
    r"\b(?:would|should|use|replace|call|connect|fetch)\b",
    r"\b(?:would|should) (?:actually|normally|typically|really|be replaced)\b",
    r"\b(?:would|will) (?:call|fetch|query|load|send|use|integrate|connect)\b"
    r"[^.]{0,60}\b(?:actual|real|production|here|api|database)\b",
    r"\b(?:replace|swap) (?:this |it )?with (?:the |an? |your )?"
    r"(?:actual|real|proper|own)\b",
    r"\bsimulat(?:e|es|ed|ing|ion of)\b",
    r"\b(?:mock|dummy|fake|sample|canned|placeholder)(?:ed)? (?:data|response|result"
    r"|value|return|implement|api|answer|reply|calculation|logic|analysis)",
    r"\bhard-? ?coded\b",
    r"\bplace-?holder implement",
    r"\bfor now,? (?:we |i |let's )?(?:just |simply )?(?:return|use|assume|generate"
    r"|fake|pretend|hard)",
    r"\bpretend\b",
    r"\bnot (?:yet |really )?(?:implemented|connected|wired)\b",
)
_OPEN_TASK = Sieve(r"\b(?:TODO|FIXME|XXX|TBD)\b|(?i:\bto-?do:)")
# Said of code that was there, where a body has just become a stub.
_LOOSE = _any(
    r"\bwould\b",
    r"\bin production\b",
    r"\bimplement",
    r"\bsame as\b",
    r"\bunchanged\b",
    r"\bexisting\b",
    r"\brest of\b",
    r"\bas before\b",
    r"\bremains?\b",
    r"\btemporar",
    r"\bsimplif",
    r"\bmock",
    r"\bdummy",
    r"\bkeep\b",
    r"\bprevious",
    r"\boriginal\b",
)
_HONEST = _any(
    r"\bno-? ?op\b",
    r"\bintention|\bdeliberate|\bon purpose\b|\bby design\b",
    r"\bnothing to\b|\bnot needed\b|\bno need\b|\bdo(?:es)? nothing\b",
    r"\bno longer\b|\bdeprecat|\bobsolete|\blegacy\b|\bbackwards?\b|\bcompat",
    r"\bsubclass|\boverrid|\babstract\b|\binterface\b",
    r"\bnot supported\b|\bunsupported\b|\bdisabled\b|\bignored?\b|\balways\b",
)
_TOMBSTONE = _any(
    r"\binstead\b",
    r"\breplaced (?:by|with)\b",
    r"\bmoved to\b",
    r"\bsuperseded\b|\brenamed\b|\bdeprecated\b",
    r"\b(?:been|was|is|were) (?:removed|dropped|withdrawn)\b",
    r"\bno longer (?:supported|available|exists?)\b",
)


class Confession(IntEnum):
    """How clearly a text admits it."""

    NONE = 0
    OPEN_TASK = 1  # TODO: honest work in progress uses it, too
    PLAIN = 2


def confession(text: str) -> Confession:
    """How clearly *text*, one comment or message, admits that code is missing."""
    text = _joined(text)
    if _PLAIN.search(text):
        return Confession.PLAIN
    return Confession.OPEN_TASK if _OPEN_TASK.search(text) else Confession.NONE


def may_confess(spoken: str) -> list[int]:
    """The indexes of the comments that may confess; all are *spoken*, one a line."""
    lines = {*_PLAIN.lines(spoken), *_OPEN_TASK.lines(spoken)}
    return sorted(line - 1 for line in lines)


def may_simulate(spoken: str) -> list[int]:
    """The same for those that may say that an answer is made up."""
    return [line - 1 for line in _SIMULATED.lines(spoken)]


def simulates(text: str) -> bool:
    """True where *text* says that the answer beside it is made up."""
    return _SIMULATED.search(_joined(text)) is not None


def sounds_incomplete(text: str) -> bool:
    """True for the wider words that confess where a real body has just gone."""
    return confession(text) > Confession.NONE or bool(_LOOSE.search(_joined(text)))


def gives_reason(text: str) -> bool:
    """True where *text* says why there is nothing to do."""
    return _HONEST.search(_joined(text)) is not None


def names_replacement(text: str) -> bool:
    """True where *text* tells the caller what became of the code."""
    return _TOMBSTONE.search(_joined(text)) is not None


def _joined(text: str) -> str:
    return " ".join(text[:MAX_REMARK].split())
