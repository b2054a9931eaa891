"""What the documents promise is what stands in the code."""

from __future__ import annotations

import re
import runpy
import tomllib
from pathlib import Path

import pytest

from qualitywatch import rulebook
from qualitywatch.cli.main import COMMANDS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_readme(command: str) -> None:
    """A new command without a line in the README is not finished."""
    assert re.search(rf"^\| .*`{command}\b", README, re.MULTILINE)


@pytest.mark.parametrize("rule", rulebook.load().rules, ids=lambda rule: rule.id)
def test_every_rule_is_in_the_readme_and_the_changelog(rule: rulebook.Rule) -> None:
    """A new rule can stop somebody's push: it is announced."""
    changelog = (ROOT / "CHANGELOG.md").read_text()

    assert f"`{rule.id}`" in README
    assert f"`{rule.id}`" in changelog


def test_readme_opens_with_two_commands() -> None:
    """One line runs the main job, one runs the tests; CI runs the second from here."""
    block = README.split("```sh\n", 1)[1].split("```", 1)[0].splitlines()

    assert 2 == len(block)
    assert all(line.startswith("python3 -m venv .venv && ") for line in block)
    assert block[1].endswith("pytest -q -n auto")


@pytest.mark.parametrize(
    "document",
    [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/*.md"))],
    ids=lambda document: str(document.relative_to(ROOT)),
)
def test_links_lead_somewhere(document: Path) -> None:
    """A relative link in a document names a file that exists, from where it stands."""
    links = re.findall(r"\]\((?!http)([^)#]+)(?:#[^)]*)?\)", document.read_text())

    assert [] == [link for link in links if not (document.parent / link).exists()]


def test_the_parts_in_the_guide_are_the_layers_that_are_checked() -> None:
    """Who adds a package finds its place in the guide."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts = settings["tool"]["importlinter"]["contracts"]
    layers = next(one["layers"] for one in contracts if one["type"] == "layers")
    guide = (ROOT / "CONTRIBUTING.md").read_text().split("## Parts\n\n```\n", 1)[1]
    names = re.findall(r"^ {3}(\S+(?: \S+)*)", guide.split("```")[0], re.MULTILINE)

    assert layers == "\n".join(names).replace("|\n", "| ").splitlines()


def test_the_page_of_the_wire_is_in_step() -> None:
    """`python docs/generate.py` has been run since a message changed."""
    generator = runpy.run_path(str(ROOT / "docs" / "generate.py"))

    assert generator["render"]() == (ROOT / "docs" / "protocol.md").read_text()
