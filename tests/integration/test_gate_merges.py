"""What a gate takes for an edit where two sides were merged."""

from __future__ import annotations

import pytest

from qualitywatch.gate import between
from qualitywatch.model import GO, NO_GO
from tests.conftest import Repo
from tests.integration.gates import CALLED, CALLER, HOLLOW, LAZY, MORE, Gate, opened

EVIL = CALLED.replace("    tax = net * rate\n", "").replace("net + tax", "net")


def parted(repo: Repo, ours: dict[str, str], theirs: dict[str, str]) -> tuple[str, str]:
    """Two branches, and the beginning of a merge of `side` into `main`."""
    repo.git("checkout", "-q", "-b", "side")
    side = repo.commit(**theirs)
    repo.git("checkout", "-q", "main")
    own = repo.commit(**ours)
    repo.git("merge", "-q", "--no-ff", "--no-commit", "side", check=False)
    return own, side


RESOLUTIONS = [
    # Only theirs has touched it; the result is neither.
    ({"a.py": "a = 1\n"}, {"app.py": CALLED + MORE}, {"app.py": HOLLOW}),
    # Nobody has touched it.
    ({"a.py": "a = 1\n"}, {"b.py": "b = 1\n"}, {"app.py": HOLLOW}),
    # Theirs has made it whole; ours is kept, as a resolution that throws theirs away.
    ({"app.py": HOLLOW}, {"app.py": CALLED + MORE}, {"app.py": HOLLOW}),
    # And the other way round.
    ({"app.py": CALLED + MORE}, {"app.py": HOLLOW}, {"app.py": HOLLOW}),
]


@pytest.mark.parametrize(("ours", "theirs", "result"), RESOLUTIONS)
def test_code_dropped_inside_a_merge(
    repo: Repo,
    base: str,
    gate: Gate,
    ours: dict[str, str],
    theirs: dict[str, str],
    result: dict[str, str],
) -> None:
    """The resolution is an edit like any other: when staged, and as a commit."""
    own, side = parted(repo, ours, theirs)
    for path, content in result.items():
        repo.write(path, content)
    repo.git("add", "-A")

    staged = gate("--staged")
    merge = repo.commit()
    with opened(repo) as repository:
        changes = between(repository, own, merge, known=[side], limit=10_000)
        paths = [change.path for change in changes.changes]

    assert NO_GO == staged["decision"]
    assert "app.py" in paths


@pytest.mark.parametrize("edit", ["# an edit\n", "\n\nrate = 1\n"])
def test_ours_with_an_edit_throws_theirs_away(
    repo: Repo, base: str, gate: Gate, edit: str
) -> None:
    """What both had changed, and the result is neither, may still lack one of them."""
    user = CALLER.replace("refund,", "refund, discount,")
    ours = CALLED.replace("tax = net", "tax = 2 * net")
    parted(repo, {"app.py": ours}, {"app.py": CALLED + MORE, "use.py": user})
    repo.write("app.py", ours + edit)
    repo.git("add", "-A")

    report = gate("--staged")

    rules = [(each["rule"], each["symbol"]) for each in report["violations"]]
    assert (NO_GO, [("silent-drop", "discount")]) == (report["decision"], rules)


def test_a_file_that_both_have_changed_and_an_edit(
    repo: Repo, base: str, gate: Gate
) -> None:
    """What either did before is no edit of the merge, and nothing is told twice."""
    lazy = LAZY.replace("def ", "def other_")
    parted(repo, {"app.py": lazy + CALLED}, {"app.py": CALLED + MORE})
    repo.git("add", "-A")
    clean = gate("--staged")
    content = (repo.root / "app.py").read_text()
    repo.write("app.py", content + "\n\n" + LAZY)
    repo.git("add", "-A")

    assert (GO, []) == (clean["decision"], clean["violations"])
    assert len(gate("--staged")["violations"]) == 1


def test_histories_that_cross(repo: Repo, base: str, gate: Gate) -> None:
    """What any of several merge bases has is not lost because another one is taken."""
    repo.git("checkout", "-q", "-b", "side")
    repo.commit(**{"b.py": "b = 1\n"})
    repo.git("checkout", "-q", "main")
    user = CALLER.replace("refund,", "refund, discount,")
    first = repo.commit(**{"app.py": CALLED + MORE, "use.py": user})
    repo.git("merge", "-q", "--no-ff", "--no-edit", "side")
    repo.git("checkout", "-q", "side")
    repo.git("merge", "-q", "-s", "ours", "--no-edit", first)
    repo.commit(**{"use.py": user})

    report = gate("--base", "main")

    rules = [(each["rule"], each["path"]) for each in report["violations"]]
    assert (NO_GO, [("silent-drop", "app.py")]) == (report["decision"], rules)


def test_a_range_with_an_evil_merge(repo: Repo, base: str, gate: Gate) -> None:
    """The net change from main holds what the merge of main has dropped."""
    repo.git("checkout", "-q", "-b", "side")
    repo.commit(**{"new.py": "a = 1\n"})
    repo.git("checkout", "-q", "main")
    main_ = repo.commit(**{"app.py": CALLED + MORE})
    repo.git("checkout", "-q", "side")
    repo.git("merge", "-q", "--no-edit", "-s", "ours", "main")
    repo.commit(**{"use.py": CALLER.replace("refund,", "refund, discount,")})

    report = gate("--base", "main")

    assert (main_, NO_GO) == (report["base"], report["decision"])


def test_an_honest_merge_with_edits_on_both_sides(
    repo: Repo, base: str, gate: Gate
) -> None:
    """What git itself makes of both is nobody's edit."""
    parted(repo, {"a.py": LAZY, "use.py": CALLER + "\n"}, {"b.py": LAZY})
    repo.git("add", "-A")

    assert (GO, 0) == (gate("--staged")["decision"], gate("--staged")["files_checked"])


def test_a_rename_inside_a_merge(repo: Repo, base: str, gate: Gate) -> None:
    """Theirs renamed a file; that the old one is gone is theirs as well."""
    repo.git("checkout", "-q", "-b", "side")
    repo.git("mv", "app.py", "moved.py")
    repo.commit(**{"use.py": CALLER.replace("app", "moved")})
    repo.git("checkout", "-q", "main")
    repo.commit(**{"a.py": "a = 1\n"})
    repo.git("merge", "-q", "--no-ff", "--no-commit", "side")

    assert 0 == gate("--staged")["files_checked"]


def test_a_file_dropped_beside_a_copy(repo: Repo, base: str, gate: Gate) -> None:
    """Theirs added a copy and kept the file: that it is gone is an edit."""
    repo.git("checkout", "-q", "-b", "side")
    repo.commit(**{"copy.py": CALLED})
    repo.git("checkout", "-q", "main")
    repo.commit(**{"a.py": "a = 1\n"})
    repo.git("merge", "-q", "--no-ff", "--no-commit", "side")
    repo.git("rm", "-q", "app.py")

    assert NO_GO == gate("--staged")["decision"]
