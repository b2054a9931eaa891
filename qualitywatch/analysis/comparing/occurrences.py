"""How often a text holds each of several lines, wherever its own lines are broken."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

MAX_SCANNED = 20_000_000  # characters that are searched line by line, so to say
MAX_STEPS = 2_000_000  # places that are looked at in a text beyond that


def occurrences(tokens: str, keys: Sequence[str]) -> list[int]:
    """How often *tokens*, as `Source.tokens` gives them, holds each of the *keys*."""
    if len(tokens) * len(keys) <= MAX_SCANNED:
        return [tokens.count(f" {key.replace(' ', '  ')} ") for key in keys]
    return _in_index(tokens.split(), [key.split(" ") for key in keys])


def _in_index(text: list[str], keys: list[list[str]]) -> list[int]:
    """The same for many keys, each looked for where its rarest token stands."""
    wanted = {token for key in keys for token in key}
    places: dict[str, list[int]] = defaultdict(list)
    for at, token in enumerate(text):
        if token in wanted:
            places[token].append(at)
    counts, left = [], MAX_STEPS
    for key in keys:
        rarest = min(range(len(key)), key=lambda i: len(places.get(key[i], ())))
        candidates = places.get(key[rarest], [])[: max(0, left)]
        left -= len(candidates)
        counts.append(_count(text, key, [at - rarest for at in candidates]))
    return counts


def _count(text: list[str], key: list[str], starts: list[int]) -> int:
    count, free = 0, 0
    for start in starts:
        if start >= free and text[start : start + len(key)] == key:
            count += 1
            free = start + len(key)
    return count
