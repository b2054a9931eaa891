"""`qualitywatch init`: settings, operator passphrase and hooks; safe to repeat."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from qualitywatch import config, credentials
from qualitywatch.audit import Decision
from qualitywatch.cli import passphrase
from qualitywatch.cli.operator import observer_session, refuse_agent, root_around
from qualitywatch.cli.terminal import say, say_block
from qualitywatch.daemon.audit_head import note_newest, refuse_other
from qualitywatch.daemon.place import Running, enrol, held
from qualitywatch.enrolment import DATABASE_NAME
from qualitywatch.errors import MachineError, UserError
from qualitywatch.git import Repository
from qualitywatch.hooks.installation import install
from qualitywatch.store import Store

NEXT = """
next:
  qualitywatch watch                                       watch, with a live page
  qualitywatch tokens create --role agent --agent ID       a token for each agent
  qualitywatch agents                                      who is in quarantine?"""


@click.command("init")
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@click.option(
    "--hooks/--no-hooks", default=None, help="Install the git hooks, or do not ask."
)
@click.option(
    "--change-passphrase", "change", is_flag=True, help="Ask for the old one first."
)
@click.option(
    "--new-passphrase-file",
    "new_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="With --change-passphrase: read the new one from FILE.",
)
@click.option(
    "--again", is_flag=True, help="Begin anew where the state folder was lost."
)
@passphrase.option
def command(
    path: Path,
    hooks: bool | None,
    change: bool,
    new_file: Path | None,
    again: bool,
    passphrase_file: Path | None,
) -> None:
    """Prepare the repository at PATH: settings, operator passphrase, git hooks.

    Safe to repeat: what is there is kept.
    """
    refuse_agent()
    if new_file is not None and not change:
        raise click.UsageError("--new-passphrase-file needs --change-passphrase")
    root = root_around(path)
    config.load(root)  # a broken file is said before anything is made
    state_dir = enrol(root, again=again)
    if change:
        done = _changed(state_dir, passphrase_file, new_file)
    else:
        done = _settled(state_dir, passphrase_file)
    with observer_session(root):  # starts the records, which the git hooks ask
        pass
    say(f"state: {state_dir}")
    say(f"operator passphrase: {done}")
    say(f"settings: {_settings(root)}")
    say(f"git hooks: {_hooks(root, hooks)}")
    say_block(NEXT)


def _settled(state_dir: Path, file: Path | None) -> str:
    """Set the passphrase where there is none yet."""
    if Running.read(state_dir) is not None:
        return "kept (the daemon that runs here has one)"
    with held(state_dir):
        if asyncio.run(_known_hash(state_dir)) is not None:
            return "kept (--change-passphrase sets another one)"
        hashed = credentials.hash_passphrase(passphrase.chosen(file))
        asyncio.run(_keep_hash(state_dir, hashed))
    return "set"


def _changed(state_dir: Path, file: Path | None, new_file: Path | None) -> str:
    """Set another passphrase, for whoever knows the one that is set."""
    with held(state_dir):
        known = asyncio.run(_known_hash(state_dir))
        if known is None:
            raise UserError("there is no passphrase yet", hint="qualitywatch init")
        if not credentials.verify_passphrase(known, passphrase.given(file)):
            asyncio.run(_note_refusal(state_dir))
            raise UserError("this is not the passphrase; nothing was changed")
        hashed = credentials.hash_passphrase(passphrase.chosen(new_file))
        asyncio.run(_keep_hash(state_dir, hashed))
    return "changed"


async def _known_hash(state_dir: Path) -> str | None:
    async with Store.open(state_dir / DATABASE_NAME, _now) as store:
        await refuse_other(store)
        return await store.passphrase_hash()


async def _keep_hash(state_dir: Path, hashed: str) -> None:
    async with Store.open(state_dir / DATABASE_NAME, _now) as store:
        await store.set_passphrase_hash(hashed)
        await note_newest(store)


async def _note_refusal(state_dir: Path) -> None:
    decision = Decision(
        action="passphrase.change",
        who="a local process",
        object="passphrase",
        result="refused",
        reason="WRONG_PASSPHRASE",
    )
    async with Store.open(state_dir / DATABASE_NAME, _now) as store:
        await store.write(lambda write: write.add_audit(decision, _now().isoformat()))


def _settings(root: Path) -> str:
    """Write the settings where nothing holds them yet; never over a file."""
    found = config.source(root)
    if found is not None:
        return f"kept ({found.name})"
    if _is_bare(root):
        return "those of the commits (a bare repository has no files)"
    path = root / config.FILE_NAME
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode=0o644)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(config.to_toml())
    except OSError as error:
        raise MachineError(
            f"can not be written: {error.strerror}", place=str(path)
        ) from error
    return f"written ({path.name}: every setting, at its default)"


def _is_bare(root: Path) -> bool:
    repository = Repository.discover(root)
    if repository is None:
        return False
    with repository:
        return repository.root is None


def _hooks(root: Path, wanted: bool | None) -> str:
    """Install the git hooks where the person wants them."""
    repository = Repository.discover(root)
    if repository is None:
        return "none (this is no git repository)"
    with repository:
        if wanted is None and repository.root is not None:
            wanted = _wants_hooks()
        if not wanted:
            return "as they were (`qualitywatch hooks install` puts ours in)"
        installed = install(repository, interpreter=Path(sys.executable))
    return ", ".join(f"{hook.name} {hook.standing}" for hook in installed)


def _wants_hooks() -> bool:
    """Ask, where somebody is there to answer; without a person nothing is installed."""
    if not passphrase.on_terminal() or not sys.stdin.isatty():
        return False
    return click.confirm(
        "install the git hooks, so that commits and pushes are checked?",
        default=True,
        err=True,
    )


def _now() -> datetime:
    return datetime.now(UTC)
