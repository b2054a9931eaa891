"""Settings: `qualitywatch.toml` becomes a frozen `Config`, or an error that helps.

A setting is one field with its default; its description is its documentation, and
`to_toml` writes the commented file that `init` leaves behind from the fields alone.
A repository without that file may hold the same tables in `pyproject.toml`, below
`[tool.qualitywatch]`.
"""

from __future__ import annotations

import ipaddress
import os
import re
import stat
from collections import Counter
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec
from msgspec import Meta

from qualitywatch.errors import ConfigError
from qualitywatch.model import Confidence, Severity, ViolationType, is_agent_id
from qualitywatch.regex import regex

FILE_NAME = "qualitywatch.toml"
PYPROJECT = "pyproject.toml"
PYPROJECT_TABLE = "tool.qualitywatch"
MAX_BYTES = 256 * 1024
MAX_PARTS = 32  # of a key: the reader needs the square of them

Milliseconds = Annotated[int, Meta(gt=0, le=3_600_000)]
Count = Annotated[int, Meta(gt=0, le=100_000)]
Port = Annotated[int, Meta(ge=0, le=65_535)]
Bytes = Annotated[int, Meta(gt=0, le=1024**3)]

_LOOPBACK = {"localhost": "127.0.0.1"}

_HEADER = regex(r"\s*(\[?)\[\s*([\w.-]+)\s*\]")
_SETTING = regex(r"\s*([\w.-]+)\s*=")
_MOST_SIGNS = 300  # of what is wrong: the file may be a bomb
_QUOTED = regex(r"""\"[^"\n]*\"|'[^'\n]*'|#[^\n]*""")
_DOT = regex(r"[\w-][ \t]*\.(?=[ \t]*[\w-])")
_AT_LINE = regex(r"\(at line (\d+), column \d+\)")
_HEAD = """\
# Settings of qualitywatch, each at its default: a line you delete keeps its default.
# An unknown key is an error, so that no slip of the pen is silently ignored.
"""


