"""The base that a gate finds by itself: real clones under the environments of CI."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qualitywatch.cli import main
from qualitywatch.errors import UserError
from qualitywatch.gate import Base, named_base, usual_base
from qualitywatch.git import Repository
from tests.conftest import Repo
from tests.integration.gates import CALLED, CALLER, HOLLOW, HONEST, LAZY, MORE, STRICT

GITHUB = {"GITHUB_ACTIONS": "true"}
GITLAB = {"GITLAB_CI": "true"}
JENKINS = {"JENKINS_URL": "https://ci"}
AZURE = {"TF_BUILD": "True"}
BITBUCKET = {"BITBUCKET_BUILD_NUMBER": "7"}
BUILDKITE = {"BUILDKITE": "true"}


class Project:
    """A repository on a server: main moved on, and `side` wants to be merged."""

    def __init__(self, repo: Repo, tmp_path: Path) -> None:
        self.repo, self._tmp = repo, tmp_path
        self.root = repo.commit(**{"qualitywatch.toml": STRICT, "app.py": HONEST})
        repo.git("checkout", "-q", "-b", "side")
        self.first = repo.commit(**{"side.py": "a = 1\n"})
        self.side = repo.commit(**{"other.py": "b = 2\n"})
        repo.git("checkout", "-q", "main")
        self.main = repo.commit(**{"theirs.py": LAZY})
        repo.git("checkout", "-q", "--detach")
        repo.git("merge", "-q", "--no-ff", "-m", "trial", "side")
        self.trial = repo.git("rev-parse", "HEAD")
        repo.git("update-ref", "refs/pull/12/merge", self.trial)
        repo.git("checkout", "-q", "main")

    def clone(self, ref: str, *options: str, depth: int = 0) -> Repository:
        """What a CI system checks out: *ref* without a branch."""
        target = self._tmp / "clone"
        url = f"file://{self.repo.root}"
        self.repo.git("init", "-q", str(target))
        clone = Repo(target)
        clone.git("remote", "add", "origin", url)
        deep = [f"--depth={depth}"] if depth else []
        heads = "+refs/heads/*:refs/remotes/origin/*"
        wanted = options or ((heads,) if not depth else ())
        clone.git("fetch", "-q", *deep, "origin", ref, *wanted)
        fetched = clone.git("rev-parse", "FETCH_HEAD")
        clone.git("checkout", "-q", "--detach", fetched)
        found = Repository.discover(target)
        assert found is not None
        return found

    def event(self, **event: Any) -> dict[str, str]:
        """GitHub's variables with the file about the event."""
        file = self._tmp / "event.json"
        file.write_text(json.dumps(event))
        return {**GITHUB, "GITHUB_EVENT_PATH": str(file)}

    def pull(self) -> dict[str, str]:
        """What GitHub says of the pull request."""
        request = {"number": 12, "base": {"sha": self.root}, "head": {"sha": self.side}}
        return {**self.event(pull_request=request), "GITHUB_BASE_REF": "main"}


@pytest.fixture
def project(repo: Repo, tmp_path: Path) -> Project:
    """The server's side."""
    return Project(repo, tmp_path)


def named(project: Project, name: str) -> str:
    """The id that a table calls *name*."""
    ids = vars(project)
    return str(ids[name]) if name in ids else name


REQUESTS = [
    (GITLAB | {"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main"}, "root"),
    (GITLAB | {"CI_MERGE_REQUEST_DIFF_BASE_SHA": "root"}, "root"),
    (JENKINS | {"CHANGE_TARGET": "main"}, "root"),
    (AZURE | {"SYSTEM_PULLREQUEST_TARGETBRANCH": "refs/heads/main"}, "root"),
    (BITBUCKET | {"BITBUCKET_PR_DESTINATION_COMMIT": "main"}, "root"),
    (BITBUCKET | {"BITBUCKET_PR_DESTINATION_BRANCH": "main"}, "root"),
    (
        BUILDKITE
        | {
            "BUILDKITE_PULL_REQUEST": "1",
            "BUILDKITE_PULL_REQUEST_BASE_BRANCH": "main",
        },
        "root",
    ),
    (GITLAB | {"CI_COMMIT_BEFORE_SHA": "first", "CI_DEFAULT_BRANCH": "main"}, "root"),
    (GITLAB | {"CI_COMMIT_BEFORE_SHA": "0" * 40, "CI_DEFAULT_BRANCH": "main"}, "root"),
    (GITLAB | {"CI_COMMIT_BEFORE_SHA": "e" * 40, "CI_DEFAULT_BRANCH": "main"}, "root"),
    (JENKINS | {"GIT_PREVIOUS_SUCCESSFUL_COMMIT": "first"}, "first"),
    (JENKINS | {"GIT_PREVIOUS_SUCCESSFUL_COMMIT": "side"}, "root"),
    (AZURE, "root"),
    (BUILDKITE | {"BUILDKITE_PIPELINE_DEFAULT_BRANCH": "main"}, "root"),
    (GITHUB, "root"),
]


