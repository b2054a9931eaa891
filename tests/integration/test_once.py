"""A report is recorded once, however often it comes: again, together, after a kill."""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import sys
from pathlib import Path

from tests.integration.house import House, by, judged

ROOT = Path(__file__).parents[2]
REPORTS = 120

CLIENT = """
import asyncio, random, sys
from pathlib import Path
from tests.integration.house import House, by, judged

async def report(house, number):
    change = judged(
        event_id=f"e{number}", path=f"{number}.py", attribution=by(f"a{number % 7}")
    )
    recorded = await house.warden.record(change)
    print(number, recorded.seq, flush=True)

async def main():
    chance = random.Random(int(sys.argv[2]))
    house = House(Path(sys.argv[1]))
    await house.start()
    calls = [n for n in range(int(sys.argv[3])) for _ in range(chance.randint(1, 5))]
    chance.shuffle(calls)
    for begin in range(0, len(calls), 12):
        await asyncio.gather(*(report(house, n) for n in calls[begin:begin + 12]))
    await house.stop()

asyncio.run(main())
"""


def answers(folder: Path, run: int, *, lines: int | None) -> list[tuple[int, int]]:
    """What clients were answered until the process was killed after *lines* answers."""
    with subprocess.Popen(
        [sys.executable, "-c", CLIENT, str(folder), str(run), str(REPORTS)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        assert process.stdout is not None
        read = []
        for line in process.stdout:
            if line.endswith("\n"):
                number, seq = line.split()
                read.append((int(number), int(seq)))
            if len(read) == lines:
                process.send_signal(signal.SIGKILL)
    return read


def test_once_whatever_happens(tmp_path: Path) -> None:
    """Sent one to five times in each of five lives: one row, always the same answer."""
    folder = tmp_path / "state"
    chance = random.Random(11)
    known: dict[int, int] = {}
    for run in range(5):
        lines = None if run == 4 else chance.randint(5, 200)
        for number, seq in answers(folder, run, lines=lines):
            assert seq == known.setdefault(number, seq)

    assert REPORTS == len(known) == len(set(known.values()))
    asyncio.run(_check(folder, known))


async def _check(folder: Path, known: dict[int, int]) -> None:
    house = House(folder)
    await house.start()
    counts = await house.store.counts()
    events = await house.store.events(0, limit=10_000)
    analysed = {e.sequence for e in events if e.kind == "change.analysed"}
    number = 5
    again = await house.warden.record(
        judged(event_id=f"e{number}", attribution=by(f"a{number % 7}"))
    )
    await house.stop()

    assert REPORTS == counts.changes
    assert set(known.values()) == analysed
    assert known[number] == again.seq
