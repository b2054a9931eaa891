"""`agent show`, `agents` and `repairs`: who it is, where it stands, what it offers."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from qualitywatch.config import Policy, Strikes
from qualitywatch.enrolment import DATABASE_NAME
from qualitywatch.model import Severity
from qualitywatch.store import Store
from qualitywatch.warden import Warden, offer
from tests import factories
from tests.integration.operating import BASE, LAZY, Operator, now

STRIKES = Strikes(name="three", severity=Severity.MEDIUM, count=3)


@pytest.fixture
def family(enrolled: Operator) -> Operator:
    """`lazy` is in quarantine and offers a repair; `kid` is its subagent."""
    enrolled.seed(factories.violation(), agent="lazy")
    (enrolled.root / "app.py").write_text(LAZY)
    asyncio.run(_offer(enrolled.root, enrolled.state_dir))
    return enrolled


async def _offer(root: Path, state_dir: Path) -> None:
    async with Store.open(state_dir / DATABASE_NAME, now) as store:
        warden = Warden(
            store,
            policy=Policy(strikes=(STRIKES,)),
            publish=lambda event: None,
            clock=now,
            state_dir=state_dir,
        )
        await warden.restore()
        kid = factories.agent("kid", workspace=str(root), parent="lazy")
        await warden.seen(kid)
        back = offer(
            path="app.py",
            workspace=str(root),
            content=BASE.encode(),
            standing=LAZY.encode(),
            violations=[factories.violation(rule="hollowed-body")],
        )
        await warden.propose_repair("lazy", [back])


def test_one_agent_is_shown_whole(family: Operator) -> None:
    """Its quarantine, its subagents, and on which grounds it answers for what."""
    shown = family.look("agent", "show", "lazy").out

    assert "its subagents: kid" in shown
    assert "state: repair_proposed" in shown
    assert "imposed by policy: elided-code in app.py:2" in shown
    assert "repairs on offer: 1" in shown
    assert "app.py:2  elided-code  (lazy by report)" in shown


def test_a_subagent_says_whose(family: Operator) -> None:
    """It is stopped with its parent, and has done nothing itself."""
    shown = family.look("agent", "show", "kid")
    rows = family.look("agents", "--format", "json").data

    assert "started by: lazy, whose quarantine stops it too" in shown.out
    assert {"lazy": None, "kid": "lazy"} == {
        row["agent"]["id"]: row["agent"]["parent"] for row in rows
    }
    assert {"repair_proposed"} == {row["state"] for row in rows}


def test_an_unknown_agent_is_said(family: Operator) -> None:
    """With those who are known."""
    shown = family.look("agent", "show", "nobody")

    assert 2 == shown.code
    assert "known: kid, lazy" in shown.err


def test_everything_is_in_the_json(family: Operator) -> None:
    """What people read, for programs."""
    shown = family.look("agent", "show", "lazy", "--format", "json").data
    [violation] = shown["violations"]

    assert ["kid"] == shown["agent"]["children"]
    assert "policy" == shown["quarantine"]["imposed_by"]
    assert {"lazy": "report"} == shown["grounds"][violation["id"]]


def test_grounds_are_shown_with_the_violation(family: Operator) -> None:
    """In words that say how far they go."""
    [violation] = family.look("violations", "--format", "json").data
    shown = family.look("violations", "show", violation["id"][:6]).out

    assert "lazy answers for it, by its report of this content" in shown


def test_what_is_on_offer_is_listed(family: Operator) -> None:
    """Who offers which file, and what it would still lack."""
    listed = family.look("repairs").out.splitlines()
    [row] = family.look("repairs", "list", "--format", "json").data

    assert 2 == len(listed)
    assert ["lazy", "1"] == listed[1].split()[1:3]
    assert ("app.py", 1) == (row["repair"]["path"], row["repair"]["lacking"])
    assert "content" not in row["repair"]


def test_what_is_on_offer_is_shown_as_a_patch(family: Operator) -> None:
    """Against the file as it stands; nothing is written."""
    [row] = family.look("repairs", "--format", "json").data
    shown = family.look("repairs", "show", row["repair"]["id"][:8])

    assert 0 == shown.code
    assert "-    # ... rest of the method unchanged" in shown.out
    assert "+    step_1()" in shown.out
    assert "hollowed-body" in shown.out
    assert LAZY == (family.root / "app.py").read_text()


def test_what_is_on_offer_is_shown_whole(family: Operator) -> None:
    """As text, and in the JSON."""
    [row] = family.look("repairs", "--format", "json").data
    id = row["repair"]["id"]

    assert BASE in family.look("repairs", "show", id, "--whole").out
    assert (
        BASE == family.look("repairs", "show", id, "--format", "json").data["content"]
    )


def test_nothing_on_offer_is_said(enrolled: Operator) -> None:
    """An empty list in words, an unknown id with the way out."""
    shown = enrolled.look("repairs", "show", "0123")

    assert "nothing is on offer" in enrolled.look("repairs").out
    assert 2 == shown.code
    assert "`qualitywatch repairs` lists them" in shown.err
