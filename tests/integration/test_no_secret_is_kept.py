"""Tokens and the passphrase stand nowhere but where their owner has put them."""

from __future__ import annotations

import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

import qualitywatch
from qualitywatch.daemon.place import Running
from qualitywatch.errors import PeerError
from tests.integration.daemons import Daemon
from tests.integration.guarded import Guarded
from tests.integration.operating import PASSPHRASE

GUESS = "wrong horse battery staple"


def places(guarded: Guarded, daemon: Daemon) -> Iterator[tuple[str, bytes]]:
    """Everything that others could read: files, processes, what was sent."""
    folders = (guarded.state_dir, Path(os.environ["XDG_STATE_HOME"]), guarded.repo.root)
    for folder in folders:
        for file in folder.rglob("*"):
            if file.is_file():
                yield str(file), file.read_bytes()
    yield "what the daemon printed", daemon.log.read_bytes()
    process = psutil.Process(daemon.process.pid)
    for one in (process, *process.children(recursive=True)):
        yield f"arguments of {one.pid}", " ".join(one.cmdline()).encode()
        yield f"environment of {one.pid}", repr(one.environ()).encode()
    running = Running.read(guarded.state_dir)
    assert running is not None
    for path in ("/", "/healthz", "/metrics", "/api/v1/agents"):
        try:
            with urllib.request.urlopen(f"{running.url}{path}", timeout=5) as answer:
                yield path, answer.read()
        except urllib.error.HTTPError as error:
            yield path, error.read()


@pytest.fixture
def daemon(guarded: Guarded) -> Iterator[Daemon]:
    secret_file = str(guarded.operator.passphrase_file)
    daemon = Daemon(guarded.repo.root, "--port", "0", "--passphrase-file", secret_file)
    yield daemon
    daemon.end()


def test_no_secret_is_found_anywhere(guarded: Guarded, daemon: Daemon) -> None:
    """After logins that worked and that did not, an answer and a release."""
    made = guarded.operator.do("tokens", "create", "--role", "agent", "--agent", "a-1")
    token = made.out.strip()
    running = Running.read(guarded.state_dir)
    assert running is not None
    url = f"ws{running.url.removeprefix('http')}/ws"
    with qualitywatch.connect_sync(url, agent="a-1", token=token) as client:
        client.status()
    forged = token[:-1] + ("a" if token[-1] != "a" else "b")
    with (
        pytest.raises(PeerError),
        qualitywatch.connect_sync(url, agent="a-1", token=forged),
    ):
        pass
    wrong = guarded.repo.root.parent / "wrong"
    wrong.write_text(GUESS)
    wrong.chmod(0o600)
    refused = guarded.operator.do("release", "cursor-1", "--reason", "x", file=wrong)
    guarded.operator.do("release", "cursor-1", "--reason", "mended")

    secrets = (token, forged, PASSPHRASE, GUESS)
    found = [
        (place, secret[:4])
        for place, content in places(guarded, daemon)
        for secret in secrets
        if secret.encode() in content
    ]
    assert 2 == refused.code
    assert [] == found

    guarded.state_dir.joinpath("note").write_text(PASSPHRASE)
    assert any(PASSPHRASE.encode() in content for _, content in places(guarded, daemon))
