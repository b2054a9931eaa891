"""How a report for humans should look."""

from __future__ import annotations

from qualitywatch.model import Noun


class Look(Noun):
    """What only the caller knows: who reads, and on what."""

    verbose: bool = False
    colour: bool = False
