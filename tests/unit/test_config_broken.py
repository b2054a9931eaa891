"""Sixty broken settings: each is told with its file, line, key and a way out."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from qualitywatch import config
from qualitywatch.cli import main
from qualitywatch.errors import ConfigError

BAD_AGENT = '[[agents]]\nid = "bot"\npatterns = '

# what stands in the file, the line that is named, what is said of it
TABLE: list[tuple[str, int | None, str]] = [
    # unknown
    ("[hubb]\nport = 1\n", 1, "`hubb`"),
    ("[hub]\nprot = 1\n", 2, "`hub.prot`"),
    ("[hub]\n\n# port\nPort = 1\n", 4, "`hub.Port`"),
    ("[watch]\nsettle = 5\n", 2, "`watch.settle`"),
    ("[policy]\nseverty = 'high'\n", 2, "`policy.severty`"),
    ("[gate]\nfail-on = 'high'\n", 2, "`gate.fail-on`"),
    ("[rules]\nenabled = []\n", 2, "`rules.enabled`"),
    ("[analysis]\nthreads = 2\n", 2, "`analysis.threads`"),
    ("unknown = 1\n", 1, "`unknown`"),
    ("hub.unknown = 1\n", 1, "`hub.unknown`"),
    ("[[agents]]\nid = 'a'\npatterns = ['a']\nx = 1\n", 4, "`agents[0].x`"),
    ("[[analysers]]\nname = 'ruff'\nx = 1\n", 3, "`analysers[0].x`"),
    ("[[policy.strikes]]\nname = 'a'\nx = 1\n", 3, "`policy.strikes[0].x`"),
    # of the wrong type
    ("[hub]\nport = '7433'\n", 2, "`hub.port`"),
    ("[hub]\nport = 7433.5\n", 2, "`hub.port`"),
    ("[hub]\nport = true\n", 2, "`hub.port`"),
    ("[hub]\nport = []\n", 2, "`hub.port`"),
    ("[hub]\nhost = 1\n", 2, "`hub.host`"),
    ("[watch]\nignore = 'build/'\n", 2, "`watch.ignore`"),
    ("[watch]\nignore = [1]\n", 2, "`watch.ignore[0]`"),
    ("[rules]\ndisabled = 'a'\n", 2, "`rules.disabled`"),
    ("[rules]\ndisabled = [[]]\n", 2, "`rules.disabled[0]`"),
    ("hub = 1\n", 1, "`hub`"),
    ("hub = []\n", 1, "`hub`"),
    ("[[hub]]\nport = 1\n", 1, "`hub`"),
    ("agents = {}\n", 1, "`agents`"),
    ("agents = [1]\n", 1, "`agents[0]`"),
    ("[agents]\nid = 'a'\n", 1, "`agents`"),
    ("[watch]\nsettle_ms = 2020-01-01\n", 2, "`watch.settle_ms`"),
    ("[enforcement]\nrestore = 'yes'\n", 2, "`enforcement.restore`"),
    # out of range
    ("[hub]\nport = -1\n", 2, "`hub.port`"),
    ("[hub]\nport = 65536\n", 2, "`hub.port`"),
    ("[hub]\nport = 99999999999999999999999\n", 2, "`hub.port`"),
    ("[hub]\nmax_connections = 0\n", 2, "`hub.max_connections`"),
    ("[watch]\nsettle_ms = 0\n", 2, "`watch.settle_ms`"),
    ("[watch]\nsettle_ms = 3600001\n", 2, "`watch.settle_ms`"),
    ("[analysis]\nworkers = 65\n", 2, "`analysis.workers`"),
    ("[analysis]\nworkers = inf\n", 2, "`analysis.workers`"),
    ("[analysis]\nworkers = nan\n", 2, "`analysis.workers`"),
    ("[policy]\nseverity = 'severe'\n", 2, "`policy.severity`"),
    ("[policy]\nseverity = 'HIGH'\n", 2, "`policy.severity`"),
    ("[policy]\nunattributed = 'maybe'\n", 2, "`policy.unattributed`"),
    ("[gate]\nconfidence = ''\n", 2, "`gate.confidence`"),
    # lacking
    ("[[agents]]\nid = 'a'\n", 1, "`agents[0]`"),
    ("[[agents]]\npatterns = ['a']\n", 1, "`agents[0]`"),
    ("[[analysers]]\ntimeout_ms = 5\n", 1, "`analysers[0]`"),
    (f"{BAD_AGENT}[]\n", 3, "`agents[0].patterns`"),
    # that can not be used
    ("[hub]\nhost = '0.0.0.0'\n", 2, "`hub.host`"),
    ("[hub]\nhost = 'example.org'\n", 2, "`hub.host`"),
    ("[watch]\nignore = ['a\\']\n", 2, "`watch.ignore`"),
    (f"{BAD_AGENT}['(']\n", 3, "`agents[0].patterns`"),
    (f"{BAD_AGENT}['(?=a)']\n", 3, "`agents[0].patterns`"),
    (f"{BAD_AGENT}['(a)\\1']\n", 3, "`agents[0].patterns`"),
    (f"{BAD_AGENT}['a{{1001}}']\n", 3, "`agents[0].patterns`"),
    ("[[agents]]\nid = 'A B'\npatterns = ['a']\n", 2, "`agents[0].id`"),
    ("[[analysers]]\nname = 'A B'\n", 2, "`analysers[0].name`"),
    ("[audit]\nexport = ['here']\n", 2, "`audit.export[0]`"),
    # no TOML
    ("[hub\nport = 1\n", 1, "is not TOML"),
    ("[hub]\nport 1\n", 2, "is not TOML"),
    ("[hub]\nport = \n", 2, "is not TOML"),
    ("[hub]\nport = 1\nport = 2\n", 3, "is not TOML"),
    ("[hub]\n[hub]\n", None, "is not TOML"),
    ("a = '\n", None, "is not TOML"),
    ('a = """\n', None, "is not TOML"),
    ("a = '" + "." * 100 + "\n", None, "is not TOML"),
    ("hub:\n  port: 1\n", 1, "is not TOML"),
    ("\x00", 1, "is not TOML"),
    ("a = 1 = 2\n", 1, "is not TOML"),
    # bombs
    ("a = " + "[" * 100_000, None, "is not TOML"),
    ("a = " + "{a=" * 50_000, None, "is not TOML"),
    ("[" + "a." * 100_000 + "b]\n", 1, "more than 32 parts"),
    ("[" + '"a" . ' * 30_000 + "b]\n", 1, "more than 32 parts"),
    ("".join(f"{'c.' * 31}b{n} = 1\n" for n in range(3500)), None, "`c`"),
    ("a = [" + "1," * 100_000 + "]\n", 1, "`a`"),
    ("".join(f"[a{n}]\n" for n in range(25_000)), 1, "`a0`"),
    ("a = '" + "x" * config.MAX_BYTES + "'\n", None, "larger than 256 KiB"),
    ("#" * (10 * config.MAX_BYTES), None, "larger than 256 KiB"),
    ("&a [*a, *a]\n", 1, "is not TOML"),
]


