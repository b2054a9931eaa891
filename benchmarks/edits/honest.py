"""Changes that lose nothing: what people do all day."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from benchmarks.edits.samples import Function, Sample
from benchmarks.edits.wordings import ADDED_COMMENTS
from qualitywatch.model import Change

# How a new function with that name and those body lines is written.
_SHELLS = {
    "python": ("def {name}():", ""),
    "javascript": ("function {name}() {{", "}}"),
    "jsx": ("function {name}() {{", "}}"),
    "typescript": ("function {name}() {{", "}}"),
    "tsx": ("function {name}() {{", "}}"),
    "go": ("func {name}() {{", "}}"),
    "rust": ("fn {name}() {{", "}}"),
    "java": ("private void {name}() {{", "}}"),
    "c": ("static void {name}(void) {{", "}}"),
    "cpp": ("static void {name}() {{", "}}"),
    "csharp": ("private void {name}() {{", "}}"),
    "ruby": ("def {name}", "end"),
    "php": ("function {name}() {{", "}}"),
    "kotlin": ("private fun {name}() {{", "}}"),
    "swift": ("private func {name}() {{", "}}"),
    "scala": ("private def {name}(): Unit = {{", "}}"),
    "lua": ("local function {name}()", "end"),
    "bash": ("{name}() {{", "}}"),
}
_CALL_ENDS = {"java": ";", "c": ";", "cpp": ";", "csharp": ";", "php": ";", "rust": ";"}
_GOES_ON = re.compile(
    r"\s*(else|elif|except|finally|catch|case|default|and|or|when|rescue|ensure|then|do|in)\b"
)
_METHODS = ("javascript", "jsx", "typescript", "tsx")  # no word before a method
_RECEIVERS = {"python": "self.", "php": "$this->"} | dict.fromkeys(_METHODS, "this.")
_PARAMETERS = {"python": "(self)"}


def rename(sample: Sample, others: list[Sample], chance: random.Random) -> list[Change]:
    """One function and all its callers in the file get another name."""
    function = chance.choice(sample.functions)
    new = f"{function.name}_renamed" if "_" in function.name else f"{function.name}Anew"
    text = re.sub(rf"(?<!\w){function.name}(?!\w)", new, sample.text)
    return [_change(sample, text)]


def reorder(
    sample: Sample, others: list[Sample], chance: random.Random
) -> list[Change]:
    """Two neighbours of one owner change places."""
    pairs = [
        (one, two)
        for one, two in zip(sample.functions, sample.functions[1:], strict=False)
        if one.member_of == two.member_of
        and one.owner_ends == two.owner_ends
        and one.end < two.start
        and all(_is_balanced(sample.lines[f.start - 1 : f.end]) for f in (one, two))
        and re.match(r"\s*[@\w#\[]", sample.lines[one.start - 1])
    ]
    if not pairs:
        return []
    one, two = chance.choice(pairs)
    lines = sample.lines
    first, between, second = (
        lines[one.start - 1 : one.end],
        lines[one.end : two.start - 1],
        lines[two.start - 1 : two.end],
    )
    new = [*lines[: one.start - 1], *second, *between, *first, *lines[two.end :]]
    return [_change(sample, "\n".join(new))]


def move(sample: Sample, others: list[Sample], chance: random.Random) -> list[Change]:
    """A function goes to another file of the repository, and so do its uses here."""
    homes = [o for o in others if o.language == sample.language and o != sample]
    movable = [f for f in sample.functions if not f.member_of and _uses(sample, f) == 0]
    if not homes or not movable:
        return []
    function, home = chance.choice(movable), chance.choice(homes)
    moved = sample.lines[function.start - 1 : function.end]
    left = [*sample.lines[: function.start - 1], *sample.lines[function.end :]]
    text = _appended(home, moved)
    return [_change(sample, "\n".join(left)), _change(home, text)]


def _appended(home: Sample, moved: list[str]) -> str:
    """The text of *home* with *moved* at its end, but before what must come last."""
    lines = home.text.rstrip("\n").split("\n")
    has_end = re.match(r"return\b|#endif", lines[-1]) is not None
    at = len(lines) - has_end
    return "\n".join([*lines[:at], "", *moved, "", *lines[at:]]) + "\n"


def reformat(
    sample: Sample, others: list[Sample], chance: random.Random
) -> list[Change]:
    """White space changes: line ends, blank lines, trailing spaces, wider indents."""
    style = chance.randrange(3)
    lines = sample.lines
    if style == 0:
        return [_change(sample, "\r\n".join(lines))]
    if style == 1 or sample.language in ("python", "ruby", "bash", "lua", "scala"):
        starts = {f.start for f in sample.functions}
        new = [
            x for n, t in enumerate(lines, 1) for x in (["", t] if n in starts else [t])
        ]
        return [_change(sample, "\n".join(new))]
    if any("`" in line or '"""' in line or "<<<" in line for line in lines):
        return []  # white space may be text there
    wider = [re.sub(r"^[ \t]+", lambda m: m[0] * 2, line) for line in lines]
    return [_change(sample, "\n".join(wider))]


