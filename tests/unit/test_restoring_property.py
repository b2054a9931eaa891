"""Drop by program, edit beside it, restore: the base with the edits, exactly."""

from __future__ import annotations

import ast
from collections import Counter

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from qualitywatch import rulebook
from qualitywatch.analysis import examine
from qualitywatch.analysis.restoring.restore import WAYS, restored
from qualitywatch.analysis.restoring.words import Refusal
from qualitywatch.analysis.sources.source import Source
from qualitywatch.analysis.syntax.faults import faults
from qualitywatch.languages import of_path
from qualitywatch.model import Change, Violation
from tests import drops, hosts, samples
from tests.drops import Drop

RULES = rulebook.load()
LANGUAGES = ("py", "ts", "js", "go", "java", "rs", "cs", "rb")
NAMES = [f"shelf.{suffix}" for suffix in LANGUAGES]
SHARE = 0.9  # of the drops that are seen must come back where nothing else was edited
UNCLEAR = {("blade", "script")}  # the code shares its lines with the tag

few = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def text_of(name: str) -> str:
    return (samples.FOLDER / name).read_text("utf-8")


def lost(path: str, before: bytes, after: bytes) -> list[Violation]:
    """The violations that took code away, as they are reported."""
    found = examine(Change(path=path, before=before, after=after), RULES)
    return [v for v in found.analysis.violations if v.rule in WAYS and v.evidence]


def is_sound(path: str, content: bytes, base: bytes) -> bool:
    """False for an edit that broke the text: it is no honest one."""
    if path.endswith(".py"):
        try:
            ast.parse(content)
        except SyntaxError:
            return False
    language = of_path(path)
    assert language is not None
    now, before = (Source.read(path, text, language) for text in (content, base))
    return len(faults(now)) <= len(faults(before))


@pytest.mark.parametrize("name", NAMES)
def test_every_drop_comes_back_where_nothing_else_was_edited(name: str) -> None:
    """Byte for byte; what can not be exact is refused, and that is rare."""
    base, tally = text_of(name).encode(), Counter[str]()
    for drop in drops.drops(name, text_of(name))[::3]:
        now = drops.edited(name, text_of(name), drop, []).dropped
        for violation in lost(name, base, now)[:1]:
            outcome = restored(base, now, name, violation)
            tally[type(outcome).__name__] += 1
            if not isinstance(outcome, Refusal) and is_whole(drop, violation):
                assert base.decode() == outcome.content.decode(), drop

    assert tally["Restored"] >= SHARE * tally.total() > 0, tally


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
@few
def test_honest_edits_stay_and_the_rest_is_the_base(
    name: str, data: st.DataObject
) -> None:
    """Whatever was edited besides: the base with the edits, or a refusal."""
    text = text_of(name)
    drop = data.draw(st.sampled_from(drops.drops(name, text)))
    edits = st.tuples(st.sampled_from(drops.EDITS), st.integers(0, 10_000))
    state = drops.edited(name, text, drop, data.draw(st.lists(edits, max_size=4)))
    base = text.encode()
    assume(is_sound(name, state.whole, base))
    found = lost(name, base, state.dropped)
    assume(found and is_whole(drop, found[0]))

    outcome = restored(base, state.dropped, name, found[0])

    if not isinstance(outcome, Refusal):
        assert state.whole.decode() == outcome.content.decode()
        assert found[0].fingerprint not in {
            one.fingerprint for one in lost(name, base, outcome.content)
        }


@pytest.mark.parametrize(
    ("name", "place"),
    [(name, place) for name in hosts.languages() for place in hosts.places(name)],
)
def test_remark_in_any_language_gives_way_to_what_was_there(
    name: str, place: str
) -> None:
    """In functions, classes, elements, strings, tables: in every host."""
    path = hosts.path_of(name)
    setting = hosts.dropped(drops.remark(path, drops.REMARKS[0]), name, place)
    base, now = setting.before.encode(), setting.after.encode()

    for violation in lost(path, base, now):
        outcome = restored(base, now, path, violation)
        if (name, place) in UNCLEAR:
            assert isinstance(outcome, Refusal)
        else:
            assert not isinstance(outcome, Refusal), outcome.reason
            assert base.decode() == outcome.content.decode()


def is_whole(drop: Drop, violation: Violation) -> bool:
    """True where one violation tells of all that was dropped.

    A unit that is still called is one violation; what a cut took besides is another.
    """
    if drop.kind == "tail":
        return violation.rule == "truncated-file"
    return violation.rule != "silent-drop" or drop.kind == "unit"
