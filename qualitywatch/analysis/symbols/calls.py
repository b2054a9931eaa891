"""Calls of a function that is gone, in the languages whose names one file can not bind.

Each occurrence of the name is judged by what stands around it: a call by the bare name
or through the object itself counts; anything that gives the name a meaning, another
definition, an import, a parameter, an assignment, keeps quiet about all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from types import MappingProxyType

import tree_sitter

from qualitywatch.analysis.outlines.outline import Outline
from qualitywatch.analysis.outlines.units import Unit
from qualitywatch.analysis.sources.source import Source
from qualitywatch.analysis.symbols.dangling import MAX_OCCURRENCES, Role, Use
from qualitywatch.analysis.symbols.words import places
from qualitywatch.regex import regex

AROUND = 120  # bytes before and behind a name that are looked at
MAX_PARENTS = 4

LANGUAGES = frozenset(
    {"go", "php", "csharp", "java", "kotlin", "swift", "rust", "ruby"}
    | {"c", "cpp", "scala", "lua", "bash"}
)
_IMPLICIT_SELF = frozenset(
    {"java", "csharp", "kotlin", "swift", "scala", "cpp", "ruby"}
)
_CALL = regex(rb"\s*(?:::)?(?:<[^<>(){};]{0,80}>)?[!?]?\s*\(")
_CALLS = MappingProxyType(
    {
        "ruby": regex(rb"(?!\s*(?:=(?![=~>])|[-+*/|&]{1,2}=|:(?!:)|,[^()\n]*=(?!=)))"),
        "kotlin": regex(rb"\s*(?:<[^<>(){};]{0,80}>)?\s*[({]"),
        "swift": regex(rb"\s*(?:<[^<>(){};]{0,80}>)?\s*[({]"),
        "scala": regex(rb"\s*(?:\[[^\[\]]{0,80}\])?\s*[({]|(?=\s*(?:[\n);.]|$))"),
        "lua": regex(rb"\s*[({\"'\[]"),
        "bash": regex(rb""),
    }
)
_SELF = regex(
    rb"(?:(?<![\w$.])(?:self|this|Self|static|class)|\$this)\s*"
    rb"(?:\??\.|\?->|->|::|:)\s*\Z"
)
_RECEIVER = regex(rb"(?:(?<!\.)\.|[\\@$]|::)\s*\Z|(?<=\w):\Z")
_RECEIVERS = MappingProxyType(
    {
        "php": regex(rb"(?:[\\$]|->|::)\s*\Z"),
        "c": regex(rb"(?:\.|->)\s*\Z"),
        "cpp": regex(rb"(?:\.|->|::)\s*\Z"),
    }
)
_OF_PARENT = regex(rb"\buse\s+(?:super|self)::[^;]*\Z")  # in a module of tests
_IMPORTS = regex(rb"^[ \t]*(?:import|using|use|from)\b[^()=;]*\Z", re.MULTILINE)
_DEFINES = regex(
    rb"(?<![\w$])(?:def|fn|func|fun|function|class|struct|type|interface|enum|trait"
    rb"|object|module|let|var|val|const|mut|ref|import|use|using|include|alias|typedef"
    rb"|for|sub|local|global|declare|readonly|union|macro_rules!|#\s*define)\s+"
    rb"(?:self\.)?[*&]*\Z"
)
_ASSIGNED = regex(rb"\s*(?:=(?![=~>])|:=|,[^()\n{}]{0,60}:?=(?!=))")
_TYPED = regex(rb"(?:[\w>\]*&?]\s+|[*&])\Z")
_NO_TYPE = regex(
    rb"(?<![\w$])(?:return|else|case|in|is|as|not|and|or|await|yield|throw|new|delete|goto"
    rb"|echo|print|puts|if|unless|while|until|when|do|then|defer|go|try|raise|assert"
    rb"|co_await|co_return|co_yield|throws?|match|where|elif|elsif|ensure|begin|rescue)\s+\Z"
)
_TEXT = regex(r"string|comment|heredoc|char_literal|regex|symbol|raw_text|text_block")
_CODE_IN_TEXT = regex(r"interpolation|substitution|expansion|template_expression")
_LOOSE = frozenset({"ruby", "swift", "kotlin"})  # whose grammars find calls anywhere
_RUNS = frozenset({b"trap", b"run", b"eval", b"export", b"time", b"exec"})  # in Bash
_BINDER = regex(
    r"param|pattern|declarator|import|use_|alias|capture|binding|for_|label"
    r"|preproc_(?:function_)?def|variable_declaration|short_var|field_declaration"
)


def dangling_calls(outline: Outline, old: Unit) -> list[Use]:
    """Where the new text calls *old*, a unit of the base, that it no longer has."""
    source = outline.source
    if old.short in outline.shorts:
        return []
    uses = []
    ranges = _own_ranges(outline, old)
    for start, end in _occurrences(source, old.short):
        leaf = source.tree.root_node.descendant_for_byte_range(start, end)
        if leaf is None or _is_text(leaf):
            continue
        role = _role(outline, old, leaf, start, end, ranges)
        if role is Role.BINDS:
            return []
        if role is not Role.NEITHER:
            uses.append(Use(leaf, role))
    return sorted(uses, key=lambda use: (use.role.value, use.node.start_byte))


def _occurrences(source: Source, name: str) -> Iterator[tuple[int, int]]:
    wanted = name.encode()
    for start in islice(places(source.data, wanted), MAX_OCCURRENCES):
        yield start, start + len(wanted)


def _is_text(leaf: tree_sitter.Node) -> bool:
    """True inside a string or a comment, but not for code inside a string."""
    node: tree_sitter.Node | None = leaf
    for _ in range(MAX_PARENTS):
        if node is None or _CODE_IN_TEXT.search(node.type):
            return False
        if _TEXT.search(node.type):
            return True
        node = node.parent
    return False


def _role(
    outline: Outline,
    old: Unit,
    leaf: tree_sitter.Node,
    start: int,
    end: int,
    ranges: list[range],
) -> Role:
    data, language = outline.source.data, outline.source.language.name
    before = data[max(0, start - AROUND) : start]
    behind = data[end : end + AROUND]
    is_inside = any(start in each for each in ranges)
    if _IMPORTS.search(before):
        return Role.NEITHER if _OF_PARENT.search(before) else Role.BINDS
    if _RECEIVERS.get(language, _RECEIVER).search(before):
        return _through_object(outline, old, before, behind, start, is_inside)
    is_call = _CALLS.get(language, _CALL).match(behind) is not None
    if language == "java" and not is_call:
        return Role.NEITHER  # no variable can be called
    if _DEFINES.search(before) or _is_assigned(behind, language):
        return Role.BINDS
    if _is_declared(before, language) and not _is_command(leaf, language):
        return Role.READS if is_call and language in ("c", "cpp") else Role.BINDS
    if not is_call or not _is_command(leaf, language):
        return _of_no_call(leaf)
    if old.reach == "method" and not (is_inside and language in _IMPLICIT_SELF):
        return Role.NEITHER
    return Role.CALLS


def _through_object(
    outline: Outline,
    old: Unit,
    before: bytes,
    behind: bytes,
    start: int,
    is_inside: bool,
) -> Role:
    if old.reach != "method":
        return Role.CALLS if before.endswith(b"self::") else Role.NEITHER
    is_own = is_inside and (
        _SELF.search(before) or _is_receiver(outline, before, start)
    )
    is_typed = is_own or _is_parameter(outline, old, before, start)
    if not is_typed and not _ends_with(before, _class_of(old)):
        return Role.NEITHER
    if _ASSIGNED.match(behind):
        return Role.BINDS
    return Role.CALLS if _CALL.match(behind) else Role.READS


def _is_receiver(outline: Outline, before: bytes, start: int) -> bool:
    """True where what stands before the name is the receiver of a method in Go."""
    line = outline.source.data.count(b"\n", 0, start) + 1
    unit = outline.unit_at(line)
    head = re.match(rb"func\s*\(\s*(\w+)\s", (unit.node.text or b"")[:AROUND])
    return head is not None and _ends_with(before, head[1].decode())


def _is_parameter(outline: Outline, old: Unit, before: bytes, start: int) -> bool:
    """True where what stands before the name is a parameter of that type in Go."""
    owner = _class_of(old)
    if outline.source.language.name != "go" or not owner:
        return False
    line = outline.source.data.count(b"\n", 0, start) + 1
    head = (outline.unit_at(line).node.text or b"")[:AROUND].partition(b"{")[0]
    typed = re.findall(
        rb"[(,]\s*(\w+)\s+\*?" + re.escape(owner.encode()) + rb"\s*[,)]", head
    )
    return any(_ends_with(before, name.decode()) for name in typed)


def _ends_with(before: bytes, name: str) -> bool:
    own = rb"(?<![\w.$])" + re.escape(name.encode()) + rb"\s*(?:\.|->|::|:)\s*\Z"
    return bool(name) and re.search(own, before) is not None


def _is_assigned(behind: bytes, language: str) -> bool:
    return language != "bash" and _ASSIGNED.match(behind) is not None


def _is_declared(before: bytes, language: str) -> bool:
    """True for a name with a type before it: a declaration, a prototype."""
    if language in ("ruby", "bash", "lua", "php"):
        return False
    line = before.rpartition(b"\n")[2]
    return (
        bool(line.strip()) and bool(_TYPED.search(line)) and not _NO_TYPE.search(line)
    )


def _is_command(leaf: tree_sitter.Node, language: str) -> bool:
    """True where the name stands where a call may stand."""
    parent = leaf.parent
    if parent is None:
        return False
    if language == "bash":
        first = (parent.text or b"").split(None, 1)[:1]
        return parent.type == "command_name" or first[0] in _RUNS
    if language in _LOOSE:
        is_name = leaf.type in ("identifier", "simple_identifier", "constant")
        return is_name and _BINDER.search(parent.type) is None
    return (
        re.search(r"call|invocation|macro|token_tree|generic", parent.type) is not None
    )


def _of_no_call(leaf: tree_sitter.Node) -> Role:
    parent = leaf.parent
    if parent is not None and _BINDER.search(parent.type):
        return Role.BINDS
    return Role.NEITHER


def _class_of(old: Unit) -> str:
    if old.qualifier:
        return old.qualifier
    return "" if old.owner is None or old.owner.kind != "class" else old.owner.short


def _own_ranges(outline: Outline, old: Unit) -> list[range]:
    """The bytes of the new text in which the object itself is what `self` means."""
    name = _class_of(old)
    if not name:
        return []
    return [
        range(unit.outer.start_byte, unit.outer.end_byte)
        for unit in outline.units
        if (unit.kind == "class" and unit.short == name) or unit.qualifier == name
    ]
