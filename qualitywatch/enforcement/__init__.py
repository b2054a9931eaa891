"""Optional enforcement on processes: who is in quarantine is stopped, until released.

`processes` looks at one process and signals it, `stopping` keeps those that agents
have registered as the quarantines say.
"""

from qualitywatch.enforcement.processes import Process
from qualitywatch.enforcement.stopping import Registered, Stopping

__all__ = ["Process", "Registered", "Stopping"]