class _Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file; a key it does not know is an error."""


class Strikes(_Section, frozen=True):
    """Lesser violations that put their agent in quarantine, so many in a time."""

    name: Annotated[
        str,
        Meta(
            pattern=r"^[a-z0-9][a-z0-9._-]{0,39}$",
            description="what the reason of the quarantine calls it",
        ),
    ]
    types: Annotated[
        tuple[ViolationType, ...],
        Meta(description="violation types that count; none: all of them"),
    ] = ()
    rules: Annotated[
        tuple[str, ...], Meta(description="ids of rules that count; none: all of them")
    ] = ()
    severity: Annotated[Severity, Meta(description="lowest severity that counts")] = (
        Severity.LOW
    )
    confidence: Annotated[
        Confidence, Meta(description="lowest confidence that counts")
    ] = Confidence.POSSIBLE
    count: Annotated[
        int, Meta(ge=1, le=1000, description="so many; 1: each one at once")
    ] = 3
    minutes: Annotated[
        int, Meta(ge=1, le=43_200, description="within this time, until the last one")
    ] = 60


class Policy(_Section, frozen=True):
    """When a violation puts its agent in quarantine."""

    severity: Annotated[
        Severity, Meta(description="lowest severity that does, at the confidence below")
    ] = Severity.HIGH
    confidence: Annotated[
        Confidence, Meta(description="lowest confidence that does")
    ] = Confidence.LIKELY
    unattributed: Annotated[
        Literal["alert", "quarantine"],
        Meta(
            description="where no agent works and nobody can be named: alert the "
            "operator, or quarantine the workspace"
        ),
    ] = "alert"
    strikes: tuple[Strikes, ...] = ()


class Watch(_Section, frozen=True):
    """What the daemon looks at, and how long it waits."""

    settle_ms: Annotated[
        Milliseconds, Meta(description="quiet time after which an edit is finished")
    ] = 5000
    claim_ms: Annotated[
        Milliseconds,
        Meta(description="how long a violation waits for its agent to come forward"),
    ] = 500
    ignore: Annotated[
        tuple[str, ...],
        Meta(description="patterns as in .gitignore, on top of .gitignore itself"),
    ] = ()


class Hub(_Section, frozen=True):
    """Where the daemon listens."""

    host: Annotated[
        str, Meta(description="an address; any but loopback needs a certificate")
    ] = "127.0.0.1"
    port: Annotated[Port, Meta(description="0 takes any free port")] = 7433
    max_connections: Annotated[Count, Meta(description="all connections together")] = (
        2000
    )
    max_connections_per_agent: Annotated[
        Count, Meta(description="connections of one agent")
    ] = 8
    messages_per_second: Annotated[
        Count, Meta(description="of one agent, over all its connections")
    ] = 50
    message_burst: Annotated[
        Count, Meta(description="messages that may come at once")
    ] = 100
    bytes_per_second: Annotated[
        Bytes, Meta(description="of one agent; at once, as much as one message holds")
    ] = 256 * 1024
    strikes_to_quarantine: Annotated[
        int,
        Meta(
            ge=0,
            le=3600,
            description="seconds with too many messages, within an hour, that put an"
            " agent in quarantine; 0: never",
        ),
    ] = 10
    certificate: Annotated[
        str, Meta(description="PEM file with the chain; turns TLS (1.2 or newer) on")
    ] = ""
    key: Annotated[
        str, Meta(description="PEM file with its key; none where it is in the other")
    ] = ""
    names: Annotated[
        tuple[str, ...],
        Meta(description="names other than loopback by which it may be called"),
    ] = ()


class Analysis(_Section, frozen=True):
    """Limits of the worker processes that parse."""

    workers: Annotated[int, Meta(gt=0, le=64, description="processes")] = 2
    timeout_ms: Annotated[Milliseconds, Meta(description="for one change")] = 5000
    max_file_bytes: Annotated[
        Bytes, Meta(description="a larger source file is unanalysable: a gate fails")
    ] = 2 * 1024 * 1024


class Gate(_Section, frozen=True):
    """What makes a gate say NO-GO."""

    fail_on: Annotated[
        Severity,
        Meta(description="lowest severity that fails, at the confidence below"),
    ] = Severity.HIGH
    confidence: Annotated[
        Confidence, Meta(description="lowest confidence that fails")
    ] = Confidence.LIKELY


class Rules(_Section, frozen=True):
    """Which rules judge."""

    disabled: Annotated[
        tuple[str, ...], Meta(description="ids of rules that stay silent")
    ] = ()


class Retention(_Section, frozen=True):
    """How long history is kept; what is open and the audit are kept in any case."""

    days: Annotated[
        int, Meta(gt=0, le=36_500, description="events, changes and closed violations")
    ] = 30
    megabytes: Annotated[
        int,
        Meta(ge=10, le=1_000_000, description="of the database; then the oldest go"),
    ] = 500


class Audit(_Section, frozen=True):
    """Where the newest record of the audit is kept as well, to find tampering by."""

    export: Annotated[
        tuple[str, ...],
        Meta(
            description="files it is appended to: absolute paths, best where no agent"
            " can write, as on another machine's disk or with `chattr +a`"
        ),
    ] = ()
    every_seconds: Annotated[
        int, Meta(gt=0, le=86_400, description="at most so often, and at the end")
    ] = 300


class Log(_Section, frozen=True):
    """What the daemon writes into `logs/daemon.jsonl` in its state folder."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Meta(description="how bad a message must be to be kept"),
    ] = "info"


class Analyser(_Section, frozen=True):
    """A tool that writes SARIF: what it adds to the changed files counts as well."""

    name: Annotated[
        str,
        Meta(
            pattern=r"^[a-z0-9][a-z0-9._-]{0,39}$",
            description="of a recipe (ruff, bandit, semgrep, eslint, gitleaks,"
            " shellcheck), or your own",
        ),
    ]
    command: Annotated[
        tuple[str, ...],
        Meta(
            description="words, not a shell line; {files}, {output} and {root} are"
            " replaced; a recipe has its own"
        ),
    ] = ()
    files: Annotated[
        tuple[str, ...], Meta(description="patterns of the files that it looks at")
    ] = ()
    type: Annotated[
        ViolationType | None, Meta(description="violation type of its results")
    ] = None
    types: Annotated[
        dict[str, ViolationType],
        Meta(description="violation type by the first letters of its rules"),
    ] = msgspec.field(default_factory=dict)
    confidence: Annotated[
        Confidence | None, Meta(description="how far its results are trusted")
    ] = None
    settings: Annotated[
        tuple[str, ...],
        Meta(description="names of its own settings, which are taken from the base"),
    ] = ()
    output: Annotated[
        Literal["sarif", "shellcheck"] | None, Meta(description="form of its output")
    ] = None
    timeout_ms: Annotated[Milliseconds, Meta(description="for one run")] = 60_000


class SigningAgent(_Section, frozen=True):
    """An agent by how it signs its commits, beside those that are known."""

    id: Annotated[str, Meta(description="what reports call it")]
    patterns: Annotated[
        tuple[str, ...],
        Meta(
            min_length=1,
            description="RE2 expressions, matched anywhere in `Name <address>` of"
            " author, committer and trailers, whatever the case",
        ),
    ]


