"""What the documents promise is what stands in the code."""

from __future__ import annotations

import re
import runpy
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
    assert block[1].endswith("pytest -q")


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_lead_somewhere(document: str) -> None:
    """A relative link in a document names a file that exists."""
    links = re.findall(r"\]\((?!http)([^)#]+)\)", (ROOT / document).read_text())

    assert [] == [link for link in links if not (ROOT / link).exists()]


def test_the_page_of_the_wire_is_in_step() -> None:
    """`python docs/generate.py` has been run since a message changed."""
    generator = runpy.run_path(str(ROOT / "docs" / "generate.py"))

    assert generator["render"]() == (ROOT / "docs" / "protocol.md").read_text()
