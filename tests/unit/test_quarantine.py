"""The quarantine table: every cell, and that there is no other way out."""

from __future__ import annotations

import functools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualitywatch.model import Agent, Quarantine, QuarantineState
from qualitywatch.quarantine import (
    NEXT,
    Happening,
    IllegalEvent,
    Imposed,
    Released,
    RepairProposed,
    Violated,
    covering,
    families,
    line_of,
    parent_refusal,
    step,
)
from tests import factories

CLEAR = QuarantineState.CLEAR
QUARANTINED = QuarantineState.QUARANTINED
PROPOSED = QuarantineState.REPAIR_PROPOSED

IMPOSED = Imposed(by="policy", reason="code is gone")
VIOLATED = Violated(violations=(factories.violation(),))
REPAIR = RepairProposed(repairs=())
RELEASED = Released(by="ada", reason="looked at it")

TABLE = {
    (CLEAR, IMPOSED): QUARANTINED,
    (CLEAR, VIOLATED): None,
    (CLEAR, REPAIR): None,
    (CLEAR, RELEASED): None,
    (QUARANTINED, IMPOSED): None,
    (QUARANTINED, VIOLATED): QUARANTINED,
    (QUARANTINED, REPAIR): PROPOSED,
    (QUARANTINED, RELEASED): CLEAR,
    (PROPOSED, IMPOSED): None,
    (PROPOSED, VIOLATED): QUARANTINED,
    (PROPOSED, REPAIR): PROPOSED,
    (PROPOSED, RELEASED): CLEAR,
}


@pytest.mark.parametrize(
    ("state", "event", "expected"),
    [(state, event, expected) for (state, event), expected in TABLE.items()],
    ids=[f"{state}-{type(event).__name__}" for state, event in TABLE],
)
def test_every_state_and_event(
    state: QuarantineState, event: Happening, expected: QuarantineState | None
) -> None:
    """Each cell of the table leads where the table says, and nowhere else."""
    if expected is None:
        with pytest.raises(IllegalEvent):
            step(state, event)
    else:
        assert expected == step(state, event)


def test_the_table_is_complete() -> None:
    """A new state or event has to be placed in the table above."""
    events = {type(event) for _, event in TABLE}

    assert set(QuarantineState) == set(NEXT) == {state for state, _ in TABLE}
    assert len(TABLE) == len(QuarantineState) * len(events)


EVENTS = st.lists(st.sampled_from([IMPOSED, VIOLATED, REPAIR, RELEASED]))


@given(EVENTS)
def test_only_a_release_leads_out(events: list[Happening]) -> None:
    """Whatever happens in whatever order, only an operator ends a quarantine."""
    state = CLEAR
    for event in events:
        before = state
        try:
            state = step(state, event)
        except IllegalEvent:
            continue
        if before is not CLEAR and state is CLEAR:
            assert isinstance(event, Released)


def test_an_illegal_event_says_what_was_illegal() -> None:
    """The error carries the state and the event, and reads as a sentence."""
    with pytest.raises(IllegalEvent, match="Released can not happen to a clear") as e:
        step(CLEAR, RELEASED)

    assert (CLEAR, RELEASED) == (e.value.state, e.value.event)


def _quarantine(subject: str, workspace: str | None = None) -> Quarantine:
    return Quarantine(
        id=subject,
        subject=subject,
        state=QUARANTINED,
        reason="code is gone",
        since="2026-01-01T00:00:00+00:00",
        workspace=workspace,
    )


OPEN = (
    _quarantine("lazy", "/repo"),
    _quarantine("ws:tree", "/tree"),
    _quarantine("ws:lost"),
)
BOUND = (factories.agent("bound", workspace="/tree"),)