@pytest.mark.parametrize(("environment", "expected"), REQUESTS)
def test_the_base_of_a_branch(
    project: Project, environment: dict[str, str], expected: str
) -> None:
    """`side` in a full clone: where it left main, or where it stood before."""
    branches = {name for name in environment if "BRANCH" in name}
    said = {
        name: value
        if name in branches or name == "CHANGE_TARGET"
        # An id where the table has the name of one; Bitbucket shortens it.
        else named(project, value)[: 12 if "DESTINATION_COMMIT" in name else 64]
        for name, value in environment.items()
    }
    with project.clone("side") as repository:
        base = usual_base(said, repository)

    assert named(project, expected) == base.rev


def test_a_pull_request_without_trial_merge(project: Project) -> None:
    """Whoever checks the branch itself out gets the same."""
    with project.clone("side") as repository:
        base = usual_base(project.pull(), repository)

    grounds = "the target branch of pull request 12 (GitHub Actions)"
    assert Base(rev=project.root, grounds=grounds) == base


TRIALS = [
    AZURE
    | {
        "SYSTEM_PULLREQUEST_TARGETBRANCH": "main",
        "SYSTEM_PULLREQUEST_SOURCECOMMITID": "side",
    },
    GITLAB
    | {
        "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": "main",
        "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": "side",
    },
    BITBUCKET | {"BITBUCKET_PR_DESTINATION_BRANCH": "main", "BITBUCKET_COMMIT": "side"},
    {},
]


@pytest.mark.parametrize("depth", [0, 2])
@pytest.mark.parametrize("environment", TRIALS)
def test_a_trial_merge(
    project: Project, environment: dict[str, str], depth: int
) -> None:
    """What is proposed, and not what main has got since: even in a shallow clone."""
    said = {
        name: value if "BRANCH" in name and "SHA" not in name else named(project, value)
        for name, value in environment.items()
    }
    with project.clone("refs/pull/12/merge", depth=depth) as repository:
        base = usual_base(said or project.pull(), repository)

    assert project.main == base.rev


