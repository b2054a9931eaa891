"""Settings and rules that an agent has written wait for an operator."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qualitywatch import approval
from qualitywatch.analysis import CHECKS
from qualitywatch.daemon import background
from qualitywatch.daemon.place import state_dir_of
from qualitywatch.errors import RuleError
from tests.conftest import Repo
from tests.hubs import house
from tests.hubs import operator as as_operator
from tests.integration.operating import Done, Operator

LOOSE = '[rules]\ndisabled = ["elided-code", "hollowed-body"]\n'


@pytest.fixture
def operator(
    repo: Repo, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Operator]:
    """A person in a repository that was watched once, with the defaults."""
    monkeypatch.delenv("QUALITYWATCH_AGENT", raising=False)
    person = Operator(repo.root, capsys)
    restart(person)
    yield person
    background.stop(state_dir_of(repo.root))


def restart(operator: Operator) -> Done:
    background.stop(state_dir_of(operator.root))
    done = operator.start()
    assert done.code == 0, done.err
    return done


def loosen(root: Path) -> None:
    (root / "qualitywatch.toml").write_text(LOOSE)


def degraded(operator: Operator) -> list[str]:
    return operator.look("status", "--format", "json").data["degraded"]


def test_what_an_agent_has_written_is_not_in_force_and_is_said(operator):
    loosen(operator.root)

    restart(operator)

    (said,) = degraded(operator)
    assert said.startswith("settings: not as an operator approved them: settings")
    assert "qualitywatch approve" in said


def test_what_an_operator_approves_is_in_force_after_a_start(operator):
    loosen(operator.root)

    done = operator.do("approve", "--yes")
    restart(operator)

    assert done.code == 0, done.err
    assert '+disabled = ["elided-code", "hollowed-body"]' in done.out
    assert degraded(operator) == []


def test_it_is_approved_without_a_daemon_too(operator):
    loosen(operator.root)
    operator.look("stop")

    assert operator.do("approve", "--yes").code == 0

    restart(operator)
    assert degraded(operator) == []


def test_a_rule_that_somebody_added_waits_too(operator):
    rules = operator.root / ".qualitywatch" / "rules" / "logic-error"
    rules.mkdir(parents=True)
    (rules / "broken.md").write_text("# not a rule\n")

    restart(operator)

    assert ["logic-error/broken.md" in said for said in degraded(operator)] == [True]


def test_broken_settings_do_not_keep_the_guard_from_starting(operator):
    (operator.root / "qualitywatch.toml").write_text("[rules]\ndisabled = 7\n")

    restart(operator)

    (said,) = degraded(operator)
    assert "qualitywatch.toml" in said


def test_nobody_approves_without_the_passphrase_or_a_word(operator):
    loosen(operator.root)
    wrong = operator.root.parent / "wrong"
    wrong.write_text("some other passphrase\n")
    wrong.chmod(0o600)

    assert operator.do("approve", "--yes", file=wrong).code == 2
    assert operator.do("approve").code == 2

    restart(operator)
    assert len(degraded(operator)) == 1


def test_what_is_approved_already_is_left_alone(operator):
    done = operator.do("approve", "--yes")

    assert (0, True) == (done.code, "nothing to do" in done.out)


def test_what_another_version_has_written_is_no_licence(repo: Repo):
    found = approval.effective(repo.root, '{"settings": {"gone": {}}}')

    assert found.standing == approval.Standing()
    assert "can not be read" in (found.problem or "")


def test_an_edit_of_something_else_in_the_same_file_needs_nobody(repo: Repo):
    file = repo.root / "pyproject.toml"
    file.write_text("[tool.qualitywatch.hub]\nport = 7500\n")
    known = approval.write(approval.standing(repo.root))
    file.write_text('[project]\nname = "x"\n\n' + file.read_text())

    assert approval.effective(repo.root, known).problem is None


def a_folder(place: Path) -> None:
    place.mkdir()


def nobodys_name(place: Path) -> None:
    place.with_name("\udcff.md").write_text("a rule\n")


@pytest.mark.parametrize("make", [a_folder, os.mkfifo, nobodys_name])
def test_what_can_not_be_read_as_a_rule_does_not_keep_the_guard_from_starting(
    operator, make: Callable[[Path], None]
):
    folder = operator.root / ".qualitywatch" / "rules" / "logic-error"
    folder.mkdir(parents=True)
    make(folder / "own.md")

    restart(operator)

    (said,) = degraded(operator)
    assert "own.md" in said or "\\xff.md" in said


async def test_what_everybody_can_write_is_not_approved_by_a_call(tmp_path: Path):
    async with house(tmp_path) as hub, as_operator(hub) as peer:
        loosen(hub.root)
        (hub.root / "qualitywatch.toml").chmod(0o666)
        digest = approval.standing(hub.root).digest
        nonce = (await peer.result("operator.nonce"))["nonce"]

        said = await peer.call("settings.approve", digest=digest, nonce=nonce)

        records = (await hub.warden.finish_notes(), await hub.store.audit())[1]
        assert "error" in said
        assert ("settings.approve", "refused") in {
            (r.action, r.result) for r in records
        }
        (hub.root / "qualitywatch.toml").chmod(0o600)
        await peer.operate("settings.approve", digest=digest)


def test_a_rule_that_can_not_be_used_is_named_as_it_stands():
    rules = {"logic-error/own.md": "# not a rule\n"}

    with pytest.raises(RuleError) as refused:
        approval.rules_of(approval.Standing(rules=rules), known_checks=CHECKS)

    assert refused.value.place.startswith(".qualitywatch/rules/logic-error/own.md:")


@pytest.mark.parametrize("is_link", [True, False])
def test_a_forest_of_folders_for_rules_keeps_nobody_busy(repo: Repo, is_link: bool):
    """Whoever makes a link to `/`, or a million folders, is refused in no time."""
    place = repo.root / "elsewhere" if is_link else repo.root / ".qualitywatch/rules"
    for number in range(approval.MAX_RULES + 10):
        (place / f"{number}").mkdir(parents=True)
    if is_link:
        (repo.root / ".qualitywatch").mkdir()
        (repo.root / ".qualitywatch/rules").symlink_to(place)

    assert len(approval.stamp(repo.root)) < approval.MAX_RULES
    with pytest.raises(RuleError, match="more than"):
        approval.standing(repo.root)
