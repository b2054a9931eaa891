"""Batches of a command: each item is answered in its turn, whatever the others do."""

import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil
import pytest

import qualitywatch
from qualitywatch import config, rulebook
from qualitywatch.model import Change
from qualitywatch.rulebook import Rulebook
from qualitywatch.traces import Examined
from qualitywatch.workers import inside
from qualitywatch.workers.batches import Batches
from tests.factories import change

LIMITS = config.Analysis(workers=2)
HASTY = config.Analysis(workers=2, timeout_ms=300)
RULES = Rulebook()


@pytest.fixture
def batches() -> Iterator[Batches]:
    with Batches(RULES, LIMITS) as batches:
        yield batches


def echo(items: Sequence[str]) -> list[str]:
    """Does what an item says, or says what the item is."""
    return [ACTIONS.get(item, str)(item) for item in items]


def numbers(items: Sequence[str]) -> list[int]:
    return [len(item) for item in items]


def lying(items: Sequence[str]) -> list[int]:
    return list(items)  # type: ignore[arg-type]


def forgetful(items: Sequence[str]) -> list[str]:
    return list(items[1:])


def pids(items: Sequence[int]) -> list[int]:
    return [os.getpid() for _ in items]


def slow(items: Sequence[float]) -> list[float]:
    for item in items:
        time.sleep(item)
    return list(items)


def _bug(item: str) -> str:
    raise LookupError(f"no {item}")


def _large(item: str) -> str:
    return item * 14_000_000


ACTIONS = {
    "abort": lambda _: os.abort(),
    "segfault": lambda _: os.kill(os.getpid(), signal.SIGSEGV),
    "exit": lambda _: os._exit(7),
    "hang": lambda _: time.sleep(60),
    "busy": lambda _: all(itertools.repeat(True)),
    "bomb": lambda _: "x" * 2**30,
    "bug": _bug,
    "write": lambda _: Path("/tmp/qualitywatch-must-not").write_text("x"),
    "large": _large,
    "surrogate": lambda _: "\udcff",
}


def children() -> set[int]:
    """The processes of this one; those of other tests among them."""
    return {child.pid for child in psutil.Process().children()}


def told(item: str, reason: str) -> str:
    return f"{item}: {reason}"


def ran(items: Sequence[str], limits: config.Analysis = LIMITS, **more) -> list[str]:
    with Batches(RULES, limits) as batches:
        return list(batches.run(echo, items, failed=told, **more))


@pytest.mark.parametrize("size", [1, 3, 64])
@pytest.mark.parametrize("count", [0, 1, 2, 63, 200])
def test_answers_come_in_the_order_of_the_items(count: int, size: int):
    names = [str(number) for number in range(count)]

    assert names == ran(names, size=size)


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ("abort", "the parser used more than 256 MiB"),  # how parsers end without any
        ("segfault", "the parser crashed (SIGSEGV)"),
        ("exit", "the parser crashed (status 7)"),
        ("hang", "the parser used more than 0.3 s"),
        ("busy", "the parser used more than 0.3 s"),
        ("bomb", "the parser used more than 256 MiB"),
        ("bug", "the analysis failed: LookupError: no bug"),
        ("large", "the answer of the parser is too large"),
        ("surrogate", "the analysis failed: UnicodeEncodeError: "),
    ],
)
def test_the_guilty_item_fails_alone(item: str, reason: str):
    names = [*"abc", item, *"defghi"]
    answers = ran(names, HASTY if "0.3 s" in reason else LIMITS, size=4)
    guilty = answers.pop(3)

    assert list("abcdefghi") == answers
    assert guilty.startswith(f"{item}: {reason}")


def test_one_item_that_hangs_costs_its_time_once():
    started = time.monotonic()
    (answer,) = ran(["hang"], HASTY)

    assert "hang: the parser used more than 0.3 s" == answer
    assert time.monotonic() - started < 0.6


def test_many_guilty_items_each_fail_alone():
    names = ["abort", "a", "bug", "b", "segfault", "exit", "c"]

    answers = ran(names, size=3)

    assert ["a", "b", "c"] == [answers[at] for at in (1, 3, 6)]
    assert all(answers[at].startswith(f"{names[at]}: the ") for at in (0, 2, 4, 5))


@pytest.mark.parametrize("function", [lying, forgetful])
def test_an_answer_of_another_form_is_no_answer(batches: Batches, function):
    (answer,) = batches.run(function, ["a"], failed=told)

    assert answer.startswith("a: the analysis failed: ")


def test_endless_items_are_read_a_few_batches_ahead(batches: Batches):
    read = itertools.count()
    run = batches.run(
        echo, (str(next(read)) for _ in itertools.repeat(None)), failed=told, size=4
    )
    first = list(itertools.islice(run, 10))
    run.close()

    assert [str(number) for number in range(10)] == first
    assert next(read) <= 10 + 4 * (4 * LIMITS.workers + 2)


def test_an_error_of_the_items_reaches_the_one_who_asks(batches: Batches):
    def items() -> Iterator[str]:
        yield "a"
        raise LookupError("no more")

    with pytest.raises(LookupError, match="no more"):
        list(batches.run(echo, items(), failed=told))

    assert ["b"] == list(batches.run(echo, ["b"], failed=told))


def test_workers_serve_one_run_after_the_other(batches: Batches):
    first = set(batches.run(pids, range(2), failed=lambda *_: 0))
    again = set(batches.run(pids, range(2), failed=lambda *_: 0))

    assert first == again


