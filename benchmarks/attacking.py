"""Attack the daemon in every way we know: how many attempts, how many had success.

    python -m benchmarks.attacking [--times 1]

Self-release, replay, impersonation, ways out of the root and hidden code, over the real
hub, its Unix socket and the command line; see docs/robustness.md. With `--times 10`
each race and repetition is ten times as long.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from rich.console import Console
from rich.progress import track

from tests.robust import escapes, hiding, impersonation, self_release
from tests.robust.ground import live_in
from tests.robust.stand import Stand, standing
from tests.robust.tally import Tally

Attack = Callable[[Path, int], Awaitable["Tally"]]


async def releasing(folder: Path, times: int) -> Tally:
    """Nobody ends its own quarantine."""

    async def attack(stand: Stand, score: Tally) -> None:
        await self_release.orders(stand, score)
        await self_release.odd_frames(stand, score)
        await self_release.tokens(stand, score)
        await self_release.coming_again(stand, score)
        await self_release.files(stand, score)
        await self_release.commands(stand, score)
        await self_release.evidence(stand, score)

    return await _scored("self-release", folder, attack)


async def replaying(folder: Path, times: int) -> Tally:
    """No order is taken twice."""

    async def attack(stand: Stand, score: Tally) -> None:
        await self_release.again(stand, score, times=20 * times)

    return await _scored("replay", folder, attack)


async def impersonating(folder: Path, times: int) -> Tally:
    """Nobody passes for another."""

    async def attack(stand: Stand, score: Tally) -> None:
        await impersonation.hellos(stand, score)
        await impersonation.second_hellos(stand, score)
        await impersonation.every_field(stand, score, times=2 * times)
        await impersonation.stolen_event_ids(stand, score)

    return await _scored("impersonation", folder, attack)


async def escaping(folder: Path, times: int) -> Tally:
    """Nothing outside the root is read."""

    async def attack(stand: Stand, score: Tally) -> None:
        await escapes.hostile_paths(stand, score)
        await escapes.races_at_the_hub(stand, score, times=200 * times)
        escapes.races_at_the_disk(folder / "race", score, times=10_000 * times)
        found = escapes.leaks(stand.ground, stand.daemon.log)
        score.check("what lies outside stands in the records", not found)

    return await _scored("reading outside the root", folder, attack)


async def hidden_code(folder: Path, times: int) -> Tally:
    """Hidden code is found, or said to be unreadable."""
    score = Tally("hiding code")
    silent = await hiding.play_all(folder)
    for trick in hiding.tricks():
        score.check(trick.name, trick.name not in silent)
    return score


ATTACKS: tuple[Attack, ...] = (
    *(releasing, replaying, impersonating),
    *(escaping, hidden_code),
)


async def _scored(
    kind: str, folder: Path, attack: Callable[[Stand, Tally], Awaitable[None]]
) -> Tally:
    score = Tally(kind)
    async with standing(folder) as stand:
        await attack(stand, score)
        await stand.stop()  # what was only counted so far is written then
        score.read(stand.audit())
    return score


def report(score: Tally) -> bool:
    """Print one row; true where nothing had success and all of it was kept."""
    wanted = score.to_be_logged
    kept = (
        f"{wanted} to be logged, {score.logged} logged" if wanted else "as violations"
    )
    print(f"{score.kind:26} {score.tried:6} {len(score.succeeded):4} success  {kept}")
    for line in score.succeeded[:10]:
        print(f"  {line}")
    return not score.succeeded and score.logged >= wanted


def main() -> int:
    """All attacks, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=1)
    times = parser.parse_args().times
    scores: list[Tally] = []
    with tempfile.TemporaryDirectory() as name:
        live_in(Path(name, "home"))
        stderr = Console(stderr=True)
        for attack in track(ATTACKS, description="attacking", console=stderr):
            folder = Path(name, attack.__name__)
            scores.append(asyncio.run(_run(attack, folder, times)))
    is_well = [report(score) for score in scores]
    print(f"load of this machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    return int(not all(is_well))


async def _run(attack: Attack, folder: Path, times: int) -> Tally:
    return await attack(folder, times)


if __name__ == "__main__":
    sys.exit(main())
