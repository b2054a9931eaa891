"""Defaults of Python that all calls share: a list, dict or set.

Needs the body of the function: a default that nobody changes or keeps does no harm.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import tree_sitter

from qualitywatch.analysis.comparing.compare import Comparison
from qualitywatch.analysis.comparing.touched import hit_at, is_touched, touched
from qualitywatch.analysis.hit import Hit
from qualitywatch.regex import regex

DEFAULTS = frozenset({"default_parameter", "typed_default_parameter"})
_MUTABLE = frozenset(
    {
        "dictionary",
        "dictionary_comprehension",
        "list",
        "list_comprehension",
        "set",
        "set_comprehension",
    }
)
_MAKERS = regex(
    rb"(?:(?:collections\.)?(?:defaultdict|deque|OrderedDict|Counter)|list|dict|set"
    rb"|bytearray)\("
)
_CHANGES = (
    r"(?<![\w.]){name}(?:\[[^\]\n]*\])*\.(?:append|extend|insert|add|update|setdefault|pop\w*"
    r"|remove|discard|clear|sort|reverse|write|appendleft)\("
    r"|(?<![\w.]){name}(?:\[[^\]\n]*\])+\s*(?:[-+*/|&]|//)?=(?!=)"
    r"|(?<![\w.]){name}\s*[-+*|&]=(?!=)"
    r"|\bdel\s+{name}\["
    r"|^[ \t]*(?:self|cls)\.\w+\s*(?::[^=\n]*)?=\s*{name}\s*(?:#|$)"
    r"|^[ \t]*(?:return|yield)\s+{name}\s*(?:#|$)"
)


def mutable_default(comparison: Comparison) -> Iterator[Hit]:
    """Defaults that are lists, dicts or sets and that the function changes or keeps."""
    if comparison.after.language.name != "python":
        return
    for node in touched(comparison, DEFAULTS):
        value = node.child_by_field_name("value")
        name = node.child_by_field_name("name")
        if value is None or name is None or not _is_mutable(value):
            continue
        if is_touched(comparison, node) and _is_shared(node, name):
            text = (name.text or b"").decode()
            yield hit_at(comparison, node, name=text)


def _is_mutable(value: tree_sitter.Node) -> bool:
    if value.type == "call":
        return _MAKERS.match(value.text or b"") is not None
    return value.type in _MUTABLE


def _is_shared(parameter: tree_sitter.Node, name: tree_sitter.Node) -> bool:
    """True where the body changes the value or lets others keep it."""
    function = parameter.parent.parent if parameter.parent is not None else None
    body = None if function is None else function.child_by_field_name("body")
    if body is None or body.text is None or name.text is None:
        return False
    text = body.text.decode("utf-8", "replace")
    called = re.escape(name.text.decode())
    if re.search(rf"^[ \t]*{called}\s*(?::[^=\n]*)?=(?!=)", text, re.MULTILINE):
        return False  # bound anew: most often to a copy
    return re.search(_CHANGES.replace("{name}", called), text, re.MULTILINE) is not None
