"""What a secret looks like: by the shape its maker gave it, or by name and chance.

A shape is proof in itself. Everything else needs two things: a name that says what the
value is for, and a value that nobody would think of.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from qualitywatch.analysis.sources.sieve import lines_with
from qualitywatch.model import Confidence, Noun
from qualitywatch.regex import linear, regex

LIKELY, POSSIBLE = Confidence.LIKELY, Confidence.POSSIBLE

MIN_RANDOM = 16  # signs of a value that chance alone may have made
MIN_ENTROPY = 3.2  # bits a sign; words have less than 3 at this length
MIN_CHANGES = 0.25  # of a neighbour's kind (letter, capital, digit); words have few
MAX_VALUE = 300

_SHAPES = (
    ("an AWS access key", LIKELY, r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b"),
    ("a GitHub token", LIKELY, r"\bgh[pousr]_[A-Za-z0-9]{36,}\b"),
    ("a token of this guard", LIKELY, r"\bqw[aov]_[A-Za-z0-9]{20,}\b"),
    ("a GitHub token", LIKELY, r"\bgithub_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}\b"),
    ("a GitLab token", LIKELY, r"\bgl(?:pat|dt|rt|ptt)-[\w-]{20,}\b"),
    ("a Slack token", LIKELY, r"\bxox[abeprs]-\d{8,}-[\w-]{20,}"),
    (
        "a Slack webhook",
        LIKELY,
        r"hooks\.slack\.com/services/T\w{8,}/B\w{8,}/\w{20,}",
    ),
    ("a Stripe key", LIKELY, r"\b[sr]k_live_[A-Za-z0-9]{20,}\b"),
    ("a Google client secret", LIKELY, r"\bGOCSPX-[\w-]{28}\b"),
    ("a Google API key", POSSIBLE, r"\bAIza[\w-]{35}"),
    ("a SendGrid key", LIKELY, r"\bSG\.[\w-]{22}\.[\w-]{43}"),
    ("an npm token", LIKELY, r"\bnpm_[A-Za-z0-9]{36}\b"),
    ("a PyPI token", LIKELY, r"\bpypi-AgE[\w-]{50,}"),
    ("a Shopify token", LIKELY, r"\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}\b"),
    ("a DigitalOcean token", LIKELY, r"\bdo[opr]_v1_[0-9a-f]{64}\b"),
    ("a Telegram bot token", LIKELY, r"\b\d{8,10}:AA[\w-]{33}\b"),
    ("an Azure account key", LIKELY, r"AccountKey=[A-Za-z0-9+/]{86}=="),
    ("an API key", LIKELY, r"\bsk-(?:[a-z]{2,8}-)?[A-Za-z0-9_-]{40,}"),
    ("a signed token", POSSIBLE, r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}"),
    (
        "a password in an address",
        POSSIBLE,
        r"\b[a-z][a-z0-9+]{1,20}://[\w.~%-]{1,60}:([^@/\s\"'`:]{6,100})@[\w.-]+",
    ),
)
_NAME = (
    r"pass(?:wor[dt]|wd|phrase)|pwd|secret|token|credentials?"
    r"|(?:api|access|private|auth|signing|encryption|master|account)[_-]?key"
)
_ASSIGNED = (
    rf"(?P<name>[\w.-]{{0,60}}(?:{_NAME})[\w-]{{0,40}})"
    r"""["'\]]{0,2}\)?(?:\s*:\s*&?[\w<>\[\]? ]{1,30}?)?"""
    r"""\s*(?:=>|:=|={1,3}|:|\|\||\?\?|,|\(|\s)\s*"""
    r"""(?:[bru@$]{0,2}|to_s|String::from\()["'`](?P<value>[^"'`\s]{8,300})["'`]"""
)
_BARE = (
    rf"^\s*(?:export\s+|ENV\s+|ARG\s+|-\s+|set\s+)?(?P<name>[\w.-]{{0,60}}(?:{_NAME})"
    r"""[\w-]{0,40})\s?[=:]\s?(?P<value>[^\s"'`#$<>{}()\[\],;]{8,300})\s*$"""
)

