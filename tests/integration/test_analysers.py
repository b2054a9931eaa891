"""Other people's analysers, run by the gate as processes over real commits."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qualitywatch.cli import main
from qualitywatch.model import GO
from tests.conftest import Repo

Gate = Callable[[], dict[str, Any]]

TOOL = '''\
"""Reports each line that holds `bad`, and says `seen` where a setting allows."""
import json, pathlib, sys

results = []
loud = not pathlib.Path("quiet.cfg").exists()
for name in sys.argv[1:]:
    for number, line in enumerate(pathlib.Path(name).read_text().split("\\n"), 1):
        if "bad" in line and loud:
            place = {"artifactLocation": {"uri": name}, "region": {"startLine": number}}
            results.append({
                "ruleId": "no-bad", "level": "error", "message": {"text": "it is bad"},
                "locations": [{"physicalLocation": place}],
            })
print(json.dumps({"version": "2.1.0", "runs": [{"results": results}]}))
sys.exit(1 if results else 0)
'''


@pytest.fixture
def gate(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Gate:
    """Judges the work tree; the JSON that the gate prints."""
    monkeypatch.chdir(repo.root)

    def run() -> dict[str, Any]:
        code = main.run(["gate", "--worktree", "--format", "json"])
        report: dict[str, Any] = json.loads(capsys.readouterr().out)
        assert code == (0 if report["decision"] == GO else 1)
        return report

    return run


def settings(*command: str, **fields: object) -> str:
    """A settings file with one analyser that runs *command*."""
    given = {"name": "mine", "command": list(command), **fields}
    rows = (f"{key} = {json.dumps(value)}" for key, value in given.items())
    return "[[analysers]]\n" + "\n".join(rows) + "\n"


@pytest.fixture
def tool(tmp_path: Path) -> list[str]:
    """A command that runs a small analyser."""
    script = tmp_path / "tool.py"
    script.write_text(TOOL)
    return [sys.executable, str(script), "{files}"]


def found(report: dict[str, Any]) -> list[tuple[str, str, int]]:
    """Rule, path and line of every violation."""
    return [(v["rule"], v["path"], v["line"]) for v in report["violations"]]


def test_only_what_the_change_introduced_counts(
    repo: Repo, gate: Gate, tool: list[str]
) -> None:
    """An old result stays silent though its line moved."""
    base = {"qualitywatch.toml": settings(*tool, files=["*.txt"], confidence="likely")}
    repo.commit(**base, **{"a.txt": "good\nbad 1\n"})
    repo.write("a.txt", "first\ngood\nbad 1\nbad 2\n")

    report = gate()

    assert [("mine/no-bad", "a.txt", 4)] == found(report)


def test_the_base_decides_over_the_settings_of_the_tool(
    repo: Repo, gate: Gate, tool: list[str]
) -> None:
    """A change can not silence the tool that judges it."""
    given = settings(*tool, files=["*.txt"], settings=["quiet.cfg"])
    repo.commit(**{"qualitywatch.toml": given, "a.txt": "good\n"})
    repo.write("quiet.cfg", "")
    repo.write("a.txt", "bad\n")

    assert [("mine/no-bad", "a.txt", 1)] == found(gate())


def test_settings_of_the_base_are_there_for_the_tool(
    repo: Repo, gate: Gate, tool: list[str]
) -> None:
    """What people have allowed before stays allowed."""
    given = settings(*tool, files=["*.txt"], settings=["quiet.cfg"])
    repo.commit(**{"qualitywatch.toml": given, "a.txt": "good\n", "quiet.cfg": "x\n"})
    repo.write("a.txt", "bad\n")

    assert [] == found(gate())


@pytest.mark.parametrize(
    ("command", "fields", "said"),
    [
        (["no-such-tool", "{files}"], {}, "not installed"),
        ([sys.executable, "-c", "print('hm')"], {}, "not SARIF"),
        ([sys.executable, "-c", "exit('broken')"], {}, "wrote nothing"),
        (
            [sys.executable, "-c", "import sys; sys.exit(print('x') or 7)"],
            {},
            "code 7",
        ),
        (
            [sys.executable, "-c", "import time; time.sleep(60)"],
            {"timeout_ms": 300},
            "more than 0.3 s",
        ),
    ],
)
def test_a_tool_that_fails_makes_the_gate_fail(
    repo: Repo, gate: Gate, command: list[str], fields: dict[str, Any], said: str
) -> None:
    """Missing, broken, slow: the files it should have judged are not called clean."""
    repo.commit(**{"qualitywatch.toml": settings(*command, **fields), "a.txt": "x\n"})
    repo.write("a.txt", "y\n")

    report = gate()

    assert report["decision"] == "NO-GO"
    assert any(said in row["reason"] for row in report["unanalysable"])


def test_a_tool_may_write_into_a_file(repo: Repo, gate: Gate) -> None:
    """`{output}` is where; a tool that leaves none has failed."""
    log = '{"version": "2.1.0", "runs": []}'
    code = f"import sys; open(sys.argv[1], 'w').write({log!r})"
    given = settings(sys.executable, "-c", code, "{output}")
    repo.commit(**{"qualitywatch.toml": given, "a.txt": "x\n"})
    repo.write("a.txt", "y\n")

    assert gate()["decision"] == GO


def test_a_file_name_is_no_option(repo: Repo, gate: Gate, tool: list[str]) -> None:
    """The agent chooses the names of files."""
    repo.commit(**{"qualitywatch.toml": settings(*tool, files=["*.txt"])})
    repo.write("--help.txt", "bad\n")

    assert [("mine/no-bad", "--help.txt", 1)] == found(gate())


def test_a_new_analyser_runs_from_the_next_change_on(
    repo: Repo, gate: Gate, tool: list[str]
) -> None:
    """What a change writes into the settings runs nothing: it is not approved yet."""
    repo.commit(**{"a.txt": "x\n"})
    repo.write("qualitywatch.toml", settings(*tool))
    repo.write("a.txt", "bad\n")

    assert [] == [row for row in found(gate()) if row[0].startswith("mine/")]


def test_ruff_is_ready_by_its_name(
    repo: Repo, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The recipe runs the real tool, with the settings of the base."""
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
    given = '[[analysers]]\nname = "ruff"\n'
    repo.commit(**{"qualitywatch.toml": given, "a.py": "import os\nprint(1)\n"})
    repo.write("a.py", "import os\nimport sys\nprint(1)\n")

    assert ("ruff/F401", "a.py", 2) in found(gate())


def test_a_change_that_breaks_the_analysers_is_refused(repo: Repo, gate: Gate) -> None:
    """With a misspelt name in the settings no gate after this one could judge."""
    repo.commit(**{"a.txt": "x\n"})
    repo.write("qualitywatch.toml", '[[analysers]]\nname = "rufff"\n')

    assert "no recipe" in gate()["unanalysable"][0]["reason"]