def comment_added(
    sample: Sample, others: list[Sample], chance: random.Random
) -> list[Change]:
    """An explanation above each of a few functions, and one inside."""
    lines = sample.lines
    function = chance.choice(sample.functions)
    first = lines[function.body - 1]
    indent = first[: len(first) - len(first.lstrip())]
    said = [f"{sample.mark} {text}" for text in chance.sample(ADDED_COMMENTS, 2)]
    lines[function.body - 1 : function.body - 1] = [indent + said[0]]
    lines[function.start - 1 : function.start - 1] = [function.indent + said[1]]
    return [_change(sample, "\n".join(lines))]


def comment_removed(
    sample: Sample, others: list[Sample], chance: random.Random
) -> list[Change]:
    """Every line that is only a line comment goes."""
    mark = re.escape(sample.mark)
    kept = [t for t in sample.lines if not re.match(rf"\s*{mark}(?![!:\[-])", t)]
    kept = kept if sample.language != "bash" else [*sample.lines[:1], *kept]
    return [_change(sample, "\n".join(kept))] if kept != sample.lines else []


def function_added(
    sample: Sample, others: list[Sample], chance: random.Random
) -> list[Change]:
    """A new function beside an old one, with work of its own."""
    function = chance.choice(sample.functions)
    lines = sample.lines
    copy = lines[function.start - 1 : function.end]
    new = [re.sub(rf"\b{function.name}\b", f"{function.name}_twice", t) for t in copy]
    lines[function.end : function.end] = ["", *new]
    return [_change(sample, "\n".join(lines))]


def unused_deleted(
    sample: Sample, others: list[Sample], chance: random.Random
) -> list[Change]:
    """A function goes that nothing in the repository's samples names."""
    texts = [other.text for other in others]
    unused = [
        f
        for f in sample.functions
        if len(f.name) > 3
        and _uses(sample, f) == 0
        and not any(re.search(rf"\b{f.name}\b", t) for t in texts if t != sample.text)
    ]
    if not unused:
        return []
    function = chance.choice(unused)
    left = [*sample.lines[: function.start - 1], *sample.lines[function.end :]]
    return [_change(sample, "\n".join(left))]


def split(sample: Sample, others: list[Sample], chance: random.Random) -> list[Change]:
    """The second half of a function becomes a function of its own, and is called."""
    found = [(f, at) for f in sample.functions if (at := _middle(sample, f))]
    if not found or sample.language not in _SHELLS:
        return []
    function, at = chance.choice(found)
    head, foot = _shell(sample, function)
    lines, indent = sample.lines, function.indent
    inner = lines[at - 1][: len(lines[at - 1]) - len(lines[at - 1].lstrip())]
    receiver = _RECEIVERS.get(sample.language, "") if function.member_of else ""
    call = f"{inner}{receiver}{function.name}_rest()" + _CALL_ENDS.get(
        sample.language, ""
    )
    if sample.language == "bash":
        call = f"{inner}{function.name}_rest"
    rest = lines[at - 1 : function.body_end]
    new = [indent + head, *rest, *([indent + foot] if foot else [])]
    closing = lines[function.body_end : function.end]
    lines[at - 1 : function.end] = [call, *closing, "", *new]
    return [_change(sample, "\n".join(lines))]


def _shell(sample: Sample, function: Function) -> tuple[str, str]:
    head, foot = _SHELLS[sample.language]
    if function.member_of and sample.language in _METHODS:
        head = head.removeprefix("function ")
    head = head.format(name=f"{function.name}_rest")
    if function.member_of and sample.language == "python":
        head = head.replace("()", "(self)")
    return head, foot.format()


def _middle(sample: Sample, function: Function) -> int | None:
    """A line in the second half where a statement of the body itself begins."""
    lines = sample.lines
    if function.body_end - function.body < 9:
        return None
    first = lines[function.body - 1]
    indent = first[: len(first) - len(first.lstrip())]
    half = (function.body + function.body_end) // 2
    for number in range(half, function.body_end - 2):
        text, above = lines[number - 1], lines[number - 2].rstrip()
        starts = re.match(rf"{indent}[A-Za-z_$]", text) is not None
        rest = lines[number - 1 : function.body_end]
        is_cut = any(_GOES_ON.match(t) for t in rest if t.startswith(indent))
        is_whole = starts and not is_cut and _is_balanced(rest)
        if is_whole and re.search(r"(;|\}|^|\))$", above):
            return number
    return None


def _is_balanced(lines: list[str]) -> bool:
    """True for lines that close every bracket they open, and no other."""
    text = "\n".join(lines)
    return all(text.count(a) == text.count(b) for a, b in ("()", "[]", "{}"))


def _uses(sample: Sample, function: Function) -> int:
    return len(re.findall(rf"\b{function.name}\b", sample.text)) - 1


def _change(sample: Sample, text: str) -> Change:
    return Change(path=sample.path, before=sample.text.encode(), after=text.encode())


Edit = Callable[[Sample, list[Sample], random.Random], list[Change]]

HONEST: Mapping[str, Edit] = MappingProxyType(
    {
        "rename": rename,
        "reorder": reorder,
        "move": move,
        "reformat": reformat,
        "comment-added": comment_added,
        "comment-removed": comment_removed,
        "function-added": function_added,
        "unused-deleted": unused_deleted,
        "split": split,
    }
)
