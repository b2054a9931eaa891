"""A repository to do harm in, and the daemon that guards it as a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import qualitywatch
from qualitywatch import credentials, failpoints
from qualitywatch.daemon import place
from qualitywatch.daemon.place import Running
from qualitywatch.enrolment import DATABASE_NAME
from qualitywatch.protocol import Role
from qualitywatch.store import Store

SOURCES = str(Path(qualitywatch.__file__).parents[1])
PASSPHRASE = "correct horse battery staple"
REMARK = "# ... rest of the function unchanged"
SETTINGS = "[watch]\nsettle_ms = 300\n"
START_SECONDS = 60.0
_BODY = "".join(f"    value_{n} = compute_{n}()\n" for n in range(12))


def whole(number: int) -> str:
    """A file with all its code; each *number* is another content."""
    return f"VERSION = {number}\n\n\ndef total():\n{_BODY}    return value_0\n"


def lazy(number: int) -> str:
    """The same with a remark in place of the code."""
    return f"VERSION = {number}\n\n\ndef total():\n    {REMARK}\n    return value_0\n"


def live_in(home: Path) -> None:
    """See nothing of this machine's user; for programs that no test has isolated."""
    home.mkdir(parents=True, exist_ok=True)
    for name in ("HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        os.environ[name] = str(home)
    os.environ["GIT_CONFIG_GLOBAL"] = os.devnull
    os.environ["GIT_CONFIG_NOSYSTEM"] = "1"
    os.environ.pop("QUALITYWATCH_AGENT", None)


class Ground:
    """A repository with one commit, an operator's passphrase and a token for each."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.tokens: dict[str, str] = {}
        self.secret = root.parent / "secret"

    @classmethod
    def make(
        cls, folder: Path, paths: Sequence[str], *, settings: str = SETTINGS
    ) -> Ground:
        """A new one in *folder*, where each of *paths* is a whole file."""
        root = (folder / "repo").resolve()
        root.mkdir(parents=True)
        ground = cls(root)
        ground.secret.touch(mode=0o600)
        ground.secret.write_text(PASSPHRASE)
        for number, path in enumerate(paths):
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(whole(number))
        (root / "qualitywatch.toml").write_text(settings)
        ground.git("init", "-q", "-b", "main")
        ground.commit("Begin")
        return ground

    def git(self, *words: str) -> str:
        """What git prints."""
        identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
        done = subprocess.run(
            ["git", *identity, *words], cwd=self.root, capture_output=True, text=True
        )
        assert 0 == done.returncode, done.stderr
        return done.stdout.strip()

    def commit(self, message: str) -> None:
        """Commit all that stands there."""
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)

    @property
    def state_dir(self) -> Path:
        """Where the records are."""
        return place.state_dir_of(self.root)

    @property
    def database(self) -> Path:
        """The records."""
        return self.state_dir / DATABASE_NAME

    async def add_tokens(self, *agents: str) -> None:
        """Tokens for *agents*, for an operator and for who only looks."""
        async with Store.open(self.database, lambda: datetime.now(UTC)) as store:
            for name, role in (
                *((agent, Role.AGENT) for agent in agents),
                ("operator", Role.OPERATOR),
                ("viewer", Role.OBSERVER),
            ):
                self.tokens[name], sha256 = credentials.new_token(role)
                agent = name if role is Role.AGENT else None
                await store.add_token(sha256, role=role, agent=agent)


class Daemon:
    """`qualitywatch watch` in a process; it has to be ended."""

    def __init__(self, ground: Ground, *, port: int, fail: str = "") -> None:
        self._ground = ground
        words = [sys.executable, "-m", "qualitywatch", "watch", str(ground.root)]
        words += ["--port", str(port), "--passphrase-file", str(ground.secret)]
        environment = {**os.environ, "PYTHONPATH": SOURCES}
        if fail:
            words.append(failpoints.OPTION)
            environment[failpoints.VARIABLE] = fail
        self.log = ground.root.parent / "daemon.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Its process."""
        return self.process.pid

    @property
    def is_alive(self) -> bool:
        """False once it has ended, however that came."""
        return self.process.poll() is None

    async def ready(self) -> Running | None:
        """How to reach it; `None` where it ended before it was ready."""
        async with asyncio.timeout(START_SECONDS):
            while self.is_alive:
                running = Running.read(self._ground.state_dir)
                if running is not None and running.pid == self.pid:
                    return running
                await asyncio.sleep(0.01)
        return None

    async def dead(self, seconds: float) -> bool:
        """True once it is dead, by its own hand; false after *seconds*."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while self.is_alive and loop.time() < deadline:  # noqa: ASYNC110 a process sets no event
            await asyncio.sleep(0.005)
        return not self.is_alive

    async def end(self, how: signal.Signals) -> int:
        """Its exit code after a signal."""
        if self.is_alive:
            self.process.send_signal(how)
        if not await self.dead(30):
            self.process.kill()
        return await asyncio.to_thread(self.process.wait)


@contextlib.contextmanager
def records(database: Path) -> Iterator[sqlite3.Connection]:
    """The records, to be read while a daemon writes them."""
    connection = sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)
    try:
        yield connection
    finally:
        connection.close()


def integrity(database: Path) -> str:
    """What SQLite says of a copy of what a kill has left; "ok" where it is whole."""
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name) / database.name
        for suffix in ("", "-wal"):
            file = database.with_name(database.name + suffix)
            if file.exists():
                shutil.copy(file, copy.with_name(copy.name + suffix))
        with contextlib.closing(sqlite3.connect(copy)) as connection:
            return str(connection.execute("PRAGMA integrity_check").fetchone()[0])


def bugs(ground: Ground) -> list[str]:
    """The last line of each traceback that a daemon of *ground* has printed."""
    log = (ground.root.parent / "daemon.log").read_text(errors="replace")
    return re.findall(r"^Traceback .*\n(?:[ \t].*\n)*(.*)", log, re.MULTILINE)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port
