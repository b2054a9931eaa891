"""Tokens and passphrases: made, hashed and compared, never stored in the clear.

A token is random, so a plain SHA-256 of it is enough and costs microseconds; a slow
hash there would let a stranger keep the daemon busy. A passphrase is made by a human,
so it gets argon2id. A token carries a checksum: a mistyped or made-up one is refused
before anything is looked up, and scanners can recognise a leaked one.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import string
import unicodedata
import zlib
from types import MappingProxyType

import argon2

from qualitywatch.errors import PeerError, UserError
from qualitywatch.protocol import Role

PREFIXES = MappingProxyType(
    {Role.AGENT: "qwa_", Role.OPERATOR: "qwo_", Role.OBSERVER: "qwv_"}
)
MIN_PASSPHRASE = 12  # whoever reads the hash guesses without our locks

_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_ENTROPY_BYTES = 32
_BODY_SIGNS = 43  # 62 ** 43 > 2 ** 256
_CHECK_SIGNS = 6  # 62 ** 6 > 2 ** 32
_TOKEN = re.compile(rf"qw[aov]_[0-9A-Za-z]{{{_BODY_SIGNS + _CHECK_SIGNS}}}")
_CONSONANTS = "bdfghjklmnprstvz"
_VOWELS = "aeiou"
_GROUPS, _SYLLABLES = 4, 3  # 12 syllables of 80: 75 bits


def new_token(role: Role) -> tuple[str, str]:
    """A token for *role* and its SHA-256; only the second may be kept."""
    number = int.from_bytes(secrets.token_bytes(_ENTROPY_BYTES))
    body = PREFIXES[role] + _base62(number, _BODY_SIGNS)
    token = body + _checksum(body)
    return token, _sha256(token)


def hash_token(token: str) -> str:
    """The SHA-256 to look *token* up by; `PeerError` when it can not be one of ours."""
    if not _TOKEN.fullmatch(token) or _checksum(token[:-_CHECK_SIGNS]) != token[-6:]:
        raise PeerError(
            "UNAUTHENTICATED",
            "this is not a token of qualitywatch",
            hint="an operator makes one: qualitywatch tokens create --role agent",
        )
    return _sha256(token)


def hash_passphrase(passphrase: str) -> str:
    """The argon2id hash of *passphrase*; slow on purpose, so call it in a thread."""
    if len(passphrase) < MIN_PASSPHRASE:
        raise UserError(
            f"the passphrase is shorter than {MIN_PASSPHRASE} signs",
            hint="take a few words that you can remember",
        )
    return argon2.PasswordHasher().hash(_normal(passphrase))


def verify_passphrase(hashed: str, passphrase: str) -> bool:
    """True when *passphrase* is the one that was hashed; slow on purpose."""
    try:
        return argon2.PasswordHasher().verify(hashed, _normal(passphrase))
    except (argon2.exceptions.VerifyMismatchError, argon2.exceptions.InvalidHash):
        return False


def new_passphrase() -> str:
    """A random passphrase that can be read out and typed, such as `bakilo-tumesa-…`."""
    return "-".join(
        "".join(_syllable() for _ in range(_SYLLABLES)) for _ in range(_GROUPS)
    )


def _syllable() -> str:
    return secrets.choice(_CONSONANTS) + secrets.choice(_VOWELS)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _checksum(text: str) -> str:
    return _base62(zlib.crc32(text.encode()), _CHECK_SIGNS)


def _base62(number: int, signs: int) -> str:
    digits = []
    for _ in range(signs):
        number, digit = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))


def _normal(passphrase: str) -> str:
    """One keyboard sends an accent as one sign, another as two."""
    return unicodedata.normalize("NFKC", passphrase)
