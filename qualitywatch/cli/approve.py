"""`qualitywatch approve`: shows what changed in settings and rules, and takes it."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from qualitywatch import approval, config
from qualitywatch.analysis import CHECKS
from qualitywatch.approval import Standing
from qualitywatch.cli.operator import as_operator, operator_options, root_around
from qualitywatch.cli.terminal import say, say_block
from qualitywatch.errors import UserError
from qualitywatch.protocol import ApprovedSettings, ApproveSettings, ShowSettings

EXIT_NOT_IN_FORCE = 1


@click.command("approve")
@click.option("--yes", is_flag=True, help="Do not ask once more.")
@operator_options
def command(yes: bool, repo: Path, passphrase_file: Path | None) -> int:
    """Approve qualitywatch.toml and .qualitywatch/rules/ as they stand now.

    A daemon goes by what was approved last; other content of these files waits, since
    an agent can write them. A daemon that runs goes by what is approved at once; where
    it can not, it goes on with what it had, and the reason is printed (exit code 1).
    """
    now = approval.usable(root_around(repo), known_checks=CHECKS)
    with as_operator(repo, passphrase_file) as hub:
        shown = hub.call("settings.show", ShowSettings(nonce=""), ApprovedSettings)
        known = approval.read(shown.content) if shown.content else None
        if now == known:
            say("nothing to do: this is approved")
            return 0
        say_block("\n".join(_differences(known or Standing(), now)))
        if not yes:
            _ask()
        order = ApproveSettings(digest=now.digest, nonce="")
        taken = hub.call("settings.approve", order, ApprovedSettings)
    say(_outcome(taken))
    return 0 if taken.problem is None else EXIT_NOT_IN_FORCE


def _outcome(taken: ApprovedSettings) -> str:
    if taken.problem is not None:
        return taken.problem
    if not taken.in_force:
        return "approved: the next daemon goes by it (none runs now)"
    if not taken.after_restart:
        return "approved, and in force now"
    waiting = ", ".join(taken.after_restart)
    return f"approved, and in force now; after `stop` and `start` also: {waiting}"


def _ask() -> None:
    if not sys.stdin.isatty():
        raise UserError(
            "nobody is here to say that this is meant",
            hint="look at it above, then run it again with --yes",
        )
    click.confirm("Approve this?", abort=True, err=True)


def _differences(known: Standing, now: Standing) -> Iterator[str]:
    """A unified diff of every setting and rule that is not the same."""
    if known.settings != now.settings:
        yield from _diff(
            config.to_toml(known.settings), config.to_toml(now.settings), "settings"
        )
    for name in sorted({*known.rules, *now.rules}):
        before, after = known.rules.get(name, ""), now.rules.get(name, "")
        if before != after:
            yield from _diff(before, after, f".qualitywatch/rules/{name}")


def _diff(before: str, after: str, name: str) -> Iterator[str]:
    yield from difflib.unified_diff(
        before.splitlines(),
        after.splitlines(),
        f"{name} (approved)",
        f"{name} (now)",
        lineterm="",
    )
