"""The newest record of the audit, kept where those who tamper do not look."""

from __future__ import annotations

import json
import os
import shutil
import stat
from pathlib import Path

import pytest

from qualitywatch.audit.heads import short
from qualitywatch.audit.verifying import verify
from qualitywatch.enrolment import Marks
from tests.integration.daemons import Daemon
from tests.integration.guarded import Guarded


@pytest.fixture
def exporting(guarded: Guarded) -> Path:
    """A file that the settings name, outside of everything; approved by an operator."""
    file = guarded.repo.root.parent / "elsewhere.jsonl"
    guarded.repo.write("qualitywatch.toml", f'[audit]\nexport = ["{file}"]\n')
    assert 0 == guarded.operator.do("approve", "--yes").code
    return file


def exported(file: Path) -> list[int]:
    """The numbers of the records that were exported, in order."""
    return [
        json.loads(line)["head"]["number"] for line in file.read_text().splitlines()
    ]


def test_the_head_goes_to_the_files_of_the_operator(
    guarded: Guarded, exporting: Path
) -> None:
    """With each command that decides something, and only then."""
    assert 0 == guarded.operator.do("release", "cursor-1", "--reason", "ok").code
    after_release = exported(exporting)
    assert 0 == guarded.operator.look("agents").code

    newest = guarded.records()[-1].number
    assert newest == after_release[-1]
    assert after_release == exported(exporting)
    assert 0o600 == stat.S_IMODE(exporting.stat().st_mode)


def test_a_daemon_exports_when_it_ends(guarded: Guarded, exporting: Path) -> None:
    """What it decided last is in the file, and verify-audit compares with it."""
    secret_file = str(guarded.operator.passphrase_file)
    daemon = Daemon(guarded.repo.root, "--port", "0", "--passphrase-file", secret_file)
    assert 0 == guarded.operator.do("release", "cursor-1", "--reason", "ok").code
    daemon.end()

    assert guarded.records()[-1].number == exported(exporting)[-1]
    assert 0 == guarded.operator.look("verify-audit").code


def test_the_export_finds_what_the_marks_can_not(
    guarded: Guarded, exporting: Path
) -> None:
    """Database, marks, everything of this user put back: the operator's file knows."""
    folder = Path(os.environ["XDG_STATE_HOME"], "qualitywatch")
    older = guarded.repo.root.parent / "older"
    shutil.copytree(guarded.state_dir, older / "state")
    shutil.copytree(folder, older / "marks")
    assert 0 == guarded.operator.do("release", "cursor-1", "--reason", "ok").code
    for kept, place in (
        (older / "state", guarded.state_dir),
        (older / "marks", folder),
    ):
        shutil.rmtree(place)
        shutil.copytree(kept, place)

    assert 0 == guarded.operator.look("agents").code
    assert "is the first bad one" in guarded.verify()


def test_an_export_that_is_gone_is_no_good_answer(
    guarded: Guarded, exporting: Path
) -> None:
    """Who removes the file does not make the audit look whole."""
    exporting.unlink(missing_ok=True)

    assert "can not be read" in guarded.verify()


def test_an_export_that_can_not_be_written_is_told(guarded: Guarded) -> None:
    """The daemon goes on and says what is wrong."""
    missing = guarded.repo.root.parent / "missing" / "file"
    guarded.repo.write("qualitywatch.toml", f'[audit]\nexport = ["{missing}"]\n')
    assert 0 == guarded.operator.do("approve", "--yes").code
    secret_file = str(guarded.operator.passphrase_file)
    daemon = Daemon(guarded.repo.root, "--port", "0", "--passphrase-file", secret_file)
    told = daemon.event("daemon.degraded", what="audit export")
    daemon.end()

    assert f"{missing}: No such file or directory" in told["reason"]


