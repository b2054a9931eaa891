"""Agents run as the same user: what they do to the guard is seen, and named.

This is what they do while no daemon runs; `test_tampering_live` while one does.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest

from qualitywatch import mirror
from qualitywatch.audit import Decision
from qualitywatch.mirror import Mirror
from qualitywatch.store import auditing
from tests.conftest import Repo
from tests.integration.guarded import Guarded
from tests.integration.operating import Operator

EMPTY_LIST = '{"quarantines":[],"dismissed":[],"agents":[],"version":1}'
NOBODY = Mirror(quarantines=(), dismissed=(), agents=())


EDITED = {
    "UPDATE quarantines SET state = 'clear', released_at = '2026' WHERE"
    " subject = 'cursor-1'": "cursor-1 is in quarantine, and free in the table",
    "UPDATE quarantines SET subject = 'nobody' WHERE subject = 'cursor-1'": (
        "cursor-1 is in quarantine, and free"
    ),
    "INSERT INTO tokens VALUES ('00', 'forged', 'operator', NULL, NULL, '2026', '2099',"
    " NULL)": "nobody made the token forged",
    "UPDATE tokens SET role = 'operator'": "is not as it was made",
    "UPDATE tokens SET expires_at = '2099-01-01T00:00:00+00:00'": "is not as it was",
    "UPDATE tokens SET sha256 = '00'": "not as it was made",
    "UPDATE tokens SET revoked_at = NULL": "was revoked, and is good",
    "UPDATE meta SET value = 'x' WHERE key = 'passphrase'": (
        "the operator passphrase is another one"
    ),
    "UPDATE meta SET value = '{}' WHERE key = 'approved settings'": (
        "the approved settings are not those"
    ),
}


def appended(guarded: Guarded) -> None:
    """A release that chains perfectly, and the table to go with it."""
    release = Decision(
        action="quarantine.release", who="operator", object="cursor-1", result="allowed"
    )
    with closing(sqlite3.connect(guarded.database)) as connection, connection:
        auditing.add(connection, release, "2026-01-01T00:00:00+00:00")
    guarded.sql(
        "UPDATE quarantines SET state = 'clear', released_at = '2026' WHERE"
        " subject = 'cursor-1'"
    )


def forge(guarded: Guarded) -> None:
    """Whoever reads our sources writes the list and its mark."""
    mirror.write(guarded.state_dir, NOBODY)


def forge_list(guarded: Guarded) -> None:
    (guarded.state_dir / mirror.FILE_NAME).write_text(EMPTY_LIST)


def fresh(guarded: Guarded) -> None:
    """A database that we would make ourselves, of another repository."""
    other = Repo(guarded.repo.root.parent / "other")
    other.root.mkdir()
    other.git("init", "-q")
    operator = Operator(other.root, guarded.operator._capsys)
    assert 0 == operator.init("--no-hooks").code
    shutil.copy(operator.state_dir / "state.db", guarded.database)


def put_link(guarded: Guarded) -> None:
    """Another state folder, with a list of its own, which no mark knows."""
    other = guarded.repo.root.parent / "forged"
    guarded.state_dir.rename(other)
    (other / "state.db").unlink()
    guarded.repo.root.joinpath(".git", "qualitywatch").symlink_to(other)
    (other / mirror.FILE_NAME).write_text(EMPTY_LIST)


def other_name(guarded: Guarded) -> None:
    """A fresh database, no marks, and git says that all of it is somebody else's."""
    fresh(guarded)
    guarded.remove_marks()
    guarded.repo.git("config", "qualitywatch.enrolled", "0" * 16)


Tamper = Callable[[Guarded], object]


