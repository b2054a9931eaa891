"""Names that read as one thing and run as another.

Python reads a name in its plainest form, so `ｅval` is `eval`; JavaScript reads escapes
in a name; and a Cyrillic `а` in a Latin name makes it another name. What stands in a
string or a comment is text, and left alone.
"""

from __future__ import annotations

import builtins
import unicodedata
from collections.abc import Iterator

from qualitywatch.analysis.sources.source import Source
from qualitywatch.model import Confidence
from qualitywatch.regex import regex

_WORD = regex("[\\w\u200b-\u200d]+")
_ESCAPED = regex(r"[\w$]*\\u(?:[0-9a-fA-F]{4}|\{[0-9a-fA-F]+\})[\w$]*")
_UNSEEN = regex("[\u200b-\u200d]")
_LATIN = regex("[A-Za-z]")
# Letters of other alphabets that nobody can tell from ours.
_ALIKE = regex("[АВЕЅІЈКМНОРСТУХаеорсухѕіјһԁԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧον]")
_LIKELY = Confidence.LIKELY
_SCRIPTS = frozenset({"javascript", "jsx", "typescript", "tsx"})


def lookalike(source: Source, number: int) -> tuple[int, Confidence] | None:
    """Where line *number* holds such a name, and how sure that is."""
    for column, size, confidence in _suspects(source, source.lines[number - 1]):
        if _is_name(source, number, column, size):
            return column, confidence
    return None


def _suspects(source: Source, text: str) -> Iterator[tuple[int, int, Confidence]]:
    language = source.language.name
    if language in _SCRIPTS and "\\u" in text:
        for match in _ESCAPED.finditer(text):
            yield match.start(), len(match[0]), _LIKELY
    if text.isascii():
        return
    for match in _WORD.finditer(text):
        confidence = None if match[0].isascii() else _suspicion(match[0], language)
        if confidence is not None:
            yield match.start(), len(match[0]), confidence


def _suspicion(word: str, language: str) -> Confidence | None:
    if language == "python":
        plain = unicodedata.normalize("NFKC", word)
        if plain != word and plain.isascii():  # mathematicians write such names too
            return _LIKELY if hasattr(builtins, plain) else Confidence.POSSIBLE
        if _UNSEEN.search(word):
            return _LIKELY
    is_mixed = any(_LATIN.search(p) and _ALIKE.search(p) for p in word.split("_"))
    return Confidence.POSSIBLE if is_mixed else None


def _is_name(source: Source, number: int, column: int, size: int) -> bool:
    """True where the grammar reads a name there."""
    line = source.lines[number - 1]
    begin = len(line[:column].encode())
    end = begin + len(line[column : column + size].encode())
    node = source.tree.root_node.descendant_for_point_range(
        (number - 1, begin), (number - 1, end - 1)
    )
    return node is not None and node.type.endswith("identifier")