def test_a_head_that_was_written_down_is_compared(guarded: Guarded) -> None:
    """NUMBER:HASH on the command line: the right one holds, another does not."""
    newest = guarded.records()[-1]
    right = f"{newest.number}:{newest.hash}"
    wrong = f"{newest.number}:{'0' * 64}"

    good = guarded.operator.look("verify-audit", "--head", right)
    bad = guarded.operator.look("verify-audit", "--head", wrong, "--format", "json")
    neither = guarded.operator.look("verify-audit", "--head", "12:nothing")

    assert (0, 1, 2) == (good.code, bad.code, neither.code)
    assert right in good.out
    fault = bad.data["verified"]["fault"]
    assert (newest.number, "rewritten") == (fault["number"], fault["kind"])


def test_a_copy_of_the_database_is_verified_alone(guarded: Guarded) -> None:
    """A backup needs no repository around it; a head shows that it is older."""
    copy = guarded.before / "state.db"
    newest = guarded.records()[-1]
    alone = guarded.operator.look("verify-audit", "--database", str(copy))
    compared = guarded.operator.look(
        *("verify-audit", "--database", str(copy)),
        *("--head", f"{newest.number}:{newest.hash}"),
    )

    assert (0, 1) == (alone.code, compared.code)
    assert "no head was compared" in alone.err


def test_a_person_can_go_on_with_what_is_there(guarded: Guarded) -> None:
    """`init --again` takes an older database, and the audit says so for ever."""
    guarded.put_back("state.db")
    guarded.begin()
    assert 0 == guarded.operator.init("--again", "--no-hooks").code

    assert 0 == guarded.operator.look("agents").code
    assert "history.accept" in {one.action for one in guarded.records()}


def test_a_lost_state_folder_is_begun_anew_by_a_person(guarded: Guarded) -> None:
    """Nobody else does it, and the new history is another one."""
    before = Marks(guarded.state_dir).head()
    shutil.rmtree(guarded.state_dir)
    guarded.begin()
    assert 0 == guarded.operator.init("--again", "--no-hooks").code
    after = Marks(guarded.state_dir).head()

    assert before is not None
    assert after is not None
    assert before.history != after.history
    assert 0 == guarded.operator.look("agents").code


def test_a_repository_that_was_moved_takes_its_history_along(
    guarded: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found and noted; what was noted under the old name still holds."""
    guarded.repo.root.rename(guarded.repo.root.with_name("elsewhere"))
    guarded.repo.root = guarded.operator.root = guarded.repo.root.with_name("elsewhere")
    assert 0 == guarded.operator.look("agents").code

    assert {"repository.moved"} == guarded.found()
    guarded.put_back("state.db")
    assert "older than it was" in guarded.begin()


def test_a_move_hides_no_older_database(guarded: Guarded) -> None:
    """Who moves the repository and puts an older state into it is found too."""
    guarded.put_back("state.db")
    guarded.repo.root.rename(guarded.repo.root.with_name("elsewhere"))
    guarded.repo.root = guarded.operator.root = guarded.repo.root.with_name("elsewhere")

    assert "older than it was" in guarded.begin()


def test_a_copy_of_a_repository_is_one_of_its_own(guarded: Guarded) -> None:
    """Its history begins as that of the other, which the audit says."""
    copy = guarded.repo.root.with_name("copy")
    shutil.copytree(guarded.repo.root, copy, symlinks=True)
    other = Guarded(guarded.repo.root.parent, guarded.operator._capsys)
    other.repo.root = other.operator.root = copy
    assert 0 == other.operator.look("agents").code

    assert {"repository.copied"} == other.found()
    assert set() == guarded.found()


def test_the_chain_holds_through_all_of_it(guarded: Guarded, exporting: Path) -> None:
    """Every record that commands and daemons wrote, against every exported head."""
    for _ in range(3):
        assert 0 == guarded.operator.do("release", "cursor-1", "--reason", "ok").code
        assert 0 == guarded.operator.do("quarantine", "cursor-1", "--reason", "x").code
    head = Marks(guarded.state_dir).head()
    assert head is not None
    records = guarded.records()

    assert verify(records, history=head.history, heads=[head]).fault is None
    assert short(head).startswith(f"{records[-1].number}:")
    assert sorted(set(exported(exporting))) == exported(exporting)
