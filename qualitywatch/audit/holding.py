"""What must hold by the audit alone, to be compared with the tables that say so too.

Whoever edits the database leaves the audit alone, because its chain would show it: they
end their quarantine, add a token, or set another passphrase in the tables. But all of
that was decided, and every decision is in the audit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from qualitywatch.audit.chain import Record
from qualitywatch.model import Noun


class Held(Noun):
    """What holds: by the audit, or by the tables."""

    quarantined: frozenset[str] = frozenset()
    tokens: Mapping[str, str] = MappingProxyType({})  # id -> seal
    revoked: frozenset[str] = frozenset()
    dismissed: frozenset[str] = frozenset()  # fingerprints
    passphrase: str | None = None  # seal
    settings: str | None = None  # digest
    is_whole: bool = True  # False: a person has taken over what nobody has recorded


def seal(text: str) -> str:
    """By which *text* is known again, and not found out."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def seal_of_token(role: str, agent: str | None, expires_at: str, sha256: str) -> str:
    """What a token is, as the audit keeps it."""
    return f"{role} {agent or '-'} until {expires_at}, {sha256[:16]}"


def held(records: Iterable[Record]) -> Held:
    """What must hold after *records*, the audit from its beginning."""
    replay = _Replay()
    for record in records:
        if record.result == "allowed" and record.action in ACTIONS:
            ACTIONS[record.action](replay, record)
    return Held(
        quarantined=frozenset(replay.quarantined),
        tokens=replay.tokens,
        revoked=frozenset(replay.revoked),
        dismissed=frozenset(replay.dismissed),
        passphrase=replay.passphrase,
        settings=replay.settings,
        is_whole=replay.is_whole,
    )


def edited(audit: Held, tables: Held) -> list[str]:
    """Where *tables* say what the *audit* does not know of, each as half a sentence."""
    found = [
        f"{subject} is in quarantine, and free in the table"
        for subject in sorted(audit.quarantined - tables.quarantined)
    ]
    found += _tokens(audit, tables)
    if audit.is_whole:
        strange = sorted(tables.dismissed - audit.dismissed)
        found += [f"nobody dismissed the violations {one}" for one in strange]
    if audit.passphrase not in (None, tables.passphrase):
        found.append("the operator passphrase is another one")
    if audit.settings not in (None, tables.settings):
        found.append("the approved settings are not those that were approved")
    return found


def _tokens(audit: Held, tables: Held) -> list[str]:
    strange = sorted(tables.tokens.keys() - audit.tokens.keys())
    found = [f"nobody made the token {id}" for id in strange if audit.is_whole]
    for id in sorted(tables.tokens.keys() & audit.tokens.keys()):
        if audit.tokens[id] != tables.tokens[id]:
            found.append(f"the token {id} is not as it was made")
        elif id in audit.revoked - tables.revoked:
            found.append(f"the token {id} was revoked, and is good in the table")
    return found


class _Replay:
    """What holds after the records so far."""

    def __init__(self, *, is_whole: bool = True) -> None:
        self.is_whole = is_whole
        self.quarantined = set[str]()
        self.revoked = set[str]()
        self.dismissed = set[str]()
        self.tokens: dict[str, str] = {}
        self.passphrase: str | None = None
        self.settings: str | None = None

    def impose(self, record: Record) -> None:
        self.quarantined.add(record.object)

    def release(self, record: Record) -> None:
        self.quarantined.discard(record.object)

    def make_token(self, record: Record) -> None:
        self.tokens[record.object] = record.reason

    def revoke_token(self, record: Record) -> None:
        self.revoked.add(record.object)

    def dismiss(self, record: Record) -> None:
        self.dismissed.add(record.object.rpartition(" ")[2])

    def set_passphrase(self, record: Record) -> None:
        self.passphrase = record.reason

    def approve(self, record: Record) -> None:
        self.settings = record.object

    def accept(self, record: Record) -> None:
        """A person took over what stood there: nobody knows what came before."""
        _Replay.__init__(self, is_whole=False)


ACTIONS: Mapping[str, Callable[[_Replay, Record], None]] = MappingProxyType(
    {
        "quarantine.impose": _Replay.impose,
        "quarantine.release": _Replay.release,
        "tokens.create": _Replay.make_token,
        "tokens.revoke": _Replay.revoke_token,
        "violation.dismiss": _Replay.dismiss,
        "passphrase.set": _Replay.set_passphrase,
        "passphrase.change": _Replay.set_passphrase,
        "settings.approve": _Replay.approve,
        "history.accept": _Replay.accept,
    }
)
"""What `held` looks at; the rest of an audit can be left out."""
