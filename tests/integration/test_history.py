"""The replay of real histories: which commits it judges, how, and what it writes."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qualitywatch.cli import main
from qualitywatch.history import replaying
from tests.conftest import Repo

LINES = "\n".join(f"    step_{n} = prepare({n})" for n in range(12))
FULL = f"def total(cart):\n{LINES}\n    return settle(step_0, step_11)\n"
ELIDED = "def total(cart):\n    # ... rest of the function unchanged\n    pass\n"
CLAUDE = "Claude <noreply@anthropic.com>"


class History:
    """Runs `qualitywatch history` in a repository."""

    def __init__(
        self,
        repo: Repo,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        self._repo = repo
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        self.complaint = ""

    def __call__(
        self, *arguments: str, at: Path | None = None, code: int = 0
    ) -> list[dict[str, Any]]:
        """The objects that it prints, one for each commit."""
        self._monkeypatch.chdir(at or self._repo.root)
        assert code == main.run(["history", "--format", "jsonl", *arguments])
        printed = self._capsys.readouterr()
        self.complaint = printed.err
        return [json.loads(line) for line in printed.out.splitlines()]


@pytest.fixture
def history(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> History:
    """The command, to be called."""
    return History(repo, monkeypatch, capsys)


def _dropped(lines: list[dict[str, Any]]) -> list[tuple[str, list[str]]]:
    return [
        (line["subject"], [violation["rule"] for violation in line["violations"]])
        for line in lines
    ]


def _lazy(repo: Repo) -> str:
    """Three commits: honest code, what an agent made of it, and a repair."""
    repo.commit("Add totals", **{"cart.py": FULL})
    dropped = repo.commit(f"Tidy\n\nCo-Authored-By: {CLAUDE}", **{"cart.py": ELIDED})
    repo.commit("Put it back", **{"cart.py": FULL})
    return dropped


# One line a commit


def test_a_line_says_who_dropped_what(repo: Repo, history: History) -> None:
    """Every field of the contract, for the commit that dropped code."""
    dropped = _lazy(repo)

    first, second, third = history()

    assert first["parent"] is None
    assert (first["commit"], second["commit"]) == (second["parent"], dropped)
    assert second["author"] == "Ada <ada@example.org>"
    assert (first["agent"], second["agent"]) == (None, "claude")
    assert second["time"].endswith("+00:00")
    assert (second["files_checked"], second["skipped"]) == (1, 0)
    assert second["lost_lines"] >= 12
    [violation] = second["violations"]
    assert violation["rule"] == "elided-code"
    assert (violation["commit"], violation["agent"]) == (dropped, "claude")
    assert (third["violations"], third["unanalysable"]) == ([], [])


def test_code_that_moved_is_not_lost(repo: Repo, history: History) -> None:
    """The files of a commit are judged together, as the gate does it."""
    helper = f"\n\ndef helper(cart):\n{LINES}\n    return step_3\n"
    repo.commit("Add", **{"cart.py": FULL + helper})
    repo.commit("Move", **{"cart.py": FULL, "help.py": helper.lstrip()})
    repo.commit("Lose", **{"help.py": "EMPTY = 1\n", "use.py": "import help\n"})

    assert _dropped(history())[1] == ("Move", [])


def test_who_still_imports_what_is_gone(repo: Repo, history: History) -> None:
    """An importer that the commit did not touch is found in its tree."""
    helper = f"def helper(cart):\n{LINES}\n    return step_3\n\n\nOTHER = 1\n"
    use = "from help import helper\n\nprint(helper(1))\n"
    repo.commit("Add", **{"help.py": helper, "use.py": use})
    repo.commit("Drop", **{"help.py": "OTHER = 1\n"})

    [_, (_, rules)] = _dropped(history())

    assert rules == ["silent-drop"]


def test_each_file_gets_its_own_answer(repo: Repo, history: History) -> None:
    """Tasks are sorted and asked twice; what is found stays with its file, in order."""
    other = FULL.replace("total", "other").replace("prepare", "mix")
    files = {"a.py": FULL, "b.py": other, "c.py": "C = 1\n", "use.py": "import b\n"}
    repo.commit("Add", **files)
    repo.commit("Drop", **{"a.py": ELIDED, "b.py": "B = 1\n", "c.py": other})
    repo.commit("Hide", **{"a.py": FULL, "b.py": ELIDED, "c.py": "C = 1\nD = 2\n"})

    _, drop, hide = (
        [(one["path"], one["rule"]) for one in line["violations"]] for line in history()
    )

    assert drop == [("a.py", "elided-code")]
    assert hide == [("b.py", "remark-for-body")]


def test_rules_of_now_judge_every_commit(repo: Repo, history: History) -> None:
    """A rule that HEAD disables is silent about the commits before it, too."""
    _lazy(repo)
    repo.commit("Settings", **{"qualitywatch.toml": "rules.disabled=['elided-code']"})

    rules = [rule for _, found in _dropped(history()) for rule in found]

    assert "elided-code" not in rules
    assert rules  # another rule sees the loss


def test_generated_files_are_skipped(repo: Repo, history: History) -> None:
    """Attributes are those of the parent, whatever the commit writes into them."""
    marks = "made/* linguist-generated\n"
    repo.commit("Add", **{".gitattributes": marks, "made/a.py": FULL, "b.py": FULL})
    repo.commit("Drop", **{"made/a.py": ELIDED})
    repo.commit("Hide", **{".gitattributes": "* linguist-generated\n", "b.py": ELIDED})

    _, drop, hide = history()

    assert (drop["skipped"], drop["violations"]) == (1, [])
    assert "elided-code" in [violation["rule"] for violation in hide["violations"]]


# Merges


def _branched(repo: Repo) -> None:
    repo.commit("Add", **{"cart.py": FULL, "other.py": "A = 1\n"})
    repo.git("checkout", "-q", "-b", "topic")
    repo.commit("Topic", **{"topic.py": FULL})
    repo.git("checkout", "-q", "main")
    repo.commit("Main", **{"other.py": "A = 2\n"})
    repo.git("merge", "-q", "--no-ff", "--no-commit", "topic")


def test_a_merge_is_nobodys_edit(repo: Repo, history: History) -> None:
    """What a parent has already is not judged a second time."""
    _branched(repo)
    repo.git("commit", "-q", "-m", "Merge")

    assert (history()[-1]["subject"], history()[-1]["files_checked"]) == ("Merge", 0)


def test_an_evil_merge_is_judged(repo: Repo, history: History) -> None:
    """What neither parent has was written while merging."""
    _branched(repo)
    repo.write("cart.py", ELIDED)
    repo.git("commit", "-q", "-a", "-m", "Merge")

    assert _dropped(history())[-1] == ("Merge", ["elided-code"])


def test_a_merge_that_drops_a_side_is_judged(repo: Repo, history: History) -> None:
    """Taking one side whole, though both have changed the file, is somebody's edit."""
    _branched(repo)
    repo.git("commit", "-q", "-m", "Merge")
    repo.git("checkout", "-q", "-b", "late")
    repo.commit("Late", **{"cart.py": FULL + "\n\ndef late():\n    return 1\n"})
    repo.git("checkout", "-q", "main")
    repo.commit("Early", **{"cart.py": f"RATE = 1\n\n\n{FULL}"})
    repo.git("merge", "-q", "-s", "ours", "-m", "Take ours", "late")

    line = history()[-1]

    assert (line["subject"], line["files_checked"]) == ("Take ours", 1)


