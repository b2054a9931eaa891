"""Where words alone differ, rules are asked again only where they may answer anew."""

from __future__ import annotations

import pytest

from qualitywatch import rulebook
from qualitywatch.analysis import examine
from qualitywatch.analysis.patterns import reworded
from qualitywatch.analysis.patterns.query import Combined
from qualitywatch.analysis.sources import edited
from qualitywatch.model import Change
from qualitywatch.rulebook import Rule
from tests.unit.test_query import rule

RULES = rulebook.load()
ANY_CALL = rule(
    '((call function: (identifier) @f) @candidate (#eq? @f "run"))',
    matcher='m.Call(args=[m.ZeroOrMore(), m.Arg(keyword=m.Name("shell"))])',
)
# Longer than what is parsed anew in any case.
FILLER = "".join(f"def sum_{n}(a, b):\n    return a + b + {n}\n\n\n" for n in range(60))
HANDLER = """\
def load(path):
    try:
        return read(path)
    except Exception:
        pass


"""


def fired(before: str, after: str) -> list[tuple[str, int]]:
    """The rules that speak of the change, and where."""
    assert len(after) > edited.MIN_BYTES
    change = Change(path="src/app.py", before=before.encode(), after=after.encode())
    found = examine(change, RULES, keep=False).analysis.violations
    return [(violation.rule, violation.line) for violation in found]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """The rules that were asked anew, change by change."""
    seen: list[set[str]] = []
    reached = Combined.reached

    def spy(self, source):
        found = reached(self, source)
        assert source.reworded is not None, "the change is more than words"
        seen.append(set(found))
        return found

    monkeypatch.setattr(Combined, "reached", spy)
    return seen


def test_a_word_elsewhere_asks_no_rule(asked: list[set[str]]) -> None:
    before = HANDLER + FILLER + "query = f'SELECT {name} FROM t'\n"

    assert fired(before, before.replace("a + b + 7", "a + c + 7")) == []
    assert asked == [set()]


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("evil(text)", "eval(text)", "code-evaluation"),
        ("text == name", "text == text", "self-comparison"),
        ("nickel.loads(text)", "pickle.loads(text)", "unsafe-deserialisation"),
        ("ssl.make_context()", "ssl._create_unverified_context()", "verification-off"),
    ],
)
def test_a_word_that_a_rule_asks_for_is_seen(
    asked: list[set[str]], old: str, new: str, rule: str
) -> None:
    before = f"{FILLER}def run(text, name):\n    return {old}\n"

    assert [name for name, _ in fired(before, before.replace(old, new))] == [rule]
    assert asked == [{rule}]


def test_a_copy_of_a_line_that_was_there_counts_where_it_stands_last() -> None:
    line = "    return eval(text)\n"
    before = (
        f"def one(text):\n    return evil(text)\n\n\n{FILLER}def two(text):\n{line}"
    )
    last = before.count("\n")

    assert fired(before, before.replace("evil", "eval")) == [("code-evaluation", last)]


def test_a_place_that_is_no_longer_left_alone() -> None:
    """The line of the hit is the same; what excused it stands above."""
    code = "    if insecure:\n        return requests.get(text, verify=False)\n"
    before = f"{FILLER}def run(text, insecure, quick):\n{code}"
    after = before.replace("if insecure:", "if quick:")

    assert fired(before, after) == [("verification-off", before.count("\n"))]
    assert fired(after, before) == []


@pytest.mark.parametrize(
    ("text", "is_plain"),
    [
        ("(call (_) @hit)", True),
        ("(call left: (_) right: _ @hit)", True),
        ("(_ (call) @hit)", False),
        ("(_ left: (call) @hit)", False),
        ("[(call) (_ (name))] @hit", False),
    ],
)
def test_a_node_of_any_type_around_others_is_no_plain_beginning(
    text: str, is_plain: bool
) -> None:
    assert reworded.is_plain(text) is is_plain


DEEP = f"run({'(' * 300}x{')' * 300})\n"


def test_what_no_rule_can_answer_matters_where_it_is_touched() -> None:
    """Whatever stands there, both texts say it."""
    text = f"{FILLER}{DEEP}value = 1\n"
    book = rulebook.Rulebook.holding([ANY_CALL])

    def told(new: str) -> str:
        change = Change(path="app.py", before=text.encode(), after=new.encode())
        return str(examine(change, book, keep=False).analysis.unanalysable)

    assert "()" == told(text.replace("value", "other"))
    assert "too deep" in told(text.replace("(x)", "(y)"))
    assert "too deep" in told(f"{text}value = 2\n")


@pytest.mark.parametrize(
    ("ruled", "old", "new"),
    [
        (rule(remark="nobody know"), "x = 1  # all know", "x = 1  # nobody know"),
        (
            rule(
                "((expression_statement (call function: (identifier) @f))"
                ' . (expression_statement) @hit (#eq? @f "stop"))'
            ),
            "halt()\nsave()",
            "stop()\nsave()",
        ),
    ],
)
def test_a_remark_and_what_follows_another_statement_are_seen(
    ruled: Rule, old: str, new: str
) -> None:
    before, after = (f"{FILLER}{text}\n".encode() for text in (old, new))
    book = rulebook.Rulebook.holding([ruled])
    found = examine(Change(path="app.py", before=before, after=after), book, keep=False)

    assert ["a-rule"] == [one.rule for one in found.analysis.violations]
