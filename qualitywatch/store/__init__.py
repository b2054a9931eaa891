"""The store: everything that must outlive the daemon, in one SQLite file.

`database` opens the file and runs functions in its thread, `transaction` holds what can
be written, `rows` turns rows into nouns, `store` is what the others call.
"""

from qualitywatch.store.rows import (
    ChangeRow,
    ClosedAs,
    Closing,
    Counts,
    LastJudged,
    OpenViolation,
)
from qualitywatch.store.store import Store
from qualitywatch.store.transaction import Transaction

__all__ = [
    "ChangeRow",
    "ClosedAs",
    "Closing",
    "Counts",
    "LastJudged",
    "OpenViolation",
    "Store",
    "Transaction",
]