def test_a_damaged_commit_does_not_end_the_replay(repo: Repo, history: History) -> None:
    """It is listed as unanalysable, and the others are judged."""
    _lazy(repo)
    repo.commit("Other", **{"other.py": "A = 1\n"})
    repo.commit("More", **{"more.py": "A = 1\n"})
    tree = repo.git("rev-parse", "HEAD~3^{tree}")
    (repo.root / ".git" / "objects" / tree[:2] / tree[2:]).unlink()

    lines = history()

    unread = [[one["path"][:7] for one in line["unanalysable"]] for line in lines]
    assert unread == [[], ["commit "], ["commit "], [], []]


# Which commits


def test_a_range_and_filters(repo: Repo, history: History) -> None:
    """Each option leaves out the commits that it should."""
    _lazy(repo)
    repo.git("commit", "-q", "--allow-empty", "-m", "Bo", "--author", "Bo <bo@x>")

    def subjects(*arguments: str) -> list[str]:
        return [line["subject"] for line in history(*arguments)]

    assert subjects() == ["Add totals", "Tidy", "Put it back", "Bo"]
    assert subjects("HEAD~2..HEAD") == ["Put it back", "Bo"]
    assert subjects("--max-commits", "1") == ["Bo"]
    assert subjects("--author", "bo@x") == ["Bo"]
    assert subjects("--agent", "claude") == ["Tidy"]
    assert subjects("--since", "2001-01-01", "--until", "2002-01-01") == []


