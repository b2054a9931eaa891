"""Doors that a change opens; the rule file holds the everyday cases."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualitywatch import rulebook
from qualitywatch.analysis import CHECKS, analyse
from qualitywatch.analysis.safety import guards
from qualitywatch.model import Change, Confidence, Violation
from qualitywatch.rulebook import Rulebook
from qualitywatch.traces import Around

RULE = rulebook.BUILT_IN / "security-risk" / "weakened-authorisation.md"
RULES = Rulebook.holding([rulebook.read(RULE, known_checks=CHECKS)])
CERTAIN, LIKELY = Confidence.CERTAIN, Confidence.LIKELY
GUARDED = """\
def delete(request, id):
    if not request.user.is_admin:
        raise PermissionDenied
    Account.objects.get(id=id).delete()
"""
OPEN = """\
def delete(request, id):
    Account.objects.get(id=id).delete()
"""


def found(
    before: str, after: str, path: str = "shop.py", around: Around | None = None
) -> list[Violation]:
    """The violations of a change at *path*."""
    change = Change(path=path, before=before.encode(), after=after.encode())
    return list(analyse(change, RULES, around=around or Around()).violations)


@pytest.mark.parametrize(
    ("name", "is_check"),
    [
        ("is_authorized", True),
        ("hasPermission", True),
        ("check_token", True),
        ("verifySignature", True),
        ("CheckAccess", True),
        ("Guard.canActivateRole", True),
        ("admin?", True),
        ("authenticate", True),
        ("issue_token", False),
        ("check_health", False),
        ("isolate_session", False),
        ("author", False),
        ("canvas_owner", False),
        ("validate_email", False),
        ("parse_token", False),
    ],
)
def test_names_of_checks(name: str, is_check: bool) -> None:
    """A verb that asks, and a subject that is asked about."""
    assert is_check is guards.is_check(name)


@pytest.mark.parametrize(
    ("body", "name", "expected"),
    [
        ("return True", "is_allowed", CERTAIN),
        ("{ return true; }", "isAllowed", CERTAIN),
        ("{\n  // everybody for now\n  return true;\n}", "isAllowed", CERTAIN),
        ("=> true", "IsAllowed", CERTAIN),
        ("= true", "isAllowed", CERTAIN),
        ("{ Ok(()) }", "verify_token", CERTAIN),
        ("{ console.log('check'); return true }", "isAllowed", CERTAIN),
        ("return True\nreturn user.is_admin", "is_allowed", CERTAIN),
        ("pass", "check_permission", LIKELY),
        ('"""Check it."""', "check_permission", LIKELY),
        ("{ return nil }", "checkToken", LIKELY),
        ("{ return next(); }", "requireAuth", LIKELY),
        ("return False", "requires_login", LIKELY),
        ("return False", "is_allowed", None),
        ("pass", "is_allowed", None),  # answers no
        ("return True if user.is_admin else False", "is_allowed", None),
        ("{ return true && user.admin; }", "isAllowed", None),
        ("return user.is_admin", "is_allowed", None),
        ("return True", "requires_login", None),
    ],
)
def test_bodies_that_permit(body: str, name: str, expected: Confidence | None) -> None:
    """Only what lets everybody pass counts; no is an answer too."""
    assert expected is guards.permits(body, name)


def test_guard_that_is_gone() -> None:
    """The function stays and turns nobody away any more; the evidence says what."""
    [violation] = found(GUARDED, OPEN)

    assert (1, "delete", LIKELY) == (
        violation.line,
        violation.symbol,
        violation.confidence,
    )
    assert violation.evidence is not None
    assert ((2, 2),) == violation.evidence.base_ranges


@pytest.mark.parametrize(
    "after",
    [
        "@admin_only\n" + OPEN,
        OPEN.replace("    A", "    ensure_admin(request)\n    A"),
        OPEN + "\n\nrouter.use(require_admin)\n",
        GUARDED.replace("PermissionDenied", "Http404"),
        GUARDED.replace("if not request.user.is_admin", "if not allowed(request.user)"),
        "",  # nothing left to guard
        GUARDED.replace("request", "call"),
    ],
)
def test_guard_that_took_another_form(after: str) -> None:
    """Any added word of access control may be what guards now."""
    assert [] == found(GUARDED, after)


def test_guard_that_went_to_another_file() -> None:
    """What another file of the same change gained is not lost."""
    around = Around(lines=frozenset({"raise PermissionDenied"}))

    assert [] == found(GUARDED, OPEN, around=around)


def test_moved_check() -> None:
    """A function that lives on elsewhere is no yes-man here."""
    before = "def is_allowed(user):\n    return user.name in ADMINS\n"
    after = "def is_allowed(user):\n    return True\n"

    assert [CERTAIN] == [v.confidence for v in found(before, after)]
    assert [] == found(before, after, around=Around(moved=frozenset({"is_allowed"})))


def test_tests_are_left_alone() -> None:
    """A test may let everybody in."""
    assert [] == found(GUARDED, OPEN, path="tests/shop.py")


@pytest.mark.parametrize(
    ("line", "shorter"),
    [
        ('app.get("/a", requireAuth, show)', 'app.get("/a", show)'),
        ('app.get("/a", requireRole("x"), show)', 'app.get("/a", show)'),
        ('app.use(passport.authenticate("jwt"), api)', "app.use(api)"),
        (
            "Route::get('/a', 'A@show')->middleware('auth');",
            "Route::get('/a', 'A@show');",
        ),
        (
            'app.MapGet("/a", Show).RequireAuthorization("x");',
            'app.MapGet("/a", Show);',
        ),
    ],
)
def test_routes(line: str, shorter: str) -> None:
    """A route without the guard that stood in it."""
    assert guards.bare(shorter) in map(guards.bare, guards.without_guard(line))


def test_hostile_lines_cost_little() -> None:
    """However long a line is, only its head is read."""
    before = GUARDED + "x = " + "if can( " * 50_000 + "\n"

    assert len(found(before, OPEN)) <= 1


LINES = st.lists(
    st.sampled_from(
        (
            "if user.is_admin:",
            "    raise PermissionDenied",
            "check_permission(user)",
            "authorize",
            "  require_login ;",
            "else if",
            "é if can?(x)",
            "\x0bverify_token",
            "token x",
            ".get(auth)",
            "",
        )
    ),
    min_size=1,
    max_size=8,
)


@pytest.mark.parametrize("look", [guards.refusals, guards.routes])
@given(lines=LINES)
def test_lines_are_told_together_as_alone(
    look: Callable[[list[str], list[int]], Iterable[int]], lines: list[str]
) -> None:
    """All of them are searched at once; none of them is another's part."""
    numbers = list(range(1, len(lines) + 1))

    assert list(look(lines, numbers)) == [
        n for n in numbers if list(look(lines[n - 1 :], [1]))
    ]


@given(st.from_regex(guards._DECORATORS))
def test_the_look_at_a_whole_base_misses_no_decorator(text: str) -> None:
    assert guards.may_be_decorated(f"x\n@{text}\n".encode("utf-8", "replace"))


def test_case_has_odd_forms_beyond_ascii() -> None:
    bare = "token = 1\n\n\ndef delete_all(request):\n    wipe(request)\n"
    guarded = bare.replace("def", "@log\u0131n_required\ndef")

    assert "weakened-authorisation" in {v.rule for v in found(guarded, bare)}
