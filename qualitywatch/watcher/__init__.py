"""Says which files of a workspace have changed, and never loses one in silence.

Events are hints to look, not facts. watchdog's threads only collect notes (`feed`);
the loop sorts their paths into bounded sets (`sorter`, `dirty`); what is due is looked
at on the disk (`table`, `selection`) and given to whoever iterates over
`Watcher.hints`.

The table of stamps is compared with the whole disk once a minute and after every doubt
(`trust`): events were dropped, a proof that they flow did not come back (`pulse`), the
machine slept, the root is another folder, other folders are watched than there are.
Where events can not be had it is compared every few seconds, and the state says so.
"""

from qualitywatch.watcher.hints import (
    TROUBLES,
    GitMoved,
    Hint,
    Recovered,
    Saved,
    Trouble,
    WatcherState,
)
from qualitywatch.watcher.selection import Selection
from qualitywatch.watcher.table import list_files
from qualitywatch.watcher.watching import RECONCILE_SECONDS, Watcher

__all__ = [
    "RECONCILE_SECONDS",
    "TROUBLES",
    "GitMoved",
    "Hint",
    "Recovered",
    "Saved",
    "Selection",
    "Trouble",
    "Watcher",
    "WatcherState",
    "list_files",
]
