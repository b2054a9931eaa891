"""The report as JUnit XML: a suite for each file, a test for each violation.

The first suite is the decision, so that a clean change is a test that passed. A
violation fails its test where it is an error (`levels`); the others are shown as
skipped, which every reader of the format shows apart from what passed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple
from xml.sax.saxutils import escape

from qualitywatch.model import GateReport, Suppressed, Violation
from qualitywatch.reports import levels
from qualitywatch.reports.judged import (
    Judged,
    Notice,
    allowed,
    decision,
    notices,
    passes,
    summary,
    waiting,
)
from qualitywatch.reports.levels import Level
from qualitywatch.reports.look import Look
from qualitywatch.reports.safe import no_command, safe
from qualitywatch.reports.text import violation_lines

_FAILURE, _ERROR, _SKIPPED = "failure", "error", "skipped"
_DECISION = "qualitywatch"
_QUOTED = {'"': "&quot;", "\n": "&#10;", "\t": "&#9;"}


class _Test(NamedTuple):
    suite: str
    name: str
    outcome: str | None = None  # the element; `None`: it passed
    type: str = ""
    message: str = ""
    text: str = ""


def render(judged: Judged, look: Look) -> str:
    """The XML, whatever the names and the code in *judged* hold."""
    suites: dict[str, list[_Test]] = {}
    for test in _tests(judged, look):
        suites.setdefault(test.suite, []).append(test)
    every = [test for tests in suites.values() for test in tests]
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f"<testsuites{_attributes({'name': 'qualitywatch', **_counts(every)})}"
        f"{_attributes({'time': _seconds(judged)})}>",
    ]
    for name, tests in suites.items():
        lines.extend(_suite(name, tests, judged))
    return "\n".join([*lines, "</testsuites>", ""])


def _tests(judged: Judged, look: Look) -> Iterator[_Test]:
    yield _decision(judged)
    yield from map(_of_notice, notices(judged))
    new, seen = waiting(judged), dict[tuple[str, str], int]()
    for violation in judged.violations:
        outcome = _outcome(violation, judged)
        test = _of_violation(violation, outcome, new.get(violation.fingerprint), look)
        yield _numbered(test, seen)
    for row in allowed(judged):
        yield _numbered(_of_allowed(row), seen)
    if look.verbose:
        for skipped in judged.skipped:
            yield _Test(skipped.path, "not judged", _SKIPPED, "skipped", skipped.reason)


def _decision(judged: Judged) -> _Test:
    said = summary(judged)
    if decision(judged) is None or passes(judged):
        return _Test(_DECISION, decision(judged) or "inventory", text=said)
    return _Test(_DECISION, "decision", _FAILURE, str(decision(judged)), said)


def _of_notice(notice: Notice) -> _Test:
    suite = notice.path or _DECISION
    return _Test(suite, notice.check, _ERROR, notice.check, notice.message)


def _outcome(violation: Violation, judged: Judged) -> str:
    level = levels.of(violation, passes=passes(judged))
    return _FAILURE if level is Level.ERROR else _SKIPPED


def _of_violation(
    violation: Violation, outcome: str, waits: Suppressed | None, look: Look
) -> _Test:
    plain = Look(verbose=look.verbose, bases=look.bases)
    about = list(violation_lines(violation, plain))
    if waits is not None:
        about.append(f"    a new comment wants to allow it: {safe(waits.reason)}")
    return _Test(
        suite=violation.path,
        name=_name(violation),
        outcome=outcome,
        type=f"{violation.severity}/{violation.confidence}",
        message=violation.message,
        text="\n".join(about),
    )


def _of_allowed(row: Suppressed) -> _Test:
    said = f"allowed by a comment: {row.reason}"
    name = _name(row.violation)
    return _Test(row.violation.path, name, _SKIPPED, "allowed", said)


def _name(violation: Violation) -> str:
    """No line in it: readers compare the tests of two runs by their names."""
    return f"{violation.rule}: {violation.symbol or 'file'}"


def _numbered(test: _Test, seen: dict[tuple[str, str], int]) -> _Test:
    key = (test.suite, test.name)
    seen[key] = number = seen.get(key, 0) + 1
    return test if number == 1 else test._replace(name=f"{test.name} ({number})")


def _suite(name: str, tests: list[_Test], judged: Judged) -> Iterator[str]:
    file = {} if name == _DECISION else {"file": name}
    yield f"  <testsuite{_attributes({'name': name, **_counts(tests), **file})}>"
    if name == _DECISION:
        yield from _properties(judged)
    for test in tests:
        yield from _case(test)
    yield "  </testsuite>"


def _properties(judged: Judged) -> Iterator[str]:
    known = {"skipped": str(len(judged.skipped))}
    if isinstance(judged, GateReport):
        known["base"], known["head"] = judged.base or "", judged.head or ""
        known["files checked"] = str(judged.files_checked)
    yield "    <properties>"
    for name, value in known.items():
        yield f"      <property{_attributes({'name': name, 'value': value})}/>"
    yield "    </properties>"


def _case(test: _Test) -> Iterator[str]:
    head = _attributes({"classname": test.suite, "name": test.name})
    if test.outcome is None:
        element, about = "system-out", ""
    else:
        element = test.outcome
        about = _attributes({"type": test.type, "message": test.message})
    yield f"    <testcase{head}>"
    yield f"      <{element}{about}>{_text(test.text)}</{element}>"
    yield "    </testcase>"


def _counts(tests: Iterable[_Test]) -> Mapping[str, str]:
    outcomes = [test.outcome for test in tests]
    return {
        "tests": str(len(outcomes)),
        "failures": str(outcomes.count(_FAILURE)),
        "errors": str(outcomes.count(_ERROR)),
    }


def _seconds(judged: Judged) -> str:
    took = judged.duration_ms if isinstance(judged, GateReport) else 0
    return f"{took / 1000:.3f}"


def _attributes(values: Mapping[str, str]) -> str:
    return "".join(
        f' {name}="{escape(_legal(value), _QUOTED)}"' for name, value in values.items()
    )


def _text(text: str) -> str:
    return escape(_legal(text))


def _legal(text: str) -> str:
    """*text* without the signs that XML 1.0 has no place for: `safe` has them out."""
    lines = safe(text, keep_newlines=True).split("\n")
    return "\n".join(map(no_command, lines))  # CI systems show this as a log, too
