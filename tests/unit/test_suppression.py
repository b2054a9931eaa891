"""Suppressions: how they are read, which of them count; nobody frees himself."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qualitywatch import rulebook
from qualitywatch.analysis import analyse
from qualitywatch.analysis.sources.source import Source
from qualitywatch.analysis.suppression.comments import taken_out
from qualitywatch.languages import LANGUAGES
from qualitywatch.model import Analysis
from tests.factories import change

RULES = rulebook.load()
ABOUT = {"new-suppression", "void-suppression", "unused-suppression"}
ALLOW = "qualitywatch: allow swallowed-exception -- the process ends anyway"

HONEST = """\
def stop(server):
    server.stop()


def close(pool):
    pool.close()
"""
LAZY = """\
def stop(server):
    try:
        server.stop()
    except Exception:{trailing}
        pass


def close(pool):
    pool.close()
"""


def judged(before: str | None, after: str, path: str = "app.py") -> Analysis:
    """The analysis by the rules we ship."""
    return analyse(change(before, after, path=path), RULES)


def fired(analysis: Analysis) -> list[str]:
    """The rules that found something, suppressions apart."""
    return [v.rule for v in analysis.violations if v.rule not in ABOUT]


def about(analysis: Analysis) -> list[str]:
    """What is said of suppressions."""
    return [v.rule for v in analysis.violations if v.rule in ABOUT]


# Reading

FORMS = [
    ("python", f"x = 1  # {ALLOW}"),
    ("python", f"# {ALLOW}"),
    ("python", f"x = 1  # noqa: E501  # {ALLOW}"),
    ("javascript", f"f(); // {ALLOW}"),
    ("javascript", f"/* {ALLOW} */"),
    ("tsx", f"const a = <p>{{/* {ALLOW} */}}</p>;"),
    ("html", f"<!-- {ALLOW} -->"),
    ("css", f"/* {ALLOW} */"),
    ("sql", f"-- {ALLOW}"),
    ("lua", f"-- {ALLOW}"),
    ("yaml", f"# {ALLOW}"),
    ("python", "# qualitywatch: allow swallowed-exception — the process ends anyway"),
]


@pytest.mark.parametrize(("language", "text"), FORMS)
def test_every_form_of_comment(language: str, text: str) -> None:
    source = Source.read("a", text.encode(), LANGUAGES[language])

    bare, (found,) = taken_out(source)

    assert ("swallowed-exception",) == found.rules
    assert "the process ends anyway" == found.reason
    assert "qualitywatch" not in bare.text
    assert text.startswith(bare.lines[0].partition("   ")[0].rstrip())


NOT_ONE = [
    ("python", f'x = "# {ALLOW}"'),
    ("python", f'"""{ALLOW}"""'),
    ("python", f"# write `{ALLOW}` above the line"),
    ("python", f"# see below, # {ALLOW}"),
    ("javascript", f"const a = `// {ALLOW}`;"),
    ("javascript", f"/* {ALLOW}\n */"),
    ("python", "# qualitywatch: the daemon of this house"),
]


@pytest.mark.parametrize(("language", "text"), NOT_ONE)
def test_strings_and_prose_are_none(language: str, text: str) -> None:
    source = Source.read("a", text.encode(), LANGUAGES[language])

    assert (source, ()) == taken_out(source)


FAULTS = [
    ("allow new-stub", "a reason"),
    ("allow new-stub --", "a reason"),
    ("allow new-stub -- legacy", "a reason"),
    ("allow -- it is fine so", "name rules"),
    ("allow New_Stub -- it is fine so", "name rules"),
    ("ignore new-stub -- it is fine so", "`allow`, not `ignore`"),
    ("allow new-stub, old-stub -- 理由はこうです", ""),
]


@pytest.mark.parametrize(("said", "fault"), FAULTS)
def test_a_reason_is_obligatory(said: str, fault: str) -> None:
    source = Source.read(
        "a.py", f"# qualitywatch: {said}".encode(), LANGUAGES["python"]
    )

    found = taken_out(source)[1][0]

    assert bool(fault) == bool(found.fault)
    assert fault in found.fault


PAGE = (Path(__file__).parents[2] / "docs" / "suppression.md").read_text()
SHOWN = re.findall(r"^```(\w+)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(("language", "text"), SHOWN)
def test_the_page_shows_good_ones(language: str, text: str) -> None:
    (found,) = taken_out(Source.read("a", text.encode(), LANGUAGES[language]))[1]

    assert "" == found.fault


# Which count


def test_one_added_by_the_change_is_listed_and_does_not_count() -> None:
    analysis = judged(HONEST, LAZY.format(trailing=f"  # {ALLOW}"))

    assert ["swallowed-exception"] == fired(analysis)
    assert ["new-suppression"] == about(analysis)
    (listed,) = analysis.suppressed
    assert (False, "the process ends anyway") == (listed.counts, listed.reason)


def test_one_of_the_base_counts_when_its_line_is_edited() -> None:
    before = LAZY.format(trailing=f"  # {ALLOW}")

    analysis = judged(before, before.replace("Exception:", "BaseException:"))

    assert [] == fired(analysis) + about(analysis)
    assert [True] == [each.counts for each in analysis.suppressed]


def test_one_of_the_base_counts_when_its_function_moves() -> None:
    stop, close = LAZY.format(trailing=f"  # {ALLOW}").split("\n\n\n")
    moved = stop.replace("Exception:", "BaseException:")

    analysis = judged(f"{stop}\n\n\n{close}", f"{close}\n\n{moved}\n")

    assert [] == fired(analysis) + about(analysis)


def test_one_carried_to_another_function_does_not_count() -> None:
    before = LAZY.format(trailing=f"  # {ALLOW}")
    after = HONEST.replace(
        "    pool.close()\n",
        "    try:\n        pool.close()\n"
        f"    except BaseException:  # {ALLOW}\n        pass\n",
    )

    assert ["swallowed-exception"] == fired(judged(before, after))


def test_a_copy_makes_none_count() -> None:
    before = LAZY.format(trailing=f"  # {ALLOW}")
    after = before.replace("Exception:", "BaseException:").replace(
        "        server.stop()", f"        server.stop()  # {ALLOW}"
    )

    assert ["swallowed-exception"] == fired(judged(before, after))


def test_a_comment_behind_old_code_is_no_new_violation() -> None:
    """An honest human may suppress what stood there already."""
    after = LAZY.format(trailing=f"  # {ALLOW}")

    assert [] == fired(judged(LAZY.format(trailing=""), after))


def test_a_comment_is_no_remark_that_silences_a_rule() -> None:
    """Other comments inside an empty handler are a reason; a suppression is none."""
    after = LAZY.format(trailing="").replace("pass", f"pass  # {ALLOW}")

    assert ["swallowed-exception"] == fired(judged(HONEST, after))


def test_rules_about_suppressions_can_not_be_allowed() -> None:
    after = HONEST.replace(
        "server.stop()",
        "server.stop()  # qualitywatch: allow new-suppression -- nobody has to know",
    )

    assert ["void-suppression"] == about(judged(HONEST, after))


def test_the_fingerprint_does_not_know_the_comment() -> None:
    """What an operator dismissed stays dismissed when the reason is written down."""
    bare = judged(HONEST, LAZY.format(trailing=""))
    told = judged(HONEST, LAZY.format(trailing=f"  # {ALLOW}"))

    assert bare.violations[0].fingerprint == told.violations[0].fingerprint


# Nobody frees himself

JS_HONEST = "export function close(pool) {\n  return pool.end();\n}\n"
JS_LAZY = """\
export function close(pool) {
  try {
    pool.end();
  } catch (error) {
  }
  // ... rest of the function unchanged
}
"""
STUB = """\
def reconcile(orders):
    total = sum(orders)
    log(total)
    return total
