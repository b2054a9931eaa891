"""Which agent a commit names: its author, its committer, or a trailer.

Such a name is self-declared. It serves reports; nothing is excused by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from qualitywatch.attribution.known import KNOWN, Signature

TRAILERS = frozenset(
    {
        "co-authored-by",
        "generated-by",
        "generated-with",
        "assisted-by",
        "made-with",
        "claude-session",
    }
)
"""The keys, in lower case, of the trailers in which agents name themselves."""

Trailer = tuple[str, str]


class Recogniser:
    """Knows agents by how they sign: the *own* signatures first, then the known ones.

    A pattern matches anywhere in ``Name <address>`` and whatever the case.
    """

    def __init__(self, own: Iterable[Signature] = ()) -> None:
        signatures = (*own, *KNOWN)
        self.ids = tuple(dict.fromkeys(signature.id for signature in signatures))
        self._found = lru_cache(maxsize=4096)(_search(signatures))

    def agent_of(
        self, author: str, committer: str, trailers: Sequence[Trailer] = ()
    ) -> str | None:
        """The id of the agent that a commit names, or `None`.

        Whoever wrote it comes before whoever committed it, and both before those who
        only took part.
        """
        named = (value for key, value in trailers if key.lower() in TRAILERS)
        found = (self._found(text) for text in (author, committer, *named))
        return next((id for id in found if id is not None), None)


def signed(name: str, address: str) -> str:
    """``Name <address>``, the text that a pattern is matched with."""
    return f"{name} <{address}>"


def _search(signatures: Sequence[Signature]) -> Any:
    from qualitywatch.rulebook.regexes import compile_regex  # only histories need it

    compiled = [
        (signature.id, compile_regex(f"(?i){pattern}"))
        for signature in signatures
        for pattern in signature.patterns
    ]

    def search(text: str) -> str | None:
        plain = text.encode("utf-8", "replace").decode()  # RE2 takes no surrogates
        return next((id for id, pattern in compiled if pattern.search(plain)), None)

    return search