# What is worth a closer look, in bytes: a shape, or a name before a value. No value
# under a name is a secret unless it has a digit.
_DIGIT = r"[0-9[:^ascii:]]"
_SHAPED = linear("|".join([*(row[2] for row in _SHAPES), "PRIVATE KEY-----"]).encode())
_QUOTED = linear(
    rf"""(?i:{_NAME})[^\n]*["'`][^"'`\s]*{_DIGIT}[^"'`\s]*["'`]""".encode()
)
_SET = linear(rf"(?i:{_NAME})[^\n]*[=:][^\n]*{_DIGIT}".encode())

_COMPILED = tuple((kind, sure, regex(shape)) for kind, sure, shape in _SHAPES)
_QUOTED_VALUE = regex(_ASSIGNED, re.IGNORECASE)
_BARE_VALUE = regex(_BARE, re.IGNORECASE)
_KEY_BLOCK = regex(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY(?: BLOCK)?-----")
_KEY_BODY = regex(r"[A-Za-z0-9+/]{40,}")
_OTHER_NAMES = regex(
    r"public|publish|site_?key|csrf|placeholder|example|dummy|fake|mock|tokeni[sz]"
    r"|(?:name|field|ur[il]|path|file|folder|dir|header|param(?:eter)?|length|size"
    r"|regex|pattern|label|prefix|suffix|env|var|format|ttl|policy|endpoint|error"
    r"|message|msg|text|title|hint|type|kind|class|provider|selector|hash|digest"
    r"|fingerprint|checksum|alg(?:orithm)?|scheme|mode|version|id|arn|ref|"
    r"expires?\w*|template|format|query|lookup|store|help|info|desc\w*)s?$",
    re.IGNORECASE,
)
_SAID_EXAMPLE = regex(
    r"example|change.?me|your|placeholder|dummy|sample|fake|x{4}|\*{3}|\.{3}|todo"
    r"|replace|insert|redacted|hidden|foo|bar|abcdef|qwerty|lorem|mock|demo|0{5}"
    r"|12345|test|secret|passw|token|string|default|none|null|undefined|encrypted"
    r"|localhost|process\.env|environ|config|vault|hunter2|admin|root|guest",
    re.IGNORECASE,
)
_SAID_FILLER = regex(
    r"example|x{6}|\*{3}|0{8}|1234567890|abcdefgh|\.{3}|your", re.IGNORECASE
)
_COMPUTED = regex(r"[${}<>()%\\]|\.\.|^[@:#/.]|://|^sha\d+[-:]|^[\w]+\.[\w.]+$")
_MARKED = regex(r"\[redacted [0-9a-f]{4}\]")
_UUID = regex(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_WORDS = regex(r"[A-Za-z]*[a-z_.:/ -]+[A-Za-z]*\d{0,2}")
_PASSWORD_NAME = regex(r"pass(?:wor[dt]|wd|phrase)$|pwd$", re.IGNORECASE)
_LOCAL = regex(
    r"@(?:localhost|127\.|\[?::1|192\.168\.|[\w.-]*example\b|(?:db|host\w*)(?:[:/]|$))"
)


class Secret(Noun):
    """A secret in one line; columns count from 0 and the end is exclusive."""

    start: int
    end: int
    kind: str
    confidence: Confidence


def suspect_lines(data: bytes, *, bare: bool) -> list[int]:
    """The numbers of the lines of *data* that may hold a secret, in order."""
    signs = (_SHAPED, _QUOTED, _SET) if bare else (_SHAPED, _QUOTED)
    return sorted({number for sign in signs for number in lines_with(sign, data)})


def secrets_in(line: str, following: str, *, bare: bool) -> Iterator[Secret]:
    """The secrets in *line*; *following* is what stands below it.

    With *bare* the language has settings without quotation marks (`KEY=value`).
    """
    taken: list[range] = []
    for secret in (*_shaped(line, following), *_named(line, bare=bare)):
        if not any(secret.start < r.stop and r.start < secret.end for r in taken):
            taken.append(range(secret.start, secret.end))
            yield secret


def values_of_secret_names(line: str) -> Iterator[Secret]:
    """Whatever is written out for a name that stands for a secret, be it random or not.

    For what is shown: no accusation follows from it.
    """
    for pattern in (_QUOTED_VALUE, _BARE_VALUE):
        for match in pattern.finditer(line[:2000]):
            if not (_OTHER_NAMES.search(match["name"]) or _MARKED.search(line)):
                start, end = match.span("value")
                yield Secret(start=start, end=end, kind="", confidence=POSSIBLE)


def _shaped(line: str, following: str) -> Iterator[Secret]:
    for match in _KEY_BLOCK.finditer(line):
        body = line[match.end() :] + "\n" + following
        if _KEY_BODY.search(body) and "ENCRYPTED" not in match[0] + following[:200]:
            yield Secret(
                start=match.start(),
                end=len(line.rstrip()),
                kind="a private key",
                confidence=LIKELY,
            )
    for kind, confidence, shape in _COMPILED:
        for match in shape.finditer(line):
            group = match.lastindex or 0
            if not _is_made_up(match, group):
                start, end = match.span(group)
                yield Secret(start=start, end=end, kind=kind, confidence=confidence)


def _named(line: str, *, bare: bool) -> Iterator[Secret]:
    for pattern in (_QUOTED_VALUE, _BARE_VALUE) if bare else (_QUOTED_VALUE,):
        for match in pattern.finditer(line[:2000]):
            if _OTHER_NAMES.search(match["name"]):
                continue
            if _is_secret(match["name"], match["value"]):
                start, end = match.span("value")
                yield Secret(start=start, end=end, kind="a secret", confidence=POSSIBLE)


def _is_secret(name: str, value: str) -> bool:
    """True where *value* looks meant to be unknown.

    Never surer than possible: of eleven that people committed, four were public keys,
    samples or settings of a test server.
    """
    if _COMPUTED.search(value) or _SAID_EXAMPLE.search(value) or _UUID.search(value):
        return False
    if is_random(value):
        return True
    is_password = _PASSWORD_NAME.search(name) is not None
    is_strong = re.search(r"\d", value) and re.search(r"[A-Za-z]", value)
    return bool(is_password and is_strong and not _WORDS.fullmatch(value))


def is_random(value: str) -> bool:
    """True for signs that look drawn by lot: many kinds, changing all the time."""
    if not MIN_RANDOM <= len(value) <= MAX_VALUE:
        return False
    digits = sum(sign.isdigit() for sign in value)
    letters = sum(sign.isalpha() for sign in value)
    if digits < 3 or letters < 4 or digits + letters < 0.8 * len(value):
        return False
    changes = sum(_kind(a) != _kind(b) for a, b in pairwise(value))
    return changes >= MIN_CHANGES * len(value) and entropy(value) >= MIN_ENTROPY


def entropy(value: str) -> float:
    """Bits a sign, as Shannon counts them."""
    counts = Counter(value).values()
    return -sum(n / len(value) * math.log2(n / len(value)) for n in counts)


def _is_made_up(match: re.Match[str], group: int) -> bool:
    """True for the shape of a key filled with nothing; a part of it is a password."""
    value = match[group]
    if group and (_SAID_EXAMPLE.search(value) or _COMPUTED.search(value)):
        return True
    is_dull = len(value) > 20 and len(set(value)) < 8
    return bool(is_dull or _SAID_FILLER.search(value) or _LOCAL.search(match[0]))


def _kind(sign: str) -> int:
    if sign.isdigit():
        return 0
    return 1 if sign.isupper() else 2 if sign.islower() else 3
