"""Failing on purpose: where it can be asked for, and who may not ask."""

from __future__ import annotations

import errno
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from qualitywatch import failpoints
from qualitywatch.errors import UserError
from qualitywatch.failpoints import FailedOnPurpose
from tests.conftest import Repo

PACKAGE = Path(__file__).parents[2] / "qualitywatch"
REACHED = re.compile(r'failpoints\.reach\("(\w+)"\)')


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    failpoints.disarm()


def arm(asked: str) -> None:
    failpoints.arm(is_test=True, asked=asked)


def test_every_place_is_in_the_code_once() -> None:
    """A place that got lost in an edit would never fail a test again."""
    found = Counter(
        name for file in PACKAGE.rglob("*.py") for name in REACHED.findall(_code(file))
    )

    assert dict.fromkeys(failpoints.PLACES, 1) == dict(found)


def _code(file: Path) -> str:
    return file.read_text() if file.name != "failpoints.py" else ""


def test_nothing_happens_unarmed() -> None:
    failpoints.reach("after_commit")


def test_only_the_place_that_was_asked_for_fails() -> None:
    arm("after_commit:raise")
    failpoints.reach("before_commit")

    with pytest.raises(FailedOnPurpose):
        failpoints.reach("after_commit")


def test_only_the_time_that_was_asked_for_fails() -> None:
    arm("after_commit:raise@2")
    failpoints.reach("after_commit")
    with pytest.raises(FailedOnPurpose):
        failpoints.reach("after_commit")

    failpoints.reach("after_commit")


def test_a_full_disk() -> None:
    arm("before_commit:enospc")

    with pytest.raises(OSError, match="No space left") as full:
        failpoints.reach("before_commit")

    assert errno.ENOSPC == full.value.errno


def test_a_kill_is_a_kill() -> None:
    code = (
        "from qualitywatch import failpoints as f;"
        "f.arm(is_test=True, asked='before_ack:kill'); f.reach('before_ack')"
    )

    assert -signal.SIGKILL == subprocess.run([sys.executable, "-c", code]).returncode


@pytest.mark.parametrize(
    "asked",
    [
        "after_commit",
        "after_comit:kill",
        "after_commit:explode",
        "after_commit:kill@",
        "after_commit:sleep=1h",
        "after_commit:kill,,",
    ],
)
def test_what_can_not_be_read_is_refused(asked: str) -> None:
    """A misspelt place would pass every test."""
    with pytest.raises(UserError):
        arm(asked)

    assert not failpoints.is_armed()


@pytest.mark.parametrize(("is_test", "asked"), [(True, ""), (False, "mid_settle:kill")])
def test_one_without_the_other_is_refused(is_test: bool, asked: str) -> None:
    with pytest.raises(UserError):
        failpoints.arm(is_test=is_test, asked=asked)

    assert not failpoints.is_armed()


@pytest.mark.parametrize("command", ["watch", "start"])
def test_an_environment_alone_arms_no_daemon(repo: Repo, command: str) -> None:
    """An agent may write into the environment that a human starts a daemon from."""
    repo.commit(**{"app.py": "value = 1\n"})
    words = [sys.executable, "-m", "qualitywatch", command, str(repo.root)]

    done = subprocess.run(
        [*words, "--port", "0"],
        env={**os.environ, failpoints.VARIABLE: "before_commit:raise"},
        capture_output=True,
        text=True,
        timeout=50,
    )

    assert 2 == done.returncode
    assert failpoints.VARIABLE in done.stderr


def test_the_option_is_not_offered() -> None:
    """It is for tests: no help names it."""
    words = [sys.executable, "-m", "qualitywatch", "watch", "--help"]

    shown = subprocess.run(words, capture_output=True, text=True, check=True).stdout

    assert failpoints.OPTION not in shown
