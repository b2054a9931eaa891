"""The store: everything that must outlive the daemon, in one SQLite file.

`opening` makes and checks the file, `faults` says what can go wrong with it, `database`
runs functions in its threads. `reading` holds what a decision may ask, `transaction`
what can be written, `rows` turns rows into nouns, `store` is what the others call.
"""

from qualitywatch.store.faults import Damaged, NotBegun
from qualitywatch.store.looking import verified_audit
from qualitywatch.store.reading import Reading
from qualitywatch.store.rows import (
    ChangeRow,
    ClosedAs,
    Closing,
    Counts,
    LastJudged,
    OfferedRepair,
    OpenViolation,
    ProcessRow,
    Strike,
)
from qualitywatch.store.store import Store
from qualitywatch.store.transaction import Transaction

__all__ = [
    "ChangeRow",
    "ClosedAs",
    "Closing",
    "Counts",
    "Damaged",
    "LastJudged",
    "NotBegun",
    "OfferedRepair",
    "OpenViolation",
    "ProcessRow",
    "Reading",
    "Store",
    "Strike",
    "Transaction",
    "verified_audit",
]
