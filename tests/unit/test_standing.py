"""How one path stands, and that a checkout forgets what is as it was committed."""

import pytest

from qualitywatch.judge.standing import Judged, Pin, Standings


@pytest.fixture
def paths() -> Standings:
    return Standings()


def test_to_ask_makes_nothing_known(paths: Standings):
    assert paths.get("app.py") is None
    assert 0 == len(paths)


def test_what_is_as_committed_is_forgotten(paths: Standings):
    known = paths.of("app.py")
    known.last, known.settled = "1", Judged("1", "c0ffee")
    paths.forget("app.py")

    assert 0 == len(paths)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("is_hinted", True),
        ("pin", Pin(None)),  # before the first commit a pin is a pin too
        ("held", "1"),
        ("lacking", (("missing", "around"),)),
    ],
)
def test_what_still_waits_or_has_another_past_is_kept(paths: Standings, field, value):
    setattr(paths.of("app.py"), field, value)
    paths.forget("app.py")

    assert 1 == len(paths)


def test_each_list_names_those_that_it_is_about(paths: Standings):
    paths.of("hinted.py").is_hinted = True
    paths.of("waiting.py").pin = Pin("c0ffee")
    paths.of("lacking.py").lacking = (("missing", "around"),)
    paths.of("judged.py").last = "1"

    assert ["hinted.py"] == paths.hinted
    assert ["waiting.py"] == paths.pending
    assert ["lacking.py"] == paths.lacking
    assert {"judged.py": "1"} == paths.last


def test_other_rules_make_every_judgement_void(paths: Standings):
    known = paths.of("app.py")
    known.last, known.settled = "1", Judged("1", "c0ffee")
    paths.judge_anew()

    assert (None, "1") == (known.settled, known.last)


def test_a_checkout_that_is_gone_waits_for_nothing(paths: Standings):
    paths.of("app.py").pin = Pin("c0ffee")
    paths.stop_waiting()

    assert [] == paths.pending
