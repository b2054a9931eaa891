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
_NAME = "\N{BULLET}"  # in place of the parameter: one expression serves all names
_BOUND_ANEW = regex(rf"^[ \t]*{_NAME}\s*(?::[^=\n]*)?=(?!=)", re.MULTILINE)
_CHANGES = regex(
    rf"(?<![\w.]){_NAME}(?:\[[^\]\n]*\])*\.(?:append|extend|insert|add|update|setdefault|pop\w*"
    r"|remove|discard|clear|sort|reverse|write|appendleft)\("
    rf"|(?<![\w.]){_NAME}(?:\[[^\]\n]*\])+\s*(?:[-+*/|&]|//)?=(?!=)"
    rf"|(?<![\w.]){_NAME}\s*[-+*|&]=(?!=)"
    rf"|\bdel\s+{_NAME}\["
    rf"|^[ \t]*(?:self|cls)\.\w+\s*(?::[^=\n]*)?=\s*{_NAME}\s*(?:#|$)"
    rf"|^[ \t]*(?:return|yield)\s+{_NAME}\s*(?:#|$)",
    re.MULTILINE,
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
    called = re.escape(name.text.decode())
    text = re.sub(rf"(?<![\w.]){called}\b", _NAME, body.text.decode("utf-8", "replace"))
    if _BOUND_ANEW.search(text):
        return False  # most often to a copy
    return _CHANGES.search(text) is not None
