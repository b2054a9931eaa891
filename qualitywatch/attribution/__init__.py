"""Who wrote a change: from what is claimed and what is known, strongest grounds first.

A claim is *proven* where an agent's own token stands behind it: it reported the same
content, or it is bound to the workspace. The environment of a process and the author
of a commit are *self-declared*: whoever writes them may write any name. So a
self-declared name can add blame, never remove it: the workspace stays answerable beside
the name, just as if nobody had been named. And where several agents say that they wrote
the same content, all of them answer for it: none can take it from another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

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
    others: tuple[str, ...] = ()  # agents with a claim just as good

    @property
    def subjects(self) -> tuple[str, ...]:
        """Everybody to be put in quarantine: nobody, one, or several."""
        named = (self.agent, self.subject, *self.others)
        return tuple(dict.fromkeys(filter(None, named)))


NOBODY = Attribution(subject=None, agent=None, grounds=Grounds.UNKNOWN)
"""Nobody can be named and no workspace answers: the operator is alerted."""


def attribute(
    claims: Iterable[Claim], *, sha256: str | None, fallback: str | None = None
) -> Attribution:
    """Who answers for the content *sha256*: whoever has the strongest claims.

    The first of them is the author, the others answer beside it. *fallback* is the
    subject that answers where no agent is proven (see `fallback`).
    """
    valid = [claim for claim in claims if _counts(claim, sha256)]
    if not valid:
        return Attribution(subject=fallback, agent=None, grounds=Grounds.UNKNOWN)
    grounds = min((claim.grounds for claim in valid), key=_STRENGTH.index)
    agents = dict.fromkeys(claim.agent for claim in valid if claim.grounds is grounds)
    author, *others = agents
    return Attribution(
        subject=author if grounds in _PROVEN else fallback,
        agent=author,
        grounds=grounds,
        others=tuple(others),
    )


def strongest(answers: Sequence[Attribution]) -> Attribution:
    """The one of *answers* with the best grounds; of equals the first."""
    return min(answers, key=lambda one: _STRENGTH.index(one.grounds), default=NOBODY)


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