def test_the_trial_merge_is_judged(
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """From end to end: what main holds is not held against the pull request."""
    with project.clone("refs/pull/12/merge") as repository:
        assert repository.root is not None
        monkeypatch.chdir(repository.root)
    for name, value in project.pull().items():
        monkeypatch.setenv(name, value)

    code = main.run(["gate", "--format", "json"])

    said = capsys.readouterr()
    assert (0, 2) == (code, json.loads(said.out)["files_checked"])
    assert "the target branch of pull request 12, which HEAD is merged" in said.err


def test_a_push_to_the_default_branch(project: Project) -> None:
    """It is compared with what it was, however many commits have come."""
    event = project.event(before=project.root, repository={"default_branch": "main"})
    with project.clone("main") as repository:
        base = usual_base(event, repository)

    assert (project.root, None) == (base.rev, base.also)


@pytest.mark.parametrize(
    "environment",
    [
        AZURE | {"BUILD_SOURCEBRANCH": "refs/heads/main"},
        BITBUCKET | {"BITBUCKET_BRANCH": "main"},
        BUILDKITE,
        BUILDKITE
        | {"BUILDKITE_BRANCH": "main", "BUILDKITE_PIPELINE_DEFAULT_BRANCH": "main"},
        JENKINS,
        GITHUB,
        GITLAB
        | {
            "CI_COMMIT_BRANCH": "main",
            "CI_DEFAULT_BRANCH": "main",
            "CI_COMMIT_BEFORE_SHA": "0" * 40,
        },
    ],
)
def test_nobody_says_what_the_default_branch_was(
    project: Project, environment: dict[str, str]
) -> None:
    """The last step could hide the ones before, so nothing is guessed."""
    with project.clone("main") as repository, pytest.raises(UserError) as no:
        usual_base(environment, repository)

    assert "nobody says what stood here before this push" in str(no.value)
    assert "qualitywatch gate --base REV" in no.value.hint


@pytest.mark.parametrize(
    "environment",
    [
        GITHUB | {"GITHUB_REF": "refs/tags/v1"},
        GITLAB | {"CI_COMMIT_TAG": "v1", "CI_DEFAULT_BRANCH": "main"},
        BUILDKITE
        | {"BUILDKITE_BRANCH": "rel", "BUILDKITE_PIPELINE_DEFAULT_BRANCH": "main"},
    ],
)
def test_a_tag_on_the_default_branch(
    project: Project, environment: dict[str, str]
) -> None:
    """All of it was judged there: the last step is enough, and that is said."""
    event = project.event(before="0" * 40, repository={"default_branch": "main"})
    said = (event if "GITHUB_REF" in environment else {}) | environment
    with project.clone("main") as repository:
        base = usual_base(said, repository)

    assert project.root == base.rev
    assert base.grounds.startswith("the first parent of HEAD")


def test_the_first_commit_of_all(repo: Repo, tmp_path: Path) -> None:
    """It is compared with nothing, where the system says that nothing was."""
    repo.commit(**{"app.py": HONEST})
    repo.git("update-ref", "refs/remotes/origin/main", "HEAD")
    new = GITLAB | {"CI_COMMIT_BEFORE_SHA": "0" * 40}
    with _opened(repo) as repository:
        assert usual_base(new, repository).rev is None
        with pytest.raises(UserError, match="nobody says"):
            usual_base(BUILDKITE, repository)


def test_the_default_branch_is_not_fetched(project: Project) -> None:
    """What was pushed before is no stand-in for it: the command names it."""
    clone = project.clone("side", "+refs/heads/side:refs/remotes/origin/side")
    said = {"CI_COMMIT_BEFORE_SHA": project.first, "CI_DEFAULT_BRANCH": "main"}
    with clone as repository, pytest.raises(UserError) as no:
        usual_base(GITLAB | said, repository)

    assert "`git fetch origin +refs/heads/main:refs/" in no.value.hint


Push = Callable[..., int]


@pytest.fixture
def push(
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
) -> Push:
    """The exit code of a build on GitHub, after a push to `side`."""

    def run(before: str) -> int:
        heads = "+refs/heads/*:refs/remotes/origin/*"
        with project.clone("side", heads, "+refs/tags/*:refs/tags/*") as clone:
            assert clone.root is not None
            monkeypatch.chdir(clone.root)
        said = project.event(before=before, repository={"default_branch": "main"})
        for name, value in said.items():
            monkeypatch.setenv(name, value)
        return main.run(["gate"])

    return run


def test_a_push_on_top_of_a_drop(project: Project, push: Push) -> None:
    """The push before was red: this one is as red, though it only adds a file."""
    project.repo.git("checkout", "-q", "side")
    dropped = project.repo.commit(**{"side.py": LAZY})
    project.repo.commit(**{"z.py": "a = 1\n"})

    assert 1 == push(dropped)


FORCED = [
    # What was dropped before, against main, and is dropped still.
    ({"side.py": LAZY}, {"side.py": LAZY, "z.py": "a = 1\n"}, 1),
    # What main never had, and the branch has no more.
    ({"b.py": CALLED, "use.py": CALLER}, {"b.py": HOLLOW, "use.py": CALLER}, 1),
    ({"b.py": CALLED}, {"b.py": CALLED + MORE}, 0),
]


@pytest.mark.parametrize(("old", "new", "expected"), FORCED)
def test_a_forced_push(
    project: Project,
    push: Push,
    old: dict[str, str],
    new: dict[str, str],
    expected: int,
) -> None:
    """It is judged against the default branch, and against what it replaces."""
    repo = project.repo
    repo.git("checkout", "-q", "side")
    replaced = repo.commit(**old)
    repo.git("tag", "old")
    repo.git("reset", "-q", "--hard", project.side)
    repo.commit(**new)

    assert expected == push(replaced)


def test_a_branch_pushed_anew(project: Project) -> None:
    """What it had before is compared too, and not only where it left the other."""
    repo = project.repo
    repo.git("checkout", "-q", "-b", "anew", project.first)
    repo.commit(**{"x.py": "a = 1\n"})
    with project.clone("anew") as repository:
        event = project.event(
            before=project.side, repository={"default_branch": "main"}
        )
        base = usual_base(event, repository)

    assert base.also is not None
    assert (project.root, project.side) == (base.rev, base.also.rev)
    assert f"and what it was before, {project.side[:12]}" in base.grounds


def test_what_the_default_branch_brought_is_known(project: Project) -> None:
    """A push that merges main is not judged for what main holds."""
    repo = project.repo
    repo.git("checkout", "-q", "side")
    repo.git("merge", "-q", "--no-edit", "main")
    with project.clone("side") as repository:
        event = project.event(
            before=project.side, repository={"default_branch": "main"}
        )
        base = usual_base(event, repository)

    assert (project.main, None) == (base.rev, base.also)


DEPTHS = [
    (GITLAB | {"CI_MERGE_REQUEST_DIFF_BASE_SHA": "root"}, "`GIT_DEPTH: 0`"),
    (GITLAB | {"CI_COMMIT_BEFORE_SHA": "root"}, "`GIT_DEPTH: 0`"),
    (JENKINS | {"CHANGE_TARGET": "main"}, "git fetch --unshallow"),
    (AZURE | {"SYSTEM_PULLREQUEST_TARGETBRANCH": "main"}, "`fetchDepth: 0`"),
    (AZURE, "`fetchDepth: 0`"),
    (BITBUCKET | {"BITBUCKET_PR_DESTINATION_COMMIT": "root"}, "`clone: depth: full`"),
    (BUILDKITE, "git fetch --unshallow"),
    (GITHUB, "`fetch-depth: 0`"),
    ({}, "git fetch --unshallow"),
]


@pytest.mark.parametrize("ref", ["side", "main"])
@pytest.mark.parametrize(("environment", "hint"), DEPTHS)
def test_a_shallow_clone(
    project: Project, environment: dict[str, str], hint: str, ref: str
) -> None:
    """Too little history is refused, with the line that mends it for that system."""
    said = {
        name: project.root if value == "root" else value
        for name, value in environment.items()
    }
    with (
        project.clone(
            ref, f"+refs/heads/{ref}:refs/remotes/origin/{ref}", depth=1
        ) as r,
        pytest.raises(UserError) as refused,
    ):
        usual_base(said, r)

    assert "the clone is shallow" in refused.value.hint
    assert hint in refused.value.hint


def test_a_shallow_trial_merge(project: Project) -> None:
    """The usual checkout of GitHub Actions, which has no history at all."""
    with (
        project.clone("refs/pull/12/merge", depth=1) as repository,
        pytest.raises(UserError, match="pull request 12 could be compared with") as no,
    ):
        usual_base(project.pull(), repository)

    assert "`fetch-depth: 0` below `with:` of actions/checkout" in no.value.hint


@pytest.mark.parametrize("name", ["origin/main", "root"])
def test_a_named_base_in_a_shallow_clone(project: Project, name: str) -> None:
    """The way out is that of the system, also where a person named the base."""
    clone = project.clone("side", "+refs/heads/*:refs/remotes/origin/*", depth=1)
    head = clone.rev_parse("HEAD")
    with clone as repository, pytest.raises(UserError) as no:
        named_base(GITLAB, repository, named(project, name), head)

    assert "`GIT_DEPTH: 0`" in no.value.hint


def test_a_target_that_is_not_fetched(project: Project) -> None:
    """A whole clone of one branch: the command names the other."""
    clone = project.clone("side", "+refs/heads/side:refs/remotes/origin/side")
    with clone as repository, pytest.raises(UserError) as no:
        usual_base(JENKINS | {"CHANGE_TARGET": "a;b"}, repository)

    refs = "+refs/heads/a;b:refs/remotes/origin/a;b"
    assert f"`git fetch origin '{refs}'`" in no.value.hint


def test_a_request_with_nothing_in_it(project: Project) -> None:
    """A build that checked out the target would judge nothing: it is not green."""
    with (
        project.clone("main") as repository,
        pytest.raises(UserError, match="nothing is new in change"),
    ):
        usual_base(JENKINS | {"CHANGE_TARGET": "main"}, repository)


def test_a_request_that_is_merged_already(project: Project) -> None:
    """The target has gone on from it: nothing lies between."""
    clone = project.clone(project.root)
    with clone as repository, pytest.raises(UserError, match="nothing is new"):
        usual_base(JENKINS | {"CHANGE_TARGET": "main"}, repository)


def test_a_default_branch_pushed_anew(project: Project) -> None:
    """What it had is gone: the last step alone would not show what was dropped."""
    said = GITLAB | {"CI_COMMIT_BEFORE_SHA": "e" * 40, "CI_DEFAULT_BRANCH": "main"}
    with project.clone("main") as repository, pytest.raises(UserError) as no:
        usual_base(said, repository)

    assert f"`git fetch origin {'e' * 40}`" in no.value.hint


@pytest.mark.parametrize("environment", [GITHUB, JENKINS, AZURE, {"CI": "true"}])
def test_a_named_base_that_holds_head(
    project: Project, environment: dict[str, str]
) -> None:
    """A build that judges nothing is not green; a person may ask for that."""
    with _opened(project.repo) as repository:
        assert (
            named_base({}, repository, project.trial, project.side).rev == project.side
        )
        for name in (project.side, project.trial):
            with pytest.raises(UserError, match="nothing is new"):
                named_base(environment, repository, name, project.side)


def test_an_unknown_ci_system_with_nothing_new(repo: Repo) -> None:
    """Neither is one where the upstream branch was just fetched."""
    repo.commit(**{"app.py": HONEST})
    repo.git("update-ref", "refs/remotes/origin/main", "HEAD")
    repo.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    with _opened(repo) as repository:
        assert usual_base({}, repository).rev == repository.head()
        for said in ("true", "1", "woodpecker"):
            with pytest.raises(UserError, match="nothing lies between HEAD"):
                usual_base({"CI": said}, repository)
        assert usual_base({"CI": "false"}, repository).rev == repository.head()


@pytest.mark.parametrize("content", ["", "{", "[" * 100_000, "\udcff"])
def test_an_event_that_is_no_event(
    project: Project, tmp_path: Path, content: str
) -> None:
    """It is named, and nothing is guessed in its place."""
    file = tmp_path / "event.json"
    file.write_bytes(content.encode("utf-8", "surrogateescape"))
    with (
        _opened(project.repo) as repository,
        pytest.raises(UserError, match="the event is no JSON"),
    ):
        usual_base({**GITHUB, "GITHUB_EVENT_PATH": str(file)}, repository)


def test_an_event_that_is_gone(project: Project) -> None:
    """The same for a file that can not be read."""
    with (
        _opened(project.repo) as repository,
        pytest.raises(UserError, match="the event can not be read"),
    ):
        usual_base({**GITHUB, "GITHUB_EVENT_PATH": "/nowhere/event"}, repository)


def test_a_ref_that_looks_like_a_short_id(project: Project) -> None:
    """A tag whose name is the beginning of an id does not stand for it."""
    project.repo.git("tag", project.root[:12], project.side)
    said = BITBUCKET | {"BITBUCKET_PR_DESTINATION_COMMIT": project.root[:12]}
    with project.clone("side", "+refs/*:refs/*") as repository:
        assert usual_base(said, repository).rev == project.root


def test_crossing_histories(repo: Repo, make_repo: Callable[[str], Repo]) -> None:
    """Of several merge bases one is taken, and that is said."""
    repo.commit(**{"app.py": HONEST})
    repo.git("checkout", "-q", "-b", "side")
    side = repo.commit(**{"side.py": "a = 1\n"})
    repo.git("checkout", "-q", "main")
    main_ = repo.commit(**{"main.py": "a = 1\n"})
    repo.git("merge", "-q", "--no-edit", side)
    repo.git("checkout", "-q", "side")
    repo.git("merge", "-q", "--no-edit", main_)
    with _opened(repo) as repository:
        head = repository.rev_parse("side")
        base = named_base({}, repository, "main", head)

    assert base.rev in (side, main_)
    assert base.grounds == "where it left main, the first of 2 merge bases"


def test_histories_without_a_common_commit(repo: Repo) -> None:
    """They are not compared."""
    repo.commit(**{"app.py": HONEST})
    repo.git("checkout", "-q", "--orphan", "side")
    repo.commit(**{"app.py": LAZY})
    with (
        _opened(repo) as repository,
        pytest.raises(UserError, match="no commit in common"),
    ):
        named_base({}, repository, "main", repository.rev_parse("side"))


def _opened(repo: Repo) -> Repository:
    found = Repository.discover(repo.root)
    assert found is not None
    return found
