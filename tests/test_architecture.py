"""The layers of the package hold, and what is decided stays in one place."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "qualitywatch"

# What a command that judges needs for some files or answers only: 1 to 20 ms each.
SELDOM = {
    "asyncio",
    "ctypes",
    "email",
    "hashlib",
    "importlib.metadata",
    "json",
    "shutil",
    "tempfile",
    "tomllib",
    "tree_sitter",
}


def test_imports_point_down() -> None:
    """Every contract of `[tool.importlinter]` in pyproject.toml is kept."""
    lint = Path(sys.executable).with_name("lint-imports")

    done = subprocess.run(
        [lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("qualitywatch", {"websockets", "asyncio", "libcst", "tree_sitter"}),
        ("qualitywatch.cli.main", {"asyncio", "libcst", "tree_sitter", "rich"}),
        ("qualitywatch.cli.hook", {"websockets", "libcst", "aiosqlite", "rich"}),
        ("qualitywatch.cli.agents", {"asyncio", "websockets", "aiosqlite", "pebble"}),
        ("qualitywatch.cli.check", {*SELDOM, "subprocess", "qualitywatch.git"}),
        ("qualitywatch.cli.gate", {*SELDOM, "qualitywatch.mirror"}),
        ("qualitywatch.cli.scan", {*SELDOM - {"hashlib"}, "qualitywatch.analysis"}),
        ("qualitywatch.cli.history", {*SELDOM - {"hashlib"}, "html"}),
        ("qualitywatch.analysis", {*SELDOM, "libcst", "yaml"} - {"tree_sitter"}),
        ("qualitywatch.rulebook", {"tree_sitter", "libcst"}),
    ],
)
def test_start_is_light(module: str, heavy: set[str]) -> None:
    """A hook starts at every commit: it must not pay for what it does not use."""
    code = f"import sys, {module}; print(*sys.modules)"

    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    )

    assert set() == heavy & set(done.stdout.split())


def test_only_the_borders_swallow_everything() -> None:
    """A bug is caught at the top of a process or task, and nowhere on the way.

    A handler that ends in `raise` only tidies up, and may stand anywhere.
    """
    borders = {
        "cli/main.py",
        "daemon/tasks.py",
        "workers/forked.py",
        "workers/once.py",
    }

    swallowing = {
        file.relative_to(PACKAGE).as_posix()
        for file in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type).endswith("Exception"))
        and not isinstance(node.body[-1], ast.Raise)
    }

    assert borders == swallowing


def test_all_sql_stands_in_the_store() -> None:
    """No other module speaks to the database."""
    speaking = {
        file.relative_to(PACKAGE).parts[0]
        for file in PACKAGE.rglob("*.py")
        for line in file.read_text().splitlines()
        if line.startswith(("import aiosqlite", "import sqlite3"))
    }

    assert {"store", "migrations.py"} == speaking
