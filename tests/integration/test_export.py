"""`export` writes what is recorded, with a daemon and without."""

from __future__ import annotations

import csv
import io
import json
import os
import stat

import pytest

from qualitywatch.store.pages import TABLES
from tests import factories
from tests.integration.operating import Operator


@pytest.fixture
def recorded(either: Operator) -> Operator:
    """`cursor-1` has dropped code, and is in quarantine."""
    done = either.do("quarantine", "cursor-1", "--reason", "=looks wrong")
    assert 0 == done.code, done.err
    return either


def lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def test_every_record_is_a_line(recorded: Operator):
    done = recorded.look("export")

    rows = lines(done.out)
    assert 0 == done.code, done.err
    assert {"quarantines", "events", "audit"} <= {row["record"] for row in rows}
    assert ["cursor-1"] == [r["subject"] for r in rows if r["record"] == "quarantines"]


def test_a_table_holds_one_kind_and_runs_nothing(recorded: Operator):
    done = recorded.look("export", "--format", "csv", "--what", "quarantines")
    several = recorded.look("export", "--format", "csv")

    (row,) = csv.DictReader(io.StringIO(done.out))
    assert ("cursor-1", "'=looks wrong") == (row["subject"], row["reason"])
    assert 2 == several.code


@pytest.fixture
def seeded(enrolled: Operator) -> Operator:
    """A violation is recorded; no daemon runs."""
    enrolled.seed(factories.violation(path="a\u202eb.py"))
    return enrolled


def test_one_object_holds_all(seeded: Operator):
    done = seeded.look("export", "--format", "json")

    assert set(TABLES) == set(done.data)
    assert ["elided-code"] == [row["rule"] for row in done.data["violations"]]
    assert "\u202e" not in done.out


@pytest.mark.parametrize(
    ("since", "count"), [("2000-01-01", 1), ("1h", 1), ("2w", 1), ("2999-01-01", 0)]
)
def test_only_what_is_newer_is_written(seeded: Operator, since: str, count: int):
    done = seeded.look("export", "--since", since, "--what", "violations")

    assert (0, count) == (done.code, len(lines(done.out)))


@pytest.mark.parametrize("since", ["yesterday", "7", "1y", "", "2026-13-01"])
def test_what_is_no_moment_is_refused(seeded: Operator, since: str):
    done = seeded.look("export", "--since", since)

    assert (2, True) == (done.code, "for example" in done.err)


def test_a_file_is_whole_and_private(seeded: Operator, tmp_path):
    os.umask(0)
    file = tmp_path / "out.jsonl"

    done = seeded.look("export", str(file))

    assert ("", 0o600) == (done.out, stat.S_IMODE(file.stat().st_mode))
    assert f"{len(lines(file.read_text()))} records" in done.err
    assert [] == list(tmp_path.glob(".out*"))


def test_where_it_can_not_be_written_nothing_is_left(seeded: Operator, tmp_path):
    done = seeded.look("export", str(tmp_path / "none" / "out"))

    assert (2, True) == (done.code, "can not be written" in done.err)


def test_an_empty_table_still_has_its_header(enrolled: Operator):
    done = enrolled.look("export", "--format", "csv", "--what", "violations")

    assert done.out.startswith("type,rule,severity,")
