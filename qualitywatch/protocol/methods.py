"""The whole list of what may be asked, by whom, and whether in quarantine too."""

from __future__ import annotations

from types import MappingProxyType

import msgspec

from qualitywatch.model import Quarantine, Verdict, Violation
from qualitywatch.protocol.basics import Params, Role
from qualitywatch.protocol.editing import (
    Check,
    Permit,
    Proposed,
    ProposeRepair,
    RegisteredProcess,
    RegisterProcess,
    Report,
    Reported,
    Status,
)
from qualitywatch.protocol.operating import (
    ApprovedSettings,
    ApproveSettings,
    AuditPage,
    CreatedToken,
    CreateToken,
    Dismiss,
    Impose,
    ListAudit,
    ListTokens,
    Nonce,
    Release,
    RevokeToken,
    RotateToken,
    ShowSettings,
    TokenRow,
    Tokens,
)
from qualitywatch.protocol.records import (
    Agents,
    AskTrends,
    Blames,
    FindBase,
    FindBlames,
    KeptBase,
    ListViolations,
    Quarantines,
    ShownRepair,
    ShowRepair,
    Stats,
    Trends,
    Violations,
)
from qualitywatch.protocol.sessions import (
    Hello,
    Nothing,
    Subscribe,
    Subscribed,
    Welcome,
)


class Method(msgspec.Struct, frozen=True):
    """One row of the table of what may be asked."""

    params: type[Params]
    result: type[msgspec.Struct]
    roles: frozenset[Role]
    in_quarantine: bool = False  # is it answered to an agent in quarantine?


_ANYONE = frozenset(Role)
_AGENT = frozenset({Role.AGENT})
_OPERATOR = frozenset({Role.OPERATOR})
_LOOKER = frozenset({Role.OBSERVER, Role.OPERATOR})
METHODS = MappingProxyType(
    {
        "session.hello": Method(Hello, Welcome, _ANYONE, in_quarantine=True),
        "edit.permit": Method(Permit, Verdict, _AGENT),
        "change.check": Method(Check, Verdict, _AGENT),
        "change.report": Method(Report, Reported, _AGENT),
        "agent.status": Method(Nothing, Status, _AGENT, in_quarantine=True),
        "repair.propose": Method(ProposeRepair, Proposed, _AGENT, in_quarantine=True),
        "process.register": Method(RegisterProcess, RegisteredProcess, _AGENT),
        "events.subscribe": Method(Subscribe, Subscribed, _ANYONE, in_quarantine=True),
        "violations.list": Method(ListViolations, Violations, _ANYONE),
        "violation.base": Method(FindBase, KeptBase, _ANYONE),
        "violation.blames": Method(FindBlames, Blames, _ANYONE),
        "repair.show": Method(ShowRepair, ShownRepair, _LOOKER),
        "agents.list": Method(Nothing, Agents, _ANYONE),
        "quarantines.list": Method(Nothing, Quarantines, _ANYONE),
        "stats": Method(Nothing, Stats, _ANYONE),
        "trends": Method(AskTrends, Trends, _ANYONE),
        "operator.nonce": Method(Nothing, Nonce, _OPERATOR),
        "quarantine.impose": Method(Impose, Quarantine, _OPERATOR),
        "quarantine.release": Method(Release, Quarantine, _OPERATOR),
        "violation.dismiss": Method(Dismiss, Violation, _OPERATOR),
        "settings.show": Method(ShowSettings, ApprovedSettings, _OPERATOR),
        "settings.approve": Method(ApproveSettings, ApprovedSettings, _OPERATOR),
        "tokens.create": Method(CreateToken, CreatedToken, _OPERATOR),
        "tokens.list": Method(ListTokens, Tokens, _OPERATOR),
        "tokens.revoke": Method(RevokeToken, TokenRow, _OPERATOR),
        "tokens.rotate": Method(RotateToken, CreatedToken, _OPERATOR),
        "audit.list": Method(ListAudit, AuditPage, _OPERATOR),
    }
)
"""Every method: its parameters, its answer and who may ask."""
