"""`qualitywatch`: finds the command, runs it, turns errors into exit codes.

The exit codes are an interface and stand only here:
0 clean or GO · 1 violations or NO-GO · 2 wrong usage or configuration · 3 our bug ·
75 another daemon or port in the way · 130 interrupted.
"""

from __future__ import annotations

import errno
import gc
import os
import sys

import click

from qualitywatch.cli import terminal
from qualitywatch.errors import InTheWay, MachineError, QualityWatchError
from qualitywatch.installed import version_of
from qualitywatch.loading import load

EXIT_USAGE = 2
EXIT_BUG = 3
EXIT_IN_THE_WAY = 75
EXIT_INTERRUPTED = 130

# What the machine refuses, whoever asks: no bug of ours, and nothing to report.
_WAYS_OUT = {
    errno.EACCES: "run this as the user who owns it, or mend its permissions",
    errno.EPERM: "run this as the user who owns it, or mend its permissions",
    errno.EROFS: "make it writable: it lies on a read-only file system",
    errno.ENOSPC: "make room on the disk and try again",
    errno.EDQUOT: "make room on the disk and try again",
}

# Command -> (module in this package, one line of help). Nothing is imported before
# its command is asked for: hooks start this program at every commit.
COMMANDS = {
    "init": ("init", "Write a commented qualitywatch.toml and set the passphrase."),
    "watch": ("watch", "Watch a repository: daemon, hub and page, in the foreground."),
    "start": ("start", "The same in the background."),
    "stop": ("stop", "Stop the daemon in the background."),
    "status": ("status", "Say whether a daemon watches, and what is degraded."),
    "check": ("check", "Judge one change: what did it take away or leave undone?"),
    "gate": ("gate", "Judge a range of commits, the index or the work tree: GO?"),
    "scan": ("scan", "Count what is implemented in a tree, and list what is not."),
    "history": ("history", "Replay commits: who dropped what, per agent and author."),
    "agents": ("agents", "List the agents and where they stand."),
    "agent": ("agent", "Show one agent: who it is, where it stands, for what."),
    "quarantine": ("quarantine", "Put an agent or workspace in quarantine by hand."),
    "repairs": ("repairs", "List or show what agents in quarantine offer."),
    "release": ("release", "Release an agent or workspace from quarantine."),
    "violations": ("violations", "List, show, restore or dismiss violations."),
    "hooks": ("hooks", "Install, remove or inspect the git hooks."),
    "hook": ("hook", "What the installed hooks call."),
    "rules": ("rules", "List, show, test or start rules."),
    "export": ("export", "Write the records for other programs."),
    "doctor": ("doctor", "Look at the whole chain, and say how to mend it."),
    "approve": ("approve", "Approve settings and rules that have changed."),
    "tokens": ("tokens", "Create, list or revoke the tokens of the hub."),
    "backup": ("backup", "Back up the records and the lost code to one file."),
    "restore-db": ("restore_db", "Put a backup in the place of the records."),
    "verify-audit": ("verify_audit", "Say whether the audit is as it was written."),
    "demo": ("demo", "See the whole story on a throw-away repository."),
}


class _LazyGroup(click.Group):
    """A group whose commands are imported when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module = load(f"qualitywatch.cli.{COMMANDS[name][0]}")
        command: click.Command = module.command
        return command

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """The list of commands, from the table: help must not import them all."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, row[1]) for name, row in COMMANDS.items()])


def _say_version(
    context: click.Context, _option: click.Parameter, is_asked: bool
) -> None:
    if is_asked:
        click.echo(f"qualitywatch, version {version_of('qualitywatch')}")
        context.exit()


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_say_version,
    help="Show the version and exit.",
)
def cli() -> None:
    """Sees what AI agents drop, says so with evidence, and quarantines the agent."""


def main() -> None:
    """The entry point: runs a command and exits with its code."""
    code = run(sys.argv[1:])
    gc.freeze()  # nothing is left to be done, and to tear it all down takes a while
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """The exit code of the command in *arguments*; prints, never raises."""
    try:
        result = cli.main(arguments, prog_name="qualitywatch", standalone_mode=False)
    except (click.exceptions.Abort, KeyboardInterrupt):
        return EXIT_INTERRUPTED
    except click.ClickException as error:
        error.show()
        return EXIT_USAGE
    except BrokenPipeError:
        return _pipe_closed()
    except InTheWay as error:
        terminal.complain(error)
        return EXIT_IN_THE_WAY
    except QualityWatchError as error:
        terminal.complain(error)
        return EXIT_USAGE
    except OSError as error:
        return _refused_by_machine(error)
    except Exception:
        return _bug()
    return result if isinstance(result, int) else 0


def _refused_by_machine(error: OSError) -> int:
    """A full disk or a closed door says what to do; any other one is our bug."""
    way_out = _WAYS_OUT.get(error.errno or 0)
    if way_out is None:
        return _bug()
    place = os.fsdecode(error.filename) if error.filename else ""
    terminal.complain(MachineError(f"{error.strerror}", place=place, hint=way_out))
    return EXIT_USAGE


def _bug() -> int:
    import traceback  # nobody else has to pay for it

    traceback.print_exc()
    terminal.note("this is a bug in qualitywatch; please report the text above")
    return EXIT_BUG


def _pipe_closed() -> int:
    """The reader of our output has gone (`| head`): stop without a second error."""
    terminal.drop_output()
    return 0
