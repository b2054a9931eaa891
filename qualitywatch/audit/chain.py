"""The chain: each record holds the hash of the one before it.

A record's hash is the SHA-256 of a JSON array without spaces, in UTF-8: the hash before
it, then its fields in the order of `Record`. Before the first stands the hash of the
history's id, so that no record fits into another history. Whoever holds the newest
hash, the head, can tell whether anything before it was touched.
"""

from __future__ import annotations

import msgspec

from qualitywatch.audit.decision import Decision, Result, plain
from qualitywatch.model import Noun


class Record(Noun):
    """One decision as it was recorded; `sequence` is the newest event's by then."""

    number: int
    time: str
    monotonic_ms: int
    sequence: int
    who: str
    action: str
    object: str
    result: Result
    reason: str
    count: int
    previous: str  # the hash of the record before
    hash: str


class Head(Noun):
    """The newest record of a history: whoever keeps it can tell what was touched."""

    number: int
    hash: str
    history: str = ""  # empty: not said, as where a person has written it down

    def of(self, history: str) -> Head:
        """The same head, said to be of *history*."""
        return Head(number=self.number, hash=self.hash, history=history)


def genesis(history: str) -> Head:
    """The head of a history in which nothing was decided yet."""
    first = _sha256(f"qualitywatch audit {history}".encode())
    return Head(number=0, hash=first, history=history)


def link(
    head: Head, decision: Decision, *, time: str, monotonic_ms: int, sequence: int
) -> Record:
    """The record of *decision* that follows *head*."""
    record = Record(
        number=head.number + 1,
        time=time,
        monotonic_ms=monotonic_ms,
        sequence=sequence,
        who=plain(decision.who),
        action=plain(decision.action),
        object=plain(decision.object),
        result=decision.result,
        reason=plain(decision.reason),
        count=decision.count,
        previous=head.hash,
        hash="",
    )
    return msgspec.structs.replace(record, hash=digest(record))


def digest(record: Record) -> str:
    """The hash that *record* must hold."""
    content = (
        record.previous,
        record.number,
        record.time,
        record.monotonic_ms,
        record.sequence,
        record.who,
        record.action,
        record.object,
        record.result,
        record.reason,
        record.count,
    )
    return _sha256(msgspec.json.encode(content))


def _sha256(content: bytes) -> str:
    import hashlib  # OpenSSL's take long to load: who only reads a head has no need

    return hashlib.sha256(content).hexdigest()
