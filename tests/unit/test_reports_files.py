"""`--report FORMAT=FILE`: the report in a file, whole, beside the printed one."""

from __future__ import annotations

import json
import os
import stat
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from qualitywatch.cli import files
from qualitywatch.cli.check import command
from qualitywatch.errors import UserError
from qualitywatch.reports import FORMATS, Look
from tests.judgements import clean, report

BASE = "def a():\n" + "".join(f"    step({n})\n" for n in range(20)) + "    return 1\n"
LAZY = "def a():\n    # ... rest of the function unchanged\n    return 1\n"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    Path("old.py").write_text(BASE)
    Path("new.py").write_text(LAZY)


def check(*options: str) -> Result:
    """The command on a change that drops code."""
    change = ("--before", "old.py", "--after", "new.py")
    return CliRunner().invoke(command, [*change, *options], standalone_mode=False)


def test_text_on_the_log_and_the_rest_in_files() -> None:
    """Several at once; the exit code stays the verdict's, and nothing lies beside."""
    done = check("--report", "sarif=a.sarif", "--report", "junit=b.xml")

    assert 1 == done.return_value
    assert done.stdout.startswith("NO-GO  ")
    assert "2.1.0" == json.loads(Path("a.sarif").read_text())["version"]
    assert Path("b.xml").read_text().startswith("<?xml ")
    assert {"old.py", "new.py", "a.sarif", "b.xml"} == {
        p.name for p in Path().iterdir()
    }


def test_the_lost_code_is_shown() -> None:
    """The command knows the base: text and Markdown show what went."""
    done = check("--report", "markdown=a.md")

    assert "\n     2 -     step(0)\n" in done.stdout
    assert "\n-     2      step(0)\n" in Path("a.md").read_text()


def test_a_file_in_sarif_has_the_words_of_the_rules() -> None:
    """Also where another format is printed."""
    check("--report", "sarif=a.sarif", "--format", "jsonl")

    (run,) = json.loads(Path("a.sarif").read_text())["runs"]
    assert all("help" in rule for rule in run["tool"]["driver"]["rules"])


def test_an_older_file_is_replaced() -> None:
    """With the permissions that a new file has, through a link to where it leads."""
    Path("real.xml").write_text("old")
    Path("link.xml").symlink_to("real.xml")

    check("--report", "junit=link.xml")

    assert Path("link.xml").is_symlink()
    assert Path("real.xml").read_text().startswith("<?xml ")
    mode = stat.S_IMODE(Path("real.xml").stat().st_mode)
    assert stat.S_IMODE(Path("new.py").stat().st_mode) == mode


def test_the_report_of_an_earlier_run_goes_first() -> None:
    """A run that fails must not leave it: whoever uploads it would tell an old GO."""
    Path("a.sarif").write_text("of yesterday")

    done = check("--report", "sarif=a.sarif", "--after", "missing.py")

    assert isinstance(done.exception, UserError)
    assert not Path("a.sarif").exists()


def test_the_summary_of_a_job_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other commands of the step have written there: only that file is appended to."""
    summary = Path("summary.md").absolute()
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))

    check("--report", "markdown=summary.md", "--report", "markdown=other.md")
    check("--report", f"markdown={summary}", "--report", "markdown=other.md")

    assert summary.read_text().startswith("before\n## ")
    assert 2 == summary.read_text().count("qualitywatch: NO-GO")
    assert 1 == Path("other.md").read_text().count("qualitywatch: NO-GO")


def test_a_pipe_is_written_to() -> None:
    """`>(upload)` of a shell: nothing there that could be replaced."""
    os.mkfifo("pipe")
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(Path("pipe").read_text()))
    reader.start()

    check("--report", "gitlab=pipe")

    reader.join(10)
    assert "elided-code" in read[0]
    assert stat.S_ISFIFO(Path("pipe").stat().st_mode)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("sarif", "is not FORMAT=FILE"),
        ("html=a.html", "is not FORMAT=FILE"),
        ("markdown=", "names no file"),
        ("sarif=-", "names no file"),
        ("sarif=missing/a", "there is no such folder"),
        ("sarif=.", "is a folder"),
    ],
)
def test_refused_before_anything_is_judged(value: str, said: str) -> None:
    """With the place and the way out."""
    done = check("--report", value)

    assert isinstance(done.exception, UserError)
    assert said in str(done.exception)
    assert value.partition("=")[2].removeprefix("=") in done.exception.place
    assert done.exception.hint
    assert not done.stdout


def test_a_disk_that_refuses_is_told_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not half a report: the older one stays."""
    Path("a.xml").write_text("older")

    def full(_self: Path, _target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    targets = [files.Target(format="junit", path=Path("a.xml"))]

    with pytest.raises(UserError, match="No space left on device"):
        files.write(report(), targets, Look())
    assert "older" == Path("a.xml").read_text()
    assert {"old.py", "new.py", "a.xml"} == {path.name for path in Path().iterdir()}


@pytest.mark.parametrize("format", sorted(set(FORMATS) - {"text"}))
def test_what_programs_read_is_utf8_on_any_terminal(format: str) -> None:
    """An escape that a terminal understands is no JSON and no XML."""
    change = ("--before", "old.py", "--after", "new.py", "--path", "käse.py")
    runner = CliRunner(charset="ascii")

    done = runner.invoke(command, [*change, "--format", format], standalone_mode=False)

    name = "k%C3%A4se.py" if format == "sarif" else "käse.py"
    assert name in done.stdout_bytes.decode("utf-8")


@pytest.mark.parametrize("format", FORMATS)
def test_files_are_utf8(format: str) -> None:
    """Whatever the locale says."""
    judged = clean(reasons=("ünï",))

    files.write(judged, [files.Target(format=format, path=Path("out"))], Look())

    assert Path("out").read_bytes().decode("utf-8") == FORMATS[format](judged, Look())
