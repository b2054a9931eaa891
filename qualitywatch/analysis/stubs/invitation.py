"""Remarks that ask a person to write the code: "your code here"."""

from __future__ import annotations

import re

from qualitywatch.regex import regex

MAX_LENGTH = 400  # characters of a remark that are read

_INVITATION = regex(
    r"\b(?:implementation|code|logic|handling|processing|functionality)"
    r" (?:goes |comes |would go |will go )?here\b"
    r"|\b(?:add|insert|write|put|paste|place|implement) (?:your|the|more)\b.{0,40}"
    r"\bhere\b"
    r"|\byour (?:code|logic|implementation)\b(?! is| was| has)",
    re.IGNORECASE,
)


def invites(text: str) -> bool:
    """True where *text*, the only content of a body, asks for the code it lacks."""
    return _INVITATION.search(text[:MAX_LENGTH]) is not None
