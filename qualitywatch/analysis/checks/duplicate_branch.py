"""The same condition twice in one chain: the later branch never runs.

Needs a check because the two branches may be any distance apart, which no query says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import tree_sitter

from qualitywatch.analysis.comparing.compare import Comparison
from qualitywatch.analysis.comparing.touched import Texts, hit_at, is_touched, touched
from qualitywatch.analysis.hit import Hit
from qualitywatch.regex import regex

MAX_BRANCHES = 1000  # of one chain that are compared
MAX_SHOWN = 40  # characters of a condition in a message

Node = tree_sitter.Node
Labels = Iterator[Sequence[Node]]
"""What each branch asks, one or more nodes; the last is the place to show."""

_IFS = frozenset({"if_statement", "if_expression", "if"})
_ELSE_IFS = frozenset({"elif_clause", "else_if_clause", "elseif_statement"})
_WRAPPERS = frozenset({"else_clause", "else_statement"})
_BRANCHES_ON = _IFS | _ELSE_IFS | _WRAPPERS | {"elsif"}
# What holds the branches of a switch, and the branches with their labels.
_SWITCHES = frozenset(
    {
        "case",
        "case_block",
        "case_statement",
        "expression_switch_statement",
        "match_block",
        "match_statement",
        "select_statement",
        "switch_block",
        "switch_body",
        "switch_expression",
        "switch_statement",
        "type_switch_statement",
        "when_expression",
    }
)
BRANCHES = _IFS | _SWITCHES
_CASES = frozenset(
    {
        "case_clause",
        "case_item",
        "case_statement",
        "expression_case",
        "match_arm",
        "match_conditional_expression",
        "switch_block_statement_group",
        "switch_case",
        "switch_entry",
        "switch_expression_arm",
        "switch_rule",
        "switch_section",
        "type_case",
        "when",
        "when_entry",
    }
)
_INSIDE = frozenset({"block", "compound_statement"})  # between a switch and its cases
_LABEL_FIELDS = ("pattern", "condition", "value", "type")  # the first one there is
_LABELS = frozenset(
    {
        "case_pattern",
        "constant_pattern",
        "match_condition_list",
        "switch_label",
        "switch_pattern",
    }
)
_LISTS = frozenset({"expression_list", "match_condition_list", "switch_label"})
_GUARDS = frozenset(
    {"attribute_item", "guard", "if_clause", "when_clause", "where_keyword"}
)
_FALLS_ON = frozenset({";&", ";;&"})
# Asking the same question twice is honest where the question moves something.
_MOVES = regex(
    r"\+\+|--|[^=!<>~]=[^=~]|<-"
    r"|(?i:\b(?:\w*(?:next|read|shift|pop|rand|random|eat|consume|accept|advance|match"
    r"|expect|skip|take|try|poll|recv|receive|wait|now|get_?(?:char|c|s|line))\w*)[!?]?\()"
)
_MOVES_IN_SHELL = regex(r"\b(?:read|shift|getopts|wait)\b|\+\+|\$\(|`")
_QUOTES = ("'", '"')


def duplicate_branch(comparison: Comparison) -> Iterator[Hit]:
    """Conditions that a chain asks twice, where the change brought one of the two."""
    for node in touched(comparison, BRANCHES):
        if node.type not in _IFS:
            yield from _twice(comparison, _labels(node))
        elif _goes_on(node) and _is_head(node):
            yield from _twice(comparison, _conditions(node))


def _twice(comparison: Comparison, labels: Labels) -> Iterator[Hit]:
    asked = list(islice(labels, MAX_BRANCHES))
    if len(asked) < 2:
        return
    is_shell = comparison.after.language.name == "bash"
    moves = _MOVES_IN_SHELL if is_shell else _MOVES
    read = Texts(comparison.after)
    seen: dict[str, Node] = {}
    for nodes in asked:
        node, text = nodes[-1], " ".join(" ".join(map(read, nodes)).split())
        first = seen.setdefault(text, node)
        if first is node or node.has_error:
            continue
        if text == "_" or (not text.startswith(_QUOTES) and moves.search(text)):
            continue
        shown = node if is_touched(comparison, node) else first
        if is_touched(comparison, shown):
            yield hit_at(comparison, shown, condition=text[:MAX_SHOWN])


# Chains of if


def _goes_on(node: Node) -> bool:
    """False for an `if` without another branch: what it ends with tells."""
    for at in reversed(range(node.named_child_count)):
        last = node.named_child(at)
        if not last.is_extra:
            return last.type in _BRANCHES_ON or node.has_error
    return False


def _is_head(node: Node) -> bool:
    """True for the first `if` of a chain; the others are read with it."""
    parent = node.parent
    if parent is None:
        return True
    if parent.type in _WRAPPERS:
        return False
    return parent.type not in _IFS or _following(parent) != node


def _conditions(node: Node) -> Labels:
    current: Node | None = node
    while current is not None:
        yield from _asked(current)
        for child in current.named_children:
            if child.type in _ELSE_IFS and current.type in _IFS:
                yield from _asked(child)
        current = _following(current)


def _asked(node: Node) -> Labels:
    """The whole condition, with what an `if` of Go does first."""
    conditions = node.children_by_field_name("condition")
    found = [c for c in conditions if c.is_named] or node.named_children[:1]
    if found:
        yield [*node.children_by_field_name("initializer"), *found]


def _following(node: Node) -> Node | None:
    """The `if` that the `else` of *node* holds and nothing else."""
    last = node.named_children[-1] if node.named_children else None
    while last is not None and last.type in _WRAPPERS:
        last = last.named_children[0] if last.named_child_count == 1 else None
    is_else = last is not None and last.type in (_IFS | {"elsif"})
    return last if is_else and _comes_after_else(node) else None


def _comes_after_else(node: Node) -> bool:
    """True where the last child is the alternative, not the body."""
    if node.child_by_field_name("alternative") is not None:
        return True
    return any(child.type == "else" for child in node.children)


# Cases


def _labels(node: Node) -> Labels:
    """The labels of the cases of *node*; none where a case falls into the next."""
    holders = [node, *(c for c in node.named_children if c.type in _INSIDE)]
    for holder in holders:
        for child in holder.named_children:
            if child.type in _CASES and not _is_guarded(child):
                yield from _of_case(child)


def _is_guarded(case: Node) -> bool:
    """True where more than the label decides, or the next case runs as well."""
    around = [*case.children, *filter(None, [case.prev_named_sibling])]
    if any(child.type in _GUARDS or child.type in _FALLS_ON for child in around):
        return True
    pattern = case.child_by_field_name("pattern")
    return pattern is not None and (
        pattern.child_by_field_name("condition") is not None
    )


def _of_case(case: Node) -> Labels:
    fields = (case.children_by_field_name(field) for field in _LABEL_FIELDS)
    bare = [child for child in case.named_children if child.type in _LABELS]
    for label in next(filter(None, fields), bare):
        parts = label.named_children if label.type in _LISTS else [label]
        yield from ([part] for part in parts)
