"""A person at a terminal, a daemon beside them, and what both may see."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import pty
import select
import signal
import subprocess
import sys
import termios
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from qualitywatch import config
from qualitywatch.attribution import Attribution
from qualitywatch.cli.main import run
from qualitywatch.daemon import place
from qualitywatch.enrolment import DATABASE_NAME
from qualitywatch.model import Analysis, ChangeType, Grounds, Noun, Violation, When
from qualitywatch.store import Store
from qualitywatch.warden import Judged, Warden
from tests import factories

PROGRAM = (sys.executable, "-m", "qualitywatch")
PASSPHRASE = "correct horse battery staple"
OTHER = "".join(f"\n\ndef other_{n}():\n    return {n}\n" for n in range(9))
STEPS = "".join(f"    step_{n}()\n" for n in range(1, 11))
BASE = f"def total(lines):\n{STEPS}{OTHER}"
REMARK = "# ... rest of the method unchanged"
LAZY = f"def total(lines):\n    {REMARK}\n{OTHER}"
SILENT = f"def total(lines):\n    return None\n{OTHER}"


class Done(Noun):
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """What it printed, as JSON."""
        return json.loads(self.out)


class Operator:
    """A person who runs commands in a repository, with the passphrase in a file."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.root = root
        self.passphrase_file = secret(root.parent / "passphrase", PASSPHRASE)
        self._capsys = capsys

    def look(self, *words: str) -> Done:
        """Run a command that needs no passphrase."""
        return self.run(*words, "--repo", str(self.root))

    def do(self, *words: str, file: Path | None = None) -> Done:
        """Run an operator's command."""
        file = file or self.passphrase_file
        return self.look(*words, "--passphrase-file", str(file))

    def init(self, *words: str) -> Done:
        """Run `init`; the passphrase comes from the file unless *words* say more."""
        file = str(self.passphrase_file)
        return self.run("init", str(self.root), "--passphrase-file", file, *words)

    def start(self, *words: str) -> Done:
        """Start a daemon in the background, from a process that ends."""
        file = str(self.passphrase_file)
        root = str(self.root)
        done = subprocess.run(
            [*PROGRAM, "start", root, "--passphrase-file", file, "--port", "0", *words],
            capture_output=True,
            text=True,
        )
        return Done(code=done.returncode, out=done.stdout, err=done.stderr)

    def run(self, *words: str) -> Done:
        """Run any command, as it stands."""
        self._capsys.readouterr()
        code = run(list(words))
        printed = self._capsys.readouterr()
        return Done(code=code, out=printed.out, err=printed.err)

    @property
    def state_dir(self) -> Path:
        """Where the state is."""
        return place.state_dir_of(self.root)

    def seed(
        self, *violations: Violation, agent: str = "cursor-1", base: str | None = None
    ) -> None:
        """Record what *agent* has dropped of *base*, as the daemon would."""
        asyncio.run(self._record(violations, agent, base))

    async def _record(
        self, violations: tuple[Violation, ...], agent: str, base: str | None
    ) -> None:
        database = self.state_dir / DATABASE_NAME
        async with Store.open(database, now) as store:
            warden = Warden(
                store,
                policy=config.Policy(),
                publish=lambda event: None,
                clock=now,
                state_dir=self.state_dir,
            )
            await warden.restore()
            await warden.seen(factories.agent(agent, workspace=str(self.root)))
            for violation in violations:
                await warden.record(self._judged(violation, agent, base))

    def _judged(self, violation: Violation, agent: str, base: str | None) -> Judged:
        return Judged(
            workspace=str(self.root),
            path=violation.path,
            change_type=ChangeType.UPDATE,
            sha256="0" * 64,
            when=When.SAVE,
            base=base,
            analysis=Analysis(violations=(violation,)),
            rules_ran=frozenset({violation.rule}),
            attribution=Attribution(subject=agent, agent=agent, grounds=Grounds.REPORT),
        )


class Watching:
    """`qualitywatch watch` as a process."""

    def __init__(self, operator: Operator) -> None:
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "qualitywatch", "watch", str(operator.root)),
                *("--port", "0", "--passphrase-file", str(operator.passphrase_file)),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line.startswith("ready: http://"):
            self.end(signal.SIGKILL)
            pytest.fail(f"the daemon did not start: {line!r}")

    def __enter__(self) -> Watching:
        return self

    def __exit__(self, *error: object) -> None:
        self.end(signal.SIGTERM)

    def end(self, how: signal.Signals) -> None:
        """End the process; a second time does nothing."""
        self._process.send_signal(how)
        self._process.wait(timeout=20)
        if self._process.stdout is not None:
            self._process.stdout.close()


def states(operator: Operator) -> dict[str, str]:
    """Where each agent and workspace stands."""
    rows: Any = operator.look("agents", "--format", "json").data
    return {row["agent"]["id"]: row["state"] for row in rows}


def secret(path: Path, text: str | bytes) -> Path:
    """A file that only its owner may read."""
    path.touch(mode=0o600)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def now() -> datetime:
    """The clock of the records."""
    return datetime.now(UTC)


def on_a_terminal(words: list[str], *, answers: dict[str, str]) -> tuple[str, int]:
    """What a person sees who runs a command and answers its questions, and its code."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [*PROGRAM, *words],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(slave, termios.TIOCSCTTY, 0),
    )
    os.close(slave)
    seen, open_questions = "", dict(answers)
    try:
        while chunk := _read(master):
            seen += chunk.decode()
            for question in [one for one in open_questions if one in seen]:
                os.write(master, open_questions.pop(question).encode() + b"\n")
        return seen, process.wait(timeout=20)
    finally:
        process.kill()
        process.wait()
        os.close(master)


def _read(master: int) -> bytes:
    """What stands on the screen next; nothing at the end, or after a while."""
    ready, _, _ = select.select([master], [], [], 20)
    try:
        return os.read(master, 4096) if ready else b""
    except OSError:  # Linux says so when the other side is closed
        return b""