@pytest.mark.parametrize(("text", "line", "said"), TABLE, ids=range(len(TABLE)))
def test_it_is_told_at_once_with_file_line_key_and_hint(
    tmp_path: Path, text: str, line: int | None, said: str
):
    file = tmp_path / config.FILE_NAME
    file.write_text(text)
    begun = time.thread_time()

    with pytest.raises(ConfigError) as refused:
        config.load(tmp_path)

    error = refused.value
    assert 1.0 > time.thread_time() - begun
    assert said in error.problem
    assert error.hint
    assert str(file) == error.place.partition(":")[0]
    if line is not None:
        assert f"{file}:{line}" == error.place
    assert 700 > len(str(error).removeprefix(str(file)))


def test_there_are_sixty() -> None:
    assert 60 <= len(TABLE)


def in_latin_1(file: Path) -> None:
    file.write_bytes(b"[hub]\nhost = '\xe9'\n")


def of_a_spreadsheet(file: Path) -> None:
    file.write_bytes("﻿[hub]\n".encode("utf-16"))


FILES: list[tuple[Callable[[Path], object], str]] = [
    (Path.mkdir, "is not a file"),
    (os.mkfifo, "is not a file"),
    (lambda file: file.symlink_to("/dev/zero"), "is not a file"),
    (lambda file: file.symlink_to(file), "can not be read"),
    (in_latin_1, "is not TOML"),
    (of_a_spreadsheet, "is not TOML"),
]


@pytest.mark.parametrize(("make", "said"), FILES)
def test_an_odd_file_is_told_with_a_hint(tmp_path: Path, make, said: str):
    make(tmp_path / config.FILE_NAME)

    with pytest.raises(ConfigError) as refused:
        config.load(tmp_path)

    assert said in refused.value.problem
    assert refused.value.hint


@pytest.mark.parametrize(("text", "line", "said"), TABLE[:3])
def test_a_command_ends_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, line: int, said: str
):
    (tmp_path / config.FILE_NAME).write_text(text)

    code = main.run(["watch", str(tmp_path)])

    printed = capsys.readouterr().err
    assert (2, True) == (code, f"{config.FILE_NAME}:{line}: {said}" in printed)
    assert "hint: " in printed
