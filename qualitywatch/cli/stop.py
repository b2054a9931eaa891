"""`qualitywatch stop`: ends the daemon that watches here."""

from __future__ import annotations

from pathlib import Path

import click

from qualitywatch.cli.operator import refuse_agent, repo_option, watched_root
from qualitywatch.cli.progress import progress
from qualitywatch.cli.terminal import say
from qualitywatch.daemon import background
from qualitywatch.daemon.place import state_dir_of


@click.command("stop")
@repo_option
def command(repo: Path) -> None:
    """Stop the daemon of this repository, and wait until it has ended.

    Quarantines stay: the git hooks go on refusing what they refused. Fails in no way
    where no daemon runs.
    """
    refuse_agent()
    root = watched_root(repo)
    with progress("stopping"):
        running = background.stop(state_dir_of(root))
    if running is None:
        say(f"no daemon runs for {root}")
    else:
        say(f"stopped: pid {running.pid}, which watched {root}")
