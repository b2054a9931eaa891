"""Code that went to another file of the change set, and what only looks like it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualitywatch import rulebook
from qualitywatch.analysis import examine
from qualitywatch.analysis.symbols.elsewhere import Elsewhere
from qualitywatch.model import Change, When
from qualitywatch.traces import ALONE, Around, Gains, Missing, Shape

BODY = "".join(f"    total_{n} = price_{n} * count_{n} + tax\n" for n in range(6))
RULES = rulebook.load()


def shape(name: str, *tokens: str, kind: str = "function") -> Shape:
    short = name.rpartition(".")[2]
    return Shape(name=name, short=short, kind=kind, tokens=frozenset(tokens))


def around(lost: Shape, gained: Shape, *, path: str = "new.py") -> Around:
    elsewhere = Elsewhere()
    elsewhere.put(path, Gains(home="code", units=(gained,)))
    return elsewhere.around(
        "old.py", Missing(path="old.py", home="code", units=(lost,))
    )


TOKENS = tuple(f"token{n}" for n in range(20))


@pytest.mark.parametrize(
    ("gained", "moved"),
    [
        (shape("total", *TOKENS), True),
        (shape("Cart.total", *TOKENS[:8]), True),
        (shape("total", "return", "None"), False),
        (shape("total"), False),
        (shape("total", *TOKENS, kind="class"), False),
        (shape("sum_up", *TOKENS[:14]), True),
        (shape("sum_up", *TOKENS[:11]), False),
        (shape("total_of", *TOKENS[:11]), True),
    ],
)
def test_a_unit_moved_where_one_is_like_it(gained, moved):
    assert moved == ("total" in around(shape("total", *TOKENS), gained).moved)


def test_a_short_unit_moved_where_another_file_has_its_name():
    assert {"total"} == around(shape("total"), shape("total", "a", "b")).moved


def test_a_name_is_defined_elsewhere_whatever_its_body():
    assert {"total"} == around(shape("total", *TOKENS), shape("total")).defined


def test_what_the_file_itself_gained_is_not_elsewhere():
    lost = shape("total", *TOKENS)

    assert ALONE == around(lost, shape("total", *TOKENS), path="old.py")


LINES = frozenset({"a = 1", "b = 2"})


@pytest.mark.parametrize(
    ("lost", "gained", "counts"),
    [
        ("code", "code", True),
        ("html", "html", True),
        ("html", "code", True),
        ("code", "html", False),
        ("code", "yaml", False),
        ("code", "", False),
        ("", "", False),
    ],
)
def test_lines_move_between_files_of_one_home(lost, gained, counts):
    elsewhere = Elsewhere()
    elsewhere.put("new", Gains(home=gained, lines=LINES))
    missing = Missing(path="old", home=lost, lines=LINES | {"c = 3"})

    assert (LINES if counts else set()) == elsewhere.around("old", missing).lines


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")), max_size=20))
def test_only_the_last_gains_of_a_file_count(puts):
    """However often files change, nothing is left of what they had gained before."""
    elsewhere, last = Elsewhere(), dict(puts)
    for path, name in puts:
        gains = Gains(home="code", lines=frozenset({name}), units=(shape(name, name),))
        elsewhere.put(path, gains)
    missing = Missing(path="old", home="code", lines=frozenset("xyz"))

    assert set(last.values()) == elsewhere.around("old", missing).lines
    for path in last:
        elsewhere.put(path, None)
    assert ALONE == elsewhere.around("old", missing)
    assert not any(elsewhere._holding.values())


def test_five_hundred_files_are_compared_in_time():
    """Each loses a function and gains one; none is like another."""
    elsewhere = Elsewhere()
    lost = {}
    for n in range(500):
        tokens = [f"t{n}_{k}" for k in range(60)] + ["return", "def", "=", "("]
        elsewhere.put(f"{n}.py", Gains(home="code", units=(shape(f"f{n}", *tokens),)))
        lost[n] = Missing(path="", home="code", units=(shape(f"g{n}", *tokens[30:]),))

    assert all(ALONE == elsewhere.around(f"{n}.py", lost[n]) for n in lost)


# What a judgement leaves behind


def traced(before: str | None, after: str | None, path: str = "old.py", **fields):
    def encoded(text):
        return None if text is None else text.encode()

    change = Change(path=path, before=encoded(before), after=encoded(after))
    return examine(change, RULES, **fields).traces


WHOLE = f"def total(tax):\n{BODY}    return total_0\n\n\nRATE = 3\n"


def test_a_new_file_gains_all_it_holds():
    gains = traced(None, WHOLE).gains

    assert ["total"] == [unit.short for unit in gains.units]
    assert {"RATE = 3", "return total_0"} <= gains.lines


def test_what_stayed_is_not_gained():
    gains = traced(WHOLE, WHOLE + "EXTRA = 1\n").gains

    assert ({"EXTRA = 1"}, ()) == (gains.lines, gains.units)


@pytest.mark.parametrize("quotes", ["'''", '"""'])
def test_text_that_looks_like_code_is_not_gained(quotes):
    assert (
        "RATE = 3" not in traced(None, f"x = {quotes}\n{WHOLE}{quotes}\n").gains.lines
    )


def test_nothing_is_missed_where_nothing_is_amiss():
    assert traced("a = 1\n", "a = 2\n").missing is None


def test_names_that_others_may_import_are_missed_once_settled():
    after = "OTHER = 1\n"

    assert {"total", "RATE"} == traced(WHOLE, after).missing.names
    assert traced(WHOLE, after, when=When.SAVE).missing is None


def test_a_deleted_file_is_missed():
    missing = traced(WHOLE, None).missing

    assert missing.is_gone
    assert ["total"] == [unit.short for unit in missing.units]