@pytest.mark.parametrize(
    "range", ["nowhere", "--all", "--output=stolen", "HEAD..nowhere", ":/x", "-1"]
)
def test_a_range_is_no_option(range: str, repo: Repo, history: History) -> None:
    """Whatever stands there is a range, and where it is none that is said."""
    repo.commit("Add", **{"a.py": "A = 1\n"})

    history("--", range, code=2)

    assert "no commits are called" in history.complaint
    assert not list(repo.root.rglob("stolen"))


def test_an_empty_repository(history: History) -> None:
    """Nothing is committed yet: that is said, with what can be done."""
    history(code=2)

    assert "nothing is committed" in history.complaint


def test_an_unknown_agent(repo: Repo, history: History) -> None:
    """A slip of the pen must not look like a clean record."""
    repo.commit("Add", **{"a.py": "A = 1\n"})

    history("--agent", "cluade", code=2)

    assert "no agent is called 'cluade'" in history.complaint


def test_an_agent_of_the_house(repo: Repo, history: History) -> None:
    """Configuration names agents by how they sign."""
    own = "[[agents]]\nid = 'house-bot'\npatterns = ['@bots[.]']\n"
    repo.commit("Add", **{"qualitywatch.toml": own})
    repo.git("commit", "-q", "--allow-empty", "-m", "x", "--author", "B <b@bots.x>")

    assert [line["agent"] for line in history()] == [None, "house-bot"]


def test_a_bare_repository(repo: Repo, history: History, tmp_path: Path) -> None:
    """No work tree is needed."""
    _lazy(repo)
    repo.git("clone", "-q", "--bare", ".", str(tmp_path / "bare"))

    assert history() == history(at=tmp_path / "bare")


def test_a_shallow_clone(
    repo: Repo,
    history: History,
    tmp_path: Path,
) -> None:
    """Where the history was cut, a commit is not taken for the first one."""
    _lazy(repo)
    url = f"file://{repo.root}"
    repo.git("clone", "-q", "--depth", "2", url, str(tmp_path / "clone"))

    lines = history(at=tmp_path / "clone")

    assert [line["subject"] for line in lines] == ["Put it back"]


# The same verdict as the gate

EDITS: list[Callable[[random.Random], dict[str, str | None]]] = [
    lambda chance: {f"{chance.choice('abc')}.py": FULL},
    lambda chance: {f"{chance.choice('abc')}.py": ELIDED},
    lambda chance: {f"{chance.choice('abc')}.py": None},
    lambda chance: {"a.py": f"import b\n{FULL}", "b.py": "def f():\n    return 1\n"},
    lambda chance: {"b.py": "B = 1\n", "c.py": FULL},
    lambda chance: {"use.py": "from a import total\n\nprint(total([1]))\n"},
    lambda chance: {"app.ts": "export function f(x) {\n  return x + 1\n}\n"},
    lambda chance: {"app.ts": "export function f(x) {\n  // ... existing code\n}\n"},
    lambda chance: {"broken.py": f"def f(:\n    {chance.random()}\n"},
    lambda chance: {"notes.md": f"{chance.random()}\n"},
    lambda chance: {".gitattributes": "*.ts linguist-generated\n"},
]