@pytest.mark.parametrize(
    ("agent", "workspace", "expected"),
    [
        ("lazy", None, "lazy"),
        ("lazy", "/elsewhere", "lazy"),
        ("lazy", "/tree", "lazy"),
        ("honest", "/repo", None),  # another's quarantine, though the same folder
        ("honest", "/tree", "ws:tree"),
        ("honest", "/tree/", "ws:tree"),
        ("honest", "/tree/sub", None),  # may be a worktree of its own
        ("honest", "/other/tree", None),  # a namesake
        ("honest", "/anywhere/lost", "ws:lost"),  # held by its name
        (None, "/tree", "ws:tree"),
        (None, "/repo", None),
        (None, None, None),
        ("bound", None, "ws:tree"),
        ("bound", "/elsewhere", "ws:tree"),
        ("ws:tree", None, "ws:tree"),
    ],
)
def test_who_is_stopped(
    agent: str | None, workspace: str | None, expected: str | None
) -> None:
    """An agent is stopped by its own quarantine, or by its workspace's."""
    found = covering(OPEN, agent=agent, workspace=workspace, agents=BOUND)

    assert expected == (found and found.subject)


# Subagents

FAMILY = {
    one.id: one
    for one in (
        factories.agent("boss", workspace="/repo"),
        factories.agent("kid", parent="boss", workspace="/tree"),
        factories.agent("grandkid", parent="kid"),
        factories.agent("orphan", parent="gone"),
        factories.agent("egg", parent="hen"),
        factories.agent("hen", parent="egg"),
    )
}


@pytest.mark.parametrize(
    ("id", "line"),
    [
        ("boss", ["boss"]),
        ("grandkid", ["grandkid", "kid", "boss"]),
        ("orphan", ["orphan"]),
        ("egg", ["egg", "hen"]),  # nobody may say so, but a file can
        ("nobody", []),
    ],
)
def test_a_line_leads_up_and_ends(id: str, line: list[str]) -> None:
    """From an agent to its parent, and theirs, each once."""
    assert line == [one.id for one in line_of(id, FAMILY)]


def test_families_are_all_who_are_below() -> None:
    """Subagents of subagents too."""
    found = families(FAMILY)

    assert ("kid", "grandkid") == found["boss"]
    assert ("grandkid",) == found["kid"]
    assert "grandkid" not in found


@pytest.mark.parametrize(
    ("subject", "stopped"),
    [
        ("boss", {"boss", "kid", "grandkid"}),
        ("kid", {"kid", "grandkid"}),
        ("grandkid", {"grandkid"}),
        ("gone", {"orphan"}),
        ("hen", {"egg", "hen"}),
    ],
)
def test_a_parent_stops_everybody_below_it(subject: str, stopped: set[str]) -> None:
    """And nobody above: a subagent answers for itself."""
    found = {
        id
        for id in FAMILY
        if covering(
            [_quarantine(subject)], agent=id, workspace=None, agents=FAMILY.values()
        )
    }

    assert stopped == found


def test_the_workspace_of_a_parent_stops_those_below() -> None:
    """To send a subagent from another folder is no way out."""
    tree = _quarantine("ws:repo", "/repo")
    stop = functools.partial(covering, [tree], agents=FAMILY.values())

    assert tree == stop(agent="grandkid", workspace="/elsewhere")
    assert stop(agent="orphan", workspace="/elsewhere") is None


IDS = st.sampled_from("abcd")
AGENTS = st.dictionaries(IDS, st.none() | IDS, max_size=4).map(
    lambda parents: {
        id: factories.agent(id, parent=parent) for id, parent in parents.items()
    }
)


@given(AGENTS, IDS)
def test_whoever_stops_a_parent_stops_its_subagent(
    agents: dict[str, Agent], subject: str
) -> None:
    """In whatever family, circles among them."""

    def is_stopped(id: str) -> bool:
        known = [_quarantine(subject)]
        found = covering(known, agent=id, workspace=None, agents=agents.values())
        return found is not None

    for child in agents.values():
        assert is_stopped(child.id) or not (child.parent and is_stopped(child.parent))


@given(AGENTS, IDS, IDS, st.booleans())
def test_no_word_of_a_subagent_frees_it(
    agents: dict[str, Agent], id: str, parent: str, is_connected: bool
) -> None:
    """A parent once named stays, and no circle can be made by naming one."""
    child = agents.get(id) or factories.agent(id)
    refused = parent_refusal(child, parent, agents, is_connected=is_connected)

    if refused is None:
        assert child.parent in (None, parent)
        assert id not in [one.id for one in line_of(parent, agents)]
