"""What CI systems say about a build: environments in, candidates out."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualitywatch.errors import UserError
from qualitywatch.gate.pipelines import Candidate, pipeline

A, B, C = "a" * 40, "b" * 40, "c" * 40
NONE = "0" * 40
PULL = "the target branch of pull request 12"
DEFAULT = "the default branch"
BEFORE = "what was pushed before"


def at(id: str, grounds: str = PULL, **fields: Any) -> Candidate:
    """A commit that is named."""
    return Candidate(id=id, grounds=grounds, **fields)


def on(branch: str, grounds: str = PULL) -> Candidate:
    """A branch that is named."""
    return Candidate(branch=branch, grounds=grounds)


USUAL = [Candidate(grounds=DEFAULT), on("main", DEFAULT), on("master", DEFAULT)]
PULL_EVENT = {
    "number": 12,
    "pull_request": {"base": {"sha": A}, "head": {"sha": B}, "number": 12},
    "repository": {"default_branch": "trunk"},
}
PUSH_EVENT = {"before": A, "after": B, "repository": {"default_branch": "trunk"}}
NEW_EVENT = {"before": NONE, "after": B, "repository": {"default_branch": "trunk"}}
QUEUE_EVENT = {"merge_group": {"base_sha": A, "head_sha": B}}

GITHUB = {"GITHUB_ACTIONS": "true"}
GITLAB = {"GITLAB_CI": "true"}
JENKINS = {"JENKINS_URL": "https://ci"}
AZURE = {"TF_BUILD": "True"}
BITBUCKET = {"BITBUCKET_BUILD_NUMBER": "7"}
BUILDKITE = {"BUILDKITE": "true"}

BUILDS = [
    (GITHUB | {"GITHUB_BASE_REF": "main"}, PULL_EVENT, B, [at(A), on("main")]),
    (GITHUB, QUEUE_EVENT, "", [at(A, "what the merge queue builds on")]),
    (GITHUB, PUSH_EVENT, "", [on("trunk", DEFAULT), at(A, BEFORE, is_before=True)]),
    (
        GITHUB | {"GITHUB_REF": "refs/heads/trunk"},
        PUSH_EVENT,
        "",
        [at(A, BEFORE, is_before=True), on("trunk", DEFAULT)],
    ),
    (
        GITHUB | {"GITHUB_REF": "refs/tags/trunk"},
        PUSH_EVENT,
        "",
        [on("trunk", DEFAULT), at(A, BEFORE, is_before=True)],
    ),
    (GITHUB, NEW_EVENT, "", [on("trunk", DEFAULT)]),
    (GITHUB, None, "", USUAL),
    (GITHUB, ["odd"], "", USUAL),
    (
        GITLAB
        | {
            "CI_MERGE_REQUEST_IID": "12",
            "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
            "CI_MERGE_REQUEST_DIFF_BASE_SHA": A,
            "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": B,
            "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": C,
        },
        None,
        C,
        [
            at(B, "the target branch of merge request 12"),
            on("main", "the target branch of merge request 12"),
            at(A, "the target branch of merge request 12"),
        ],
    ),
    (
        GITLAB
        | {
            "CI_COMMIT_BEFORE_SHA": A,
            "CI_DEFAULT_BRANCH": "trunk",
            "CI_COMMIT_BRANCH": "side",
        },
        None,
        "",
        [on("trunk", DEFAULT), at(A, BEFORE, is_before=True)],
    ),
    (
        GITLAB
        | {
            "CI_COMMIT_BEFORE_SHA": A,
            "CI_DEFAULT_BRANCH": "trunk",
            "CI_COMMIT_BRANCH": "trunk",
        },
        None,
        "",
        [at(A, BEFORE, is_before=True), on("trunk", DEFAULT)],
    ),
    (
        GITLAB | {"CI_COMMIT_BEFORE_SHA": NONE, "CI_DEFAULT_BRANCH": "trunk"},
        None,
        "",
        [on("trunk", DEFAULT)],
    ),
    (
        JENKINS | {"CHANGE_ID": "12", "CHANGE_TARGET": "main"},
        None,
        "",
        [on("main", "the target branch of change 12")],
    ),
    (
        JENKINS | {"GIT_PREVIOUS_SUCCESSFUL_COMMIT": A, "GIT_PREVIOUS_COMMIT": B},
        None,
        "",
        [at(A, "the last successful build", is_before=True), *USUAL],
    ),
    (
        AZURE
        | {
            "SYSTEM_PULLREQUEST_PULLREQUESTID": "12",
            "SYSTEM_PULLREQUEST_TARGETBRANCH": "refs/heads/rel/1",
            "SYSTEM_PULLREQUEST_SOURCECOMMITID": B,
        },
        None,
        B,
        [on("rel/1")],
    ),
    (AZURE, None, "", USUAL),
    (
        BITBUCKET
        | {
            "BITBUCKET_PR_ID": "12",
            "BITBUCKET_PR_DESTINATION_BRANCH": "main",
            "BITBUCKET_PR_DESTINATION_COMMIT": "abcdef123456",
            "BITBUCKET_COMMIT": B,
        },
        None,
        B,
        [at("abcdef123456"), on("main")],
    ),
    (BITBUCKET, None, "", USUAL),
    (
        BUILDKITE
        | {
            "BUILDKITE_PULL_REQUEST": "12",
            "BUILDKITE_PULL_REQUEST_BASE_BRANCH": "main",
            "BUILDKITE_COMMIT": "HEAD",
        },
        None,
        "",
        [on("main")],
    ),
    (
        BUILDKITE
        | {
            "BUILDKITE_PULL_REQUEST": "false",
            "BUILDKITE_PIPELINE_DEFAULT_BRANCH": "trunk",
        },
        None,
        "",
        [on("trunk", DEFAULT)],
    ),
]


@pytest.mark.parametrize(("environment", "event", "proposed", "candidates"), BUILDS)
def test_what_a_build_is_compared_with(
    environment: dict[str, str],
    event: object,
    proposed: str,
    candidates: list[Candidate],
) -> None:
    """The candidates of each system, best first, and what it proposes."""
    build = pipeline(environment, event)

    assert build is not None
    assert candidates == list(build.candidates)
    assert proposed == build.proposed


@pytest.mark.parametrize(
    "environment",
    [{}, {"CI": "true"}, {"GITHUB_ACTIONS": "false"}, {"TF_BUILD": ""}],
)
def test_outside_ci(environment: dict[str, str]) -> None:
    """Nothing is made up where no system says that it runs."""
    assert pipeline(environment) is None


HOSTILE = [
    "--upload-pack=touch /tmp/x",
    "-x",
    "main~5",
    "main^{/x}",
    "@{upstream}",
    "a..b",
    "a:b",
    "a b",
    "a\nb",
    "a\x1b[2J",
    "../x",
    "a/.b",
    "x.lock",
    "a//b",
    "a*",
    "@",
    "a/",
    "refs/heads/-x",
    "a\\b",
    "a?",
    "a[b",
    "x" * 2000,
]


@pytest.mark.parametrize("value", HOSTILE)
def test_no_name_of_a_branch(value: str) -> None:
    """A name that git would read as something else is refused, with its place."""
    with pytest.raises(UserError, match=r"CHANGE_TARGET: .* is no name of a branch"):
        pipeline(JENKINS | {"CHANGE_TARGET": value})


@pytest.mark.parametrize(
    "value", ["HEAD~1", "--all", "abc", "A" * 40, f"{A}^", "g" * 40]
)
def test_no_id(value: str) -> None:
    """An id is hexadecimal digits, or an error."""
    with pytest.raises(UserError, match=r"pull_request\.base\.sha: .* is no id"):
        pipeline(GITHUB, {"pull_request": {"base": {"sha": value}}})


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
KEYS = st.sampled_from(
    ["pull_request", "base", "sha", "head", "number", "before", "merge_group"]
)


@given(st.dictionaries(KEYS, VALUES | st.dictionaries(KEYS, VALUES)))
def test_any_event(event: dict[str, object]) -> None:
    """Whatever the file holds is a build or an error that we foresaw."""
    try:
        build = pipeline(GITHUB, event)
    except UserError:
        return
    assert build is not None
    assert all(set(each.id) <= set("0123456789abcdef") for each in build.candidates)