class Enforcement(_Section, frozen=True):
    """What the daemon does beside refusing; all of it is off unless you ask for it."""

    restore: Annotated[
        bool,
        Meta(description="put lost code back into the file at once, where it is exact"),
    ] = False
    stop: Annotated[
        bool,
        Meta(
            description="stop (SIGSTOP) the registered processes of an agent in"
            " quarantine; a release lets them go on"
        ),
    ] = False


class Config(_Section, frozen=True):
    """All settings; the defaults are what an absent file means."""

    policy: Policy = Policy()
    watch: Watch = Watch()
    hub: Hub = Hub()
    analysis: Analysis = Analysis()
    gate: Gate = Gate()
    rules: Rules = Rules()
    enforcement: Enforcement = Enforcement()
    audit: Audit = Audit()
    retention: Retention = Retention()
    log: Log = Log()
    analysers: tuple[Analyser, ...] = ()
    agents: tuple[SigningAgent, ...] = ()


def load(root: Path, *, refuse_shared: bool = False) -> Config:
    """The settings of the repository at *root*; the defaults where it has none.

    Raises `ConfigError` with file, line, key, problem and hint. With *refuse_shared*
    also where every user of the machine could write the file.
    """
    for name, parser in _PARSERS.items():
        content = _read(root / name, refuse_shared=refuse_shared)
        if content is not None:
            return parser(content, place=str(root / name))
    return Config()


def source(root: Path) -> Path | None:
    """The file that holds the settings of *root*, or `None` where none does."""
    if (root / FILE_NAME).exists():
        return root / FILE_NAME
    content = _read(root / PYPROJECT, refuse_shared=False)
    if content is None or _own_table(content, PYPROJECT) is None:
        return None
    return root / PYPROJECT


def parse(content: bytes, *, place: str = FILE_NAME) -> Config:
    """The settings in *content*; raises `ConfigError` naming the key that is wrong."""
    return _configured(_table(content, place), _Place(place, content))


def parse_pyproject(content: bytes, *, place: str = PYPROJECT) -> Config:
    """The settings below `[tool.qualitywatch]`; the defaults where it is absent."""
    table = _own_table(content, place)
    where = _Place(place, content, table=PYPROJECT_TABLE)
    return Config() if table is None else _configured(table, where)


def to_toml(config: Config | None = None) -> str:
    """A commented file with every setting at its default (or at *config*'s value)."""
    values = config or Config()
    tables = [
        _rendered(field.name, getattr(values, field.name), _element(field.type))
        for field in msgspec.structs.fields(Config)
    ]
    return "\n".join([_HEAD, *tables])


_PARSERS = MappingProxyType({FILE_NAME: parse, PYPROJECT: parse_pyproject})


# Reading


