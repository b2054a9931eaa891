"""What is a secret, what only looks like one, and that none is ever shown again.

The keys here are put together at run time, so that no scanner takes this file for one.
"""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualitywatch import rulebook
from qualitywatch.analysis import CHECKS, analyse
from qualitywatch.analysis.safety.secret_shapes import (
    entropy,
    is_random,
    secrets_in,
    suspect_lines,
)
from qualitywatch.model import Change, Confidence, Violation
from qualitywatch.rulebook import Rulebook

RULES = rulebook.load(known_checks=CHECKS)
SECRET = RULES.get("hard-coded-secret")
LIKELY, POSSIBLE = Confidence.LIKELY, Confidence.POSSIBLE
LOT = "q8Zk3NfT1xYw6RbP0sLd9VhM2cJg5KtQ7nWe4Ay"
HEX = "4e1f9c0ab7d25386e0c19a7f4b8d2c63"


def sureness(line: str, following: str = "", *, bare: bool = False) -> list[Confidence]:
    """How sure each secret in *line* is."""
    return [s.confidence for s in secrets_in(line, following, bare=bare)]


def found(path: str, code: str, rules: Rulebook = RULES) -> list[Violation]:
    """The violations of a new file."""
    change = Change(path=path, before=None, after=code.encode())
    return list(analyse(change, rules).violations)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("key = 'AKIA" + "QX4BIPW3AHOV27GN'", LIKELY),
        ("ghp_" + LOT[:36], LIKELY),
        ("glpat-" + LOT[:20], LIKELY),
        ("xoxb-" + "709245318866-" + LOT[:24], LIKELY),
        (
            "https://hooks.slack.com/services/" + "T0ABCDEFG/B0ABCDEFG/" + LOT[:24],
            LIKELY,
        ),
        ("sk_" + "live_" + LOT[:24], LIKELY),
        ("SG." + LOT[:22] + "." + LOT + LOT[:4], LIKELY),
        ("npm_" + LOT[:36], LIKELY),
        ("AIza" + LOT[:35], POSSIBLE),
        ("postgres://shop:vR7kq2LmW9@db.shop.eu/shop", POSSIBLE),
    ],
)
def test_shapes(line: str, expected: Confidence) -> None:
    """Some keys are known by their form alone, wherever they stand."""
    assert [expected] == sureness(line)


@pytest.mark.parametrize(
    "line",
    [
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_" + "x" * 36,
        "sk_" + "live_" + "0" * 24,
        "postgres://shop:password1@localhost/shop",
        "postgres://user:${PASSWORD}@db/shop",
        "-----BEGIN RSA PRIVATE KEY-----",
        "xoxb-your-token-goes-here",
    ],
)
def test_forms_of_keys_without_a_key(line: str) -> None:
    """Examples and fillers have the form and hold nothing."""
    assert [] == sureness(line)


def test_private_key() -> None:
    """The line that opens it is shown to be one by the line below; locked ones pass."""
    head = "-----BEGIN EC PRIVATE KEY-----"

    assert [LIKELY] == sureness(head, LOT + LOT)
    assert [] == sureness(head, "Proc-Type: 4,ENCRYPTED\n" + LOT + LOT)
    assert [] == sureness("-----BEGIN ENCRYPTED PRIVATE KEY-----", LOT + LOT)
    assert [] == sureness("-----BEGIN PUBLIC KEY-----", LOT + LOT)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (f'api_key = "{LOT}"', [POSSIBLE]),
        (f'"clientSecret": "{HEX}",', [POSSIBLE]),
        (f"'password' => '{LOT}',", [POSSIBLE]),
        (f'const TOKEN: &str = "{LOT}";', [POSSIBLE]),
        (f'password := "{LOT}"', [POSSIBLE]),
        (f'key = os.getenv("API_KEY", "{LOT}")', [POSSIBLE]),
        (f'config.setPassword("{LOT}")', [POSSIBLE]),
        (f'process.env.API_TOKEN || "{LOT}"', [POSSIBLE]),
        ('password = "vR7#kq2LmW"', [POSSIBLE]),
        ('password = "correct-horse"', []),
        ('password = "password123"', []),
        ('password = "changeme-2024"', []),
        (f'password_hash = "{LOT}"', []),
        (f'public_token = "{LOT}"', []),
        (f'checksum = "{HEX}"', []),
        ('token = "550e8400-e29b-41d4-a716-446655440000"', []),
        ('token = f"{first}-{second}-{third}1a2b3c"', []),
        ('secret = "sha256-47DEQpj8HBSa1mB9"', []),
        ('token = "users.tokens.refresh2.v1"', []),
        ('token_pattern = "[A-Za-z0-9_-]{24,48}"', []),
        (f"password = {LOT}", []),
    ],
)
def test_names(line: str, expected: list[Confidence]) -> None:
    """A name says what it is for, chance says that nobody thought of it."""
    assert expected == sureness(line)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (f"API_TOKEN={LOT}", [POSSIBLE]),
        (f"export DB_PASSWORD={LOT}", [POSSIBLE]),
        (f"  secretKey: {LOT}", [POSSIBLE]),
        ("API_TOKEN=$VAULT_TOKEN_2024_production", []),
        ("API_TOKEN=", []),
        ("token_expires: 2024-01-01T00:00:00", []),
    ],
)
def test_names_without_quotation_marks(line: str, expected: list[Confidence]) -> None:
    """Settings of shells and services have none."""
    assert expected == sureness(line, bare=True)


