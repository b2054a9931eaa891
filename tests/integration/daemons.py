"""A daemon as a process, whose events are read as they come."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import qualitywatch

SOURCES = str(Path(qualitywatch.__file__).parents[1])


class Daemon:
    """`qualitywatch watch` with every event on its standard output."""

    def __init__(self, root: Path, *options: str) -> None:
        command = [sys.executable, "-m", "qualitywatch", "watch", str(root)]
        self.log = root.parent / "daemon.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--format", "jsonl", *options],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, "PYTHONPATH": SOURCES},
                start_new_session=True,  # no terminal: nobody is asked
            )
        self.ready = self._line()

    @property
    def errors(self) -> str:
        """All it has said on stderr."""
        return self.log.read_text()

    def event(self, kind: str, **fields: str) -> dict[str, Any]:
        """The next event of *kind* that holds *fields*; its data."""
        while True:
            event = json.loads(self._line())
            data: dict[str, Any] = event["data"]
            if event["type"] == kind and fields.items() <= data.items():
                return data

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Its exit code after a signal."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        with self.process:
            return self.process.wait(timeout=20)

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()
