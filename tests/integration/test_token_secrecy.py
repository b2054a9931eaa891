"""A token's bytes are with its client and nowhere else, and a hash gives none back."""

from __future__ import annotations

import os
import urllib.request
from pathlib import Path

import pytest

from qualitywatch import client
from qualitywatch.daemon import place
from tests.integration.operating import PASSPHRASE, Operator, Watching


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="only Linux tells")
def test_no_token_is_left_anywhere(enrolled: Operator, tmp_path: Path) -> None:
    """Not in the state folder, a backup, a log, the page, or what a process shows."""
    with Watching(enrolled):
        made = [
            enrolled.do("tokens", "create", "--agent", "cursor-1").out.strip(),
            enrolled.do("tokens", "create", "--role", "observer").out.strip(),
            enrolled.do("tokens", "create", "--role", "operator").out.strip(),
        ]
        running = place.Running.read(enrolled.state_dir)
        assert running is not None
        with client.connect_sync(
            running.url, agent="cursor-1", token=made[0], workspace=str(enrolled.root)
        ) as agent:
            agent.status()
        for token in made:  # what is refused is written down with care too
            with pytest.raises(client.HubRefused):
                client.connect_sync(
                    running.url, agent="codex-1", token=token, timeout=5
                ).__enter__()
        enrolled.do("backup", str(tmp_path / "backup"))

        shown = {
            **_files(enrolled.state_dir),
            **_files(tmp_path / "backup"),
            **_processes(),
            **_pages(running.url),
        }

    assert len(shown) > 10
    for secret in (*made, PASSPHRASE):
        left = [place for place, held in shown.items() if secret.encode() in held]
        assert [] == left


def _files(folder: Path) -> dict[str, bytes]:
    found = (file for file in folder.rglob("*") if file.is_file())
    return {str(file): file.read_bytes() for file in found}


def _processes() -> dict[str, bytes]:
    """What every process of ours shows to every other: its words and environment."""
    shown = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        for name in ("cmdline", "environ"):
            try:
                shown[f"{entry}/{name}"] = (entry / name).read_bytes()
            except OSError:
                continue  # ended, or another user's
    return shown


def _pages(url: str) -> dict[str, bytes]:
    paths = ("/", "/page.js", "/healthz", "/readyz", "/asyncapi.json")
    found = {}
    for path in paths:
        with urllib.request.urlopen(url + path, timeout=10) as answer:
            found[url + path] = answer.read()
    return found
