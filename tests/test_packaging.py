"""The rules reach the user: in the wheel, and in an editable install."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
RULES = sorted(
    file.stem for file in (ROOT / "rules").glob("*/*.md") if file.name != "README.md"
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this tree."""
    target = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [
            sys.executable,
            "-m",
            "build",
            "--wheel",
            "--no-isolation",
            "-o",
            target,
            ROOT,
        ],
        check=True,
        capture_output=True,
    )
    return next(target.glob("*.whl"))


@pytest.mark.timeout(180)
def test_wheel_holds_rules_page_and_types(wheel: Path) -> None:
    """Data files are in the wheel, not only modules."""
    names = set(zipfile.ZipFile(wheel).namelist())

    assert {
        "qualitywatch/py.typed",
        "qualitywatch/hub/page/index.html",
        *(f"qualitywatch/_rules/{f.parent.name}/{f.name}" for f in _rule_files()),
    } <= names


@pytest.mark.timeout(180)
def test_installed_wheel_lists_its_rules(wheel: Path, tmp_path: Path) -> None:
    """A user's environment, without the source tree, finds every rule."""
    venv.create(tmp_path / "env", system_site_packages=False, with_pip=False)
    python = tmp_path / "env" / "bin" / "python"
    site = next((tmp_path / "env" / "lib").glob("python*/site-packages"))
    zipfile.ZipFile(wheel).extractall(site)
    dependencies = Path(pytest.__file__).parent.parent  # what this run has installed

    listed = _list_rules(python, tmp_path, extra_path=str(dependencies))

    assert listed == RULES


def test_editable_install_lists_the_rules(tmp_path: Path) -> None:
    """Run from anywhere, this tree's package finds this tree's rules."""
    assert _list_rules(Path(sys.executable), tmp_path, extra_path=str(ROOT)) == RULES


def _rule_files() -> list[Path]:
    return list((ROOT / "rules").glob("*/*.md"))


def _list_rules(python: Path, cwd: Path, *, extra_path: str) -> list[str]:
    code = (
        "from qualitywatch import rulebook;"
        "print(*(rule.id for rule in rulebook.load().rules))"
    )
    done = subprocess.run(
        [python, "-c", code],
        cwd=cwd,
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": extra_path},
    )
    return sorted(done.stdout.split())
