"""The audit: every security decision as one record, each chained to the one before.

`decision` says what was decided, `chain` links it to all that went before and finds the
first link that does not hold, `merging` keeps a flood of refusals small. Nothing here
does I/O: the store writes the records, in the transaction of the thing decided.
"""

from qualitywatch.audit.chain import Head, Record, genesis, link
from qualitywatch.audit.decision import UNKNOWN, Decision
from qualitywatch.audit.merging import Merging

__all__ = ["UNKNOWN", "Decision", "Head", "Merging", "Record", "genesis", "link"]
