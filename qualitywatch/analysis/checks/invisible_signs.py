"""Signs that nobody sees or tells apart, and that make a text run as it does not read.

Needs a function: one sign is honest in a translation, and an attack where it is left
open at the end of a line, or where a hundred of them stand in a row.
"""

from __future__ import annotations

from collections.abc import Iterator

from qualitywatch.analysis.comparing.compare import Comparison
from qualitywatch.analysis.hit import Hit
from qualitywatch.analysis.safety.lookalikes import lookalike
from qualitywatch.analysis.sources.sieve import lines_with
from qualitywatch.analysis.stubs.design import is_test_data
from qualitywatch.model import Confidence
from qualitywatch.regex import linear, regex

MAX_HITS = 50  # in one file

_ESCAPING = frozenset({"java", "javascript", "jsx", "typescript", "tsx"})
"""Languages that read `\\u0041` as a letter, outside strings too."""

_OPENS = {
    "\u202a": "\u202c",
    "\u202b": "\u202c",
    "\u202d": "\u202c",
    "\u202e": "\u202c",
    "\u2066": "\u2069",
    "\u2067": "\u2069",
    "\u2068": "\u2069",
}
_DIRECTION = regex("[\u202a-\u202e\u2066-\u2069]")
# Four in a row are a message: a flag of tags follows its black flag, and is left out.
_PAYLOAD = regex(
    "(?<!\U0001f3f4)(?<![\U000e0020-\U000e007f\ufe00-\ufe0f\U000e0100-\U000e01ef])"
    "[\U000e0001-\U000e007f\ufe00-\ufe0f\U000e0100-\U000e01ef]{4,}"
    "|[\u200b\u200c\u200d\u2060-\u2064\ufeff\u180e\u3164\uffa0]{8,}"
)
_INVISIBLE_NAME = regex("[\\w$]*[\u3164\uffa0\u115f\u1160\u2062\u2063\u2064][\\w$]*")
_UNSEEN = linear(  # any sign that one of these looks for
    "[\u0085\u115f\u1160\u180e\u200b-\u200d\u2028-\u202e\u2060-\u2069\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\U000e0001-\U000e007f\U000e0100-\U000e01ef]"
)
_ODD = linear(rb"[^\x00-\x7f]")
_ODD_OR_ESCAPED = linear(rb"[^\x00-\x7f]|\\u")
# What ends a remark for the compiler and not for the reader.
_JAVA_LINE_END = regex(r"//.*\\u+000[adAD]|/\*.*\\u+002[aA]\\u+002[fF]")
_SHARP_LINE_END = regex("//[^\\n]*[\u0085\u2028\u2029]\\s*[^\\s/]")


def invisible_signs(comparison: Comparison) -> Iterator[Hit]:
    """One hit for each new line that reads otherwise than it runs."""
    source = comparison.after
    escapes = source.language.name in _ESCAPING and "\\u" in source.text
    if (source.text.isascii() and not escapes) or is_test_data(comparison.path):
        return
    may_hide = escapes or _UNSEEN.search(source.text) is not None
    found = 0
    for number in lines_with(_ODD_OR_ESCAPED if escapes else _ODD, source.data):
        text = source.lines[number - 1]
        place = _place(text, source.language.name) if may_hide else None
        place = place or lookalike(source, number)
        if place is None or not comparison.is_new_line(number):
            continue
        found += 1
        if found > MAX_HITS:
            return
        column, confidence = place
        yield Hit(
            line=number,
            column=column + 1,
            end_line=number,
            end_column=max(1, len(text)),
            confidence=confidence,
        )


def _place(text: str, language: str) -> tuple[int, Confidence] | None:
    """Where *text* hides something, and how sure that is."""
    if language == "java" and (match := _JAVA_LINE_END.search(text)):
        return match.start(), Confidence.CERTAIN
    if text.isascii():
        return None
    if match := _PAYLOAD.search(text) or _INVISIBLE_NAME.search(text):
        return match.start(), Confidence.CERTAIN
    if language in ("csharp", "javascript", "jsx", "typescript", "tsx") and (
        match := _SHARP_LINE_END.search(text)
    ):
        return match.start(), Confidence.LIKELY
    return _turned(text)


def _turned(text: str) -> tuple[int, Confidence] | None:
    """A change of direction; certain where the line ends before it is taken back."""
    first: int | None = None
    waiting: list[str] = []
    for match in _DIRECTION.finditer(text):
        first = match.start() if first is None else first
        sign = match[0]
        if sign in _OPENS:
            waiting.append(_OPENS[sign])
        elif sign in waiting:
            del waiting[waiting.index(sign) :]
    if first is None:
        return None
    return first, Confidence.CERTAIN if waiting else Confidence.POSSIBLE
