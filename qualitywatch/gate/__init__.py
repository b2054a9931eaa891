"""The gate: may these changes pass? GO or NO-GO, with every reason.

Whether we fail open or closed is said here once: **closed**. What could not be read,
parsed or known is NO-GO; what is not ours to judge is listed as skipped and passes.

Each name below is loaded on first use: who judges two files needs no git.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qualitywatch.loading import on_demand

if TYPE_CHECKING:
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
        trusted,
        who_needs,
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
    "staged",
    "trusted",
    "usual_base",
    "who_needs",
    "worktree",
]

__getattr__ = on_demand(
    __name__,
    {
        "base": {"Base", "named_base", "usual_base"},
        "changes": {"ChangeSet", "between", "joined", "staged", "worktree"},
        "concern": {"concerned", "known_state"},
        "first_push": {"dropped_inside"},
        "judgement": {"judge"},
        "references": {"References"},
        "surroundings": {"Analyse", "Task"},
        "tree": {"Tree"},
        "trust": {"Trusted", "analyser", "analysers_say", "trusted", "who_needs"},
    },
)
