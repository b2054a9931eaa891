"""The judge where more than one file is needed: moved code, and code still imported."""

import pytest

from tests.conftest import Repo
from tests.integration.test_judge import Scene, pool, scene, workers

__all__ = ["pool", "scene", "workers"]  # fixtures

PARSE = (
    "def parse(line):\n    head, _, tail = line.partition(':')\n"
    "    words = [word.strip() for word in tail.split(',')]\n"
    "    if not words:\n        raise ValueError(line)\n    return head, words\n"
)
OTHER = "\n\ndef show(head):\n    print(head.upper())\n"
USER = (
    "from rows import parse\n\n\n"
    "def load(lines):\n    return [parse(line) for line in lines]\n"
)
GONE = OTHER.lstrip()


@pytest.fixture
async def rows(scene: Scene) -> Scene:
    """The scene with `rows.py` and who imports from it, committed and settled."""
    Repo(scene.root).commit(**{"rows.py": PARSE + OTHER, "user.py": USER})
    await scene.judge.git_moved(scene.root)
    await scene.settled("user.py")
    await scene.settled("rows.py")
    scene.events.clear()
    return scene


async def test_what_another_file_still_imports_is_lost(rows: Scene):
    await rows.save("rows.py", GONE)
    await rows.event("violation.recorded", rule="silent-drop", path="rows.py")
    (violation,) = await rows.violations()

    assert "`parse` is gone, and user.py still uses it" == violation.message
    assert "certain" == violation.confidence
    assert ((1, 6),) == violation.evidence.base_ranges


async def test_nothing_is_said_before_the_silence(rows: Scene):
    """The next edit may mend the importer."""
    await rows.save("rows.py", GONE)
    await rows.save("user.py", USER.replace("parse", "divide").replace("rows", "other"))
    await rows.settled("rows.py")

    assert [] == await rows.rules()


async def test_a_mended_importer_closes_the_violation(rows: Scene):
    await rows.save("rows.py", GONE)
    await rows.event("violation.recorded", rule="silent-drop")
    await rows.save("user.py", "def load(lines):\n    return list(lines)\n")

    await rows.event("violation.closed", rule="silent-drop")


async def test_a_function_that_moves_in_two_saves_is_not_lost(rows: Scene):
    await rows.save("rows.py", GONE)
    await rows.save("parsing.py", PARSE)
    await rows.save("user.py", USER.replace("from rows", "from parsing"))
    await rows.settled("rows.py")
    await rows.settled("user.py")

    assert [] == await rows.rules()


async def test_a_deleted_file_that_is_still_imported_is_lost(rows: Scene):
    (rows.root / "rows.py").unlink()
    await rows.judge.saved(rows.root, "rows.py")
    await rows.event("violation.recorded", rule="silent-drop", path="rows.py")
    (violation,) = await rows.violations()

    assert "rows.py" == violation.symbol
    assert violation.evidence.lost_lines > 5


async def test_a_deleted_file_that_nobody_imports_any_more_is_let_go(rows: Scene):
    (rows.root / "rows.py").unlink()
    await rows.judge.saved(rows.root, "rows.py")
    await rows.event("violation.recorded", rule="silent-drop")
    await rows.save("user.py", "def load(lines):\n    return list(lines)\n")

    await rows.event("violation.closed", rule="silent-drop")
    assert [] == await rows.rules()


async def test_a_renamed_file_whose_importers_follow_is_whole(rows: Scene):
    (rows.root / "rows.py").rename(rows.root / "table.py")
    await rows.judge.saved(rows.root, "table.py", renamed_from="rows.py")
    await rows.judge.saved(rows.root, "rows.py")
    await rows.save("user.py", USER.replace("from rows", "from table"))
    await rows.settled("user.py")

    assert [] == await rows.rules()


async def test_code_that_comes_back_in_another_file_later_is_not_lost(rows: Scene):
    """Cut in one silence, pasted in the next."""
    lazy = PARSE[: PARSE.index("    words")] + "    # ... rest unchanged\n" + OTHER
    await rows.save("rows.py", lazy)
    await rows.settled("rows.py")
    assert "elided-code" in await rows.rules()
    await rows.save("parsing.py", PARSE)

    await rows.event("violation.closed", rule="elided-code")
