"""The log: one line a record, harmless, bounded, without secrets."""

from __future__ import annotations

import json
import logging
import os
import time
from pathlib import Path
from typing import Any

import pytest

from qualitywatch import logs
from qualitywatch.credentials import new_token
from qualitywatch.protocol import Role

LOG = logging.getLogger("qualitywatch.hub")
HOSTILE = [
    *(
        "\x1b[31mred",
        "a\rb",
        "a\nb",
        "a\r\nb",
        "\x00",
        "\x7f",
        "\x85next",
        "\u2028line",
    ),
    *("\u202egnp.exe", "\u2066iso", "\x9b31m", "\ud800half", "x" * 100_000),
]


def lines(state_dir: Path) -> list[dict[str, Any]]:
    """What stands in the log, as it was read by a program."""
    text = (state_dir / logs.FOLDER / logs.FILE_NAME).read_text("ascii")
    return [json.loads(line) for line in text.splitlines()]


def test_a_record_is_an_object_with_its_fields(tmp_path: Path) -> None:
    """When, how bad, which part, what, and whatever the part has to say."""
    with logs.setup(tmp_path, "info"):
        LOG.warning("a peer was cut off", extra={"peer": "10.0.0.1", "bytes": 17})

    (line,) = lines(tmp_path)
    assert ("warning", "hub") == (line["level"], line["part"])
    assert ("a peer was cut off", "10.0.0.1", 17) == (
        line["message"],
        line["peer"],
        line["bytes"],
    )


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:20])
def test_hostile_text_stays_on_its_line(
    tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the message, in a field, in the name of a field and in a traceback."""
    # pytest keeps what is logged for its report, and cannot send every text.
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    with logs.setup(tmp_path, "info"):
        LOG.warning("seen: %s", text, extra={"path": text, f"f{text[:50]}": 1})
        try:
            raise ValueError(text)
        except ValueError:
            LOG.exception("failed")

    raw = (tmp_path / logs.FOLDER / logs.FILE_NAME).read_bytes()
    assert 2 == len(lines(tmp_path))
    assert set(raw) <= {*range(0x20, 0x7F), 0x0A}
    assert text[:1000] in lines(tmp_path)[0]["path"]


def test_no_token_gets_in(tmp_path: Path) -> None:
    """In the message, in a field and in a traceback only the prefix is left."""
    token, _ = new_token(Role.OPERATOR)
    with logs.setup(tmp_path, "info"):
        LOG.warning("who is %s", token, extra={"token": token})
        try:
            raise ValueError(token)
        except ValueError:
            LOG.exception("failed")

    assert token not in (tmp_path / logs.FOLDER / logs.FILE_NAME).read_text()
    assert "who is qwo_…" == lines(tmp_path)[0]["message"]


def test_a_storm_of_one_message_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three seconds of 10,000 a second: few lines, and the counts say how many."""
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    with logs.setup(tmp_path, "info"):
        for number in range(30_000):
            now[0] = number / 10_000
            LOG.error("the disk does not answer: %s", number)
    found = lines(tmp_path)

    assert len(found) < logs.BURST + 3 * logs.A_SECOND + 3
    written = sum(line["part"] != "logs" for line in found)
    assert 30_000 == written + sum(line.get("left_out", 0) for line in found)


def test_ever_new_messages_are_counted_too(tmp_path: Path) -> None:
    """Who makes each text another one, by a name in it, fills no disk either."""
    with logs.setup(tmp_path, "info"):
        for number in range(5_000):
            LOG.error(f"the disk does not answer: {number}")

    assert len(lines(tmp_path)) < logs.MOST_KINDS + logs.BURST + 100


def test_the_files_together_stay_small(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest goes when the newest is full."""
    monkeypatch.setattr(logs, "MAX_BYTES", 4096)
    monkeypatch.setattr(logs, "BURST", 10**6)
    with logs.setup(tmp_path, "info"):
        for number in range(1000):
            LOG.info("message %s", number)
    files = list((tmp_path / logs.FOLDER).iterdir())

    assert logs.OLD_FILES + 1 == len(files)
    assert sum(file.stat().st_size for file in files) <= 4096 * len(files)
    assert "message 999" == lines(tmp_path)[-1]["message"]


def test_the_usual_bounds_are_the_promise() -> None:
    """Fifty megabytes, all files together."""
    assert logs.MAX_BYTES * (logs.OLD_FILES + 1) <= 50_000_000


def test_only_the_owner_reads_it(tmp_path: Path) -> None:
    """Whatever the mask of the process says."""
    os.umask(0)
    with logs.setup(tmp_path, "info"):
        LOG.info("a message")
    folder = tmp_path / logs.FOLDER

    assert 0o700 == folder.stat().st_mode & 0o777
    assert 0o600 == (folder / logs.FILE_NAME).stat().st_mode & 0o777


def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    """Nobody makes the daemon append to another file."""
    target = tmp_path / "precious"
    target.write_text("mine")
    (tmp_path / logs.FOLDER).mkdir()
    (tmp_path / logs.FOLDER / logs.FILE_NAME).symlink_to(target)
    with logs.setup(tmp_path, "info"):
        LOG.info("a message")

    assert "mine" == target.read_text()


@pytest.mark.parametrize(
    ("level", "kept"),
    [
        ("debug", ["debug", "info", "warning"]),
        ("info", ["info", "warning"]),
        ("error", []),
    ],
)
def test_the_level_counts_for_ours(tmp_path: Path, level: str, kept: list[str]) -> None:
    """Of a library only what is wrong is kept."""
    with logs.setup(tmp_path, level):
        LOG.debug("debug")
        LOG.info("info")
        LOG.warning("warning")
        logging.getLogger("websockets.server").info("chatter")
        logging.getLogger("websockets.server").error("trouble")

    assert [*kept, "trouble"] == [line["message"] for line in lines(tmp_path)]


def test_afterwards_all_is_as_it_was(tmp_path: Path) -> None:
    """A test, or a second daemon in one process, sees nothing of it."""
    before = (
        list(logging.getLogger().handlers),
        logging.getLogger("qualitywatch").level,
    )
    with logs.setup(tmp_path, "debug"):
        pass

    after = (
        list(logging.getLogger().handlers),
        logging.getLogger("qualitywatch").level,
    )
    assert before == after
