"""Finds out whether git comes to us when it runs a hook: by having it run one.

The hook is run by git itself, so that whatever git goes by counts: another folder of
hooks, a file that may not be run, an interpreter that is gone. A variable holds a word;
whoever of us is called with it says the word and refuses. So nothing is judged, nothing
is committed, and nobody passes a hook by setting it.
"""

from __future__ import annotations

import os
import subprocess

from qualitywatch.git import Repository
from qualitywatch.regex import regex

VARIABLE = "QUALITYWATCH_PROBE"
_SECONDS = 30
_WORD = regex(r"[0-9a-f]{32}")
_MOST = 300  # signs of what it says instead


def answer() -> str | None:
    """What our side of a hook says to a probe; `None` where nobody probes."""
    word = os.environ.get(VARIABLE, "")
    return f"probed {word}" if _WORD.fullmatch(word) else None


def why_silent(repository: Repository, hook: str) -> str | None:
    """Why git does not reach us by *hook*, or `None`: it does."""
    word = os.urandom(16).hex()
    folder = repository.root or repository.git_dir
    try:
        done = subprocess.run(
            ["git", "-C", os.fspath(folder), "hook", "run", hook],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            env={**os.environ, VARIABLE: word},
        )
    except subprocess.TimeoutExpired:
        return f"it does not answer within {_SECONDS} s"
    said = (done.stdout + done.stderr).decode("utf-8", "replace")
    if f"probed {word}" not in said:
        return " ".join(said.split())[:_MOST] or "it ran, and we were never asked"
    if done.returncode == 0:
        return "we are asked, but what we answer is not heeded"
    return None
