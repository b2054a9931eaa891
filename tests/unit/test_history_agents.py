"""Which agent a commit names, and which people are no agents."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualitywatch.attribution.commits import Recogniser, signed
from qualitywatch.attribution.known import KNOWN, Signature
from qualitywatch.model import is_agent_id

HUMAN = "Ada <ada@example.org>"
RECOGNISER = Recogniser()

GITHUB = "users.noreply.github.com"
AGENTS = [
    ("Claude <noreply@anthropic.com>", "claude"),
    ("Claude Opus 4.6 (1M context) <noreply@anthropic.com>", "claude"),
    ("Anthropic Claude Sonnet 4 <claude@anthropic.com>", "claude"),
    ("Claude Code - Fable 5, Opus 4.8, Sonnet 5", "claude"),
    ("Claude", "claude"),
    ("Claude:claude-opus-4-8[1m]", "claude"),
    (f"claude[bot] <209825114+claude[bot]@{GITHUB}>", "claude"),
    ("Codex <codex@openai.com>", "codex"),
    ("Codex Engineer <noreply@openai.com>", "codex"),
    ("OpenAI Codex", "codex"),
    ("Cursor Agent <cursoragent@cursor.com>", "cursor"),
    ("Cursor AI <ai@cursor.sh>", "cursor"),
    ("Cursor", "cursor"),
    (f"Copilot <175728472+Copilot@{GITHUB}>", "copilot"),
    (f"copilot-swe-agent[bot] <198982749+Copilot@{GITHUB}>", "copilot"),
    ("Copilot <copilot@github.com>", "copilot"),
    (
        "Copilot Autofix powered by AI <62310815+github-advanced-security[bot]"
        f"@{GITHUB}>",
        "copilot",
    ),
    (f"gemini-code-assist[bot] <176961590+gemini-code-assist[bot]@{GITHUB}>", "gemini"),
    (f"gemini-cli <218195315+gemini-cli@{GITHUB}>", "gemini"),
    (
        f"google-labs-jules[bot] <161369871+google-labs-jules[bot]@{GITHUB}>",
        "jules",
    ),
    ("Ada (aider) <ada@example.org>", "aider"),
    ("aider (gpt-5) <noreply@aider.chat>", "aider"),
    ("aider (gpt-4)", "aider"),
    (f"Devin AI <158243242+devin-ai-integration[bot]@{GITHUB}>", "devin"),
    ("Windsurf", "windsurf"),
    ("OpenCode <noreply@opencode.ai>", "opencode"),
    ("Amp <amp@ampcode.com>", "amp"),
    ("openhands <openhands@all-hands.dev>", "openhands"),
    ("Qwen-Coder <qwen-coder@alibabacloud.com>", "qwen-coder"),
    (f"factory-droid[bot] <138933559+factory-droid[bot]@{GITHUB}>", "factory-droid"),
    (f"gpt-engineer-app[bot] <159125892+gpt-engineer-app[bot]@{GITHUB}>", "lovable"),
    ("Replit Agent <agent@replit.com>", "replit"),
]

PEOPLE = [
    "Claude Brisson <claude@renegat.net>",
    "Claude <claude@example.org>",
    "Claude Meyer <claude@claudobahn.com>",
    "Devin <devin@devindombrowski.com>",
    "Devin Ivy <devin@bigroomstudios.com>",
    "Jules Janssen <jules@julesj.nl>",
    "Gemini Wen <geminiwen@aliyun.com>",
    "Haider Ali <haider00125@gmail.com>",
    "Jeremy Cline <jeremy@jcline.org>",
    "codextends <codextends@gmail.com>",
    "Rob Stiles <robs@codexsoftware.co.uk>",
    "davidmatson <opencode@outlook.com>",
    "jif-oai <jif@openai.com>",
    f"dependabot[bot] <49699333+dependabot[bot]@{GITHUB}>",
    f"whitesource-bolt-for-github[bot] <whitesource-bolt-for-github[bot]@{GITHUB}>",
    "GitHub <noreply@github.com>",
    "cursor\udcff <a@b>",
    "",
]


@pytest.mark.parametrize(("text", "expected"), AGENTS)
def test_an_agent_is_known(text: str, expected: str) -> None:
    """Each signature was seen in a public history or in the agent's own documents."""
    assert expected == RECOGNISER.agent_of(HUMAN, HUMAN, [("Co-Authored-By", text)])


@pytest.mark.parametrize("text", PEOPLE)
def test_people_are_no_agents(text: str) -> None:
    """A first name, or a word inside another one, accuses nobody."""
    assert RECOGNISER.agent_of(text, text, [("co-authored-by", text)]) is None


@pytest.mark.parametrize("place", ["author", "committer", "trailer"])
def test_every_place_counts(place: str) -> None:
    """The author, the committer, and a trailer can name an agent."""
    agent = "Amp <amp@ampcode.com>"
    author = agent if place == "author" else HUMAN
    committer = agent if place == "committer" else HUMAN
    trailers = [("Assisted-by", agent)] if place == "trailer" else []

    assert RECOGNISER.agent_of(author, committer, trailers) == "amp"


def test_the_author_comes_first() -> None:
    """A commit has one agent: whoever wrote it, before those who took part."""
    trailers = [("Co-authored-by", "Amp <amp@ampcode.com>")]

    found = RECOGNISER.agent_of("X <codex@openai.com>", HUMAN, trailers)

    assert found == "codex"


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("Made-with", "Cursor", "cursor"),
        ("Generated-by", "Claude Code", "claude"),
        ("Claude-Session", "https://claude.ai/code/session_01Gr", "claude"),
        ("Reviewed-by", "Claude <noreply@anthropic.com>", None),
        ("Signed-off-by", "Claude", None),
    ],
)
def test_only_some_trailers_name_the_maker(
    key: str, value: str, expected: str | None
) -> None:
    """Whoever read a commit did not write it."""
    assert RECOGNISER.agent_of(HUMAN, HUMAN, [(key, value)]) == expected


def test_own_signatures_come_first() -> None:
    """Configuration can name what we do not know, and rename what we do."""
    own = (
        Signature(id="house-bot", patterns=(r"@bots\.example\.org>",)),
        Signature(id="claude-ci", patterns=(r"<noreply@anthropic\.com>",)),
    )
    recogniser = Recogniser(own)

    assert recogniser.agent_of("X <x@bots.example.org>", HUMAN) == "house-bot"
    assert recogniser.agent_of("C <noreply@anthropic.com>", HUMAN) == "claude-ci"
    assert recogniser.ids[:2] == ("house-bot", "claude-ci")


def test_ids_can_be_used_everywhere() -> None:
    """What we call an agent is an agent id, and no agent stands there twice."""
    ids = [signature.id for signature in KNOWN]

    assert all(is_agent_id(id) for id in ids)
    assert sorted(set(ids)) == sorted(ids)


@given(st.text(), st.text())
def test_any_name_is_taken(name: str, address: str) -> None:
    """Whatever a commit says, there is an answer."""
    agent = RECOGNISER.agent_of(signed(name, address), signed(name, address))

    assert agent is None or agent in RECOGNISER.ids
