"""The packaged doors, opened as those who packaged them would: by their own files."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import Repo
from tests.integration.pushing import HOLLOWED, HONEST, MORE, add_remote

ROOT = Path(__file__).parents[2]
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
GITLAB = ROOT / "templates" / "gitlab" / "qualitywatch.gitlab-ci.yml"
RECIPES = (ROOT / "docs" / "git-hooks.md").read_text()
NONE = "0" * 40


class Built(Repo):
    """A repository, and programs on PATH as a build or a hook finds them."""

    def __init__(self, root: Path, programs: Path) -> None:
        super().__init__(root)
        self.programs = programs
        self.python = _program(programs / "python", sys.executable)
        command = f"{sys.executable} -m qualitywatch"
        _program(programs / "qualitywatch", f"{command}", PYTHONPATH=str(ROOT))

    def run(
        self, *command: str, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """The command, with these variables on top of ours."""
        path = f"{self.programs}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(
            command,
            cwd=self.root,
            capture_output=True,
            text=True,
            env={**os.environ, "PATH": path, **environment},
        )


def _program(path: Path, command: str, **environment: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    words = [f"{name}={shlex.quote(value)}" for name, value in environment.items()]
    path.write_text(f'#!/bin/sh\n{" ".join(words)} exec {command} "$@"\n')
    path.chmod(0o755)
    return path


@pytest.fixture
def built(repo: Repo, tmp_path: Path) -> Built:
    """Honest code, committed and pushed."""
    add_remote(repo, tmp_path / "remote.git")
    repo.commit(**{"app.py": HONEST})
    repo.git("push", "-q", "-u", "origin", "main")
    return Built(repo.root, tmp_path / "programs")


# pre-commit


def _hook(id: str) -> dict[str, Any]:
    found: dict[str, Any] = next(hook for hook in HOOKS if hook["id"] == id)
    return found


@pytest.fixture
def framework(built: Built) -> Callable[..., int]:
    """Runs the entry of a hook as pre-commit would: no shell, no variables of git."""

    def run(id: str, **environment: str) -> int:
        hook = _hook(id)
        assert hook["pass_filenames"] is False  # else each batch of files is a verdict
        assert hook["always_run"] is True
        done = built.run(*shlex.split(hook["entry"]), PRE_COMMIT="1", **environment)
        assert done.returncode in (0, 1), done.stderr
        return done.returncode

    return run


def test_pre_commit_judges_what_is_staged(
    built: Built, framework: Callable[..., int]
) -> None:
    """Not the file: pre-commit may have put that aside."""
    built.write("app.py", HOLLOWED)
    assert framework("qualitywatch") == 0
    built.git("add", "app.py")
    built.write("app.py", HONEST)

    assert framework("qualitywatch") == 1


def test_pre_commit_over_a_range(built: Built, framework: Callable[..., int]) -> None:
    """`run --from-ref A --to-ref B`: that nothing is staged is no reason to pass."""
    base = built.git("rev-parse", "HEAD")
    honest = built.commit(**{"app.py": MORE})
    lazy = built.commit(**{"app.py": HOLLOWED})

    ends = {"PRE_COMMIT_FROM_REF": base}
    assert framework("qualitywatch", **ends, PRE_COMMIT_TO_REF=honest) == 0
    assert framework("qualitywatch", **ends, PRE_COMMIT_TO_REF=lazy) == 1


@pytest.mark.parametrize("older", ["HEAD", "HEAD~1"])
def test_pre_commit_over_another_range(
    built: Built, framework: Callable[..., int], older: str
) -> None:
    """Whoever sets the variables at a commit does not hide what is staged."""
    built.commit(**{"app.py": MORE})
    built.write("app.py", HOLLOWED)
    built.git("add", "app.py")
    ends = {"PRE_COMMIT_FROM_REF": older, "PRE_COMMIT_TO_REF": "HEAD"}

    assert framework("qualitywatch", **ends) == 1


def test_pre_commit_before_a_push(built: Built, framework: Callable[..., int]) -> None:
    """What the framework exports names the ref as git did, checked out or not."""
    base = built.git("rev-parse", "HEAD")
    honest = built.commit(**{"app.py": MORE})
    built.git("checkout", "-q", "-b", "side")
    lazy = built.commit(**{"app.py": HOLLOWED})
    ends = {
        "PRE_COMMIT_FROM_REF": base,
        "PRE_COMMIT_REMOTE_NAME": "origin",
        "PRE_COMMIT_LOCAL_BRANCH": "refs/heads/main",
        "PRE_COMMIT_REMOTE_BRANCH": "refs/heads/main",
    }

    assert framework("qualitywatch-push", **ends, PRE_COMMIT_TO_REF=honest) == 0
    assert framework("qualitywatch-push", **ends, PRE_COMMIT_TO_REF=lazy) == 1


def test_pre_commit_without_ends(built: Built, framework: Callable[..., int]) -> None:
    """A first commit is pushed, or a person runs it by hand: what is not pushed yet."""
    built.commit(**{"app.py": MORE})
    assert framework("qualitywatch-push") == 0
    built.commit(**{"app.py": HOLLOWED})

    assert framework("qualitywatch-push") == 1


# lefthook and husky: the recipes of the documentation


def _recipes(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", RECIPES, re.DOTALL)


def test_husky(built: Built) -> None:
    """Its scripts run with git's arguments and lines."""
    for line in ("hook git pre-commit\n", 'hook git pre-push "$@"\n'):
        [script] = [each for each in _recipes("sh") if each.endswith(line)]
        _program(built.root / ".husky" / script.split()[3], "true")
        (built.root / ".husky" / script.split()[3]).write_text(f"#!/bin/sh\n{script}")
    built.git("config", "core.hooksPath", ".husky")

    _commits_and_pushes(built)


