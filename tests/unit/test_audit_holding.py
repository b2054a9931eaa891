"""What the audit says must hold, and where the tables say otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from qualitywatch.audit import Decision, Head, Record, genesis, link
from qualitywatch.audit.holding import Held, edited, held


def audit(*decisions: tuple[str, str, str] | tuple[str, str]) -> list[Record]:
    """The records of decisions that were allowed: action, object, reason."""
    head, records = genesis("e"), []
    for number, (action, about, *reason) in enumerate(decisions, start=1):
        decision = Decision(
            action=action,
            who="operator",
            object=about,
            result="allowed",
            reason="".join(reason),
        )
        record = link(head, decision, time="T", monotonic_ms=0, sequence=0)
        head = Head(number=number, hash=record.hash, history="e")
        records.append(record)
    return records


FULL = audit(
    ("passphrase.set", "passphrase", "seal-1"),
    ("settings.approve", "digest-1"),
    ("quarantine.impose", "lazy"),
    ("quarantine.impose", "good"),
    ("quarantine.release", "good"),
    ("tokens.create", "t1", "agent a until 2026, 00"),
    ("tokens.create", "t2", "operator - until 2026, 11"),
    ("tokens.revoke", "t2"),
    ("violation.dismiss", "v1 print-1", "meant so"),
    ("passphrase.change", "passphrase", "seal-2"),
)
TABLES: dict[str, Any] = {
    "quarantined": frozenset({"lazy"}),
    "tokens": {"t1": "agent a until 2026, 00", "t2": "operator - until 2026, 11"},
    "revoked": frozenset({"t2"}),
    "dismissed": frozenset({"print-1"}),
    "passphrase": "seal-2",
    "settings": "digest-1",
}


def test_the_audit_says_what_the_tables_say() -> None:
    """Replayed from the beginning it comes to the same."""
    assert Held(**TABLES) == held(FULL)
    assert [] == edited(held(FULL), Held(**TABLES))


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        ({"quarantined": frozenset()}, "lazy is in quarantine, and free in the table"),
        ({"tokens": {**TABLES["tokens"], "t3": ""}}, "nobody made the token t3"),
        (
            {"tokens": {**TABLES["tokens"], "t1": "operator - until 2026, 00"}},
            "the token t1 is not as it was made",
        ),
        (
            {"revoked": frozenset()},
            "the token t2 was revoked, and is good in the table",
        ),
        (
            {"dismissed": frozenset({"print-1", "print-2"})},
            "nobody dismissed the violations print-2",
        ),
        ({"passphrase": "seal-1"}, "the operator passphrase is another one"),
        ({"passphrase": None}, "the operator passphrase is another one"),
        (
            {"settings": "digest-2"},
            "the approved settings are not those that were approved",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_edit_of_a_table_is_named(edit: dict[str, Any], said: str) -> None:
    """Each table that frees somebody, lets somebody in, or hides something."""
    assert [said] == edited(held(FULL), Held(**{**TABLES, **edit}))


@pytest.mark.parametrize(
    "stricter",
    [
        {"quarantined": frozenset({"lazy", "another"})},
        {"tokens": {}},
        {"revoked": frozenset({"t1", "t2"})},
        {"dismissed": frozenset()},
    ],
)
def test_what_frees_nobody_is_no_fault(stricter: dict[str, Any]) -> None:
    """A backup that was put back may know less, and stops more."""
    assert [] == edited(held(FULL), Held(**{**TABLES, **stricter}))


def test_what_a_person_has_accepted_is_not_asked_about() -> None:
    """After `init --again` only what was decided since then is known."""
    accepted = [
        *FULL,
        *audit(("history.accept", "state"), ("tokens.create", "t9", "x")),
    ]
    tables = Held(tokens={"t3": "who knows", "t9": "x"}, passphrase="another")

    assert [] == edited(held(accepted), tables)
    assert ["the token t9 is not as it was made"] == edited(
        held(accepted), Held(tokens={"t9": "y"})
    )


def test_a_refusal_changes_nothing() -> None:
    """Who tried to release somebody has not released them."""
    refused = Record(
        number=1,
        time="T",
        monotonic_ms=0,
        sequence=0,
        who="lazy",
        action="quarantine.release",
        object="lazy",
        result="refused",
        reason="FORBIDDEN",
        count=1,
        previous="",
        hash="",
    )

    assert frozenset({"lazy"}) == held([*FULL, refused]).quarantined
