"""Who wrote a change: from what is claimed and what is known, strongest grounds first.

A claim is *proven* where an agent's own token stands behind it: it reported the same
content, or it is bound to the workspace. The environment of a process and the author
of a commit are *self-declared*: whoever writes them may write any name. So a
self-declared name can add blame, never remove it: the workspace stays answerable beside
the name, just as if nobody had been named.
"""

from __future__ import annotations

from collections.abc import Iterable

from qualitywatch.model import Grounds, Noun, is_agent_id, workspace_subject

_STRENGTH = tuple(Grounds)  # written from the strongest to the weakest
_PROVEN = frozenset({Grounds.REPORT, Grounds.WORKSPACE})


class Claim(Noun):
    """Something that points to an agent; a report points to one content only."""

    agent: str
    grounds: Grounds
    sha256: str | None = None  # of the content that was reported; `None`: deleted


class Attribution(Noun):
    """Who answers for a violation.

    `agent` is who is named as the author. `subject` is who goes into quarantine
    whatever the name: the agent where it is proven, else the workspace, or nobody.
    """

    subject: str | None
    agent: str | None
    grounds: Grounds

    @property
    def subjects(self) -> tuple[str, ...]:
        """Everybody to be put in quarantine: nobody, one, or a name and a workspace."""
        return tuple(dict.fromkeys(filter(None, (self.agent, self.subject))))


NOBODY = Attribution(subject=None, agent=None, grounds=Grounds.UNKNOWN)
"""Nobody can be named and no workspace answers: the operator is alerted."""


def attribute(
    claims: Iterable[Claim], *, sha256: str | None, fallback: str | None = None
) -> Attribution:
    """Who answers for the content *sha256*; the first of the strongest claims wins.

    *fallback* is the subject that answers where no agent is proven (see `fallback`).
    """
    valid = [claim for claim in claims if _counts(claim, sha256)]
    if not valid:
        return Attribution(subject=fallback, agent=None, grounds=Grounds.UNKNOWN)
    best = min(valid, key=lambda claim: _STRENGTH.index(claim.grounds))
    proven = best.grounds in _PROVEN
    return Attribution(
        subject=best.agent if proven else fallback,
        agent=best.agent,
        grounds=best.grounds,
    )


def fallback(
    workspace: str, *, agents_work_here: bool, quarantine_unattributed: bool
) -> str | None:
    """The subject that answers when nobody is proven: the workspace, or nobody.

    A workspace in which agents work answers itself; any other (a human's own checkout)
    only where the policy says so.
    """
    if agents_work_here or quarantine_unattributed:
        return workspace_subject(workspace)
    return None


def _counts(claim: Claim, sha256: str | None) -> bool:
    same = claim.grounds is not Grounds.REPORT or claim.sha256 == sha256
    return same and claim.grounds is not Grounds.UNKNOWN and is_agent_id(claim.agent)
