"""Does a line begin inside a string or a comment? There, any text may stand."""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate

from qualitywatch.analysis.sources.source import Source
from qualitywatch.languages import Language
from qualitywatch.regex import regex

# Nodes that hold text: strings in all their forms, comments, here-documents, scalars.
_QUOTES = regex(
    r"string|comment|heredoc|nowdoc|scalar|uninterpreted|quoted|jsx_text|text_block|char_literal"
)
_TRIPLE = regex(r'"""|\'\'\'')
_HERE_DOCUMENT = regex(r"<<[-~]?[\"']?(\w+)[\"']?\s*$")
_DOCUMENTATION = {"perl": ("=", "=cut"), "ruby": ("=begin", "=end")}


class Quoting:
    """Answers for the lines of one source; cheap until it is asked."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._starts: list[int] = []
        self._plain: list[tuple[int, int]] | None = None

    def holds(self, line: int) -> bool:
        """True where *line* begins inside something that began above it."""
        if self._source.language.grammar is None:
            return self._is_in_plain_quote(line)
        if not self._starts:
            sizes = (len(text.encode()) + 1 for text in self._source.lines)
            self._starts = list(accumulate(sizes, initial=0))
        start = self._starts[line - 1]
        node = self._source.tree.root_node.descendant_for_byte_range(start, start)
        while node is not None:
            if _QUOTES.search(node.type) and node.start_point[0] < line - 1:
                return True
            node = node.parent
        return False

    def _is_in_plain_quote(self, line: int) -> bool:
        """Without a grammar: here-documents, block comments, triple quotes."""
        if self._plain is None:
            self._plain = _plain_quotes(self._source.lines, self._source.language)
        at = bisect_right(self._plain, (line + 1, 0)) - 1
        return at >= 0 and line <= self._plain[at][1]


def _plain_quotes(lines: list[str], language: Language) -> list[tuple[int, int]]:
    """The lines that begin inside a quotation: first and last of each."""
    found: list[tuple[int, int]] = []
    opened, closing = 0, ""
    for number, text in enumerate(lines, 1):
        if opened:
            if _ends(text, closing):
                found.append((opened + 1, number))
                opened = 0
        elif closing := _opens(text, language):
            opened = number
    if opened:
        found.append((opened + 1, len(lines)))
    return found


def _opens(text: str, language: Language) -> str:
    """What would end the quotation that *text* begins and does not end; else empty."""
    if match := _HERE_DOCUMENT.search(text):
        return f"\n{match[1]}"
    start, end = _DOCUMENTATION.get(language.name, ("", ""))
    if start and re.match(rf"{start}[a-z]", text):
        return f"\n{end}"
    triples = _TRIPLE.findall(text)
    if len(triples) % 2:
        return str(triples[-1])
    for opening, closing in language.block_comments:
        if opening in text and closing not in text.rpartition(opening)[2]:
            return closing
    return {'@"': '"@', "@'": "'@"}.get(text.rstrip()[-2:], "")


def _ends(text: str, closing: str) -> bool:
    if closing.startswith("\n"):  # alone on its line
        return text.strip() == closing[1:]
    return closing in text
