"""The checks of logic: only what the change brought, at the place that is new."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualitywatch import rulebook
from qualitywatch.analysis import CHECKS, analyse
from qualitywatch.model import Change
from qualitywatch.rulebook import Rulebook

IDS = ("duplicate-branch", "duplicate-key", "ignored-parameters", "mutable-default")
RULES = Rulebook.holding(
    rulebook.read(rulebook.BUILT_IN / "logic-error" / f"{id}.md", known_checks=CHECKS)
    for id in IDS
)

RATES = """\
RATES = {
    "standard": 4,
    "express": 9,
}
"""
CHAIN = """\
def fee(kind):
    if kind == "express":
        return 9
    elif kind == "standard":
        return 4
"""


def found(
    before: str | None, after: str, path: str = "shop.py"
) -> list[tuple[str, int]]:
    """Rule and line of each violation that the change has."""
    old = None if before is None else before.encode()
    change = Change(path=path, before=old, after=after.encode())
    return [(v.rule, v.line) for v in analyse(change, RULES).violations]


def test_the_new_entry_is_shown() -> None:
    """The later entry is new: it is the one to look at."""
    after = RATES.replace("}", '    "standard": 5,\n}')

    assert [("duplicate-key", 4)] == found(RATES, after)


def test_an_entry_put_before_the_old_one_is_shown() -> None:
    """The earlier entry is new: the old one below it is not to blame."""
    after = RATES.replace("{", '{\n    "express": 12,')

    assert [("duplicate-key", 2)] == found(RATES, after)


def test_an_old_duplicate_is_silent() -> None:
    """What the base had is not news, wherever the change is."""
    before = RATES.replace("}", '    "standard": 5,\n}')
    after = before.replace('"express": 9', '"express": 10') + "\nLIMIT = 3\n"

    assert [] == found(before, after)


def test_the_message_names_the_key() -> None:
    """A reader finds the entry by its key."""
    change = Change(path="a.json", before=None, after=b'{"a": 1, "b": 2, "a": 3}')
    (violation,) = analyse(change, RULES).violations

    assert violation.message.startswith("`a` stands twice")


def test_an_old_chain_is_silent() -> None:
    """A chain that asks twice in the base is not news when a branch is added."""
    before = CHAIN + '    elif kind == "express":\n        return 12\n'
    after = before + '    elif kind == "large":\n        return 20\n'

    assert [] == found(before, after)


def test_a_new_branch_of_an_old_chain_is_found() -> None:
    """The branch that can not run is shown by its condition."""
    after = CHAIN + '    elif kind == "express":\n        return 12\n'

    assert [("duplicate-branch", 6)] == found(CHAIN, after)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("if (a) { b() } /* c */ else if (a) { d() }\n", "shop.js"),
        ("if a then b() elseif a then d() end\n", "shop.lua"),
        ("<?php if ($a): b(); elseif ($a): d(); /* e */ endif;\n", "shop.php"),
        ("if a; then b; elif a; then d; fi # e\n", "shop.sh"),
    ],
)
def test_a_chain_goes_on_behind_comments(text: str, path: str) -> None:
    assert [("duplicate-branch", 1)] == found(None, text, path)


@pytest.mark.parametrize(
    ("body", "is_shared"),
    [
        ("lines.append(line)", True),
        ("lines[line] = 1", True),
        ("lines += [line]", True),
        ("self.lines = lines", True),
        ("return lines", True),
        ("return list(lines)", False),
        ("lines = list(lines); lines.append(line)", False),
        ("order.lines.append(line)", False),
        ("return line in lines", False),
    ],
)
def test_a_default_is_shared_when_it_is_changed_or_kept(
    body: str, is_shared: bool
) -> None:
    """A list that is only read may be a default."""
    after = f"def add(self, line, order, lines=[]):\n    {body}\n"

    assert ([("mutable-default", 1)] if is_shared else []) == found(None, after)


def test_a_question_that_lost_its_answer_is_found() -> None:
    """One statement is too little for a hollowed body, and enough to be missed."""
    before = "def is_valid(token, now):\n    return token.expires > now\n"
    after = "def is_valid(token, now):\n    return True\n"

    assert [("ignored-parameters", 2)] == found(before, after)


def test_a_question_that_never_had_an_answer_is_old() -> None:
    """A constant that stood in the base is not news."""
    before = "def is_valid(token, now):\n    return True\n"

    assert [] == found(before, before + "\n\nLIMIT = 3\n")


@given(st.lists(st.sampled_from("abcdef"), max_size=8))
def test_each_repeated_key_is_found_once(keys: list[str]) -> None:
    """Whatever the order: as many hits as entries that are lost."""
    after = "{" + ",\n".join(f'"{key}": {at}' for at, key in enumerate(keys)) + "}"

    assert len(keys) - len(set(keys)) == len(found(None, after, "a.json"))


@given(
    st.text(max_size=80), st.sampled_from(["a.py", "a.ts", "a.json", "a.yml", "a.c"])
)
def test_any_text_is_judged(text: str, path: str) -> None:
    """No text makes a check fail."""
    found(None, text, path)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.json", "[" + "{" * 4000),
        ("a.json", "[" + ",".join('{"a": 1}' for _ in range(20_000)) + "]"),
        ("a.js", "x = " + "{a: " * 2000 + "1" + "}" * 2000),
        ("a.ts", "if (a) b(); else " * 3000 + "c();"),
        ("a.py", "x = " + "a if b else " * 3000 + "c\n"),
        ("a.py", "def f(" + "a=[], " * 5000 + "): return a\n"),
    ],
    ids=["open", "many", "nested", "chain", "ternaries", "defaults"],
)
def test_hostile_text_costs_little(path: str, text: str) -> None:
    """Deep and long texts end in a few seconds, with a verdict or a reason."""
    began = time.monotonic()

    found(None, text, path)

    assert time.monotonic() - began < 5
