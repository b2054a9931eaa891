"""The chain: what a record holds, and that it holds on to the one before."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualitywatch.audit import Decision, Record, genesis, link

RELEASE = Decision(
    action="release", who="operator", object="cursor-1", result="allowed", reason="ok"
)


def first(decision: Decision, history: str = "e1") -> Record:
    return link(genesis(history), decision, time="T", monotonic_ms=5, sequence=3)


def test_the_hash_is_what_the_documentation_says() -> None:
    """Anybody can check it with a JSON writer and SHA-256."""
    before = hashlib.sha256(b"qualitywatch audit e1").hexdigest()
    content = f'["{before}",1,"T",5,3,"operator","release","cursor-1","allowed","ok",1]'

    record = first(RELEASE)

    assert before == record.previous
    assert hashlib.sha256(content.encode()).hexdigest() == record.hash


@given(st.text(max_size=50))
def test_any_text_is_hashed_as_a_plain_json_writer_would(reason: str) -> None:
    """The rule of the documentation holds for each sign."""
    record = first(Decision(action="a", who="w", object="o", result="found"))
    decision = Decision(action="a", who="w", object=reason, result="found")

    record = first(decision)
    content = [record.previous, 1, "T", 5, 3, "w", "a", record.object, "found", "", 1]
    written = json.dumps(content, ensure_ascii=False, separators=(",", ":"))

    assert hashlib.sha256(written.encode()).hexdigest() == record.hash


def test_another_history_is_another_chain() -> None:
    """A record does not fit into a history that was begun anew."""
    assert first(RELEASE, "e1").hash != first(RELEASE, "e2").hash


@pytest.mark.parametrize(
    "field", ["who", "action", "object", "reason"], ids=lambda field: field
)
@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("qwo_" + "A1b2C3d4" * 6, "qwo_…"),
        ("token=qwa_" + "x" * 49 + "!", "token=qwa_…!"),
        ("\udce9.py", "\\udce9.py"),
        ("x" * 10_000, "x" * 500),
    ],
    ids=["token", "token inside", "not UTF-8", "long"],
)
def test_a_field_holds_no_secret_and_no_flood(field: str, sent: str, kept: str) -> None:
    """Whoever put it there: a token, a broken name and a novel are cut."""
    fields = {"who": "w", "action": "a", "object": "o", "reason": "r", field: sent}

    record = first(Decision(**fields, result="refused"))

    assert kept == getattr(record, field)
