"""What a tool wrote -> results: SARIF 2.1.0, or the JSON of shellcheck."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import TypeVar
from urllib.parse import unquote

import msgspec

from qualitywatch.model import Noun, Severity

MAX_RESULTS = 10_000  # of one run
MAX_MESSAGE = 300

_Shape = TypeVar("_Shape")

_FILE_SCHEME = re.compile(r"^file://[^/]*")
_LEVELS = MappingProxyType(
    {
        "error": Severity.HIGH,
        "warning": Severity.MEDIUM,
        "note": Severity.LOW,
        "info": Severity.LOW,
        "style": Severity.LOW,
        "none": Severity.LOW,
    }
)


class BadOutput(Exception):
    """What the tool wrote is not what it should have written; the text says why."""


class Result(Noun):
    """One result of a tool, at a place of a file."""

    rule: str
    severity: Severity
    message: str
    path: str  # relative to where the tool ran
    line: int
    column: int
    end_line: int
    end_column: int


class _Text(Noun):
    text: str = ""


class _Region(Noun, rename="camel"):
    start_line: int = 1
    start_column: int = 1
    end_line: int | None = None
    end_column: int | None = None


class _Artifact(Noun):
    uri: str = ""


class _Physical(Noun, rename="camel"):
    artifact_location: _Artifact = _Artifact()
    region: _Region = _Region()


class _Location(Noun, rename="camel"):
    physical_location: _Physical | None = None


class _Configured(Noun):
    level: str | None = None


class _Descriptor(Noun, rename="camel"):
    id: str = ""
    default_configuration: _Configured = _Configured()


class _Reference(Noun):
    id: str | None = None
    index: int | None = None


class _Result(Noun, rename="camel"):
    rule_id: str | None = None
    rule_index: int | None = None
    rule: _Reference = _Reference()
    level: str | None = None
    kind: str = "fail"
    message: _Text = _Text()
    locations: tuple[_Location, ...] = ()


class _Driver(Noun):
    name: str = ""
    rules: tuple[_Descriptor, ...] = ()


class _Tool(Noun):
    driver: _Driver = _Driver()


class _Notification(Noun):
    level: str = "warning"
    message: _Text = _Text()


class _Invocation(Noun, rename="camel"):
    execution_successful: bool = True
    tool_execution_notifications: tuple[_Notification, ...] = ()


class _Run(Noun):
    tool: _Tool = _Tool()
    results: tuple[_Result, ...] | None = ()
    invocations: tuple[_Invocation, ...] = ()


class _Log(Noun):
    version: str
    runs: tuple[_Run, ...]


class _Comment(Noun, rename="camel"):
    """What shellcheck says, with `--format=json1`."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int
    level: str
    code: int
    message: str


class _Comments(Noun):
    comments: tuple[_Comment, ...]


def read_sarif(output: bytes) -> list[Result]:
    """The results in a SARIF log; raises `BadOutput`, also where a run failed."""
    log = _decoded(output, _Log, "SARIF 2.1.0")
    if not log.version.startswith("2."):
        raise BadOutput(f"it wrote SARIF {log.version[:20]}, not 2.1.0")
    for run in log.runs:
        for invocation in run.invocations:
            if not invocation.execution_successful:
                raise BadOutput(f"it says that it failed{_why(invocation)}")
    found = [result for run in log.runs for result in _results(run)]
    return _counted(found)


def read_shellcheck(output: bytes) -> list[Result]:
    """The results in the JSON of shellcheck; raises `BadOutput`."""
    said = _decoded(output, _Comments, "the JSON of shellcheck").comments
    return _counted(
        [
            Result(
                rule=f"SC{one.code}",
                severity=_LEVELS.get(one.level, Severity.LOW),
                message=_short(one.message),
                path=one.file,
                line=max(1, one.line),
                column=max(1, one.column),
                end_line=max(1, one.line, one.end_line),
                end_column=max(1, one.end_column - 1),
            )
            for one in said
        ]
    )


def _decoded(output: bytes, shape: type[_Shape], name: str) -> _Shape:
    if not output.strip():
        raise BadOutput("it wrote nothing")
    try:
        return msgspec.json.decode(output.removeprefix(b"\xef\xbb\xbf"), type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadOutput(f"what it wrote is not {name}: {error}"[:200]) from error


def _counted(found: list[Result]) -> list[Result]:
    if len(found) > MAX_RESULTS:
        raise BadOutput(f"it wrote more than {MAX_RESULTS} results")
    return found


def _results(run: _Run) -> Iterator[Result]:
    levels = {
        rule.id: rule.default_configuration.level for rule in run.tool.driver.rules
    }
    for result in run.results or ():
        if result.kind != "fail" or not result.locations:
            continue
        rule = _rule(result, run.tool.driver)
        place = result.locations[0].physical_location
        if place is None or not place.artifact_location.uri:
            continue
        region = place.region
        line = max(1, region.start_line)
        yield Result(
            rule=rule,
            severity=_severity(result.level, levels.get(rule)),
            message=_short(result.message.text),
            path=unquote(_FILE_SCHEME.sub("", place.artifact_location.uri)),
            line=line,
            column=max(1, region.start_column),
            end_line=max(line, region.end_line or line),
            end_column=max(1, (region.end_column or region.start_column + 1) - 1),
        )


def _rule(result: _Result, driver: _Driver) -> str:
    index = result.rule_index if result.rule_index is not None else result.rule.index
    named = result.rule_id or result.rule.id
    if named is None and index is not None and 0 <= index < len(driver.rules):
        named = driver.rules[index].id
    return (named or "unnamed")[:100]


def _severity(level: str | None, default: str | None) -> Severity:
    return _LEVELS.get(level or default or "warning", Severity.MEDIUM)


def _short(message: str) -> str:
    return " ".join(message.split())[:MAX_MESSAGE] or "no message"


def _why(invocation: _Invocation) -> str:
    texts = [n.message.text for n in invocation.tool_execution_notifications]
    said = _short(next((text for text in texts if text), ""))
    return f": {said}" if texts else ""


READERS: Mapping[str, Callable[[bytes], list[Result]]] = MappingProxyType(
    {"sarif": read_sarif, "shellcheck": read_shellcheck}
)
"""What reads the output of a tool, by its form."""