def test_lefthook(built: Built) -> None:
    """Its placeholders are the arguments of the hook, its jobs see what git wrote."""
    [config] = [yaml.safe_load(each) for each in _recipes("yaml") if "jobs" in each]
    folder = built.root / ".git" / "hooks"
    for name, settings in config.items():
        [job] = settings["jobs"]
        assert name == "pre-commit" or job["use_stdin"]
        line = re.sub(r"\{(\d)\}", r'"$\1"', job["run"])
        _program(folder / name, "true").write_text(f"#!/bin/sh\n{line}\n")

    _commits_and_pushes(built)


def _commits_and_pushes(built: Built) -> None:
    built.write("app.py", HOLLOWED)
    assert built.run("git", "commit", "-qam", "x").returncode == 1
    assert built.run("git", "commit", "-qnam", "x").returncode == 0
    assert built.run("git", "push", "-q", "origin", "main").returncode == 1
    built.write("app.py", MORE)
    assert built.run("git", "commit", "-qam", "x").returncode == 0
    assert built.run("git", "push", "-q", "origin", "main").returncode == 0


# The action


def test_the_action_pastes_nothing_into_its_scripts() -> None:
    """An expression in a script is where the name of a branch becomes a command."""
    steps = ACTION["runs"]["steps"]

    assert [step for step in steps if "${{" in step["run"]] == []
    assert [step for step in steps if step["shell"] != "bash"] == []
    assert [step for step in steps if "uses" in step] == []
    inputs = {
        name
        for step in steps
        for name in re.findall(r"inputs\.([\w-]+)", f"{step['env']}")
    }
    assert inputs == set(ACTION["inputs"])


def test_no_file_of_the_change_is_taken_for_a_module_of_python() -> None:
    """`-m` alone looks first into the folder that is judged."""
    scripts = [step["run"] for step in ACTION["runs"]["steps"]]

    for script in (*scripts, GITLAB.read_text()):
        assert re.findall(r"(?<! -P) -m \w+", script) == []


