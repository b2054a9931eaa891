"""The gate where one file tells of another: moved code, and what is still imported."""

from __future__ import annotations

from typing import Any

import pytest

from qualitywatch.model import GO, NO_GO
from tests.conftest import Repo
from tests.integration.gates import Gate

PARSE = """\
export function parse(line) {
  const [head, tail] = line.split(":");
  const words = tail.split(",");
  if (!words.length) throw new Error(line);
  return { head, words };
}
"""
SHOW = "export const show = (row) => row.head;\n"
USER = 'import { parse } from "./rows.js";\n\nexport const load = (t) => parse(t);\n'


@pytest.fixture
def base(repo: Repo) -> str:
    """The first commit: a module, and who imports from it."""
    return repo.commit(**{"src/rows.js": PARSE + SHOW, "src/user.js": USER})


def found(report: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["rule"], each["path"]) for each in report["violations"]]


def test_a_function_that_another_file_imports(repo: Repo, base: str, gate: Gate):
    repo.commit(**{"src/rows.js": SHOW})
    report = gate("--base", base)

    assert NO_GO == report["decision"]
    assert [("silent-drop", "src/rows.js")] == found(report)


def test_what_git_paints_for_people(repo: Repo, base: str, gate: Gate):
    repo.git("config", "color.ui", "always")
    repo.commit(**{"src/rows.js": SHOW})

    assert [("silent-drop", "src/rows.js")] == found(gate("--base", base))


def test_an_importer_that_was_mended(repo: Repo, base: str, gate: Gate):
    repo.commit(**{"src/rows.js": SHOW})
    repo.commit(**{"src/user.js": USER.replace("./rows.js", "rows")})

    assert GO == gate("--base", base)["decision"]


@pytest.mark.parametrize("where", ["--staged", "--worktree"])
def test_what_is_not_committed_yet(repo: Repo, base: str, gate: Gate, where: str):
    repo.write("src/rows.js", SHOW)
    repo.git("add", "-A")
    assert [("silent-drop", "src/rows.js")] == found(gate(where))
    repo.write("src/user.js", "export const load = 1;\n")
    repo.git("add", "-A")

    assert GO == gate(where)["decision"]


def test_a_deleted_file(repo: Repo, base: str, gate: Gate):
    (repo.root / "src/rows.js").unlink()
    repo.commit("delete it")

    assert [("silent-drop", "src/rows.js")] == found(gate("--base", base))


def test_code_renamed_to_prose(repo: Repo, base: str, gate: Gate):
    repo.git("mv", "src/rows.js", "src/rows.js.txt")
    repo.commit("set it aside")

    assert [("silent-drop", "src/rows.js")] == found(gate("--base", base))


def test_a_module_of_python_renamed_to_prose(repo: Repo, gate: Gate):
    rows = "def parse(line):\n    head, tail = line.split(':')\n"
    rows += "    words = tail.split(',')\n    print(words)\n    return head, words\n"
    user = "from rows import parse\n\nprint(parse('a:b'))\n"
    base = repo.commit(**{"rows.py": rows, "user.py": user})
    repo.git("mv", "rows.py", "rows.py.txt")
    repo.commit("set it aside")

    assert [("silent-drop", "rows.py")] == found(gate("--base", base))


@pytest.mark.parametrize(("name", "decision"), [("table", NO_GO), ("rows", GO)])
def test_a_renamed_file(repo: Repo, base: str, gate: Gate, name: str, decision: str):
    """To TypeScript the import leads still; to another name it leads nowhere."""
    repo.git("mv", "src/rows.js", f"src/{name}.ts")
    repo.commit("rename it")

    assert decision == gate("--base", base)["decision"]


def test_code_that_moved_between_two_commits(repo: Repo, base: str, gate: Gate):
    repo.commit(**{"src/rows.js": "// ... existing functions\n" + SHOW})
    repo.commit(**{"src/parse.js": PARSE, "src/user.js": "export {};\n"})

    assert "elided-code" not in {rule for rule, _ in found(gate("--base", base))}


def test_code_kept_in_a_text_is_dropped(repo: Repo, base: str, gate: Gate):
    repo.commit(**{"src/rows.js": "// ... existing functions\n" + SHOW})
    repo.commit(**{"docs/parse.md": PARSE, "src/user.js": "export {};\n"})

    assert ("elided-code", "src/rows.js") in found(gate("--base", base))
