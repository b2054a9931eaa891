"""A query run once before it may judge: some can be matched in too many ways.

Four wildcards beside each other hold a file of fifty small functions for seconds. An
ordinary query has a handful of matches in progress, whatever the text is.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from qualitywatch import languages
from qualitywatch.languages import Language

if TYPE_CHECKING:
    import tree_sitter

MATCH_LIMIT = 64  # matches in progress; a bomb needs thousands
SAMPLE = 2_000  # characters, at least, of what the query is run on


def bursts(query: tree_sitter.Query, language: Language, texts: Iterable[str]) -> bool:
    """True when *query* needs too many matches at once on a file of such *texts*."""
    import tree_sitter

    text = "\n".join(texts)[:SAMPLE]
    sample = f"{text}\n" * (1 + SAMPLE // max(1, len(text)))
    parser = tree_sitter.Parser(languages.load_grammar(language))
    cursor = tree_sitter.QueryCursor(query, match_limit=MATCH_LIMIT)
    cursor.matches(parser.parse(sample.encode()).root_node, lambda *_: True)
    return bool(cursor.did_exceed_match_limit)