def _read(path: Path, *, refuse_shared: bool) -> bytes | None:
    """The file's bytes, never waiting on a pipe; `None` where there is no file."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(
            f"can not be read: {error.strerror}",
            place=str(path),
            hint="see who owns it, and where it leads",
        ) from error
    try:
        _refuse_unsafe(os.fstat(descriptor).st_mode, path, refuse_shared=refuse_shared)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(MAX_BYTES + 1)
    finally:
        os.close(descriptor)


def _refuse_unsafe(mode: int, path: Path, *, refuse_shared: bool) -> None:
    if not stat.S_ISREG(mode):
        hint = "move it away; `qualitywatch init` writes a file"
        raise ConfigError("is not a file", place=str(path), hint=hint)
    if refuse_shared and mode & stat.S_IWOTH:
        raise ConfigError(
            "can be written by every user of this machine",
            place=str(path),
            hint=f"chmod o-w {path.name}",
        )


def _own_table(content: bytes, place: str) -> object | None:
    """What stands below `[tool.qualitywatch]` in a pyproject.toml."""
    if b"qualitywatch" not in content:  # spares others' broken files, and time
        return None
    tool = _table(content, place).get("tool")
    return tool.get("qualitywatch") if isinstance(tool, dict) else None


def _table(content: bytes, place: str) -> dict[str, Any]:
    if len(content) > MAX_BYTES:
        hint = "`qualitywatch init` writes one that holds every setting"
        raise ConfigError("is larger than 256 KiB", place=place, hint=hint)
    import tomllib  # many a repository has no settings

    _refuse_deep(content, place)
    try:
        return tomllib.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        found = _AT_LINE.search(str(error))
        raise ConfigError(
            f"is not TOML: {error}"[:_MOST_SIGNS],
            place=f"{place}:{found[1]}" if found else place,
            hint="see https://toml.io",
        ) from error


def _refuse_deep(content: bytes, place: str) -> None:
    """A key of a hundred thousand parts would keep the reader busy for minutes."""
    text = _QUOTED.sub("q", content.decode("utf-8", "replace"))
    for number, line in enumerate(text.splitlines(), start=1):
        if line.count(".") > MAX_PARTS and len(_DOT.findall(line)) > MAX_PARTS:
            raise ConfigError(
                f"a key has more than {MAX_PARTS} parts",
                place=f"{place}:{number}",
                hint="no setting is that deep",
            )


def _configured(table: object, place: _Place) -> Config:
    _refuse_unknown(table, Config, (), place)
    try:
        config = msgspec.convert(table, Config)
    except msgspec.ValidationError as error:
        problem, _, where = str(error).partition(" - at ")
        key = where.strip("`").removeprefix("$").lstrip(".")
        raise place.error(
            key,
            problem.replace("Expected `object`", "Expected a table").lower(),
            hint="`qualitywatch init` writes a file with every setting and its type",
        ) from error
    _refuse_open_host(config.hub, place)
    _refuse_bad_patterns(config.watch.ignore, place)
    _refuse_relative(config.audit.export, place)
    for number, agent in enumerate(config.agents):
        _refuse_bad_agent(agent, f"agents[{number}]", place)
    return config


def _refuse_unknown(
    table: object, known: type[msgspec.Struct], path: tuple[str, ...], place: _Place
) -> None:
    if not isinstance(table, dict):
        return  # of the wrong type, which the conversion says better
    fields = {field.name: field.type for field in msgspec.structs.fields(known)}
    for name, value in table.items():
        if name not in fields:
            raise place.error(
                ".".join((*path, name)), "unknown setting", hint=_closest(name, fields)
            )
        if _is_section(fields[name]):
            _refuse_unknown(value, fields[name], (*path, name), place)
        elif element := _element(fields[name]):
            for number, row in enumerate(value if isinstance(value, list) else ()):
                _refuse_unknown(row, element, (*path, f"{name}[{number}]"), place)


def _closest(unknown: str, known: dict[str, Any]) -> str:
    import difflib  # for mistakes only

    match = difflib.get_close_matches(unknown, known, n=1)
    return f"did you mean `{match[0]}`?" if match else f"known: {', '.join(known)}"


def _refuse_open_host(hub: Hub, place: _Place) -> None:
    try:
        address = ipaddress.ip_address(_LOOPBACK.get(hub.host, hub.host).strip("[]"))
    except ValueError:  # a name: who knows where it leads
        problem, hint = "is not an address", 'use "127.0.0.1" or "::1"'
    else:
        if address.is_loopback or hub.certificate:
            return
        problem = "can be reached by others, and there is no certificate"
        hint = 'set hub.certificate and hub.key, or use "127.0.0.1"'
    raise place.error("hub.host", f"{hub.host!r} {problem}", hint=hint)


def _refuse_bad_patterns(patterns: tuple[str, ...], place: _Place) -> None:
    if not patterns:
        return
    from pathspec import GitIgnoreSpec  # not needed where nothing is ignored

    for pattern in patterns:
        try:
            GitIgnoreSpec.from_lines([pattern])
        except (ValueError, re.error) as error:
            raise place.error(
                "watch.ignore",
                f"{pattern!r} is not a pattern as in .gitignore: {error}",
                hint="see https://git-scm.com/docs/gitignore",
            ) from error


def _refuse_relative(files: tuple[str, ...], place: _Place) -> None:
    for number, file in enumerate(files):
        if not file.startswith(("/", "~/")):
            raise place.error(
                f"audit.export[{number}]",
                f"{file!r} is not an absolute path",
                hint="name a file outside the repository, where no agent can write",
            )


def _refuse_bad_agent(agent: SigningAgent, key: str, place: _Place) -> None:
    if not is_agent_id(agent.id):
        raise place.error(
            f"{key}.id",
            f"{agent.id!r} is no agent id",
            hint="small letters, digits and `._-`, for example `review-bot`",
        )
    import re2  # not needed where every agent is known

    options = re2.Options()
    options.log_errors = False
    for pattern in agent.patterns:
        try:
            re2.compile(pattern, options)
        except (re2.error, UnicodeEncodeError) as error:
            raise place.error(
                f"{key}.patterns",
                f"{pattern!r} is not an expression",
                hint="expressions are RE2: no look-around, no back-references",
            ) from error


class _Place:
    """Where a setting stands, to say so in errors."""

    def __init__(self, path: str, content: bytes, *, table: str = "") -> None:
        self._path = path
        self._lines = content.decode("utf-8", "replace").splitlines()
        self._table = table

    def error(self, key: str, problem: str, *, hint: str) -> ConfigError:
        """An error about *key*, with its line where that can be found."""
        full = ".".join(filter(None, (self._table, key)))
        line = self._line(full)
        place = self._path if line is None else f"{self._path}:{line}"
        return ConfigError(f"`{full}`: {problem}", place=place, hint=hint)

    def _line(self, key: str) -> int | None:
        """The line that sets *key*, or else what holds it, in the ordinary ways."""
        lines = self._named_lines()
        while key:
            for name in (key, key.rpartition("[")[0] if key.endswith("]") else key):
                if name in lines:
                    return lines[name]
            key = key.rpartition(".")[0]
        return None

    def _named_lines(self) -> dict[str, int]:
        """The line on which each table and setting begins."""
        found: dict[str, int] = {}
        rows: Counter[str] = Counter()
        table = ""
        for number, line in enumerate(self._lines, start=1):
            if header := _HEADER.match(line):
                table = header[2]
                if header[1]:  # a row of an array of tables
                    found.setdefault(table, number)
                    rows[table] += 1
                    table = f"{table}[{rows[table] - 1}]"
                found.setdefault(table, number)
            elif setting := _SETTING.match(line):
                found.setdefault(f"{table}.{setting[1]}".lstrip("."), number)
        return found


# Writing


def _rendered(
    name: str,
    section: msgspec.Struct | tuple[msgspec.Struct, ...],
    element: type[msgspec.Struct] | None,
) -> str:
    if isinstance(section, tuple):
        assert element is not None
        return "\n".join(_rendered_rows(name, section, element)) + "\n"
    lines = [f"[{name}]  # {_sentence(section)}"]
    rows: list[str] = []
    for field in msgspec.structs.fields(section):
        value = getattr(section, field.name)
        if inner := _element(field.type):
            rows += _rendered_rows(f"{name}.{field.name}", value, inner)
            continue
        lines += [f"# {line}" for line in _explained(field.type)]
        lines.append(f"{field.name} = {_literal(value)}")
    return "\n".join([*lines, *rows]) + "\n"


def _rendered_rows(
    name: str, rows: tuple[msgspec.Struct, ...], element: type[msgspec.Struct]
) -> Iterator[str]:
    """An array of tables; where it is empty, how one would be written."""
    yield f"# [[{name}]]  # {_sentence(element)}"
    for field in msgspec.structs.fields(element):
        lines = list(_explained(field.type))
        yield f"#   {field.name}: {' '.join(lines)}"
    for row in rows:
        yield f"[[{name}]]"
        for field in msgspec.structs.fields(element):
            if (value := getattr(row, field.name)) not in (None, (), {}):
                yield f"{field.name} = {_literal(value)}"


def _sentence(section: msgspec.Struct | type[msgspec.Struct]) -> str:
    kind = section if isinstance(section, type) else type(section)
    return (kind.__doc__ or "").partition(".")[0]


def _explained(annotated: Any) -> Iterator[str]:
    import textwrap  # only `init` writes the file

    description = " ".join(filter(None, (m.description for m in _metas(annotated))))
    choices = _choices(get_args(annotated)[0])
    text = f"{description} ({' | '.join(choices)})" if choices else description
    return iter(textwrap.wrap(text, width=84))


def _metas(annotated: Any) -> list[Meta]:
    return [item for item in get_args(annotated)[1:] if isinstance(item, Meta)]


def _choices(kind: Any) -> tuple[str, ...]:
    if isinstance(kind, type) and issubclass(kind, Enum):
        return tuple(str(member.value) for member in kind)
    return get_args(kind) if get_origin(kind) is Literal else ()


def _literal(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(_literal(item) for item in value)}]"
    if isinstance(value, dict):
        pairs = (f"{_literal(key)} = {_literal(item)}" for key, item in value.items())
        return f"{{ {', '.join(pairs)} }}"
    if isinstance(value, str):
        import json  # only who writes settings needs it

        return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def _element(kind: object) -> type[msgspec.Struct] | None:
    """The struct of an array of tables."""
    inner = get_args(kind)
    return inner[0] if inner and _is_section(inner[0]) else None


def _is_section(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, _Section)