class Action:
    """The steps of `action.yml`, run as GitHub would."""

    def __init__(self, built: Built, folder: Path) -> None:
        self.built = built
        self.folder = folder
        _program(
            folder / "qualitywatch" / "bin" / "python",
            f"env PYTHONPATH={ROOT} {sys.executable}",
        )
        self.said = ""

    def run(self, step: int, *, event: object = None, **inputs: str) -> int:
        """The exit code of a step."""
        (self.folder / "event.json").write_text(json.dumps(event or {}))
        for name in ("output", "summary"):
            (self.folder / name).write_bytes(b"")
        settings = ACTION["runs"]["steps"][step]
        script = self.folder / "script.sh"
        script.write_text(settings["run"])
        done = self.built.run(
            *("bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(script)),
            **self._github(),
            **{name: _filled(value, inputs) for name, value in settings["env"].items()},
        )
        self.said = done.stdout + done.stderr
        return done.returncode

    def _github(self) -> dict[str, str]:
        return {
            "GITHUB_ACTIONS": "true",
            "CI": "true",
            "GITHUB_EVENT_PATH": str(self.folder / "event.json"),
            "GITHUB_OUTPUT": str(self.folder / "output"),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
            "GITHUB_ACTION_PATH": str(ROOT),
            "RUNNER_TEMP": str(self.folder),
        }

    @property
    def outputs(self) -> dict[str, str]:
        """What the step handed on."""
        lines = (self.folder / "output").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    @property
    def summary(self) -> str:
        """What the page of the job shows."""
        return (self.folder / "summary").read_text()


def _filled(value: str, inputs: dict[str, str]) -> str:
    [name] = re.findall(r"^\$\{\{ inputs\.([\w-]+) \}\}$", value)
    return inputs.get(name.replace("-", "_"), ACTION["inputs"][name]["default"])


@pytest.fixture
def action(built: Built, tmp_path: Path) -> Iterator[Action]:
    """The action, its Python installed already."""
    return Action(built, tmp_path / "runner")


def _proposed(built: Built, text: str) -> dict[str, Any]:
    """A pull request, its trial merge checked out; the event that GitHub writes."""
    built.git("checkout", "-q", "-b", "topic")
    head = built.commit(**{"app.py": text})
    built.git("checkout", "-q", "main")
    base = built.commit(**{"other.py": "a = 1\n"})
    built.git("push", "-q", "origin", "main")
    built.git("checkout", "-q", "--detach")
    built.git("merge", "-q", "--no-ff", "-m", "Merge topic into main", "topic")
    return {
        "number": 7,
        "pull_request": {"number": 7, "base": {"sha": base}, "head": {"sha": head}},
    }


def test_a_pull_request(built: Built, action: Action) -> None:
    """Annotations in the log, a summary on the page, the decision for later steps."""
    event = _proposed(built, HOLLOWED)

    assert action.run(1, event=event, sarif="out.sarif") == 1

    assert "::error file=app.py,line=2" in action.said
    assert action.outputs == {"decision": "NO-GO", "violations": "1"}
    assert "NO-GO" in action.summary
    sarif = json.loads((built.root / "out.sarif").read_text())
    assert [row["ruleId"] for row in sarif["runs"][0]["results"]] == ["hollowed-body"]


def test_an_honest_pull_request(built: Built, action: Action) -> None:
    """Nothing but GO."""
    event = _proposed(built, MORE)

    assert action.run(1, event=event) == 0
    assert action.outputs == {"decision": "GO", "violations": "0"}
    assert "::error" not in action.said


def test_the_inputs_of_the_action(built: Built, action: Action) -> None:
    """A base by name, another bar, another format."""
    event = _proposed(built, HOLLOWED)

    assert (
        action.run(1, event=event, base="HEAD^1", fail_on="critical", format="json")
        == 0
    )
    assert action.outputs == {"decision": "GO", "violations": "1"}


@pytest.mark.parametrize(
    "inputs",
    [
        {"base": "no-such-branch"},
        {"base": "--staged"},
        {"base": "$(touch owned)"},
        {"fail_on": "low --accept-new-suppressions"},
        {"format": "`touch owned`"},
        {"sarif": "/proc/no/such/folder"},
    ],
    ids=str,
)
def test_an_action_that_could_not_judge(
    built: Built, action: Action, inputs: dict[str, str]
) -> None:
    """It fails, is no GO, and nothing in an input is run."""
    assert action.run(1, event=_proposed(built, MORE), **inputs) == 2
    assert action.outputs.get("decision") != "GO" or "sarif" in inputs
    assert not (built.root / "owned").exists()


def test_an_action_without_history(
    built: Built, action: Action, tmp_path: Path
) -> None:
    """A shallow clone is refused with the line that mends it."""
    event = _proposed(built, MORE)
    built.git("push", "-q", "origin", "HEAD:refs/heads/merged")
    remote = built.git("remote", "get-url", "origin")
    built.git(
        "clone",
        "-q",
        "--depth=1",
        "--branch=merged",
        f"file://{remote}",
        str(tmp_path / "shallow"),
    )
    action.built = Built(tmp_path / "shallow", built.programs)

    assert action.run(1, event=event) == 2
    assert "fetch-depth: 0" in action.said


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"python": "no-such-python"}, "names no program"),
        ({"python": "false"}, "3.11 or later"),
        ({"version": "1.0; touch owned"}, "is no version"),
        ({"version": "--index-url=http://x"}, "is no version"),
    ],
)
def test_what_the_action_does_not_install(
    built: Built, action: Action, inputs: dict[str, str], message: str
) -> None:
    """A wrong input is named before anything is installed."""
    assert action.run(0, **inputs) == 2
    assert message in action.said
    assert not (built.root / "owned").exists()


# GitLab


@pytest.mark.parametrize(("text", "code"), [(MORE, 0), (HOLLOWED, 1)])
def test_the_gitlab_template(built: Built, text: str, code: int) -> None:
    """A merge request: the reports are where the template says they are."""
    template = yaml.safe_load(GITLAB.read_text())
    job = template["qualitywatch"]
    base = built.git("rev-parse", "HEAD")
    built.git("checkout", "-q", "-b", "topic")
    built.commit(**{"app.py": text})
    environment = {
        "GITLAB_CI": "true",
        "CI_MERGE_REQUEST_IID": "3",
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": base,
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
        **template["variables"],
        **job["variables"],
    }

    done = built.run("sh", "-ec", "\n".join(job["script"]), **environment)

    assert done.returncode == code, done.stderr
    reports = job["artifacts"]["reports"]
    rows = json.loads((built.root / reports["codequality"]).read_text())
    assert [row["check_name"] for row in rows] == ["hollowed-body"] * code
    suites = ElementTree.parse(built.root / reports["junit"]).getroot()
    assert bool(suites.findall(".//failure")) is bool(code)
    assert job["artifacts"]["when"] == "always"
    assert job["variables"]["GIT_DEPTH"] == "0"
