"""The text predicates of queries, answered about one source (`rulebook.queries`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import tree_sitter

from qualitywatch.analysis.sources.source import Source
from qualitywatch.analysis.sources.survey import Captures
from qualitywatch.rulebook.queries import PREDICATES, Predicate
from qualitywatch.rulebook.rule import Asked

SOUND_DEPTH = 6  # ancestors that must not be an error for a node to be sound


class Answer:
    """Answers the text predicates of a query about one source."""

    def __init__(self, source: Source, regexes: Mapping[str, Any]) -> None:
        self._source = source
        self._regexes = regexes

    def __call__(self, asked: Asked, captures: Captures) -> bool:
        predicate = PREDICATES[asked.predicate]
        (first, _), *rest = asked.arguments
        nodes = captures.get(first, [])
        if predicate.kind == "sound":
            return all(map(_is_sound, nodes))
        if predicate.kind == "eq" and len(rest) == 1 and rest[0][1]:
            others = captures.get(rest[0][0], [])
            if len(nodes) == len(others) == 1 and _size(nodes[0]) != _size(others[0]):
                return predicate.negated
        if predicate.kind == "kind":
            kinds = [kind for kind, _ in rest]
            return all(node.type in kinds for node in nodes)
        if predicate.kind == "within":
            kinds = [kind for kind, _ in rest]
            parents = (node.parent for node in nodes)
            return all(one is not None and one.type in kinds for one in parents)
        wanted = [
            text
            for value, is_capture in rest
            for text in (
                self._texts(captures.get(value, [])) if is_capture else [value]
            )
        ]
        answers = (
            self._holds(predicate, text, wanted) != predicate.negated
            for text in self._texts(nodes)
        )
        return any(answers) if predicate.any else all(answers)

    def _holds(self, asked: Predicate, text: str, wanted: list[str]) -> bool:
        if asked.kind == "match":
            return self._regexes[wanted[0]].search(text) is not None
        return text in wanted

    def _texts(self, nodes: Iterable[tree_sitter.Node]) -> list[str]:
        return [text_of(node, self._source) for node in nodes]


def _size(node: tree_sitter.Node) -> int:
    return node.end_byte - node.start_byte


def _is_sound(node: tree_sitter.Node) -> bool:
    around: tree_sitter.Node | None = node
    for _ in range(SOUND_DEPTH):
        around = None if around is None else around.parent
        if around is not None and around.is_error:
            return False
    return not (node.parent or node).has_error


def text_of(node: tree_sitter.Node, source: Source) -> str:
    """What stands at *node*; `Node.text` is twenty times slower."""
    return source.data[node.start_byte : node.end_byte].decode()
