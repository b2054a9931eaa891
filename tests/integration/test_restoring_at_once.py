"""Lost code put back at once, where the settings ask for it: exact, told, nobody's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

import msgspec
import pytest

from qualitywatch import replacing
from qualitywatch.config import Enforcement
from qualitywatch.workers.pool import Workers
from tests.conftest import Repo
from tests.integration.test_judge import (
    HONEST,
    LAZY,
    SETTINGS,
    WHOLE,
    Scene,
    pool,
    workers,
)

__all__ = ["pool", "workers"]  # its fixtures
RESTORING = msgspec.structs.replace(SETTINGS, enforcement=Enforcement(restore=True))
TOP = '"""What the agent wrote above it."""\n'
EDITED = LAZY.replace("return value_0", "return value_0 + value_1")


@pytest.fixture
async def scene(repo: Repo, workers: Workers, tmp_path: Path) -> AsyncIterator[Scene]:
    """As in the tests of the judge, but what is lost is put back."""
    repo.commit(**{"app.py": WHOLE})
    scene = Scene(repo.root, tmp_path / "state", workers)
    scene.settings = RESTORING
    await scene.start()
    yield scene
    await scene.stop()


async def test_lost_code_is_back_at_once_and_told(scene: Scene) -> None:
    """The file, the records and the audit say the same; the quarantine stays."""
    lazy = await scene.joins("lazy")
    file = Repo(scene.root).write("app.py", LAZY)
    file.chmod(0o755)
    await scene.report(lazy, "app.py")
    told = await scene.event("code.restored", path="app.py")
    await scene.event("violation.closed")
    audit = [one.action for one in await scene.store.audit()]

    assert WHOLE == file.read_text()
    assert 0o755 == file.stat().st_mode & 0o777
    assert 1 == len(told.field("violations"))  # type: ignore[arg-type]
    assert 1 == audit.count("code.restore")
    assert [] == await scene.rules()
    assert scene.warden.quarantine_of("lazy") is not None


async def test_what_we_wrote_is_nobodys_edit(scene: Scene) -> None:
    """No change of that content has an author, though only one agent works here."""
    await scene.joins("lazy")
    await scene.save("app.py", LAZY)
    told = await scene.event("code.restored")
    await scene.judge.saved(scene.root, "app.py")  # the watcher has seen it too
    await scene.event("change.analysed", sha256=told.field("after"))
    await asyncio.sleep(0.5)  # and the silence after it
    changes = scene.of("change.analysed", sha256=told.field("after"))

    assert {None} == {change.field("agent") for change in changes}
    assert 1 == len(scene.of("code.restored"))


async def test_what_else_was_edited_stays(scene: Scene) -> None:
    """Only the lost block is put back, into the rest as the agent left it."""
    await scene.joins("lazy")
    await scene.save("app.py", TOP + LAZY)
    await scene.event("code.restored")

    assert TOP + WHOLE == (scene.root / "app.py").read_text()


async def test_a_deleted_file_is_back(scene: Scene) -> None:
    """Where somebody still needs it: the whole file, as the base has it."""
    repo = Repo(scene.root)
    user = "from app import App\n\nprint(App().total())\n"
    repo.commit(**{"user.py": user})
    await scene.judge.git_moved(scene.root)
    await scene.joins("lazy")
    (scene.root / "app.py").unlink()
    await scene.judge.saved(scene.root, "app.py")
    await scene.event("code.restored", path="app.py")

    assert WHOLE == (scene.root / "app.py").read_text()


async def test_what_is_not_exact_is_left(scene: Scene) -> None:
    """The agent went on with another result: only a person can join the two."""
    await scene.joins("lazy")
    await scene.save("app.py", EDITED)
    await scene.settled("app.py")
    await asyncio.sleep(0.3)

    assert EDITED == (scene.root / "app.py").read_text()
    assert [] == scene.of("code.restored")


async def test_a_person_alone_is_left_alone(scene: Scene) -> None:
    """Where nobody is stopped for it, nothing is written into anybody's file."""
    await scene.save("app.py", LAZY)
    await scene.event("violation.assigned")
    await asyncio.sleep(0.3)

    assert LAZY == (scene.root / "app.py").read_text()
    assert [] == scene.of("code.restored")


async def test_an_unknown_author_is_waited_for(scene: Scene) -> None:
    """Two agents work here: first somebody answers, then the code is put back."""
    await scene.joins("lazy")
    await scene.joins("other")
    await scene.save("app.py", LAZY)
    await scene.event("code.restored")

    assert ["ws:repo"] == [known.subject for known in scene.warden.quarantines]
    assert WHOLE == (scene.root / "app.py").read_text()


async def test_a_file_that_changed_meanwhile_is_left(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was written after the judgement is never overwritten."""
    put: Callable[..., None] = replacing.put
    tried = asyncio.Event()
    tell = partial(asyncio.get_running_loop().call_soon_threadsafe, tried.set)

    def late(root: Path, path: str, content: bytes, *, instead: bytes | None) -> None:
        Repo(root).write(path, HONEST)
        tell()
        put(root, path, content, instead=instead)

    monkeypatch.setattr(replacing, "put", late)
    await scene.joins("lazy")
    await scene.save("app.py", LAZY)
    await tried.wait()
    await asyncio.sleep(0.5)

    assert HONEST == (scene.root / "app.py").read_text()
    assert [] == scene.of("code.restored")


async def test_a_link_is_not_followed(scene: Scene, tmp_path: Path) -> None:
    """A file that became a link to another one is not written through."""
    outside = tmp_path / "outside.py"
    outside.write_text(LAZY)
    await scene.joins("lazy")
    (scene.root / "app.py").unlink()
    (scene.root / "app.py").symlink_to(outside)
    await scene.judge.saved(scene.root, "app.py")
    await asyncio.sleep(0.5)

    assert LAZY == outside.read_text()


async def test_off_by_default(repo: Repo, workers: Workers, tmp_path: Path) -> None:
    """Nothing is written where nobody asked for it."""
    repo.commit(**{"app.py": WHOLE})
    scene = Scene(repo.root, tmp_path / "state", workers)
    await scene.start()
    await scene.joins("lazy")
    await scene.save("app.py", LAZY)
    await scene.quarantine("lazy")
    await asyncio.sleep(0.4)
    await scene.stop()

    assert LAZY == (repo.root / "app.py").read_text()
