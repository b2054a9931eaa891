"""`qualitywatch check` as a process: every kind of input, and what it exits with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.integration.gates import HONEST

LAZY = """\
def pay(card):
    # In a real implementation this would charge the card.
    return True
"""

CHECK = (sys.executable, "-m", "qualitywatch", "check")

Done = subprocess.CompletedProcess[str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one of each kind of file, and no repository around it."""
    (tmp_path / "honest.py").write_text(HONEST)
    (tmp_path / "lazy.py").write_text(LAZY)
    (tmp_path / "binary.bin").write_bytes(b"\0\1\2" * 100)
    (tmp_path / "bad.py").write_bytes(b"a = '\xff'\n")
    (tmp_path / "huge.py").write_bytes(b"a = 1\n" * (50 * 1024 * 1024 // 6))
    return tmp_path


def check(folder: Path, *arguments: str, stdin: str = "") -> Done:
    """`qualitywatch check`, failing from medium on unless the arguments say so."""
    if "--fail-on" not in arguments:
        arguments = (*arguments, "--fail-on", "medium")
    return subprocess.run(
        [*CHECK, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        input=stdin,
        timeout=20,
    )


def report(done: Done) -> dict[str, Any]:
    """The JSON that was printed."""
    parsed: dict[str, Any] = json.loads(done.stdout)
    return parsed


def test_a_change_that_introduces_a_violation(folder: Path) -> None:
    """NO-GO, exit 1, and the object of the contract on stdout."""
    done = check(
        *(folder, "--before", "honest.py", "--after", "lazy.py"),
        *("--path", "src/app.py", "--format", "json"),
    )

    assert (done.returncode, done.stderr) == (1, "")
    assert report(done)["decision"] == "NO-GO"
    [violation] = report(done)["violations"]
    assert (violation["path"], violation["line"]) == ("src/app.py", 2)
    assert (report(done)["base"], report(done)["head"]) == (None, None)


@pytest.mark.parametrize(("after", "code"), [("lazy.py", 1), ("honest.py", 0)])
def test_a_reader_that_has_gone_takes_no_verdict_with_it(
    folder: Path, after: str, code: int
) -> None:
    """`check | head` exits as `check` does."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*CHECK, "--before", "honest.py", "--after", after, "--fail-on", "medium"],
        cwd=folder,
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(writer)

    assert (done.returncode, done.stderr) == (code, "")


def test_what_was_there_before_is_silent(folder: Path) -> None:
    """Only the change is judged: GO, exit 0."""
    done = check(folder, "--before", "lazy.py", "--after", "lazy.py")

    assert (done.returncode, done.stdout) == (0, "GO  1 file checked\n")


def test_the_bar(folder: Path) -> None:
    """--fail-on decides what fails; below it is listed and passes."""
    done = check(folder, "--after", "lazy.py", "--fail-on", "critical")

    assert done.returncode == 0
    assert "HIGH/likely  confessed-stub" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "stdin", "code"),
    [
        pytest.param(["--before", "honest.py", "--after", "-"], LAZY, 1, id="after"),
        pytest.param(["--before", "-", "--after", "lazy.py"], LAZY, 0, id="before"),
        pytest.param(["--after", "-", "--path", "app.py"], LAZY, 1, id="a new file"),
    ],
)
def test_standard_input(
    folder: Path, arguments: list[str], stdin: str, code: int
) -> None:
    """Either side may come from a pipe."""
    assert check(folder, *arguments, stdin=stdin).returncode == code


@pytest.mark.parametrize("before", [[], ["--before", os.devnull]])
def test_a_new_file(folder: Path, before: list[str]) -> None:
    """Without a base everything in it is new."""
    assert check(folder, *before, "--after", "lazy.py").returncode == 1


@pytest.mark.parametrize("after", [[], ["--after", os.devnull]])
def test_a_deleted_file(folder: Path, after: list[str]) -> None:
    """Without an after the file was deleted."""
    assert check(folder, "--before", "lazy.py", *after).returncode == 0


def test_a_binary_file(folder: Path) -> None:
    """It is not ours to judge: skipped, listed, and passes."""
    done = check(folder, "--after", "binary.bin", "--verbose")

    assert done.returncode == 0
    assert "binary.bin: binary" in done.stdout


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("huge.py", "larger than"),
        ("bad.py", "UTF-8"),
        ("/proc/self/mem", "can not be read: Input/output error"),
    ],
)
def test_what_can_not_be_judged(folder: Path, name: str, reason: str) -> None:
    """Too large, not text, unreadable: NO-GO with the reason, and no traceback."""
    done = check(folder, "--after", name, "--path", "app.py", "--format", "json")

    assert done.returncode == 1
    [row] = report(done)["unanalysable"]
    assert row["path"] == "app.py"
    assert reason in row["reason"]


def test_endless_input(folder: Path) -> None:
    """Reading stops at the limit."""
    with subprocess.Popen(["yes", "a = 1"], stdout=subprocess.PIPE) as endless:
        done = subprocess.run(
            [*CHECK, "--after", "-", "--path", "app.py"],
            stdin=endless.stdout,
            capture_output=True,
            text=True,
            timeout=20,
        )
        endless.kill()

    assert done.returncode == 1
    assert "larger than" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give --before, --after or both"),
        (["--after", "missing.py"], "missing.py: no such file"),
        (["--after", "."], "is a folder, not a file"),
        (["--after", "honest.py/x"], "no such file"),
        (["--after", "-"], "standard input has no name"),
        (["--before", "-", "--after", "-"], "only one of"),
        (["--after", "lazy.py", "--format", "xml"], "'xml' is not one of"),
    ],
)
def test_wrong_usage(folder: Path, arguments: list[str], message: str) -> None:
    """Each mistake is named on stderr and exits with 2."""
    done = check(folder, *arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


def test_hostile_names_reach_no_terminal(folder: Path) -> None:
    """An escape sequence in a name is shown, not obeyed."""
    done = check(folder, "--after", "lazy.py", "--path", "a\033[2J.py")

    assert "a\\x1b[2J.py:2:5" in done.stdout
    assert "\033" not in done.stdout + done.stderr


def test_a_sign_of_life_on_a_terminal(folder: Path) -> None:
    """Who waits longer than a second sees that we work, and nothing of it stays."""
    terminal, stderr = os.openpty()
    with subprocess.Popen(
        [*CHECK, "--after", "-", "--path", "app.py"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
    ) as process:
        os.close(stderr)
        seen = os.read(terminal, 100)  # waits for it
        out, _ = process.communicate(HONEST)

    assert b"judging" in seen
    assert out == "GO  1 file checked\n"
    assert _rest(terminal).endswith(b"\r\033[K")


def _rest(terminal: int) -> bytes:
    """Everything still to be read, until the other side has gone."""
    chunks = []
    with suppress(OSError):  # Linux reports the end of a terminal as an error
        while chunk := os.read(terminal, 4096):
            chunks.append(chunk)
    os.close(terminal)
    return b"".join(chunks)
