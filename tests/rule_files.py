"""The text of a rule file that the loader accepts, to be spoilt in one place."""

from __future__ import annotations

from pathlib import Path

from qualitywatch import rulebook
from qualitywatch.model import ViolationType
from qualitywatch.rulebook import Rule

SOUND = """\
# `left-breakpoint`

```toml
severity   = "low"
confidence = "likely"
message    = "A call of breakpoint"
remedy     = "Take the call away."
since      = "0.1.0"
tags       = ["control-flow"]
```

## What it finds

A call of `breakpoint`.

## Why it matters

The program stops.

## When to leave it

Never.

## Python

```query
(call function: (identifier) @name (#eq? @name "breakpoint")) @hit
```

```python
breakpoint()  # finds
```

```python
print()
```
"""


def spoilt(old: str, new: str) -> str:
    """The sound text with *old* replaced, which must be there."""
    assert SOUND.count(old) == 1, f"{SOUND.count(old)} times: {old}"
    return SOUND.replace(old, new)


def parsed(text: str = SOUND, id: str = "left-breakpoint") -> Rule:
    """The rule in *text*, read without compiling its patterns."""
    return rulebook.parse(text, source="rule.md", id=id, type=ViolationType.LOGIC_ERROR)


def written(
    folder: Path, text: str = SOUND, name: str = "logic-error/left-breakpoint.md"
) -> Path:
    """The file *name* below *folder*, holding *text*."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
