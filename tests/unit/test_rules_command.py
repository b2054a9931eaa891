"""`qualitywatch rules`, as a person uses it in a repository."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qualitywatch import rulebook
from qualitywatch.cli.main import run
from qualitywatch.rulebook import OWN_FOLDER
from tests.rule_files import spoilt, written

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of own rules in an empty repository, in which we stand."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "src").mkdir()
    monkeypatch.chdir(tmp_path / "src")
    return tmp_path / OWN_FOLDER


def test_list_names_our_rules_and_their_own(own: Path, capsys: Capture) -> None:
    """What judges here is what is listed."""
    written(own)

    assert 0 == run(["rules", "list"])
    shown = [line.split()[0] for line in capsys.readouterr().out.splitlines()[1:]]
    assert list(rulebook.for_repository(own.parents[1]).ids) == shown


def test_list_as_json(own: Path, capsys: Capture) -> None:
    """The same list for machines."""
    path = written(own)
    run(["rules", "list", "--format", "json"])
    rules = {rule["id"]: rule for rule in json.loads(capsys.readouterr().out)}

    assert (str(path), ["python"], "low") == tuple(
        rules["left-breakpoint"][name] for name in ("source", "languages", "severity")
    )


def test_index_is_in_step(capsys: Capture) -> None:
    """`rules/README.md` is what `rules list --format markdown` prints."""
    run(["rules", "list", "--format", "markdown"])
    page = capsys.readouterr().out

    assert page == (rulebook.BUILT_IN / "README.md").read_text("utf-8"), (
        "run: qualitywatch rules list --format markdown > rules/README.md"
    )


def test_show_prints_the_file(own: Path, capsys: Capture) -> None:
    """The file is the documentation; nothing in it reaches the terminal as a sign."""
    written(own, spoilt("Never.", "Never\x1b[2J."))
    run(["rules", "show", "left-breakpoint"])
    shown = capsys.readouterr().out

    assert shown.startswith("# `left-breakpoint`\n")
    assert "Never\\x1b[2J." in shown


def test_show_of_an_unknown_rule(own: Path, capsys: Capture) -> None:
    """A slip of the pen is answered with what was meant."""
    written(own)

    assert 2 == run(["rules", "show", "left-brakpoint"])
    assert "did you mean `left-breakpoint`?" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["", "logic-error", "logic-error/left-breakpoint.md"])
def test_sound_rule_proves_itself(own: Path, capsys: Capture, name: str) -> None:
    """A folder of rules, a folder of one type or a file can be tested."""
    written(own)

    assert 0 == run(["rules", "test", str(own / name)])
    assert "1 rule, 2 examples: all as they say\n" == capsys.readouterr().out


@pytest.mark.parametrize(
    ("old", "new", "line", "problem"),
    [
        ("print()", "breakpoint()", 35, "noisy: `left-breakpoint` fires here"),
        ("breakpoint()  #", "print()  #", 31, "missing: `left-breakpoint` does not"),
    ],
)
def test_wrong_example(
    own: Path, capsys: Capture, old: str, new: str, line: int, problem: str
) -> None:
    """A wrong example is named with the line of the file, and fails the command."""
    path = written(own, spoilt(old, new))

    assert 1 == run(["rules", "test", str(path)])
    assert f"{path}:{line}: {problem}" in capsys.readouterr().out


def test_known_limit_that_is_gone(own: Path, capsys: Capture) -> None:
    """The day a known limit works, the rule's owner is told."""
    limit = (
        "## Known limits\n\n```python\nbreakpoint()  # should find\n```\n\n## Python"
    )
    path = written(own, spoilt("## Python", limit))

    assert 1 == run(["rules", "test", str(path)])
    assert f"{path}:26: a known limit is gone" in capsys.readouterr().out


def test_fixed_text_must_be_clean(own: Path, capsys: Capture) -> None:
    """A `fixed` block that still shows the fault is a wrong example."""
    fixed = "```\n```python fixed\nbreakpoint(1)\n```\n\n```python\nprint"
    path = written(own, spoilt("```\n\n```python\nprint", fixed))

    assert 1 == run(["rules", "test", str(path)])
    assert "`fixed` text is not clean" in capsys.readouterr().out


def test_broken_rule_is_wrong_usage(own: Path, capsys: Capture) -> None:
    """A rule that can not be read is no failed example."""
    path = written(own, spoilt("(call function", "(cal function"))

    assert 2 == run(["rules", "test", str(path)])
    assert f"{path}:27: the query does not compile" in capsys.readouterr().err


def test_unknown_check_is_wrong_usage(own: Path, capsys: Capture) -> None:
    """The checks that a rule may name are those of the analysis."""
    text = spoilt("since ", 'check = "elided-cod"\nsince ')
    query = text[text.index("```query") : text.index("```python")]
    path = written(own, text.replace(query, ""))

    assert 2 == run(["rules", "test", str(path)])
    assert "unknown check `elided-cod`" in capsys.readouterr().err


def test_failures_as_json(own: Path, capsys: Capture) -> None:
    """The same report for machines."""
    path = written(own, spoilt("print()", "breakpoint()"))
    run(["rules", "test", str(path), "--format", "json"])
    report = json.loads(capsys.readouterr().out)

    assert (1, 2) == (report["rules"], report["examples"])
    assert [f"{path}:35"] == [failure["place"] for failure in report["failures"]]


def test_new_rule_proves_itself_at_once(own: Path, capsys: Capture) -> None:
    """The template is a sound rule, so the first edit starts from green."""
    assert 0 == run(["rules", "new", "loud-print", "--type", "incomplete-code"])
    path = own / "incomplete-code" / "loud-print.md"
    assert f"{path}\n" == capsys.readouterr().out
    assert 0 == run(["rules", "test", str(path)])


@pytest.mark.parametrize("id", ["no-print", "../print", "swallowed-exception"])
def test_new_rule_of_a_bad_name(own: Path, id: str) -> None:
    """A name that can not be a rule's writes nothing."""
    assert 2 == run(["rules", "new", id, "--type", "logic-error"])
    assert not own.exists()
