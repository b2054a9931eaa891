"""A change set judged as one: what one file misses, another may have, or still need.

Every file is judged alone first. Only where something is missing does it matter what
the others gained and who imports it, and only such a file is judged again.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from typing import TYPE_CHECKING

import msgspec

from qualitywatch.gate.lazily import Lazily
from qualitywatch.gate.references import References
from qualitywatch.model import Analysis, Change
from qualitywatch.traces import ALONE, Around, Examined, Missing

if TYPE_CHECKING:
    from qualitywatch.analysis.symbols.elsewhere import Elsewhere

Task = tuple[Change, Around]
Analyse = Callable[[Sequence[Task]], Iterable[Examined]]
Judging = Generator[Sequence[Task], Sequence[Examined], list[Analysis]]


def judged(
    changes: Sequence[Change], analyse: Analyse, references: References | None
) -> list[Analysis]:
    """The analysis of each of *changes*, with what the others say of it."""
    asking = judging(changes, references)
    tasks = next(asking)
    while True:
        try:
            tasks = asking.send(list(analyse(tasks)))
        except StopIteration as end:
            analyses: list[Analysis] = end.value
            return analyses


def judging(changes: Sequence[Change], references: References | None) -> Judging:
    """The same for whoever judges many change sets at once: asks, and is answered.

    What it yields is to be examined; what it is sent are the answers, in order.
    """
    first = yield Lazily(_alone, changes)
    arounds = _arounds(changes, first, references)
    tasks = [
        (change, around)
        for change, around in zip(changes, arounds, strict=True)
        if around != ALONE
    ]
    again = iter((yield tasks) if tasks else ())
    return [
        (examined if around == ALONE else next(again)).analysis
        for examined, around in zip(first, arounds, strict=True)
    ]


def _alone(change: Change) -> Task:
    return change, ALONE


def _arounds(
    changes: Sequence[Change], found: Sequence[Examined], references: References | None
) -> list[Around]:
    missing = [examined.traces.missing for examined in found]
    if not any(missing):
        return [ALONE] * len(found)
    from qualitywatch.analysis.symbols.elsewhere import (
        Elsewhere,  # only where it is needed
    )

    elsewhere = Elsewhere()
    for change, examined in zip(changes, found, strict=True):
        elsewhere.put(change.path, examined.traces.gains)
    told = [
        (change.path, what)
        for change, what in zip(changes, missing, strict=True)
        if what is not None
    ]
    arounds = iter(_around(told, elsewhere, references))
    return [ALONE if what is None else next(arounds) for what in missing]


def around(
    path: str, missing: Missing, elsewhere: Elsewhere, references: References | None
) -> Around:
    """What the rest of the change set and of the repository says about *path*."""
    (found,) = _around([(path, missing)], elsewhere, references)
    return found


def _around(
    missing: Sequence[tuple[str, Missing]],
    elsewhere: Elsewhere,
    references: References | None,
) -> list[Around]:
    """The same for several files, by their paths: importers are found all at once."""
    arounds = [elsewhere.around(path, what) for path, what in missing]
    asked = [at for at, (_, what) in enumerate(missing) if what.is_gone or what.names]
    if references is not None and asked:
        found = references.importers([missing[at][1] for at in asked])
        for at, importers in zip(asked, found, strict=True):
            arounds[at] = msgspec.structs.replace(arounds[at], importers=importers)
    return arounds
