"""`check --restore`: a patch, a text or JSON, and the verdict of the restored text."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.operating import BASE, LAZY, REMARK

CHECK = (sys.executable, "-m", "qualitywatch", "check")
HONEST = BASE.replace("return 3", "return 33")
EDITED = LAZY.replace("return 3", "return 33")
TORN = EDITED.replace(REMARK, f"step_1(again=True)\n    {REMARK}")

Done = subprocess.CompletedProcess[bytes]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Versions of one file, and no repository around them."""
    texts = {"base.py": BASE, "lazy.py": EDITED, "honest.py": HONEST, "torn.py": TORN}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def check(
    folder: Path, after: str, *words: str, before: str | None = "base.py"
) -> Done:
    """`check --restore` of the change to *after*."""
    base = [] if before is None else ["--before", before]
    words = (*base, "--after", after, "--path", "app.py", *words)
    return subprocess.run([*CHECK, *words], cwd=folder, capture_output=True, timeout=60)


def test_patch_puts_back_the_lost_block_alone(folder: Path) -> None:
    """`patch` understands it; the verdict is that of the restored text."""
    done = check(folder, "lazy.py", "--restore")

    assert (0, b"") == (done.returncode, done.stderr)
    assert b"GO  1 file checked" in done.stdout
    patch, _, _ = done.stdout.partition(b"GO  1 file")
    subprocess.run(["patch", "-s", "lazy.py"], cwd=folder, input=patch, check=True)
    assert HONEST == (folder / "lazy.py").read_text()


@pytest.mark.parametrize("after", ["lazy.py", "honest.py"])
def test_restored_text_on_standard_output(folder: Path, after: str) -> None:
    """The text alone, byte for byte, where nothing was lost too."""
    done = check(folder, after, "--restore", "--output", "-")

    assert (0, HONEST.encode(), b"") == (done.returncode, done.stdout, done.stderr)


def test_restored_text_in_a_file_keeps_its_mode(folder: Path) -> None:
    """The changed file itself may be the one."""
    (folder / "lazy.py").chmod(0o711)

    done = check(folder, "lazy.py", "--restore", "--output", "lazy.py")

    assert (0, b"GO  1 file checked\n") == (done.returncode, done.stdout)
    assert HONEST == (folder / "lazy.py").read_text()
    assert 0o711 == (folder / "lazy.py").stat().st_mode & 0o777


def test_link_is_not_replaced(folder: Path) -> None:
    (folder / "link.py").symlink_to("lazy.py")

    done = check(folder, "lazy.py", "--restore", "--output", "link.py")

    assert 2 == done.returncode
    assert EDITED == (folder / "lazy.py").read_text()
    assert (folder / "link.py").is_symlink()


def test_what_can_not_be_exact_is_refused_and_fails(folder: Path) -> None:
    """The reason is on stderr, the violation that is left in the report."""
    done = check(folder, "torn.py", "--restore")

    assert 1 == done.returncode
    assert b"app.py:3: elided-code can not be put back" in done.stderr
    assert b"NO-GO" in done.stdout


def test_json_holds_the_patch_and_the_refusals(folder: Path) -> None:
    good = json.loads(check(folder, "lazy.py", "--restore", "--format", "json").stdout)
    bad = json.loads(check(folder, "torn.py", "--restore", "--format", "json").stdout)

    assert ("GO", [], []) == (good["decision"], good["violations"], good["refused"])
    assert ["elided-code"] == [one["rule"] for one in good["restored"]]
    assert "+    step_10()\n" in good["patch"]
    assert ("NO-GO", "", []) == (bad["decision"], bad["patch"], bad["restored"])
    [refused] = bad["refused"]
    assert "elided-code" == refused["violation"]["rule"]
    assert "can not be told apart" in refused["reason"]


@pytest.mark.parametrize(
    ("words", "before", "said"),
    [
        (["--restore"], None, b"needs --before"),
        (["--output", "x.py"], "base.py", b"goes with --restore"),
        (["--restore", "--format", "sarif"], "base.py", b"text or json"),
        (["--restore", "--output", "no/x.py"], "base.py", b"can not be written"),
    ],
)
def test_wrong_usage(
    folder: Path, words: list[str], before: str | None, said: bytes
) -> None:
    done = check(folder, "lazy.py", *words, before=before)

    assert 2 == done.returncode
    assert said in done.stderr
    assert not (folder / "x.py").exists()


def test_what_costs_too_much_is_not_restored(folder: Path) -> None:
    """The parsers have limits here too: no verdict, and no silence."""
    (folder / "deep.py").write_text(BASE + "(" * 200_000)

    done = check(folder, "deep.py", "--restore")

    assert 1 == done.returncode
    assert b"could not be analysed" in done.stdout


def test_reader_that_has_gone_takes_no_verdict_with_it(folder: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    words = ["--before", "base.py", "--after", "lazy.py", "--restore", "--output", "-"]
    with os.fdopen(writer, "wb") as gone:
        done = subprocess.run([*CHECK, *words], cwd=folder, stdout=gone, timeout=60)

    assert 0 == done.returncode