@pytest.mark.parametrize("seed", range(3))
def test_the_gate_says_the_same(
    seed: int,
    repo: Repo,
    history: History,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Each commit is judged as `gate --base PARENT --head COMMIT` judges it."""
    chance = random.Random(seed)
    repo.commit("Add", **{"a.py": FULL, "use.py": "from a import total\n\ntotal(1)\n"})
    for at in range(7):
        for path, content in chance.choice(EDITS)(chance).items():
            if content is not None:
                repo.write(path, content)
            elif (repo.root / path).exists():
                (repo.root / path).unlink()
        repo.commit(f"Change {at}")

    lines = history()

    for line in lines[1:]:
        ends = ("--base", line["parent"], "--head", line["commit"])
        main.run(["gate", *ends, "--format", "json"])
        report = json.loads(capsys.readouterr().out)
        for violation in report["violations"]:
            violation.update(commit=line["commit"], agent=line["agent"])
        assert report["violations"] == line["violations"]
        assert report["unanalysable"] == line["unanalysable"]
        assert report["files_checked"] == line["files_checked"]
        assert len(report["skipped"]) == line["skipped"]


def test_attribute_files_that_come_and_go(repo: Repo, history: History) -> None:
    """Most commits touch none of them: what stood there for the parent stands."""
    marks = "*.py linguist-generated\n"
    repo.commit("Mark", **{"made/.gitattributes": marks, "made/a.py": FULL})
    repo.commit("Other", **{"b.py": FULL})
    repo.commit("Hidden", **{"made/a.py": ELIDED})
    repo.commit("Unmark", **{"made/.gitattributes": "", "b.py": f"{FULL}# more\n"})
    repo.commit("Back", **{"made/a.py": FULL})
    repo.commit("Seen", **{"made/a.py": ELIDED})

    found = {line["subject"]: line for line in history()}

    assert [] == found["Hidden"]["violations"]
    assert found["Seen"]["violations"]
    assert (1, 0) == (found["Hidden"]["skipped"], found["Back"]["skipped"])


@pytest.mark.parametrize("open_", [1, 3])
def test_few_commits_are_open_at_a_time(
    open_: int, repo: Repo, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of them are judged, in their order, however far is read ahead."""
    monkeypatch.setattr(replaying, "COMMITS_AHEAD", open_)
    monkeypatch.setattr(replaying, "COMMITS_AT_ONCE", 2)
    monkeypatch.setattr(replaying, "COMMITS_A_STEP", 1)
    texts = [f"def f{at}():\n    return {at}\n" for at in range(8)]
    for at, text in enumerate(texts):
        repo.commit(f"Change {at}", **{f"{at % 3}.py": text})

    assert [f"Change {at}" for at in range(8)] == [one["subject"] for one in history()]


# The file


def test_a_second_run_adds_what_is_missing(
    repo: Repo, history: History, tmp_path: Path
) -> None:
    """A torn last line is cut off, and the commits from there on are judged."""
    _lazy(repo)
    file = tmp_path / "out.jsonl"
    lines = history("--output", str(file))
    whole = file.read_bytes()
    file.write_bytes(whole[: whole.rindex(b'"author"')])

    again = history("--resume", str(file))

    assert again == lines
    assert file.read_bytes() == whole
    assert [json.loads(line) for line in whole.splitlines()[1:]] == lines


def test_new_commits_are_added(repo: Repo, history: History, tmp_path: Path) -> None:
    """The branch has moved on since: what was judged stays as it is."""
    _lazy(repo)
    file = tmp_path / "out.jsonl"
    before = history("--output", str(file))
    old = file.read_bytes()
    repo.commit("More", **{"more.py": FULL})

    after = history("--output", str(file))

    assert after[:-1] == before
    assert file.read_bytes().startswith(old)


def test_a_file_on_other_terms_is_refused(
    repo: Repo,
    history: History,
    tmp_path: Path,
) -> None:
    """Another range, other rules, or no replay at all: nothing is overwritten."""
    _lazy(repo)
    file = tmp_path / "out.jsonl"
    history("--output", str(file))
    foreign = tmp_path / "notes.txt"
    foreign.write_text("my notes, without a line end")

    history("HEAD~1..HEAD", "--output", str(file), code=2)
    assert "another range of commits" in history.complaint
    history("--output", str(foreign), code=2)
    assert "is no replay of a history" in history.complaint
    repo.commit("Settings", **{"qualitywatch.toml": "rules.disabled=['elided-code']"})
    history("--output", str(file), code=2)

    assert "was made with other rules" in history.complaint
    assert foreign.read_text() == "my notes, without a line end"


def test_an_interrupt_leaves_a_file_to_go_on_from(
    repo: Repo, history: History, tmp_path: Path
) -> None:
    """Ctrl-C: exit code 130, whole lines, and the next run does the rest."""
    _many(repo, 400)
    file = tmp_path / "out.jsonl"
    process = subprocess.Popen(
        [sys.executable, "-m", "qualitywatch", "history", "--output", str(file)],
        cwd=repo.root,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    while process.poll() is None and _lines(file) < 3:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    _, complaint = process.communicate(timeout=20)

    assert process.returncode == 130
    assert b"goes on from there" in complaint
    assert b"Traceback" not in complaint
    assert 3 <= _lines(file) < 401
    assert len(history("--output", str(file))) == 400
    assert _lines(file) == 401


def _lines(file: Path) -> int:
    return file.read_bytes().count(b"\n") if file.exists() else 0


def _many(repo: Repo, number: int) -> None:
    """*number* commits, each with a change of one file."""
    parts = []
    for at in range(number):
        text = f"{FULL}\nNUMBER = {at}\n"
        parts.append(
            "commit refs/heads/main\ncommitter Ada <a@x> 1700000000 +0000\n"
            f"data 3\nAdd\nM 100644 inline cart.py\ndata {len(text)}\n{text}\n"
        )
    subprocess.run(
        ["git", "fast-import", "--quiet"],
        cwd=repo.root,
        input="".join(parts).encode(),
        check=True,
    )


def test_two_at_once(repo: Repo, history: History, tmp_path: Path) -> None:
    """The file is locked: the second one is told that the first one is there."""
    import fcntl

    _lazy(repo)
    file = tmp_path / "out.jsonl"
    with file.open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)

        history("--output", str(file), code=75)

    assert "another replay writes to this file" in history.complaint


# What people read


def test_the_text(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Totals, a row for each agent and author, and the commits that drop code."""
    dropped = _lazy(repo)
    monkeypatch.chdir(repo.root)

    assert main.run(["history"]) == 0

    text = capsys.readouterr().out
    assert text.startswith("3 commits, 3 changed code: 66.6 % of these are clean, 1")
    agents = text[text.index("AGENT") : text.index("AUTHOR")].splitlines()
    assert agents[1].startswith("claude ")
    assert agents[2].startswith("(no agent named)")
    assert f"{dropped[:12]}  20" in text
    assert "elided-code in cart.py:2" in text


def test_json_is_one_object(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Totals and commits, with what was asked for."""
    _lazy(repo)
    monkeypatch.chdir(repo.root)

    assert main.run(["history", "HEAD", "--format", "json"]) == 0

    value = json.loads(capsys.readouterr().out)
    assert value["wanted"]["range"] == "HEAD"
    assert value["totals"]["all"]["stopped"] == 1
    assert [row["name"] for row in value["totals"]["agents"]] == ["claude", None]
    assert len(value["commits"]) == 3


def test_a_replay_fails_only_when_asked(repo: Repo, history: History) -> None:
    """It is a report; with --fail-on it is a gate."""
    _lazy(repo)

    history(code=0)
    history("--fail-on", "critical", code=1)
    history("HEAD~1..HEAD", "--fail-on", "low", code=0)


def test_the_page(
    repo: Repo,
    history: History,
    tmp_path: Path,
) -> None:
    """It is written beside what is printed; a folder that is not there is refused."""
    _lazy(repo)

    history("--html", str(tmp_path / "page.html"))
    history("--html", str(tmp_path / "none" / "page.html"), code=2)

    page = (tmp_path / "page.html").read_text()
    assert page.startswith("<!doctype html>")
    assert "elided-code" in page
    assert "there is no such folder" in history.complaint
