"""How the coding agents that we know sign their commits.

Only signatures that were seen in public histories, or that an agent's own documents
give, stand here: an address that only the agent has, or a name that no person bears in
that form. People are called Claude, Devin and Jules, so a bare first name beside an
address of its own proves nothing. Other agents are a matter of configuration
(`[[agents]]`).
"""

from __future__ import annotations

from qualitywatch.model import Noun


class Signature(Noun):
    """An agent and how it signs: RE2 expressions, each for ``Name <address>``."""

    id: str
    patterns: tuple[str, ...]


def _bot(*names: str) -> str:
    """The address that GitHub gives to an application of one of these names."""
    alternatives = "|".join(names)
    return rf"<(\d+\+)?({alternatives})\[bot\]@users\.noreply\.github\.com>"


# Where each was seen is said in docs/history.md.
KNOWN = (
    Signature(
        id="claude",
        patterns=(
            r"<(noreply|claude)@anthropic\.com>",
            _bot("claude", "anthropic-claude", "claude-code-action"),
            r"^(anthropic )?claude( code)?(:[^<]*)?$",
            r"^(anthropic )?claude (code|opus|sonnet|haiku|fable)\b",
            r"^https://claude\.ai/code/",
        ),
    ),
    Signature(
        id="codex",
        patterns=(
            r"<(noreply|codex)@openai\.com>",
            _bot("openai-codex", "chatgpt-codex-connector"),
            r"^(openai )?codex( cli| agent)?(:[^<]*)?$",
            r"^openai codex\b",
        ),
    ),
    Signature(
        id="cursor",
        patterns=(
            r"<(cursoragent|noreply)@cursor\.com>",
            r"<ai@cursor\.sh>",
            _bot("cursor"),
            r"^cursor( agent| ai)?(:[^<]*)?$",
        ),
    ),
    Signature(
        id="copilot",
        patterns=(
            r"<(\d+\+)?copilot@users\.noreply\.github\.com>",
            r"<copilot@github\.com>",
            _bot("copilot", "copilot-swe-agent"),
            r"^(github )?copilot(:[^<]*)?$",
            r"^copilot autofix powered by ai\b",
        ),
    ),
    Signature(
        id="gemini",
        patterns=(
            r"<(\d+\+)?gemini-cli@users\.noreply\.github\.com>",
            r"<gemini-cli@google\.com>",
            _bot("gemini-code-assist", "gemini-cli"),
            r"^(google )?gemini([ -]cli| code assist)?(:[^<]*)?$",
        ),
    ),
    Signature(id="jules", patterns=(_bot("google-labs-jules"),)),
    Signature(
        id="aider",
        patterns=(
            r"<(noreply|aider)@aider\.chat>",
            r"^[^<]*\(aider\) ?(<|$)",
            r"^aider \([^<]*\)",
        ),
    ),
    Signature(
        id="devin",
        patterns=(_bot("devin-ai-integration"), r"^devin ai$"),
    ),
    Signature(
        id="windsurf",
        patterns=(r"<noreply@(windsurf|codeium)\.com>", r"^windsurf( cascade)?$"),
    ),
    Signature(id="opencode", patterns=(r"<noreply@opencode\.ai>", r"^opencode$")),
    Signature(id="amp", patterns=(r"<amp@ampcode\.com>",)),
    Signature(id="openhands", patterns=(r"<openhands@all-hands\.dev>",)),
    Signature(id="qwen-coder", patterns=(r"<qwen-coder@alibabacloud\.com>",)),
    Signature(id="factory-droid", patterns=(_bot("factory-droid"),)),
    Signature(id="lovable", patterns=(_bot("lovable-dev", "gpt-engineer-app"),)),
    Signature(id="replit", patterns=(r"<agent@replit\.com>",)),
    Signature(id="cline", patterns=(_bot("cline"), r"^cline$")),
    Signature(id="amazon-q", patterns=(_bot("amazon-q-developer"),)),
)
