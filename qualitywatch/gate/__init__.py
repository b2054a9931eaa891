"""The gate: may these changes pass? GO or NO-GO, with every reason.

Whether we fail open or closed is said here once: **closed**. What could not be read,
parsed or known is NO-GO; what is not ours to judge is listed as skipped and passes.
"""

from qualitywatch.gate.base import Base, named_base, usual_base
from qualitywatch.gate.changes import ChangeSet, between, joined, staged, worktree
from qualitywatch.gate.concern import concerned, known_state
from qualitywatch.gate.first_push import dropped_inside
from qualitywatch.gate.judgement import judge
from qualitywatch.gate.references import References
from qualitywatch.gate.surroundings import Analyse, Task
from qualitywatch.gate.tree import Tree
from qualitywatch.gate.trust import (
    Trusted,
    analyser,
    analysers_say,
    references,
    trusted,
)

__all__ = [
    "Analyse",
    "Base",
    "ChangeSet",
    "References",
    "Task",
    "Tree",
    "Trusted",
    "analyser",
    "analysers_say",
    "between",
    "concerned",
    "dropped_inside",
    "joined",
    "judge",
    "known_state",
    "named_base",
    "references",
    "staged",
    "trusted",
    "usual_base",
    "worktree",
]
