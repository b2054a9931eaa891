"""A decision that concerns security: who did what to what, and how it ended."""

from __future__ import annotations

from typing import Literal

from qualitywatch.model import Noun
from qualitywatch.regex import regex

Result = Literal["allowed", "refused", "found"]

MOST_SIGNS = 500  # of one field; what was decided is short, what was sent may not be
UNKNOWN = "(unknown)"  # who did what nobody has seen
_SECRET = regex(r"(qw[aov]_)[0-9A-Za-z]{8,}")


class Decision(Noun):
    """What was decided; names and reasons only, never a secret.

    `who` is an agent, a workspace, "operator", "policy", "daemon" or the peer of a
    connection; `object` is what it was about. "found" is what nobody asked for: a
    tampering that was seen. `count` is above 1 where equal refusals were merged.
    """

    action: str
    who: str
    object: str
    result: Result
    reason: str = ""
    count: int = 1


def plain(text: str) -> str:
    """*text* as it may be kept: text that can be encoded, short, without a token."""
    kept = text[:MOST_SIGNS].encode("utf-8", "backslashreplace").decode()
    return without_tokens(kept)


def without_tokens(text: str) -> str:
    """*text*, in which of each of our tokens only the prefix is left."""
    return _SECRET.sub(r"\1…", text)
