"""`qualitywatch start`: the daemon in the background."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from qualitywatch import logs
from qualitywatch.cli import passphrase
from qualitywatch.cli.operator import refuse_agent
from qualitywatch.cli.progress import progress
from qualitywatch.cli.terminal import say, say_block
from qualitywatch.cli.watch import prepare, watchable
from qualitywatch.daemon import background
from qualitywatch.daemon.place import Running, state_dir_of
from qualitywatch.errors import InTheWay


@click.command("start")
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Listen here, or nowhere; 0 takes any free port.  [default: the first free"
    " one from the settings on, 7433]",
)
@click.option(
    "--systemd", is_flag=True, help="Print a unit for systemd, and start nothing."
)
@passphrase.option
def command(
    path: Path, port: int | None, systemd: bool, passphrase_file: Path | None
) -> None:
    """Watch the repository at PATH in the background, until `stop` or a restart.

    The same as `watch`; what happens goes to `logs/daemon.jsonl` in the state folder.
    Returns when the daemon is ready; where it is not, says why.
    """
    if systemd:
        return say_block(_unit())
    refuse_agent()
    root = watchable(path)
    state_dir = state_dir_of(root)
    if running := Running.read(state_dir):
        raise InTheWay(
            f"a daemon already watches here: pid {running.pid} at {running.url}",
            place=str(root),
            hint="use that one, or `qualitywatch stop` first",
        )
    prepare(root, passphrase_file)  # a broken setting is told at once
    with progress("starting"):
        running = background.start(root, state_dir, port=port)
    say(f"ready: {running.url} watching {root} (pid {running.pid})")
    say(f"  its log: {logs.file_of(state_dir)}")


def _unit() -> str:
    """The unit of one daemon for each repository, run by this interpreter."""
    template = Path(__file__).parents[1] / "resources" / "qualitywatch@.service"
    python = sys.executable.replace("%", "%%").replace("\\", "\\\\")
    return template.read_text("utf-8").replace("@PYTHON@", python).rstrip()
