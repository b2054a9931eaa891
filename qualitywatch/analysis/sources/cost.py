"""What a text would cost a parser, told before the parser sees it.

libcst needs memory and time in proportion to the sum of the squares of all bracket
depths (about 2 KB and 15 us each), and it recurses over chains such as `a.b.c` or
`1 + 1 + 1`: 3 KB of `f(f(f(` take 12 s and 2.2 GB, and 7,000 links end the process.
tree-sitter bears any depth, but queries over its trees and walks to a parent do not.
"""

from __future__ import annotations

import re

import tree_sitter

from qualitywatch.regex import regex

MAX_CHARACTERS = 256 * 1024  # of a text that libcst may see
MAX_NESTING = 100  # brackets inside brackets
MAX_SQUARES = 100_000  # about 220 MB
MAX_CHAIN = 1_000  # operators, calls, literals that follow each other
MAX_TOKENS = 50_000  # brackets, operators, commas, literals, ends of lines

MAX_DEPTH = 1_000  # of a tree that is queried

_TOKEN = regex(
    r"""(?P<string>[rbuf]{0,2}(?:'''(?:[^\\']|\\.|'(?!''))*(?:'''|\Z)
        |\"""(?:[^\\"]|\\.|"(?!""))*(?:\"""|\Z)
        |'(?:[^\\'\n]|\\.)*'? | "(?:[^\\"\n]|\\.)*"?))
    |(?P<comment>\#[^\n]*)
    |(?P<open>[(\[{])|(?P<close>[)\]}])
    |(?P<end>[,;\n])
    |(?P<link>[-+*/%@&|^~<>=!.:]|\b(?:and|or|not|lambda|if|elif|else|in|is|await)\b)""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_LINK = regex(r"[-+*/|&.]|\b(?:and|or|not|if|lambda)\b")
_FORMATTED = regex(r"[rb]?f", re.IGNORECASE)


def affordable(text: str) -> bool:
    """True when libcst can parse the Python *text* without harm to this process."""
    if len(text) > MAX_CHARACTERS:
        return False
    gauge = _Gauge()
    return all(gauge.bears(token) for token in _TOKEN.finditer(text))


class _Gauge:
    """Adds up depths and chains while the tokens go by."""

    def __init__(self) -> None:
        self._chains = [0]  # how many links so far, for each open bracket
        self._peaks = [0]  # deepest nesting seen below each open bracket
        self._squares = 0
        self._branches = 0  # `elif` nests in the tree though not on the page
        self._deepest = self._tokens = 0

    def bears(self, token: re.Match[str]) -> bool:
        """False as soon as a limit is passed."""
        kind = token.lastgroup
        self._tokens += 1
        if kind == "open":
            self._open()
        elif kind == "close":
            self._close()
        elif kind == "end":
            self._end(token[0])
        elif kind == "string":
            self._chains[-1] += 1
            self._formatted(token[0])
        elif kind == "link":
            self._chains[-1] += 1
            self._branches += token[0] == "elif"
        return (
            self._deepest <= MAX_NESTING
            and self._chains[-1] <= MAX_CHAIN
            and self._branches <= MAX_CHAIN
            and self._squares <= MAX_SQUARES
            and self._tokens <= MAX_TOKENS
        )

    def _open(self) -> None:
        self._chains[-1] += 1
        self._chains.append(0)
        self._peaks.append(0)
        self._deepest = max(self._deepest, len(self._chains) - 1)

    def _close(self) -> None:
        if len(self._chains) == 1:
            return
        self._chains.pop()
        peak = self._peaks.pop() + 1
        self._peaks[-1] = max(self._peaks[-1], peak)
        if len(self._peaks) == 1:
            self._squares += peak * peak
            self._peaks[0] = 0

    def _end(self, sign: str) -> None:
        """A comma begins a new chain; a line's end only outside all brackets."""
        if sign != "\n" or len(self._chains) == 1:
            self._chains[-1] = 0

    def _formatted(self, literal: str) -> None:
        """What stands in the braces of a formatted string is code, however it nests."""
        if not _FORMATTED.match(literal):
            return
        for sign in literal:
            if sign in "([{":
                self._open()
            elif sign in ")]}":
                self._close()
        self._chains[-1] += len(_LINK.findall(literal))


def is_deep(tree: tree_sitter.Tree, most: int = MAX_DEPTH) -> bool:
    """True when *tree* nests deeper than *most*.

    A node that holds few can not be deep: of ordinary files only the top is seen.
    """
    cursor, depth = tree.walk(), 1
    while depth <= most:
        node = cursor.node
        may_be_deep = node is not None and depth + node.descendant_count > most
        if may_be_deep and cursor.goto_first_child():
            depth += 1
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return False
            depth -= 1
    return True
