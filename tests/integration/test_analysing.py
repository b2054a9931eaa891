"""The gate's analysis: the same workers serve all rounds of a judgement."""

import psutil
import pytest

from qualitywatch import config, rulebook
from qualitywatch.gate.analysing import Analyser
from qualitywatch.traces import ALONE
from tests.factories import change

LIMITS = config.Analysis(workers=2)
BEFORE = "def total():\n" + "".join(f"    x{n} = {n}\n" for n in range(20))
AFTER = "def total():\n    # ... rest of the function unchanged\n    pass\n"


def workers() -> set[int]:
    return {child.pid for child in psutil.Process().children()}


@pytest.mark.parametrize("number", [0, 1, 2, 40])
def test_every_change_is_judged_in_its_turn(number: int):
    tasks = [(change(BEFORE, AFTER, path=f"{n}.py"), ALONE) for n in range(number)]
    with Analyser(rulebook.load(), LIMITS) as analyse:
        found = [one.analysis.violations for one in analyse(tasks)]

    assert [f"{n}.py" for n in range(number)] == [one.path for (one,) in found]


def test_imports_are_read_by_the_workers_that_judge():
    with Analyser(rulebook.load(), LIMITS) as analyse:
        list(analyse([(change(BEFORE, AFTER), ALONE)]))
        judging = workers()
        (found,) = analyse.imports([("b.py", b"from a import total\n")])

        assert judging == workers()
    assert [("a", "total")] == [(one.module, one.name) for one in found]


def test_a_file_that_can_not_be_read_is_unanalysable():
    heavy = change(None, "x = [1, (2, 3), {4: 5}]\n" * 160_000, path="heavy.py")
    hasty = config.Analysis(workers=1, timeout_ms=100, max_file_bytes=32 * 2**20)
    with Analyser(rulebook.load(), hasty) as analyse:
        (found,) = analyse([(heavy, ALONE)])

    (unread,) = found.analysis.unanalysable
    assert "the parser used more than 0.1 s" == unread.reason


def test_nothing_is_left_behind():
    others = workers()
    with Analyser(rulebook.load(), LIMITS) as analyse:
        list(analyse([(change(BEFORE, AFTER), ALONE)]))

    assert others == workers()
