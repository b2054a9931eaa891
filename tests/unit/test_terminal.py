"""What is printed is readable for people, exact for programs, and harmless."""

from __future__ import annotations

import io
import json
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qualitywatch.cli import terminal
from qualitywatch.errors import UserError
from tests import factories

HOSTILE = [
    "\x1b[2K\x1b[1A GO",  # erases the verdict above
    "\x1b]8;;http://evil\x07link\x1b]8;;\x07",  # a link to somewhere else
    "app\r GO ",  # overwrites its own line
    "\x9b31m",  # a control sequence in one sign
    "\u202egpj.exe",  # turns the direction
    "\u2066a\u2069",
    "zero\u200bwidth",
    "line\u2028break",
    "tag\U000e0041",
    "private\ue000",
    "\x00",
    "\x7f",
    "\udcff",  # a byte of a file name that is no UTF-8
]
COLUMNS = {"ID": lambda agent: agent.id, "NAME": lambda agent: agent.name}


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_safe_leaves_no_hidden_sign(text: str) -> None:
    """Controls, directions, invisible and private signs are written out."""
    shown = terminal.safe(text)

    assert _hidden(shown) == set()
    assert shown.isprintable()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text", "plain text"),
        ("Grüße, 世界", "Grüße, 世界"),
        ("a\tb", "a\tb"),
        ("a\nb", "a\\nb"),
        ("\x1b[31m", "\\x1b[31m"),
        ("\u202e", "\\u202e"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_safe_changes_only_what_is_hidden(text: str, shown: str) -> None:
    """People's letters stay as they are."""
    assert shown == terminal.safe(text)


@settings(deadline=None)
@given(text=st.text())
def test_safe_text_stays_on_its_line(text: str) -> None:
    """No text at all can start a line or move the cursor, except by a tab."""
    assert _hidden(terminal.safe(text).replace("\t", "")) == set()


@settings(deadline=None)
@given(text=st.text(st.characters(codec="utf-8")))
def test_json_means_what_was_given(text: str) -> None:
    """Escapes in JSON are lossless, and nothing hidden is left in it."""
    written = terminal.json_text({"name": text})

    assert {"name": text} == json.loads(written)
    assert _hidden(written) == set()


def test_json_is_indented_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    """One object is printed over several lines."""
    terminal.say_object(factories.agent(name="\x9b\u202e"))

    printed = capsys.readouterr().out
    assert '  "name": "\\u009b\\u202e",\n' in printed
    assert "\x9b\u202e" == json.loads(printed)["name"]


def test_table_is_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    """Columns start at the same place on every line, without trailing spaces."""
    agents = [factories.agent("a", name="Ada"), factories.agent("cursor-1", name="C")]

    terminal.say_list(agents, "text", columns=COLUMNS, empty="none")

    assert "ID        NAME\na         Ada\ncursor-1  C\n" == capsys.readouterr().out


def test_wide_signs_keep_the_table_aligned(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A sign that takes two places is counted as two."""
    terminal.say_table(COLUMNS, [factories.agent("世界", name="n")])

    assert ["ID    NAME", "世界  n"] == capsys.readouterr().out.splitlines()


def test_hostile_name_can_not_add_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    """One value is one line, whatever its texts hold."""
    agents = [factories.agent("x", name="\n".join(HOSTILE) + "\tlast")]

    terminal.say_list(agents, "text", columns=COLUMNS, empty="none")

    printed = capsys.readouterr().out
    assert 2 == len(printed.splitlines())
    assert _hidden(printed.replace("\n", "")) == set()


def test_table_on_a_terminal_is_harmless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rich adds its own colours; markup, links and escapes of others stay text."""
    screen = _Screen()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "200")

    hostile = "[link=http://evil]:warning:[/link]\x1b[2K"
    terminal.say_table(COLUMNS, [factories.agent("quarantined", name=hostile)])

    assert "[link=http://evil]:warning:[/link]\\x1b[2K" in screen.getvalue()
    assert "\x1b[1;31mquarantined" in screen.getvalue()


def test_line_break_does_not_begin_a_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A file may be called `a\\nGO`; what is shown as a block keeps its lines."""
    terminal.say("a\nGO")
    terminal.say_block("a\nb")

    assert "a\\nGO\na\nb\n" == capsys.readouterr().out


def test_nothing_to_list_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """People read a sentence, not a lonely heading."""
    terminal.say_list([], "text", columns=COLUMNS, empty="no agent yet")

    assert "no agent yet\n" == capsys.readouterr().out


@pytest.mark.parametrize(("format", "printed"), [("json", "[]\n"), ("jsonl", "")])
def test_nothing_to_list_is_valid_for_programs(
    format: str, printed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """An empty array, or no line at all."""
    terminal.say_list([], format, columns=COLUMNS, empty="no agent yet")

    assert printed == capsys.readouterr().out


def test_jsonl_is_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A line break in a value does not end its line."""
    agents = [factories.agent("a", name="1\n2"), factories.agent("b")]

    terminal.say_list(agents, "jsonl", columns=COLUMNS, empty="")

    lines = capsys.readouterr().out.splitlines()
    assert ["1\n2", "b"] == [json.loads(line)["name"] for line in lines]


def test_old_terminal_gets_escapes(monkeypatch: pytest.MonkeyPatch) -> None:
    """What its encoding can not show does not end in a traceback."""
    raw = io.BytesIO()
    screen = io.TextIOWrapper(raw, encoding="ascii")
    monkeypatch.setattr(sys, "stdout", screen)

    terminal.say("Grüße")
    screen.flush()

    assert b"Gr\\xfc\\xdfe\n" == raw.getvalue()


def test_diagnostics_go_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    """Standard output holds results alone, so that it can be piped."""
    terminal.complain(UserError("no\x1b[2K", place="a", hint="b"))

    printed = capsys.readouterr()
    assert "" == printed.out
    assert "qualitywatch: a: no\\x1b[2K\n  hint: b\n" == printed.err


@pytest.mark.parametrize(
    ("iso", "shown"),
    [
        ("2026-01-02T03:04:05.678+00:00", "2026-01-02 03:04:05 UTC"),
        ("2026-01-02T03:04:05Z", "2026-01-02 03:04:05 UTC"),
        (None, "-"),
    ],
)
def test_moment(iso: str | None, shown: str) -> None:
    """Times are read to the second."""
    assert shown == terminal.moment(iso)


def test_no_command_prints_past_this_module() -> None:
    """`print` and `click.echo` know nothing of hostile names; only owners may."""
    mine = ("agents", "init", "quarantine", "release", "tokens", "violations")
    folder = Path(terminal.__file__).parent

    printing = [
        name
        for name in mine
        if any(
            word in (folder / f"{name}.py").read_text()
            for word in ("print(", "click.echo", "stdout")
        )
    ]

    assert [] == printing


class _Screen(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def _hidden(text: str) -> set[str]:
    return {
        sign
        for sign in text
        if unicodedata.category(sign) in {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
    }
