"""`qualitywatch demo`: the whole story on a throw-away repository.

Nothing is pretended: a real repository with a remote, the real daemon as a process,
two real clients, real commits and pushes. Only the two agents are scripted.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib.resources import files
from pathlib import Path

import click

import qualitywatch
from qualitywatch.cli.terminal import safe
from qualitywatch.errors import MachineError
from qualitywatch.git import Repository
from qualitywatch.model import Decision, Violation

HONEST, LAZY = "honest-agent", "lazy-agent"
HANDLERS, INVOICES = "web/handlers.ts", "shop/invoices.py"
REMARK = "// ... (other handlers remain the same)"
LABEL = """

def label(invoice: Invoice) -> str:
    return f"{invoice.number}: {invoice.customer}"
"""
START_SECONDS = 30

Say = Callable[[str], None]


@click.command("demo")
@click.option("--open", "open_page", is_flag=True, help="Open the page in a browser.")
@click.option("--wait", is_flag=True, help="Stop before the release, to look around.")
@click.option("--keep", is_flag=True, help="Keep the repository afterwards.")
@click.option(
    "--pace",
    type=click.FloatRange(0, 30),
    default=1.0,
    show_default=True,
    help="Seconds between two steps.",
)
def command(open_page: bool, wait: bool, keep: bool, pace: float) -> int:
    """Two scripted agents, one honest and one lazy, and the real daemon."""
    with _folder(keep=keep) as folder:
        Repository.discover(folder)  # where git is missing, that is said now
        stage = _Stage(folder)
        stage.build()
        with stage.daemon(open_page=open_page) as url:
            print(f"the page: {url}   (operator passphrase: {stage.passphrase})\n")
            asyncio.run(_story(stage, url, wait=wait, pace=pace))
        if keep:
            print(f"kept: {folder}")
    return 0


async def _story(stage: _Stage, url: str, *, wait: bool, pace: float) -> None:
    """The acts, in order; raises `MachineError` where one does not go as told."""
    async with stage.agent(url, HONEST) as honest, stage.agent(url, LAZY) as lazy:
        await _act(pace, "1. An honest agent adds a function and pushes")
        await _honest_edit(stage, honest)

        await _act(pace, "2. A lazy agent replaces three handlers by a remark")
        violation = await _lazy_edit(stage, lazy)
        _show(violation)

        await _act(pace, "3. It is in quarantine: told so, and refused everywhere")
        await _refused(stage, lazy)

        await _act(pace, "4. A human releases it")
        if wait:
            click.pause("   look at the page; then press any key to release ...")
        stage.run(
            *("qualitywatch", "release", LAZY, "--reason", "told to put them back"),
            *("--passphrase-file", str(stage.passphrase_file)),
        )

        await _act(pace, "5. The code is still gone, so the push is still NO-GO")
        stage.push(LAZY, accepted=False)

        await _act(pace, "6. The lazy agent puts the code back, and works on")
        await _repair(stage, lazy)
    print("\nThat is all. On your own repository: qualitywatch init, then watch.")


async def _honest_edit(stage: _Stage, agent: qualitywatch.Client) -> None:
    stage.append(HONEST, INVOICES, LABEL)
    verdict = await agent.report_change(path=INVOICES, change_type="update")
    _expect(verdict.decision is Decision.ALLOW, "the honest edit is allowed")
    stage.commit(HONEST)
    stage.push(HONEST, accepted=True)


async def _lazy_edit(stage: _Stage, agent: qualitywatch.Client) -> Violation:
    text = stage.read(LAZY, HANDLERS)
    head, rest = text.split('  "GET /orders"', 1)
    _, tail = rest.split("\n};\n", 1)
    stage.write(LAZY, HANDLERS, f"{head}  {REMARK}\n}};\n{tail}")
    verdict = await agent.report_change(path=HANDLERS, change_type="update")
    _expect(verdict.decision is Decision.DENY, "the lazy edit is denied")
    return verdict.violations[0]


async def _refused(stage: _Stage, agent: qualitywatch.Client) -> None:
    try:
        await agent.permit(INVOICES)
    except qualitywatch.AgentQuarantined as error:
        print(f"   the client raises {type(error).__name__}")
    else:
        _expect(False, "the client of the lazy agent raises")
    stage.commit(LAZY, "--no-verify")
    stage.push(LAZY, accepted=False)


async def _repair(stage: _Stage, agent: qualitywatch.Client) -> None:
    stage.write(LAZY, HANDLERS, _source("handlers.ts"))
    verdict = await agent.report_change(path=HANDLERS, change_type="update")
    _expect(verdict.decision is Decision.ALLOW, "the repair is allowed")
    stage.commit(LAZY)
    stage.push(LAZY, accepted=True)


class _Stage:
    """The repository, its remote, a checkout for each agent, and what runs there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "shop"
        self.passphrase = "-".join(secrets.token_hex(2) for _ in range(3))
        self.passphrase_file = folder / "passphrase"

    def build(self) -> None:
        """Make everything that stands before the story begins."""
        self.passphrase_file.touch(mode=0o600)
        self.passphrase_file.write_text(self.passphrase)
        self._write(self.root / HANDLERS, _source("handlers.ts"))
        self._write(self.root / INVOICES, _source("invoices.py"))
        for arguments in (
            ("init", "-q", "-b", "main"),
            ("config", "user.name", "Demo"),
            ("config", "user.email", "demo@localhost"),
            ("add", "-A"),
            ("commit", "-q", "-m", "A small shop"),
            ("init", "-q", "--bare", str(self.folder / "remote.git")),
            ("remote", "add", "origin", str(self.folder / "remote.git")),
            ("push", "-q", "-u", "origin", "main"),
            ("worktree", "add", "-q", "-b", HONEST, str(self.folder / HONEST)),
            ("worktree", "add", "-q", "-b", LAZY, str(self.folder / LAZY)),
        ):
            self._quietly("git", *arguments)
        self._quietly(
            *_PROGRAM, "init", "--hooks", "--passphrase-file", str(self.passphrase_file)
        )

    @contextmanager
    def daemon(self, *, open_page: bool) -> Iterator[str]:
        """The url of the real daemon; it stops at the end."""
        options = ("--port", "0", *(("--open",) if open_page else ()))
        process = subprocess.Popen(
            [*_PROGRAM, "watch", str(self.root), *options],
            stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        try:
            assert process.stdout is not None
            ready = process.stdout.readline()
            _expect(ready.startswith("ready: "), "the daemon starts")
            yield ready.split()[1]
        finally:
            process.terminate()
            process.communicate(timeout=START_SECONDS)

    def agent(self, url: str, name: str) -> qualitywatch.Client:
        """A connection to the hub as the agent *name*."""
        token = self._quietly(
            *(*_PROGRAM, "tokens", "create", "--role", "agent", "--agent", name),
            *("--passphrase-file", str(self.passphrase_file)),
        )
        return qualitywatch.connect(
            url.replace("http", "ws", 1) + "/ws",
            agent=name,
            name=name,
            token=token.strip(),
            workspace=str(self.folder / name),
        )

    def commit(self, agent: str, *options: str) -> None:
        """`git commit -a` in the checkout of *agent*; must succeed."""
        self._git(agent, "commit", "-q", "-a", "-m", "Work", *options)

    def push(self, agent: str, *, accepted: bool) -> None:
        """`git push` in the checkout of *agent*, shown; must end as said."""
        print(f"   $ git push            ({agent})")
        done = self._git(agent, "push", "-q", "origin", "HEAD", check=False)
        for line in filter(str.strip, done.stderr.splitlines()):
            print(f"     {safe(line)}")
        print("     pushed" if done.returncode == 0 else "     not pushed")
        _expect((done.returncode == 0) is accepted, "the push ends as it should")

    def run(self, *command: str) -> None:
        """Run one of our own commands and show it as the user would type it."""
        print(f"   $ {' '.join(command[:5])} ...")
        print(f"     {safe(self._quietly(*_PROGRAM, *command[1:]).splitlines()[0])}")

    def read(self, agent: str, path: str) -> str:
        """A file in the checkout of *agent*."""
        return (self.folder / agent / path).read_text()

    def write(self, agent: str, path: str, text: str) -> None:
        """Save a file in the checkout of *agent*."""
        self._write(self.folder / agent / path, text)

    def append(self, agent: str, path: str, text: str) -> None:
        """Add to a file in the checkout of *agent*."""
        self.write(agent, path, self.read(agent, path) + text)

    def _write(self, file: Path, text: str) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def _git(
        self, agent: str, *arguments: str, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.folder / agent,
            env={**os.environ, "QUALITYWATCH_AGENT": agent},
            capture_output=True,
            text=True,
        )
        if check and done.returncode != 0:
            raise MachineError(done.stderr.strip(), place=f"git {arguments[0]}")
        return done

    def _quietly(self, *command: str) -> str:
        done = subprocess.run(
            command,
            cwd=self.root,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        if done.returncode != 0:
            raise MachineError(done.stderr.strip(), place=" ".join(command[:4]))
        return done.stdout


_PROGRAM = (sys.executable, "-m", "qualitywatch")


def _show(violation: Violation) -> None:
    """The violation as a person reads it."""
    place = f"{violation.path}:{violation.line}"
    print(f"   {violation.severity.upper()}  {violation.rule}  {safe(place)}")
    print(f"   {safe(violation.message)}")
    if violation.evidence is not None:
        lost = violation.evidence
        print(f"   lost: {lost.lost_lines} lines {safe(', '.join(lost.lost_symbols))}")


async def _act(pace: float, title: str) -> None:
    await asyncio.sleep(pace)
    click.secho(title, bold=True)  # plain where nobody looks at a terminal


def _expect(fulfilled: bool, what: str) -> None:
    if not fulfilled:
        raise MachineError(
            f"the demonstration went wrong: {what} did not happen",
            hint="please report this with the text above",
        )


def _source(name: str) -> str:
    return (files("qualitywatch") / "resources" / "demo" / name).read_text()


def _folder(*, keep: bool) -> AbstractContextManager[Path]:
    if keep:
        return nullcontext(Path(tempfile.mkdtemp(prefix="qualitywatch-demo-")))
    return _temporary()


@contextmanager
def _temporary() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="qualitywatch-demo-") as name:
        yield Path(name)