"""
CASES = [
    ("app.py", "#", HONEST, LAZY.format(trailing="")),
    ("app.py", "#", LAZY.format(trailing=f"  # {ALLOW}"), LAZY.format(trailing="")),
    ("app.py", "#", STUB, "def reconcile(orders):\n    pass\n"),
    (
        "app.py",
        "#",
        STUB,
        "def reconcile(orders):\n    # ... rest unchanged\n    pass\n",
    ),
    ("app.js", "//", JS_HONEST, JS_LAZY),
]


@settings(max_examples=60, deadline=None)
@given(
    case=st.sampled_from(CASES),
    places=st.lists(
        st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=3
    ),
    names=st.lists(st.sampled_from(RULES.ids), min_size=1, max_size=3),
)
def test_adding_suppressions_never_removes_a_violation(
    case: tuple[str, str, str, str], places: list[tuple[int, bool]], names: list[str]
) -> None:
    path, mark, before, after = case
    remark = f"{mark} qualitywatch: allow {', '.join(names)} -- the process ends anyway"
    lines = after.splitlines()
    for place, is_alone in places:
        at = place % len(lines)
        if is_alone:
            indent = len(lines[at]) - len(lines[at].lstrip())
            lines.insert(at, " " * indent + remark)
        else:
            lines[at] += f"  {remark}"

    plain, told = judged(before, after, path), judged(before, "\n".join(lines), path)

    assert Counter(fired(plain)) <= Counter(fired(told))
