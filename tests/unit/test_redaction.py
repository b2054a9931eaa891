"""What is kept, told and mirrored of a line of code holds no secret.

The keys here are put together at run time, so that no scanner takes this file for one.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualitywatch.analysis.safety.redaction import MOST_SIGNS, redact, redacted
from tests import factories

LOT = "q8Zk3NfT1xYw6RbP0sLd9VhM2cJg5KtQ7nWe4Ay"
HEX = "4e1f9c0ab7d25386e0c19a7f4b8d2c63"
SECRETS = {
    "aws": "AKIA" + "J4ZQ7XWB2MNP5RTV",
    "github": "gh" + "p_" + LOT[:36],
    "slack": "xox" + "b-8203914756-" + LOT[:24],
    "stripe": "sk_" + "live_" + LOT[:24],
    "ours": "qw" + "o_" + LOT,
    "jwt": "ey" + "J" + LOT[:20] + ".ey" + "J" + LOT[:30] + "." + LOT,
    "hex": HEX,
    "password": "Tr0ub4dor&3x",
    "word": "secret-admin-password",
}


@pytest.mark.parametrize(
    "line",
    [
        'AWS_ACCESS_KEY_ID = "{aws}"  # ... rest of the settings',
        "# ... the rest is unchanged {github}",
        'headers={{"Authorization": "token {github}"}}',
        "client = Slack('{slack}')",
        "stripe.api_key = '{stripe}'",
        'QUALITYWATCH_TOKEN = "{ours}"',
        "export API_KEY={hex}",
        'api_secret: "{hex}"',
        'db = connect("postgres://app:{password}@db.internal.corp/app")',
        "password = '{password}'",
        "password = '{word}'",
        '"client_secret": "{hex}",',
        "jwt = '{jwt}'",
        "signing_key = b'{hex}'",
    ],
)
def test_a_secret_is_not_shown(line: str) -> None:
    """By its shape, by its name, or by chance."""
    shown = redacted(line.format(**SECRETS))

    assert not [secret for secret in SECRETS.values() if secret in shown]
    assert "[redacted " in shown


@pytest.mark.parametrize(
    "line",
    [
        "# ... rest of the method unchanged",
        "def check_token(self, token): ...",
        "password = os.environ['DB_PASSWORD']",
        "token = request.headers.get(name)",
        "key = f'{user.id}:{kind}'",
        "return hashlib.sha256(data).hexdigest()",
        'class Secrets(Base):  """All of them."""',
        "if secret is None: raise Missing('secret')",
        "// ... (other handlers remain the same)",
        "",
    ],
)
def test_code_stays_as_it_is(line: str) -> None:
    """What is no secret is shown, or nobody could tell what was found."""
    assert line == redacted(line)


def test_the_body_of_a_private_key_goes() -> None:
    """It stands below the line that names it."""
    head = "-----BEGIN RSA " + "PRIVATE KEY-----"

    assert head not in redacted(f"{head}\n{LOT}{LOT}")


def test_half_a_secret_is_not_shown() -> None:
    """An excerpt that was cut may end within one."""
    line = "x" * 150 + f' Authorization: "{SECRETS["github"]}'
    shown = redacted((line + "more" * 20)[:MOST_SIGNS])

    assert SECRETS["github"][:12] not in shown
    assert len(shown) <= MOST_SIGNS


@pytest.mark.parametrize("field", ["excerpt", "message", "symbol"])
def test_every_word_of_a_violation(field: str) -> None:
    """What an analyser wrote into a message is looked at as well."""
    violation = factories.violation(**{field: f"see {SECRETS['github']} there"})
    shown = getattr(redact(violation), field)

    assert SECRETS["github"] not in shown
    assert violation.fingerprint == redact(violation).fingerprint


@given(st.text(max_size=300))
def test_whatever_it_says(text: str) -> None:
    """It ends, is short, and twice is the same as once."""
    once = redacted(text[:MOST_SIGNS])

    assert len(once) <= MOST_SIGNS
    assert once == redacted(once) or len(once) == MOST_SIGNS
