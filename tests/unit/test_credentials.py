"""Tokens and passphrases."""

from __future__ import annotations

import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualitywatch import credentials
from qualitywatch.errors import PeerError, UserError
from qualitywatch.protocol import Role

TOKEN, SHA256 = credentials.new_token(Role.AGENT)


@pytest.mark.parametrize(
    ("role", "prefix"),
    [(Role.AGENT, "qwa_"), (Role.OPERATOR, "qwo_"), (Role.OBSERVER, "qwv_")],
)
def test_a_token_shows_its_role(role: Role, prefix: str) -> None:
    """The prefix says what a leaked token could do; the rest is 43 + 6 signs."""
    token, _ = credentials.new_token(role)

    assert re.fullmatch(rf"{prefix}[0-9A-Za-z]{{49}}", token)


def test_only_the_hash_is_kept() -> None:
    """The hash of a new token is the plain SHA-256 it is looked up by."""
    assert hashlib.sha256(TOKEN.encode()).hexdigest() == SHA256
    assert credentials.hash_token(TOKEN) == SHA256


def test_tokens_differ() -> None:
    """No two tokens are alike."""
    assert 100 == len({credentials.new_token(Role.AGENT)[0] for _ in range(100)})


@given(st.integers(0, len(TOKEN) - 1), st.characters())
def test_one_wrong_sign_is_noticed(place: int, sign: str) -> None:
    """A mistyped token is refused by its checksum, before any lookup."""
    wrong = TOKEN[:place] + sign + TOKEN[place + 1 :]
    if wrong != TOKEN:
        with pytest.raises(PeerError) as refused:
            credentials.hash_token(wrong)

        assert "UNAUTHENTICATED" == refused.value.code


@pytest.mark.parametrize(
    "text",
    ["", "qwa_", "ghp_" + TOKEN[4:], TOKEN + "\n", "é"],
    ids=["nothing", "prefix", "other prefix", "line end", "other letter"],
)
def test_what_is_no_token_is_refused(text: str) -> None:
    """Other people's tokens, cut ones and ones with something behind them."""
    with pytest.raises(PeerError):
        credentials.hash_token(text)


def test_a_refused_token_is_not_repeated() -> None:
    """The error does not carry the secret into logs."""
    wrong = TOKEN[:-1] + ("0" if TOKEN[-1] != "0" else "1")
    with pytest.raises(PeerError) as refused:
        credentials.hash_token(wrong)

    assert wrong not in str(refused.value)


def test_a_passphrase_is_verified() -> None:
    """The right one passes, composed or not; a wrong one does not."""
    hashed = credentials.hash_passphrase("caf\u00e9 au lait")

    assert hashed.startswith("$argon2id$")
    assert credentials.verify_passphrase(hashed, "cafe\u0301 au lait")
    assert not credentials.verify_passphrase(hashed, "cafe au lait")


def test_a_hash_that_is_none_verifies_nothing() -> None:
    """A damaged hash lets nobody in."""
    assert not credentials.verify_passphrase("", "cafe au lait")


def test_a_short_passphrase_is_refused() -> None:
    """The error says how long it has to be."""
    with pytest.raises(UserError, match="shorter than 12"):
        credentials.hash_passphrase("short")


def test_a_made_passphrase_can_be_read_out() -> None:
    """Four groups of three syllables, another each time."""
    made = {credentials.new_passphrase() for _ in range(20)}

    assert 20 == len(made)
    assert all(re.fullmatch(r"([a-z]{6}-){3}[a-z]{6}", phrase) for phrase in made)
