"""A repository, a remote, the daemon and two agents' checkouts: all of them real."""

from __future__ import annotations

import ast
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

import qualitywatch as package
from tests.conftest import Repo

HANDLERS = Path(package.__file__).parent / "resources/demo/handlers.ts"
PASSPHRASE = "correct horse battery staple"
START_SECONDS = 20


def qualitywatch(
    *arguments: str | Path, cwd: Path, **environment: str
) -> subprocess.CompletedProcess[str]:
    """What the command line printed, and its exit code."""
    return subprocess.run(
        [sys.executable, "-m", "qualitywatch", *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=50,
        stdin=subprocess.DEVNULL,
    )


class Daemon:
    """`qualitywatch watch` as a process."""

    def __init__(self, root: Path, passphrase_file: Path) -> None:
        self._command = [
            *(sys.executable, "-m", "qualitywatch", "watch", str(root)),
            *("--port", "0", "--passphrase-file", str(passphrase_file)),
        ]
        self._log = passphrase_file.with_name("daemon.log").open("ab")
        self._process = subprocess.Popen(
            self._command, stdout=subprocess.PIPE, stderr=self._log, text=True
        )
        self.url = self._wait_until_ready()

    def _wait_until_ready(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line.startswith("ready: http://"), line
        return line.split()[1]

    @property
    def websocket(self) -> str:
        """Where agents connect."""
        return self.url.replace("http://", "ws://") + "/ws"

    def kill(self) -> None:
        """SIGKILL: no chance to tidy up."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        return self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> int:
        if self._process.poll() is None:
            self._process.send_signal(how)
        code = self._process.wait(timeout=START_SECONDS)
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._log.close()
        return code


class Story:
    """The main repository with its remote, a checkout for each of two agents."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.passphrase_file = _private(folder / "passphrase", PASSPHRASE)
        self.main = self._repository()
        self.lazy = self._checkout("lazy")
        self.honest = self._checkout("honest")
        done = qualitywatch(
            *("init", "--hooks", "--passphrase-file", self.passphrase_file),
            cwd=self.main.root,
        )
        assert done.returncode == 0, done.stderr

    @contextmanager
    def daemon(self) -> Iterator[Daemon]:
        """The daemon, watching; stopped at the end if it still runs."""
        daemon = Daemon(self.main.root, self.passphrase_file)
        try:
            yield daemon
        finally:
            daemon.stop()

    def token(self, agent: str) -> str:
        """A new token for *agent*."""
        done = qualitywatch(
            *("tokens", "create", "--role", "agent", "--agent", agent),
            *("--passphrase-file", self.passphrase_file),
            cwd=self.main.root,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def release(self, agent: str, passphrase: str) -> subprocess.CompletedProcess[str]:
        """`qualitywatch release`, with the passphrase in a file."""
        file = _private(self.folder / "typed", passphrase)
        return qualitywatch(
            *("release", agent, "--reason", "the code is being put back"),
            *("--passphrase-file", file),
            cwd=self.main.root,
        )

    def push(self, checkout: Repo, agent: str) -> subprocess.CompletedProcess[str]:
        """`git push`, as *agent* would run it."""
        return self._as(agent, checkout, "git", "push", "-q", "origin", "HEAD")

    def commit(
        self, checkout: Repo, agent: str, *options: str
    ) -> subprocess.CompletedProcess[str]:
        """`git commit -a`, as *agent* would run it."""
        command = ("git", "commit", "-q", "-a", "-m", "work", *options)
        return self._as(agent, checkout, *command)

    def _as(
        self, agent: str, checkout: Repo, *command: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=checkout.root,
            capture_output=True,
            text=True,
            env={**os.environ, "QUALITYWATCH_AGENT": agent},
        )

    def _repository(self) -> Repo:
        """The sources of a real package, and a TypeScript server, under git."""
        root = self.folder / "project"
        shutil.copytree(
            Path(click.__file__).parent,
            root / "src" / "click",
            ignore=shutil.ignore_patterns("__pycache__"),
        )
        repo = Repo(root)
        repo.git("init", "-q", "-b", "main")
        repo.write("web/handlers.ts", HANDLERS.read_text())
        repo.commit("a real package")
        remote = self.folder / "remote.git"
        repo.git("init", "-q", "--bare", str(remote))
        repo.git("remote", "add", "origin", str(remote))
        repo.git("push", "-q", "-u", "origin", "main")
        return repo

    def _checkout(self, name: str) -> Repo:
        path = self.folder / name
        self.main.git("worktree", "add", "-q", str(path), "-b", name)
        return Repo(path)


def lazy_python(text: str, function: str) -> str:
    """*text* with all but the first statement of *function* made a remark."""
    node = next(
        node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef) and node.name == function
    )
    first, last = _statements(node)[0].end_lineno, node.end_lineno
    indent = " " * (node.col_offset + 4)
    lines = text.splitlines()
    lines[first:last] = [f"{indent}# ... rest of the method unchanged"]
    return "\n".join(lines) + "\n"


def lazy_typescript(text: str, first: str, last: str) -> str:
    """*text* with all handlers between the lines *first* and *last* made a remark."""
    head, rest = text.split(first, 1)
    _, tail = rest.split(last, 1)
    return f"{head}{first}  // ... (other handlers remain the same)\n{last}{tail}"


def _statements(function: ast.FunctionDef) -> list[ast.stmt]:
    """The body without its docstring."""
    return function.body[1:] if ast.get_docstring(function) else function.body


def _private(path: Path, text: str) -> Path:
    path.touch(mode=0o600)
    path.write_text(text + "\n")
    return path