@given(st.text(string.ascii_letters + string.digits, min_size=32, max_size=64))
def test_words_are_never_random(text: str) -> None:
    """Letters of one kind in a row, however many, are a word."""
    assert not is_random(text.lower().translate(dict.fromkeys(map(ord, "0123456789"))))


def test_entropy() -> None:
    """As Shannon counts it."""
    assert (0.0, 1.0, 2.0) == (entropy("aaaa"), entropy("abab"), entropy("abcd"))


def test_secret_is_not_repeated() -> None:
    """Neither its own violation nor another one on that line shows it."""
    code = f'requests.get(url, verify=False, auth=("shop", API_KEY or "{LOT}"))\n'
    code = code.replace("API_KEY or", "api_key :=")
    shown = found("shop.py", code)

    assert {"hard-coded-secret", "verification-off"} <= {v.rule for v in shown}
    assert not any(LOT in part for v in shown for part in (v.excerpt, v.message))
    assert all("[redacted " in violation.excerpt for violation in shown)


def test_another_secret_is_another_violation() -> None:
    """What an operator dismissed stays dismissed, and nothing else."""
    one, two = (
        found("shop.py", f'api_key = "{key}"\n', Rulebook.holding([SECRET]))
        for key in (LOT, HEX)
    )

    assert one[0].fingerprint != two[0].fingerprint


def test_old_secret_is_not_news() -> None:
    """Only what the change brings is told."""
    line = f'api_key = "{LOT}"\n'.encode()
    change = Change(path="a.py", before=line, after=b"import os\n" + line)

    assert () == analyse(change, Rulebook.holding([SECRET])).violations


def test_sample_settings() -> None:
    """A sample is filled with something; a key of known form is still one."""
    code = f"API_TOKEN={LOT}\nGITHUB=ghp_{LOT[:36]}\n"

    assert [(2, POSSIBLE)] == [
        (violation.line, violation.confidence)
        for violation in found(".env.example", code, Rulebook.holding([SECRET]))
    ]


def test_long_lines_cost_little() -> None:
    """Hostile repetition is read once."""
    line = 'password="' * 20_000 + "a1B2" * 5_000

    assert isinstance(found("a.py", line, Rulebook.holding([SECRET])), list)


NAMES = ["password", "API_KEY", "access-token", "db_secret_x", "my.Credentials"]
SETS = [" = ", ": ", "=", " => ", "(", ", ", " := ", ": str = ", '"] = ', " "]
VALUES = st.permutations([*LOT, "\N{ARABIC-INDIC DIGIT THREE}", "é"]).map("".join)


@given(
    st.sampled_from(NAMES),
    st.sampled_from(SETS),
    st.sampled_from(["", '"', "'", "`"]),
    VALUES,
    st.booleans(),
)
def test_no_line_with_a_secret_is_passed_over(name, sets, quote, value, bare):
    line = f"{name}{sets}{quote}{value}{quote}"

    found = list(secrets_in(line, "", bare=bare))

    assert not found or suspect_lines(f"x\n{line}".encode(), bare=bare) == [2]


def test_lines_worth_a_look_are_told_once_and_in_order():
    lines = [f"token = '{LOT}'", "x = 1", f"AKIA{'Z' * 16}; secret = '{LOT}'"]

    assert suspect_lines("\n".join(lines).encode(), bare=True) == [1, 3]
