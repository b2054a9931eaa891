"""`violations restore`: the lost block is shown, asked about, and put back exactly."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path
from typing import Any

import pytest

from qualitywatch.cli.violations import put
from qualitywatch.errors import MachineError, UserError
from qualitywatch.model import Evidence, Violation
from qualitywatch.store.blobs import Blobs
from tests import factories
from tests.conftest import Repo
from tests.integration.operating import (
    BASE,
    LAZY,
    PROGRAM,
    REMARK,
    Operator,
    on_a_terminal,
)

HONEST = BASE.replace("return 3", "return 33")
EDITED = LAZY.replace("return 3", "return 33")
LOST = Evidence(lost_lines=10, base_ranges=((2, 11),))


def lost(**fields: Any) -> Violation:
    return factories.violation(**{"evidence": LOST, "symbol": "total", **fields})


@pytest.fixture
def robbed(enrolled: Operator) -> Operator:
    """The base is in HEAD; the agent left a remark, and an honest edit elsewhere."""
    (enrolled.root / "app.py").write_text(EDITED)
    (enrolled.root / "app.py").chmod(0o754)
    enrolled.seed(lost())
    return enrolled


def only(operator: Operator) -> str:
    """The id of the one open violation."""
    [violation] = operator.look("violations", "--format", "json").data
    return str(violation["id"])


def keep(operator: Operator, base: str, violation: Violation) -> None:
    """Record *violation* with a base that git does not have."""
    name = hashlib.sha256(base.encode()).hexdigest()
    operator.seed(violation, base=name)
    assert name == Blobs(operator.state_dir / "blobs").keep(base.encode())


def test_lost_code_is_put_back_and_the_honest_edit_stays(robbed: Operator) -> None:
    """The patch is shown, the mode is kept, and nobody is released."""
    done = robbed.look("violations", "restore", only(robbed)[:8], "--yes")

    assert (0, "") == (done.code, done.err)
    assert HONEST == (robbed.root / "app.py").read_text()
    assert 0o754 == (robbed.root / "app.py").stat().st_mode & 0o777
    assert f"-    {REMARK}" in done.out
    assert "+    step_10()" in done.out
    assert "this releases nobody" in done.out
    assert [] == [one for one in robbed.root.iterdir() if one.suffix == ".new"]


def test_dry_run_only_shows_the_patch(robbed: Operator) -> None:
    done = robbed.look("violations", "restore", only(robbed), "--dry-run")

    assert 0 == done.code
    assert "+    step_1()" in done.out
    assert EDITED == (robbed.root / "app.py").read_text()


def test_where_nobody_can_be_asked_nothing_is_written(robbed: Operator) -> None:
    """A script says what it wants."""
    done = robbed.look("violations", "restore", only(robbed))

    assert 2 == done.code
    assert "--yes" in done.err
    assert EDITED == (robbed.root / "app.py").read_text()


@pytest.mark.parametrize(
    ("answer", "code", "text"), [("y", 0, HONEST), ("n", 1, EDITED)]
)
def test_person_at_the_terminal_is_asked(
    robbed: Operator, answer: str, code: int, text: str
) -> None:
    """In colours, before anything is written."""
    words = ["violations", "restore", only(robbed), "--repo", str(robbed.root)]

    seen, ended = on_a_terminal(words, answers={"write this to app.py?": answer})

    assert code == ended
    assert "\x1b[32m+    step_1()\x1b[0m" in seen
    assert text == (robbed.root / "app.py").read_text()


def test_patch_and_outcome_as_json(robbed: Operator) -> None:
    id = only(robbed)

    done = robbed.look("violations", "restore", id, "--dry-run", "--format", "json")

    assert id == done.data["violation"]["id"]
    assert done.data["patch"].startswith("--- a/app.py\n+++ b/app.py\n@@ -1,5 +1,14 @@")
    assert ("HEAD", None, False, []) == tuple(
        done.data[name] for name in ("base", "refused", "written", "left")
    )


def test_what_can_not_be_exact_is_refused_with_the_reason(robbed: Operator) -> None:
    """The file stays as it is."""
    lazy = EDITED.replace(REMARK, f"step_1(again=True)\n    {REMARK}")
    (robbed.root / "app.py").write_text(lazy)

    done = robbed.look("violations", "restore", only(robbed), "--yes")

    assert 1 == done.code
    assert "can not be told apart" in done.err
    assert lazy == (robbed.root / "app.py").read_text()


def test_recorded_base_is_used_whatever_was_committed_since(
    enrolled: Operator, repo: Repo
) -> None:
    """No search: the record says which commit the file was compared with."""
    base = repo.git("rev-parse", "HEAD").strip()
    other = BASE.replace("step_5()", "step_5(new=True)")
    repo.commit("another body", **{"app.py": other})
    repo.commit("lazy", **{"app.py": LAZY})
    enrolled.seed(lost(), base=base)

    shown = enrolled.look("violations", "show", only(enrolled))
    done = enrolled.look("violations", "restore", only(enrolled), "--yes")

    assert f"as it stands in {base[:12]}" in shown.out
    assert "     6 |     step_5()\n" in shown.out
    assert 0 == done.code
    assert BASE == (enrolled.root / "app.py").read_text()


def test_base_that_the_daemon_keeps_is_used(enrolled: Operator, repo: Repo) -> None:
    """Git never had it: it was never committed."""
    (enrolled.root / "new.py").write_text(LAZY)
    keep(enrolled, BASE, lost(path="new.py"))

    done = enrolled.look("violations", "restore", only(enrolled), "--yes")

    assert (0, "") == (done.code, done.err)
    assert "from the daemon's records" in done.out
    assert BASE == (enrolled.root / "new.py").read_text()


def test_unknown_base_is_refused(enrolled: Operator) -> None:
    enrolled.seed(lost(path="never.py"))

    done = enrolled.look("violations", "restore", only(enrolled), "--yes")

    assert 1 == done.code
    assert "the base is not known any more" in done.err


def test_link_is_not_followed(robbed: Operator) -> None:
    """The file became a link to another one, which must stay as it is."""
    victim = robbed.root.parent / "victim.py"
    victim.write_text(EDITED)
    (robbed.root / "app.py").unlink()
    (robbed.root / "app.py").symlink_to(victim)

    done = robbed.look("violations", "restore", only(robbed), "--yes")

    assert 1 == done.code
    assert "symbolic link" in done.err
    assert EDITED == victim.read_text()


def test_hostile_code_does_not_reach_the_terminal(enrolled: Operator) -> None:
    """Escapes in the base are shown in the patch, and written as they are."""
    hostile = BASE.replace("step_5()", "step_5('\x1b[2K\u202e')")
    (enrolled.root / "app.py").write_text(LAZY)
    keep(enrolled, hostile, lost())

    done = enrolled.look("violations", "restore", only(enrolled), "--yes")

    assert 0 == done.code
    assert not {"\x1b", "\u202e"} & set(done.out + done.err)
    assert hostile == (enrolled.root / "app.py").read_text()


# The writing itself


def test_file_that_changed_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("newer\n")

    with pytest.raises(UserError, match="changed after the patch was shown"):
        put(tmp_path, "a.py", b"restored\n", instead=b"shown\n")

    assert ["a.py"] == [one.name for one in tmp_path.iterdir()]
    assert "newer\n" == (tmp_path / "a.py").read_text()


def test_file_that_came_back_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("newer\n")

    with pytest.raises(UserError, match="changed after"):
        put(tmp_path, "a.py", b"restored\n", instead=None)

    assert "newer\n" == (tmp_path / "a.py").read_text()


def test_deleted_file_comes_back_with_its_folder(tmp_path: Path) -> None:
    put(tmp_path, "deep/er/a.py", b"restored\n", instead=None)

    assert "restored\n" == (tmp_path / "deep" / "er" / "a.py").read_text()


@pytest.mark.parametrize("path", ["../a.py", "/a.py", "x/../../a.py", "", "x//a.py"])
def test_path_leads_nowhere_else(tmp_path: Path, path: str) -> None:
    root = tmp_path / "root"
    root.mkdir()

    with pytest.raises(UserError, match="no path inside"):
        put(root, path, b"x", instead=None)

    assert ["root"] == [one.name for one in tmp_path.iterdir()]


def test_linked_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a.py").write_text("shown\n")
    root = tmp_path / "root"
    root.mkdir()
    (root / "sub").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(MachineError):
        put(root, "sub/a.py", b"restored\n", instead=b"shown\n")

    assert "shown\n" == (tmp_path / "elsewhere" / "a.py").read_text()


def test_program_is_the_same_as_a_process(robbed: Operator) -> None:
    """No test harness around it."""
    words = ["violations", "restore", only(robbed), "--yes", "--repo", str(robbed.root)]
    done = subprocess.run([*PROGRAM, *words], capture_output=True, check=False)

    assert 0 == done.returncode
    assert HONEST == (robbed.root / "app.py").read_text()
