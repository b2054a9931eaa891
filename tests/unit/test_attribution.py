"""Who answers for a change."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualitywatch.attribution import (
    Attribution,
    Claim,
    attribute,
    fallback,
    strongest,
)
from qualitywatch.model import Grounds

CONTENT = "a" * 64
OTHER = "b" * 64


def claim(agent: str, grounds: Grounds, sha256: str | None = None) -> Claim:
    return Claim(agent=agent, grounds=grounds, sha256=sha256)


REPORT = claim("reporter", Grounds.REPORT, CONTENT)
WORKSPACE = claim("tenant", Grounds.WORKSPACE)
PROCESS = claim("process", Grounds.PROCESS)
COMMIT = claim("author", Grounds.COMMIT)


@pytest.mark.parametrize(
    ("claims", "agent", "subjects"),
    [
        ([], None, ("ws:repo",)),
        ([REPORT], "reporter", ("reporter",)),
        ([WORKSPACE, REPORT], "reporter", ("reporter",)),
        ([COMMIT, PROCESS, WORKSPACE], "tenant", ("tenant",)),
        ([claim("liar", Grounds.REPORT, OTHER)], None, ("ws:repo",)),
        ([claim("liar", Grounds.REPORT, OTHER), WORKSPACE], "tenant", ("tenant",)),
        ([PROCESS], "process", ("process", "ws:repo")),
        ([COMMIT, PROCESS], "process", ("process", "ws:repo")),
        ([COMMIT], "author", ("author", "ws:repo")),
        ([claim("Not An Id", Grounds.PROCESS)], None, ("ws:repo",)),
        ([claim("ws:repo2", Grounds.PROCESS)], None, ("ws:repo",)),
        ([claim("somebody", Grounds.UNKNOWN)], None, ("ws:repo",)),
        (
            [REPORT, claim("second", Grounds.REPORT, CONTENT), WORKSPACE],
            "reporter",
            ("reporter", "second"),
        ),
    ],
)
def test_strongest_grounds_first(
    claims: list[Claim], agent: str | None, subjects: tuple[str, ...]
) -> None:
    """The strongest claim names the author; a self-declared one clears nobody."""
    found = attribute(claims, sha256=CONTENT, fallback="ws:repo")

    assert (agent, subjects) == (found.agent, found.subjects)


def test_a_deletion_can_be_reported() -> None:
    """A deleted file has no content: the report and the change agree on that."""
    found = attribute([claim("reporter", Grounds.REPORT, None)], sha256=None)

    assert found == Attribution(
        subject="reporter", agent="reporter", grounds=Grounds.REPORT
    )


def test_nobody_is_quarantined_in_a_humans_checkout() -> None:
    """Without a fallback and without claims only the operator is alerted."""
    assert () == attribute([], sha256=CONTENT).subjects


@pytest.mark.parametrize(
    ("agents_work_here", "quarantine_unattributed", "expected"),
    [
        (True, False, "ws:my-repo"),
        (False, True, "ws:my-repo"),
        (True, True, "ws:my-repo"),
        (False, False, None),
    ],
)
def test_when_the_workspace_answers(
    agents_work_here: bool, quarantine_unattributed: bool, expected: str | None
) -> None:
    """A workspace answers where agents work or where the policy says so."""
    assert expected == fallback(
        "My Repo",
        agents_work_here=agents_work_here,
        quarantine_unattributed=quarantine_unattributed,
    )


NAMES = st.sampled_from(["a", "b", "c"])
SELF_DECLARED = st.builds(
    claim, NAMES, st.sampled_from([Grounds.PROCESS, Grounds.COMMIT])
)
ANY = st.builds(claim, NAMES, st.sampled_from(Grounds), st.sampled_from([CONTENT]))


@given(st.lists(ANY), st.lists(SELF_DECLARED), st.sampled_from([None, "ws:repo"]))
def test_a_self_declared_name_never_removes_blame(
    claims: list[Claim], declared: list[Claim], subject: str | None
) -> None:
    """Whoever was proven to answer still does when others are named besides.

    Only self-declared names are taken away here: they were never proof.
    """
    proven = [c for c in claims if c.grounds in (Grounds.REPORT, Grounds.WORKSPACE)]
    without = attribute(proven, sha256=CONTENT, fallback=subject)

    with_them = attribute([*declared, *proven], sha256=CONTENT, fallback=subject)

    assert set(without.subjects) <= set(with_them.subjects)


@given(st.lists(ANY), ANY)
def test_no_claim_frees_whoever_reported_it(claims: list[Claim], more: Claim) -> None:
    """Another who says the same answers too, in whatever order they come."""
    reported = {c.agent for c in claims if c.grounds is Grounds.REPORT}

    for known in ([*claims, more], [more, *claims]):
        assert reported <= set(attribute(known, sha256=CONTENT).subjects)


@given(st.lists(ANY, max_size=4), st.lists(ANY, max_size=4))
def test_of_several_contents_the_best_known_author_answers(
    first: list[Claim], second: list[Claim]
) -> None:
    """And of equally good grounds those for the content that stood there first."""
    answers = [attribute(claims, sha256=CONTENT) for claims in (first, second)]
    best = strongest(answers)
    grounds = list(Grounds)

    assert best in answers
    assert all(grounds.index(best.grounds) <= grounds.index(a.grounds) for a in answers)
    if answers[0].grounds is answers[1].grounds:
        assert best == answers[0]
