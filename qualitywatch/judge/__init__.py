"""One file of one workspace, judged once for each of its contents.

`Judge` is what the hub and the watcher call; `checkout` knows where a workspace stands,
`examiner` turns a content into a record, `files` reads without being misled, `moves`
tells commits from checkouts, `as_committed` what `HEAD` holds.
"""

from qualitywatch.judge.as_committed import AsCommitted
from qualitywatch.judge.heads import Heads
from qualitywatch.judge.judge import Judge

__all__ = ["AsCommitted", "Heads", "Judge"]
