"""The lost code in the report for humans: folded, and numbered as in the base."""

from __future__ import annotations

import pytest

from qualitywatch.model import Change, Evidence
from qualitywatch.reports import Look, bases_of
from qualitywatch.reports.look import MAX_BASE
from qualitywatch.reports.lost import FIRST, LAST, MAX_BLOCKS, lost_lines
from qualitywatch.reports.text import quarantine_lines, violation_lines
from tests.factories import violation
from tests.judgements import BASE, FOUND, HELD, LOOK

SHORT = Evidence(lost_lines=2, base_ranges=((1, 2),))


def shown(base: bytes, *ranges: tuple[int, int], whole: bool = False) -> list[str]:
    """The lines as `number text`, or the text of a fold."""
    evidence = Evidence(lost_lines=1, base_ranges=ranges)
    return [
        text if number is None else f"{number} {text}"
        for number, text in lost_lines(base, evidence, whole=whole)
    ]


def test_text_shows_the_lost_code() -> None:
    """The first and the last lines, and how many lie between."""
    lines = list(violation_lines(FOUND, Look(bases=LOOK.bases)))

    assert [
        "    lost: 212 lines (lines 37-260, 300 of the base)",
        "    lost with them: App.stop",
        "    still called: App.stop",
        "     37 - line 37 of the base",
        "     38 - line 38 of the base",
        "     39 - line 39 of the base",
        "     40 - line 40 of the base",
        "     41 - line 41 of the base",
        "          … 216 more lines …",
        "    258 - line 258 of the base",
        "    259 - line 259 of the base",
        "    260 - line 260 of the base",
        "    300 - line 300 of the base",
        "    to mend it: Put the code back.",
    ] == lines[3:]


def test_verbose_unfolds_all() -> None:
    """Every lost line."""
    lines = list(violation_lines(FOUND, LOOK))

    assert 224 + 1 == sum(" of the base" in line and " - " in line for line in lines)
    assert not any("more lines" in line for line in lines)


def test_lost_code_is_red_on_a_terminal_only() -> None:
    """And the escape ends with the line."""
    coloured = Look(colour=True, bases=LOOK.bases)

    lines = list(violation_lines(FOUND, coloured))

    assert "    \033[31m 37 - line 37 of the base\033[0m" in lines
    assert "\033" not in "".join(violation_lines(FOUND, LOOK))


def test_a_violation_of_another_file_shows_nothing() -> None:
    """Nor does one whose base nobody gave."""
    assert list(violation_lines(violation())) == list(
        violation_lines(violation(), LOOK)
    )


def test_quarantines_show_no_code() -> None:
    """They are of another day, and so is their base."""
    assert list(quarantine_lines(HELD)) == list(quarantine_lines(HELD, LOOK))


@pytest.mark.parametrize("length", range(1, 12))
def test_folding_spares_two_lines_or_more(length: int) -> None:
    """A fold that stands for one line is longer than the line."""
    lines = shown(BASE, (1, length))

    assert min(length, FIRST + LAST + 1) == len(lines)
    assert (length > FIRST + LAST + 1) == any("more lines" in line for line in lines)
    assert not any("1 more line " in line for line in lines)


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        (b"a\r\nb\r\n", ["1 a", "2 b"]),
        (b"a\rb", ["1 a", "2 b"]),
        (b"a\x0cb\nc\n", ["1 a\x0cb", "2 c"]),
        ("a\u2028b\nc".encode(), ["1 a\u2028b", "2 c"]),
        (b"\xef\xbb\xbfa\nb", ["1 a", "2 b"]),
        (b"caf\xe9\nb", ["1 café", "2 b"]),
        ("\ufeffa\nb".encode("utf-16-le"), ["1 a", "2 b"]),
        (b"a", ["1 a"]),
        (b"", ["1 "]),
    ],
)
def test_lines_are_counted_as_the_analysis_does(
    base: bytes, expected: list[str]
) -> None:
    """Only line ends end a line, whatever kind; any bytes have lines."""
    assert expected == shown(base, (1, 2))


@pytest.mark.parametrize(
    ("ranges", "expected"),
    [
        (((0, 1),), ["1 a"]),
        (((2, 99),), ["2 b"]),
        (((3, 4),), []),
        (((2, 1),), []),
        (((1, 1), (2, 2)), ["1 a", "2 b"]),
    ],
)
def test_ranges_that_do_not_fit_do_no_harm(
    ranges: tuple[tuple[int, int], ...], expected: list[str]
) -> None:
    """Evidence of a quarantine can be older than the file."""
    assert expected == shown(b"a\nb\n", *ranges)


def test_many_places_are_folded_too() -> None:
    """The rest is a number."""
    ranges = tuple((n, n) for n in range(1, 101, 2))

    lines = shown(BASE, *ranges)

    rest = 50 - MAX_BLOCKS
    assert f"… {rest} more lines at {rest} more places …" == lines[-1]
    assert 50 == len(shown(BASE, *ranges, whole=True))


def test_long_lines_are_cut() -> None:
    """A bundle of one line does not fill the screen."""
    base = b"x" * 1_000_000

    assert 300 > len(shown(base, (1, 1))[0])
    assert 1_000_002 == len(shown(base, (1, 1), whole=True)[0])


def test_bases_are_of_files_that_lost_code() -> None:
    """Of the name that the file has now; too large ones and new ones have none."""
    changes = [
        Change(path="lost.py", old_path="old.py", before=b"a\n", after=b""),
        Change(path="kept.py", before=b"b\n", after=b""),
        Change(path="new.py", before=None, after=b""),
        Change(path="huge.py", before=b"x" * (MAX_BASE + 1), after=b""),
    ]
    found = [
        *(violation(path=f"{n}.py", evidence=SHORT) for n in ("lost", "new", "huge")),
        violation(path="kept.py", evidence=None),
    ]

    assert {"lost.py": b"a\n"} == bases_of(found, changes)
