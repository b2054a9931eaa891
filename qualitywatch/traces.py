"""What a judgement leaves behind for the judgements of other files, as values.

One file alone can not tell moved code from lost code, nor whether somebody still needs
what is gone. So each judgement tells what its file gained and what it misses
(`Traces`); a file that misses something is judged again with what the others say
(`Around`). `analysis` makes and reads them; they stand here because whoever only hands
them on must not pay for the parsers.
"""

from __future__ import annotations

from qualitywatch.model import Analysis, Noun


class Shape(Noun):
    """A unit, as far as another file can recognise it."""

    name: str  # qualified
    short: str
    kind: str
    tokens: frozenset[str] = frozenset()  # empty: too short to be alike


class Gains(Noun):
    """What one file of a change set has that its base had not."""

    home: str  # which files may have lost it, see `home`
    lines: frozenset[str] = frozenset()
    units: tuple[Shape, ...] = ()


class Missing(Noun):
    """What one file of a change set has no longer."""

    path: str  # by which others know the file: its old one, if it was renamed
    home: str
    lines: frozenset[str] = frozenset()
    units: tuple[Shape, ...] = ()
    names: frozenset[str] = frozenset()  # that others could import from it
    is_gone: bool = False  # the file itself, at that path


class Importer(Noun):
    """A place in another file that imports what is gone."""

    path: str
    line: int
    name: str | None  # None: the whole file
    text: str
    is_used: bool  # beyond the import


class Around(Noun):
    """What the rest of the change set and of the repository says about one change."""

    moved: frozenset[str] = frozenset()  # qualified names of base units that live on
    defined: frozenset[str] = frozenset()  # short names that another file now defines
    lines: frozenset[str] = frozenset()  # lost lines that another file gained
    importers: tuple[Importer, ...] = ()


ALONE = Around()
"""One file, and nothing known of any other."""


class Traces(Noun):
    """What a judgement leaves behind for the judgements of other files."""

    gains: Gains | None = None
    missing: Missing | None = None


class Examined(Noun):
    """One change, judged."""

    analysis: Analysis = Analysis()
    traces: Traces = Traces()


class Import(Noun):
    """One name that a file imports, or with name `None` the module as a whole."""

    module: str  # as written
    name: str | None
    line: int
    text: str
    is_used: bool  # beyond the import itself
