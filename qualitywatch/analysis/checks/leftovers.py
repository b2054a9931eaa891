"""What a merge, an edit tool or a chat leaves in a file.

Needs functions: the marks count only at the start of a line, outside strings and
comments, and where the base did not have them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from qualitywatch.analysis.comparing.compare import Comparison
from qualitywatch.analysis.hit import Hit
from qualitywatch.analysis.sources.quoting import Quoting
from qualitywatch.analysis.stubs.design import is_test_data
from qualitywatch.model import Confidence
from qualitywatch.regex import linear, regex

MAX_HITS = 50  # in one file

MARKUP = frozenset({"html", "vue", "svelte", "xml", "razor", "blade"})
"""Languages in which bare text and any tag may be meant."""

TEXTS = frozenset({"text", "tex"})
"""Languages that may hold anything: notes, prompts, mails."""

_EMBEDDING = frozenset({"javascript", "jsx", "tsx"})  # an element is an expression

_OPENS = ("<<<<<<<",)
_OURS = regex(r"<{7}( |$)")
_MIDDLE = regex(r"={7}$|%{7} |\+{7} |-{7} ")
_THEIRS = regex(r">{7}( |$)")
_EDITED = regex(
    r"<{5,9} ?(?:SEARCH|ORIGINAL)\b|>{5,9} ?(?:REPLACE|UPDATED)\b"
    r"|-{5,9} SEARCH$|\+{5,9} REPLACE$",
)
_FENCE = regex(r"(```+|~~~+)[ \t]*([\w+#.-]*)[ \t]*$")
_PATCH = regex(
    r"\*\*\* (?:Begin Patch|End Patch|End of File|(?:Update|Add|Delete) File: \S)"
    r"|diff --git a/\S+ b/\S"
    r"|@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@"
    r"|\+\+\+ (?:b/\S+|/dev/null)$"
    r"|index [0-9a-f]{7,40}\.\.[0-9a-f]{7,40}(?: \d{6})?$"
)
_PATCHES = regex(r"\.(?:patch|diff|rej)$")
_MIN_PREFIXED = 4  # lines that begin with `+`, to be a patch
_SHARE_PREFIXED = 0.8

# Nobody's markup: the frames in which models call tools.
_CALL = regex(
    r"</?(?:\w+:)?(?:function_calls|invoke|antml|tool_calls?|tool_use|tool_result"
    r"|tool_response|write_to_file|replace_in_file|apply_diff|insert_content"
    r"|attempt_completion|execute_command|str_replace_editor|boltA(?:rtifact|ction)"
    r"|antArtifact|file_content|line_count|end_of_turn|create_file|edit_file)\b[^<>]*>"
    r"|<\|(?:im_start|im_end|endoftext|eot_id|start_header_id|end|assistant|user)\|>"
    r"|<[|\uff5c]tool[\w\u2581]*[|\uff5c]>|\[/?TOOL_CALLS?\]"
)
# Elements that a document may have as well.
_CALL_PART = regex(
    r"</?(?:content|parameter|parameters|arguments|answer|thinking|think|artifact|result"
    r"|response|new_str|old_str|file_text|path|file|code|diff|output|command)"
    r"(?: name=\"[^\"]*\")?>"
)
_JSON_CALL = regex(
    r'\{\s*"(?:name|tool|tool_name|function)":\s*"[\w.-]+",\s*"(?:arguments|parameters|input'
    r'|args|params)":|\{\s*"type":\s*"(?:tool_use|function_call|tool_call)"'
)
_FIRST = 3  # lines with text, at both ends of a file
# How each of these begins: few texts have a line that begins so.
_BEGINNING = linear(
    rb"\n(?:<{5}|>{5}|-{5}|\+|```|~~~|\*\*\* [BEUAD]|diff --git|@@ -"
    rb"|index [0-9a-f]{7}|</?[\w[:^ascii:]]|<[|[:^ascii:]]|\[/?TOOL|\{[^\n]*\":)"
)


# The checks


def conflict_marker(comparison: Comparison) -> Iterator[Hit]:
    """One hit for each conflict that was never resolved, at its opening mark."""
    if not _may_be_left(comparison, _OPENS):
        return
    opened = [line for line in _conflicts(comparison) if comparison.is_new_line(line)]
    yield from outside_strings(comparison, opened)


def search_replace_mark(comparison: Comparison) -> Iterator[Hit]:
    """One hit for each mark of an edit block that was never applied."""
    return _marks(comparison, _EDITED, ("<", ">", "-", "+"))


def markdown_fence(comparison: Comparison) -> Iterator[Hit]:
    """One hit for each fence line that came with the code of a chat."""
    if comparison.after.language.name in TEXTS:
        return
    yield from _marks(comparison, _FENCE, ("```", "~~~"))


def patch_envelope(comparison: Comparison) -> Iterator[Hit]:
    """One hit at the first line that frames a patch, or begins with its `+`."""
    is_patch = _PATCHES.search(comparison.path) is not None
    if is_patch or comparison.after.language.name in TEXTS:
        return
    found = list(_marks(comparison, _PATCH, ("***", "diff", "@@", "+++", "index")))
    yield from found[:1] or _prefixed(comparison)


def tool_call(comparison: Comparison) -> Iterator[Hit]:
    """One hit at the first tag of a call, where the language has no such tags."""
    name = comparison.after.language.name
    if name in TEXTS or name == "xml":
        return
    found = list(_marks(comparison, _CALL, ("<", "[")))
    may_be_meant = name in MARKUP or (
        name in _EMBEDDING and not comparison.after.has_errors
    )
    if not may_be_meant:
        parts = list(_marks(comparison, _CALL_PART, ("<",)))
        ends = set(_ends(comparison)) if parts else ()
        found += (hit for hit in parts if found or hit.line in ends)
    if name != "json":
        calls = _marks(comparison, _JSON_CALL, ("{",))
        found += (hit for hit in calls if hit.line in set(_ends(comparison)))
    if found:
        yield _doubted(min(found, key=lambda hit: hit.line), name)


# Their parts


def _may_be_left(comparison: Comparison, starts: tuple[str, ...]) -> bool:
    is_held = _begins_with(comparison, starts)
    return is_held and not is_test_data(comparison.path)


def _begins_with(comparison: Comparison, starts: tuple[str, ...]) -> bool:
    """False where no new line is a mark that begins with one of *starts*."""
    return comparison.once(_may_hold_marks) and comparison.after.begins_with(starts)


def _may_hold_marks(comparison: Comparison) -> bool:
    """False where no new line begins with any mark: one look, and mostly none does."""
    return _BEGINNING.search(b"\n" + comparison.new_data) is not None


def _conflicts(comparison: Comparison) -> Iterator[int]:
    """The opening line of each complete set of marks."""
    opened, has_middle = 0, False
    for number, text in enumerate(comparison.after.lines, 1):
        if _OURS.match(text):
            opened, has_middle = 0 if _EDITED.match(text) else number, False
        elif opened and _MIDDLE.match(text):
            has_middle = True
        elif has_middle and _THEIRS.match(text):
            yield opened
            opened, has_middle = 0, False


def _prefixed(comparison: Comparison) -> Iterator[Hit]:
    """A file whose lines all begin with the `+` of a patch."""
    if not _begins_with(comparison, ("+",)):
        return
    lines = [text for text in comparison.after.lines if text.strip()]
    added = [text for text in lines if text.startswith("+")]
    if len(added) < _MIN_PREFIXED or len(added) < _SHARE_PREFIXED * len(lines):
        return
    first = comparison.after.lines.index(added[0]) + 1
    if comparison.is_new_line(first):
        yield from outside_strings(comparison, [first])


def _ends(comparison: Comparison) -> Iterable[int]:
    lines = comparison.after.lines
    filled = [number for number, text in enumerate(lines, 1) if text.strip()]
    return (*filled[:_FIRST], *filled[-_FIRST:])


def _marks(
    comparison: Comparison, pattern: re.Pattern[str], starts: tuple[str, ...]
) -> Iterator[Hit]:
    if not _may_be_left(comparison, starts):
        return
    found = [
        number
        for number, text in enumerate(comparison.after.lines, 1)
        if text.startswith(starts)
        and pattern.match(text)
        and comparison.is_new_line(number)
    ]
    yield from outside_strings(comparison, found)


def outside_strings(comparison: Comparison, lines: list[int]) -> Iterator[Hit]:
    """A hit for each of *lines* that does not begin inside a string or a comment."""
    source = comparison.after
    quoting = Quoting(source)
    for line in lines[:MAX_HITS]:
        if not quoting.holds(line):
            end = max(1, len(source.lines[line - 1]))
            # The whole file is the unit: what breaks it is one story with its errors.
            yield Hit(line=line, column=1, end_line=line, end_column=end, unit="")


def _doubted(hit: Hit, language: str) -> Hit:
    """In a language of tags one may be meant."""
    if language not in MARKUP:
        return hit
    return msgspec.structs.replace(hit, confidence=Confidence.LIKELY)
