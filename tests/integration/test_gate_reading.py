"""What is judged is read while it is judged, not before."""

from __future__ import annotations

import pytest

from qualitywatch.gate import between
from qualitywatch.git import Repository
from qualitywatch.model import GO, NO_GO
from tests.conftest import Repo
from tests.integration.gates import STRICT, Gate, at_doors, opened, unread

NAMES = ("a.py", "b.py", "c.py")


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that were read so far, each side of each by its object."""
    ids: list[str] = []
    plain = Repository.blob

    def noted(
        self: Repository, id: str, as_path: str | None = None, limit: int | None = None
    ) -> bytes | None:
        if ":" not in id:  # of those the gate asks for itself
            ids.append(id)
        return plain(self, id, as_path, limit)

    monkeypatch.setattr(Repository, "blob", noted)
    return ids


def test_a_change_is_read_when_its_turn_comes(repo: Repo, read: list[str]) -> None:
    for name in NAMES:
        repo.write(name, f"{name[0]} = 1\n")
    base = repo.commit()
    for name in NAMES:
        repo.write(name, f"{name[0]} = 2\n")
    head = repo.commit()

    with opened(repo) as repository:
        changes = between(repository, base, head, limit=100).changes
        told = [(len(changes), len(read))]
        told += [(change.after, len(read)) for change in changes]
        paths = [change.path for change in changes]

    assert [(3, 0), (b"a = 2\n", 2), (b"b = 2\n", 4), (b"c = 2\n", 6)] == told
    assert list(NAMES) == paths
    assert 6 == len(read)


LONG = "x = 1\n" * 1000
LIMITED = f"{STRICT}\n[analysis]\nmax_file_bytes = 5000\n"


def test_what_stands_behind_the_limit_is_not_taken_for_the_same(
    repo: Repo, gate: Gate
) -> None:
    """Both sides are read up to the limit, and there they are alike."""
    real = {"a.py": f"{LONG}def f():\n    return real()\n"}
    base = repo.commit(**{"qualitywatch.toml": LIMITED, **real})
    repo.write("a.py", f"{LONG}def f():\n    pass  # ... rest of code unchanged\n")

    told = at_doors(repo, gate, base)

    assert [[("a.py", "is larger than 5000 bytes")]] * 3 == list(map(unread, told))
    assert {NO_GO} == {report["decision"] for report in told}


def test_the_mode_of_a_long_file_may_change(repo: Repo, gate: Gate) -> None:
    base = repo.commit(**{"qualitywatch.toml": LIMITED, "a.py": LONG})
    (repo.root / "a.py").chmod(0o755)
    repo.git("add", "-A")

    staged = gate("--staged")
    repo.commit()

    assert [GO, GO] == [staged["decision"], gate("--base", base)["decision"]]
