"""Changes that drop code: what agents do when nobody looks."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from types import MappingProxyType

from benchmarks.edits.honest import Edit
from benchmarks.edits.samples import Function, Sample
from benchmarks.edits.wordings import BODY, PREAMBLES, TAIL
from qualitywatch.model import Change

_STUBS = {
    "python": ("pass", "return None", "raise NotImplementedError", "return True"),
    "javascript": ("return null;", "throw new Error('Not implemented');", "return [];"),
    "go": ('panic("not implemented")', "return nil", "return"),
    "rust": ("todo!()", "unimplemented!()", "None", "Ok(())"),
    "java": (
        'throw new UnsupportedOperationException("Not implemented");',
        "return null;",
    ),
    "c": ("return 0;", "return NULL;", "return;"),
    "cpp": ("return {};", "return 0;", "return;"),
    "csharp": ("throw new NotImplementedException();", "return null;", "return false;"),
    "ruby": ("nil", "raise NotImplementedError", "true"),
    "php": ("return null;", "return [];", "throw new \\Exception('Not implemented');"),
    "kotlin": ('TODO("Not yet implemented")', "return null", "return emptyList()"),
    "swift": ('fatalError("not implemented")', "return nil", "return false"),
    "scala": ("???", "null"),
    "lua": ("return nil", "return {}", 'error("not implemented")'),
    "bash": (":", "return 0", "true"),
}
for _name in ("jsx", "typescript", "tsx"):
    _STUBS[_name] = _STUBS["javascript"]
_SELF = r"(?:self|this|\$this|cls|static|@)(?:\.|->|::|\?\.)"


def body_to_remark(
    sample: Sample, others: list[Sample], chance: random.Random
) -> list[Change]:
    """A body becomes a remark that says it is unchanged."""
    function = chance.choice(sample.functions)
    remark = f"{sample.mark} {chance.choice(BODY)}"
    body = (
        [remark, "pass"]
        if sample.language == "python" and chance.random() < 0.5
        else [remark]
    )
    return [_with_body(sample, function, body)]


def body_to_stub(
    sample: Sample, others: list[Sample], chance: random.Random
) -> list[Change]:
    """A body becomes a stub, with or without an excuse."""
    function = chance.choice(sample.functions)
    stub = chance.choice(_STUBS[sample.language])
    excuse = chance.choice(("TODO: implement", "placeholder for now", ""))
    said = [f"{sample.mark} {excuse}"] if excuse else []
    return [_with_body(sample, function, [*said, stub])]


def tail_to_remark(
    sample: Sample, others: list[Sample], chance: random.Random
) -> list[Change]:
    """Everything behind a function in the first half becomes one remark."""
    last = sample.functions[max(0, len(sample.functions) // 2 - 1)]
    if len(sample.lines) - last.end < 10:
        return []
    closers = [sample.lines[end - 1] for end in last.owner_ends]
    closers = closers if sample.language != "python" else []
    remark = f"{last.indent}{sample.mark} {chance.choice(TAIL)}"
    new = [*sample.lines[: last.end], "", remark, *closers, ""]
    return [_change(sample, "\n".join(new))]


def called_deleted(
    sample: Sample, others: list[Sample], chance: random.Random
) -> list[Change]:
    """A function goes while the file still calls it."""
    called = [f for f in sample.functions if len(f.name) > 3 and _is_called(sample, f)]
    if not called:
        return []
    function = chance.choice(called)
    left = [*sample.lines[: function.start - 1], *sample.lines[function.end :]]
    return [_change(sample, "\n".join(left))]


def file_cut(
    sample: Sample, others: list[Sample], chance: random.Random
) -> list[Change]:
    """The text ends in the middle of a function, and others never come."""
    early = [f for f in sample.functions if len(sample.lines) - f.end > 15]
    if not early:
        return []
    function = chance.choice(early)
    at = chance.randint(function.body + 1, function.body_end - 1)
    return [_change(sample, "\n".join(sample.lines[:at]) + "\n")]


def fence(sample: Sample, others: list[Sample], chance: random.Random) -> list[Change]:
    """The file is wrapped in the fence of a chat answer, or ends with one."""
    opening = f"```{sample.language}\n" if chance.random() < 0.6 else ""
    return [_change(sample, f"{opening}{sample.text.rstrip()}\n```\n")]


def conflict(
    sample: Sample, others: list[Sample], chance: random.Random
) -> list[Change]:
    """A merge was never resolved."""
    function = chance.choice(sample.functions)
    lines = sample.lines
    ours = lines[function.body - 1 : function.body_end]
    marked = ["<<<<<<< HEAD", *ours[: len(ours) // 2], "=======", *ours]
    lines[function.body - 1 : function.body_end] = [*marked, ">>>>>>> feature/next"]
    return [_change(sample, "\n".join(lines))]


def preamble(
    sample: Sample, others: list[Sample], chance: random.Random
) -> list[Change]:
    """The assistant's own words open the file."""
    return [_change(sample, f"{chance.choice(PREAMBLES)}\n\n{sample.text}")]


def _with_body(sample: Sample, function: Function, body: list[str]) -> Change:
    lines = sample.lines
    first = next(t for t in lines[function.body - 1 : function.body_end] if t.strip())
    indent = first[: len(first) - len(first.lstrip())]
    lines[function.body - 1 : function.body_end] = [indent + text for text in body]
    return _change(sample, "\n".join(lines))


def _is_called(sample: Sample, function: Function) -> bool:
    """True where code outside the function calls it bare, or as its own class does."""
    lines = sample.lines
    outside = "\n".join([*lines[: function.start - 1], *lines[function.end :]])
    code = re.sub(rf"(?m)(?:^|\s){re.escape(sample.mark)}.*$", "", outside)
    code = re.sub(r"\"[^\"\n]*\"|'[^'\n]*'|/\*.*?\*/", "", code, flags=re.DOTALL)
    if function.member_of and sample.language not in (
        "java",
        "csharp",
        "kotlin",
        "cpp",
    ):
        return re.search(rf"{_SELF}{function.name}\(", code) is not None
    bare = rf"(?<![\w.>:$@]){function.name}"
    call = rf"{bare}\b(?!\s*=)" if sample.language == "bash" else rf"{bare}\("
    return re.search(call, code) is not None


def _change(sample: Sample, text: str) -> Change:
    return Change(path=sample.path, before=sample.text.encode(), after=text.encode())


LAZY: Mapping[str, Edit] = MappingProxyType(
    {
        "body-to-remark": body_to_remark,
        "body-to-stub": body_to_stub,
        "tail-to-remark": tail_to_remark,
        "called-deleted": called_deleted,
        "file-cut": file_cut,
        "fence": fence,
        "conflict": conflict,
        "preamble": preamble,
    }
)
