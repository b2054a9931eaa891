"""The answer to each method: one small function, and one table that names them.

Who may ask was settled before (`service`): these only do what was asked.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

import msgspec

from qualitywatch.hub.answers import editing, looking, operating
from qualitywatch.hub.answers.looking import counted
from qualitywatch.hub.answers.operating import spend_nonce
from qualitywatch.hub.parts import Parts
from qualitywatch.hub.sessions import Session

__all__ = ["ANSWERS", "Answer", "counted", "spend_nonce"]

Answer: TypeAlias = Callable[[Parts, Session, Any], Awaitable[msgspec.Struct]]

ANSWERS: Mapping[str, Answer] = MappingProxyType(
    {
        "edit.permit": editing.permit,
        "change.check": editing.check,
        "change.report": editing.report,
        "agent.status": editing.status,
        "repair.propose": editing.propose_repair,
        "process.register": editing.register_process,
        "events.subscribe": looking.subscribe,
        "violations.list": looking.violations,
        "violation.base": looking.base,
        "violation.blames": looking.blames,
        "repair.show": looking.show_repair,
        "agents.list": looking.agents,
        "quarantines.list": looking.quarantines,
        "stats": looking.stats,
        "trends": looking.trends,
        "operator.nonce": operating.nonce,
        "quarantine.impose": operating.impose,
        "quarantine.release": operating.release,
        "violation.dismiss": operating.dismiss,
        "settings.show": operating.show_settings,
        "settings.approve": operating.approve_settings,
        "tokens.create": operating.create_token,
        "tokens.list": operating.list_tokens,
        "tokens.revoke": operating.revoke_token,
        "tokens.rotate": operating.rotate_token,
        "audit.list": operating.list_audit,
    }
)
"""Every method of `protocol.METHODS` but `session.hello`, which the service answers."""