def test_what_a_worker_has_from_its_parent_spends_it_not(batches: Batches):
    held = os.urandom(160 * 2**20)
    first = set(batches.run(pids, range(2), failed=lambda *_: 0))
    again = set(batches.run(pids, range(2), failed=lambda *_: 0))

    assert first == again
    assert len(held) == 160 * 2**20


def test_few_items_start_one_worker(batches: Batches):
    others = children()
    assert [2] == list(batches.run(numbers, ["ab"], failed=lambda *_: 0))

    assert 1 == len(children() - others)


def test_a_run_that_is_left_early_hinders_no_other(batches: Batches):
    run = batches.run(slow, [0.0, *[9.0] * 8], failed=lambda item, _: item, size=1)
    assert 0.0 == next(run)
    run.close()

    assert ["b"] == list(batches.run(echo, ["b"], failed=told))


def test_a_worker_that_dies_idle_costs_nobody_anything(batches: Batches):
    (pid,) = batches.run(pids, [1], failed=lambda *_: 0)
    os.kill(pid, signal.SIGKILL)
    time.sleep(0.05)

    assert ["a", "b"] == list(batches.run(echo, ["a", "b"], failed=told))


def test_heavy_items_are_in_work_one_at_a_time():
    started = time.monotonic()
    with Batches(RULES, LIMITS) as batches:
        items = [0.2] * 3
        done = batches.run(
            slow, items, failed=lambda *_: 0.0, size=1, weight=lambda _: 10**6
        )
        assert items == list(done)

    assert time.monotonic() - started >= 0.6


def test_light_items_are_in_work_together():
    with Batches(RULES, LIMITS) as batches:
        done = batches.run(pids, range(20), failed=lambda *_: 0, size=1)

        assert 2 == len(set(done))


def test_the_analysis_finds_its_rules_and_limits():
    """As the gate and the others use it."""
    before = "def total():\n" + "".join(f"    x{n} = {n}\n" for n in range(20))
    after = "def total():\n    # ... rest of the function unchanged\n    pass\n"
    with Batches(rulebook.load(), LIMITS) as batches:
        (found,) = batches.run(judged, [change(before, after)], failed=nothing)

    assert ["elided-code"] == [v.rule for v in found.analysis.violations]


def judged(changes: Sequence[Change]) -> list[Examined]:
    limits = inside.limits()
    return [inside.examine(one, inside.rulebook(), limits=limits) for one in changes]


def nothing(change: Change, reason: str) -> Examined:
    raise AssertionError(reason)


def limits_of(items: Sequence[int]) -> list[dict[str, int]]:
    worker = psutil.Process()
    names = ("CORE", "FSIZE", "NOFILE")
    found = {
        name: worker.rlimit(getattr(psutil, f"RLIMIT_{name}"))[1] for name in names
    }
    found["DATA"] = worker.rlimit(psutil.RLIMIT_DATA)[1] >> 20
    return [found for _ in items]


def test_a_worker_is_limited(batches: Batches):
    (found,) = batches.run(limits_of, [1], failed=lambda *_: {})

    own = inside.memory() >> 20  # what the worker has from us
    assert 256 + own // 2 <= found.pop("DATA") <= 256 + own + 16
    assert {"CORE": 0, "FSIZE": 0, "NOFILE": 64} == found


def open_files(items: Sequence[int]) -> list[int]:
    return [psutil.Process().num_fds() for _ in items]


def test_a_worker_holds_no_descriptor_of_its_parent(tmp_path: Path, batches: Batches):
    """Else git, or another worker, would wait for an end that does not come."""
    with (tmp_path / "a").open("w"), (tmp_path / "b").open("w"):
        (found,) = batches.run(open_files, [1], failed=lambda *_: 99)

    assert found <= 3 + 2 + 1  # socket and lifeline, and the list of files itself


def test_nothing_is_left_behind():
    before, others = psutil.Process().num_fds(), children()
    ran(["a", "abort", "hang", "b"], HASTY, size=1)

    assert before == psutil.Process().num_fds()
    assert others == children()


PARENT = """
import sys, psutil
from qualitywatch import config
from qualitywatch.rulebook import Rulebook
from qualitywatch.workers.batches import Batches
from tests.integration.test_batches import slow

try:
    with Batches(Rulebook(), config.Analysis(workers=2)) as batches:
        answers = batches.run(slow, [0, 0, 60, 60], failed=print, size=1)
        print(next(answers), next(answers), flush=True)
        print(*[child.pid for child in psutil.Process().children()], flush=True)
        next(answers)
except KeyboardInterrupt:
    print(*[child.pid for child in psutil.Process().children()], flush=True)
    sys.exit(130)
"""


@pytest.fixture
def parent(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    with subprocess.Popen(
        [sys.executable, script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(Path(qualitywatch.__file__).parents[1])},
    ) as parent:
        yield parent
        parent.kill()


def workers_of(parent: subprocess.Popen[str]) -> list[psutil.Process]:
    assert "0 0" in parent.stdout.readline().replace(".0", "")
    found = [psutil.Process(int(pid)) for pid in parent.stdout.readline().split()]
    assert len(found) == 2
    return found


def test_an_interrupt_leaves_nothing_behind(parent: subprocess.Popen[str]):
    workers = workers_of(parent)
    os.killpg(parent.pid, signal.SIGINT)  # as the terminal does
    out, err = parent.communicate(timeout=10)

    assert (130, "\n", "") == (parent.returncode, out, err)
    assert not any(worker.is_running() for worker in workers)


def test_workers_die_with_their_parent(parent: subprocess.Popen[str]):
    workers = workers_of(parent)
    parent.kill()

    assert [] == psutil.wait_procs(workers, timeout=10)[1]
