"""`qualitywatch hooks`: install, remove or inspect the hooks of this repository."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from qualitywatch.cli import terminal
from qualitywatch.cli.here import here
from qualitywatch.hooks import installation
from qualitywatch.hooks.installation import HookStatus, Standing

_WORDS = {
    Standing.INSTALLED: "installed",
    Standing.MISSING: "not installed",
    Standing.FOREIGN: "another program's",
    Standing.BROKEN: "broken: install it again",
}

_what = click.argument("harness", type=click.Choice(["git"]), default="git")


@click.group("hooks")
def command() -> None:
    """Install, remove or inspect the git hooks."""


@command.command("install")
@_what
@click.option(
    "--server", is_flag=True, help="Judge what is pushed into this repository."
)
@terminal.format_option("text", "json")
def install(harness: str, server: bool, format: str) -> None:
    """Have every commit and push judged; a hook that is there still runs."""
    interpreter = Path(sys.executable)
    with here() as repository:
        _show(
            installation.install(repository, interpreter=interpreter, server=server),
            format,
        )


@command.command("uninstall")
@_what
@terminal.format_option("text", "json")
def uninstall(harness: str, format: str) -> None:
    """Take our hooks out and put back those that were there before."""
    with here() as repository:
        _show(installation.uninstall(repository), format)


@command.command("status")
@_what
@terminal.format_option("text", "json")
def status(harness: str, format: str) -> None:
    """Say how each hook stands."""
    with here() as repository:
        _show(installation.status(repository), format)


def _show(hooks: Sequence[HookStatus], format: str) -> None:
    if format == "json":
        terminal.say_object(hooks)
        return
    for hook in hooks:
        terminal.say(f"{hook.name}: {_WORDS[hook.standing]} ({hook.path})")
        if hook.original:
            terminal.say(f"    runs first: {hook.original}")