@pytest.mark.parametrize(
    ("tamper", "notices", "says"),
    [
        pytest.param(
            lambda g: g.sql("UPDATE audit SET who = 'you' WHERE number = 2"),
            Guarded.verify,
            "record 2 is the first bad one, changed",
            id="audit edited",
        ),
        pytest.param(
            lambda g: g.sql("DELETE FROM audit WHERE number = 2"),
            Guarded.verify,
            "record 2 is the first bad one, missing",
            id="audit record deleted",
        ),
        pytest.param(
            lambda g: g.sql("DELETE FROM audit WHERE number > 1"),
            Guarded.verify,
            "record 2 is the first bad one, missing: record",
            id="audit cut off",
        ),
        pytest.param(
            lambda g: g.sql("DELETE FROM audit WHERE number > 1"),
            Guarded.begin,
            "older than it was",
            id="audit cut off, and opened",
        ),
        pytest.param(
            lambda g: g.sql("DROP TABLE audit"),
            Guarded.verify,
            "record 1 is the first bad one, missing",
            id="audit dropped",
        ),
        pytest.param(
            lambda g: g.sql("DROP TABLE audit"),
            Guarded.begin,
            "the audit was removed",
            id="audit dropped, and opened",
        ),
        *(
            pytest.param(
                lambda g, statement=statement: g.sql(statement),
                Guarded.begin,
                says,
                id=statement[:60],
            )
            for statement, says in EDITED.items()
        ),
        pytest.param(
            lambda g: g.sql(next(iter(EDITED))),
            Guarded.verify,
            "the database was edited: cursor-1 is in quarantine, and free",
            id="table edited, and verified",
        ),
        pytest.param(
            lambda g: g.put_back("state.db"),
            Guarded.verify,
            "is the first bad one, missing",
            id="older database",
        ),
        pytest.param(
            lambda g: g.put_back("state.db"),
            Guarded.begin,
            "the database is older than it was",
            id="older database, and opened",
        ),
        pytest.param(
            lambda g: g.put_back("state.db", mirror.FILE_NAME),
            Guarded.commit,
            "not the one that the daemon wrote",
            id="older state folder, and committed",
        ),
        pytest.param(fresh, Guarded.verify, "another history", id="fresh database"),
        pytest.param(
            fresh,
            Guarded.begin,
            "another database stands here",
            id="fresh database, and opened",
        ),
        pytest.param(
            lambda g: shutil.rmtree(g.state_dir),
            Guarded.begin,
            "its state folder is gone",
            id="state folder deleted",
        ),
        pytest.param(
            lambda g: shutil.rmtree(g.state_dir),
            Guarded.commit,
            "list of quarantines is missing",
            id="state folder deleted, and committed",
        ),
        pytest.param(
            lambda g: g.remove_marks(),
            Guarded.begin,
            "the note of its newest record is gone",
            id="marks removed",
        ),
        pytest.param(
            lambda g: g.remove_marks(),
            Guarded.commit,
            "somebody removed the mark",
            id="marks removed, and committed",
        ),
        pytest.param(
            lambda g: g.remove_marks(".head"),
            Guarded.begin,
            "the note of its newest record is gone",
            id="one mark removed",
        ),
        pytest.param(
            lambda g: g.repo.git("config", "--unset", "qualitywatch.enrolled"),
            Guarded.audit,
            "marks.removed",
            id="mark of git removed",
        ),
        pytest.param(
            lambda g: g.repo.git("config", "qualitywatch.enrolled", "0" * 16),
            Guarded.audit,
            "marks.changed",
            id="mark of git changed",
        ),
        pytest.param(
            lambda g: (
                g.remove_marks(),
                g.repo.git("config", "--unset", "qualitywatch.enrolled"),
            ),
            Guarded.audit,
            "marks.removed",
            id="every mark removed",
        ),
        pytest.param(
            put_link,
            Guarded.begin,
            "the state folder is a link",
            id="link to another state folder",
        ),
        pytest.param(
            put_link,
            Guarded.commit,
            "not the one that the daemon wrote",
            id="link to another state folder, and committed",
        ),
        pytest.param(
            other_name,
            Guarded.begin,
            "the note of its newest record is gone",
            id="fresh database under another name",
        ),
        pytest.param(
            appended, Guarded.audit, "audit.unseen", id="release put into the audit"
        ),
        pytest.param(
            lambda g: g.sql("DELETE FROM meta WHERE key = 'passphrase'"),
            Guarded.initialise,
            "the operator passphrase is another one",
            id="passphrase removed, and set anew",
        ),
        pytest.param(
            lambda g: g.sql("DELETE FROM meta WHERE key = 'approved settings'"),
            Guarded.start,
            "the approved settings are not those that were approved",
            id="approval removed, and given anew",
        ),
        pytest.param(
            forge_list,
            Guarded.commit,
            "not the one that the daemon wrote",
            id="list forged, and committed",
        ),
        pytest.param(forge_list, Guarded.audit, "mirror.changed", id="list forged"),
        pytest.param(forge, Guarded.audit, "mirror.changed", id="list and mark forged"),
        pytest.param(
            lambda g: g.put_back(mirror.FILE_NAME),
            Guarded.commit,
            "not the one that the daemon wrote",
            id="older list",
        ),
        pytest.param(
            lambda g: (g.state_dir / mirror.FILE_NAME).unlink(),
            Guarded.commit,
            "list of quarantines is missing",
            id="list removed, and committed",
        ),
        pytest.param(
            lambda g: (g.state_dir / mirror.FILE_NAME).unlink(),
            Guarded.audit,
            "mirror.changed",
            id="list removed",
        ),
    ],
)
def test_what_is_done_while_no_daemon_runs(
    guarded: Guarded, tamper: Tamper, notices: Callable[[Guarded], str], says: str
) -> None:
    """Each is noticed by the first who looks: a command, a hook, the next daemon."""
    tamper(guarded)

    assert says in notices(guarded)


def test_nothing_is_noticed_where_nothing_was_done(guarded: Guarded) -> None:
    """No false alarm: the audit holds, and nobody has found anything."""
    assert 0 == guarded.operator.look("agents").code
    assert 0 == guarded.operator.look("verify-audit").code
    assert set() == guarded.found()
    assert "the work of an agent in quarantine" in guarded.commit()


@pytest.mark.parametrize(
    ("tamper", "says"),
    [
        (
            lambda g: (g.repo.root / ".git" / "hooks" / "pre-push").unlink(),
            "git hooks: the hook pre-push is gone",
        ),
        (lambda g: g.repo.git("config", "core.hooksPath", "/tmp"), "core.hooksPath is"),
        (lambda g: g.remove_marks(".head"), "enrolment: the marks in your own state"),
        (forge_list, "not the one that the daemon wrote"),
    ],
    ids=["hook gone", "other hooks", "mark gone", "list forged"],
)
def test_status_says_it_without_a_daemon(
    guarded: Guarded, tamper: Tamper, says: str
) -> None:
    """Whoever asks how things stand learns what is not as it was left."""
    tamper(guarded)

    assert says in guarded.operator.look("status").out
