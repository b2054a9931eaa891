"""The replay of a history: what each commit dropped, who made it, and how often.

A commit is judged as `gate --base PARENT --head COMMIT` would judge it, but by one
rulebook: the rules and settings of `HEAD` as it is now, so that commits of all years
can be compared. Of a merge only what none of its parents explains is judged.
"""

from qualitywatch.history.ahead import Ahead
from qualitywatch.history.chosen import Chosen, Wanted, chosen
from qualitywatch.history.journal import Journal, Terms, digest
from qualitywatch.history.replayed import Replayed
from qualitywatch.history.replaying import Replay
from qualitywatch.history.totals import Row, Totals, totals

__all__ = [
    "Ahead",
    "Chosen",
    "Journal",
    "Replay",
    "Replayed",
    "Row",
    "Terms",
    "Totals",
    "Wanted",
    "chosen",
    "digest",
    "totals",
]
