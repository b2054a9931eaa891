"""Settings become a `Config`, or an error that says where, what and how to mend it."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qualitywatch import config
from qualitywatch.config import Config, Gate, Hub, Policy, Rules, Watch
from qualitywatch.errors import ConfigError
from qualitywatch.model import Confidence, Severity, ViolationType

BROKEN = [
    ("hub.prot = 1", "`hub.prot`: unknown setting", "did you mean `port`?"),
    ("[hub]\nprot = 1", "`hub.prot`: unknown setting", "did you mean `port`?"),
    ("[hubs]", "`hubs`: unknown setting", "did you mean `hub`?"),
    ("[zzz]", "`zzz`: unknown setting", "known: policy, watch, hub"),
    ("'` - at `$.hub' = 1", "`` - at `$.hub`: unknown", "known: policy"),
    ("hub = 3", "`hub`: expected a table, got `int`", "qualitywatch init"),
    ("hub.port = true", "`hub.port`: expected `int`, got `bool`", "init"),
    ("hub.port = '1'", "`hub.port`: expected `int`, got `str`", "init"),
    ("hub.port = 1.5", "`hub.port`: expected `int`, got `float`", "init"),
    ("hub.port = -1", "`hub.port`: expected `int` >= 0", "init"),
    ("hub.port = 65536", "`hub.port`: expected `int` <= 65535", "init"),
    (f"hub.port = {10**400}", "`hub.port`: expected `int` <= 65535", "init"),
    ("hub.host = '0.0.0.0'", "'0.0.0.0' can be reached by others", "127.0.0.1"),
    ("hub.host = 'example.org'", "is not an address", "127.0.0.1"),
    ("hub.host = ''", "is not an address", "127.0.0.1"),
    ("hub.max_connections = 0", "expected `int` >= 1", "init"),
    ("watch.settle_ms = 0", "`watch.settle_ms`: expected `int` >= 1", "init"),
    ("watch.ignore = 'a'", "`watch.ignore`: expected `array`, got `str`", "init"),
    ("watch.ignore = [1]", "`watch.ignore[0]`: expected `str`", "init"),
    ("watch.ignore = ['!']", "'!' is not a pattern as in .gitignore", "gitignore"),
    ("watch.ignore = ['[z-a]']", "'[z-a]' is not a pattern", "gitignore"),
    ("policy.severity = 'huge'", "`policy.severity`: invalid enum value", "init"),
    ("policy.unattributed = 'x'", "`policy.unattributed`: invalid enum", "init"),
    ("analysis.workers = 10000", "`analysis.workers`: expected `int` <= 64", "init"),
    ("gate.fail_on = []", "`gate.fail_on`: expected `str`, got `array`", "init"),
    ("rules.disabled = {}", "`rules.disabled`: expected `array`", "init"),
    ("agents = [{id = 'a'}]", "missing required field `patterns`", "init"),
    ("agents = [{id = 'a', patterns = []}]", "length >= 1", "init"),
    ("agents = [{id = 'A', patterns = ['a']}]", "'A' is no agent id", "small"),
    ('agents = [{id = "a\\n", patterns = ["a"]}]', "is no agent id", "small"),
    ("agents = [{id = 'a', patterns = ['(']}]", "'(' is not an expression", "RE2"),
    ("agents = [{id = 'a', pattern = 'a'}]", "unknown setting", "patterns"),
    ("a = ", "is not TOML: Invalid value", "toml.io"),
    ("[hub]\n[hub]", "is not TOML: Cannot declare", "toml.io"),
    ("a = " + "[" * 100_000, "is not TOML", "toml.io"),
    ("a = " + "9" * 10_000, "is not TOML", "toml.io"),
    ("#" * (config.MAX_BYTES + 1), "is larger than 256 KiB", ""),
]


@pytest.mark.parametrize(("text", "problem", "hint"), BROKEN, ids=str)
def test_broken_setting_is_explained(text: str, problem: str, hint: str) -> None:
    """The error names the file, the key and what is wrong, and says what to do."""
    with pytest.raises(ConfigError) as raised:
        config.parse(text.encode(), place="here.toml")

    assert raised.value.place.startswith("here.toml")
    assert problem in raised.value.problem
    assert hint in raised.value.hint


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[hub]\n# the port\nport = 'x'", 3),
        ("# first\nhub.port = 'x'", 2),
        ("[gate]\nport = 1\n[hub]\nport = 'x'", 2),
        ("[policy]\n\n[hubb]\nport = 1", 3),
        ("[watch]\nignore = [\n  1,\n]", 2),
    ],
)
def test_error_points_at_the_line(text: str, line: int) -> None:
    """`file:line`, as editors and terminals can follow it."""
    with pytest.raises(ConfigError) as raised:
        config.parse(text.encode(), place="here.toml")

    assert f"here.toml:{line}" == raised.value.place


def test_latin_1_is_refused() -> None:
    """TOML is UTF-8; a guess at another encoding could change a setting."""
    with pytest.raises(ConfigError, match="is not TOML"):
        config.parse("# é".encode("latin-1"))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost"])
def test_loopback_hosts_are_taken(host: str) -> None:
    """Every address of this machine alone will do."""
    assert host == config.parse(f"hub.host = '{host}'".encode()).hub.host


def test_settings_are_read() -> None:
    """What the file says replaces the default; the rest stays."""
    text = "[gate]\nfail_on = 'low'\n[watch]\nignore = ['build/', '!build/a.py']\n"

    expected = Config(
        gate=Gate(fail_on=Severity.LOW), watch=Watch(ignore=("build/", "!build/a.py"))
    )
    assert expected == config.parse(text.encode())


def test_template_means_the_defaults() -> None:
    """What `init` writes changes nothing."""
    assert Config() == config.parse(config.to_toml().encode())


def test_template_names_and_explains_every_setting() -> None:
    """No setting is undocumented: each line follows a comment of its own."""
    lines = config.to_toml().splitlines()

    rows = {"analysers", "agents"}
    tables = [f for f in msgspec.structs.fields(Config) if f.name not in rows]
    for section in tables:
        start = next(
            i for i, n in enumerate(lines) if n.startswith(f"[{section.name}]")
        )
        for field in msgspec.structs.fields(section.type):
            if field.name == "strikes":
                continue  # rows of its own, see below
            place = next(
                i
                for i, line in enumerate(lines)
                if i > start and line.startswith(f"{field.name} = ")
            )
            assert lines[place - 1].startswith("# "), field.name


@pytest.mark.parametrize(
    ("name", "element"),
    [
        ("analysers", config.Analyser),
        ("agents", config.SigningAgent),
        ("policy.strikes", config.Strikes),
    ],
)
def test_template_explains_how_a_row_is_written(
    name: str, element: type[msgspec.Struct]
) -> None:
    """It is commented out: each field has a line of its own."""
    text = config.to_toml().partition(f"# [[{name}]]  # ")[2].partition("\n\n")[0]
    fields = [field.name for field in msgspec.structs.fields(element)]

    assert text
    assert [] == [name for name in fields if f"\n#   {name}: " not in text]


def test_analysers_are_written_as_they_were_read() -> None:
    """Every field that was set comes back."""
    given = config.Analyser(
        name="mine",
        command=("tool", "{files}"),
        types={"S": ViolationType.SECURITY_RISK},
        confidence=Confidence.LIKELY,
    )
    written = config.to_toml(Config(analysers=(given,)))

    assert (given,) == config.parse(written.encode()).analysers


def test_strikes_are_written_as_they_were_read() -> None:
    """A row inside the policy comes back with it."""
    given = config.Strikes(
        name="three",
        types=(ViolationType.LOGIC_ERROR,),
        rules=("self-comparison",),
        severity=Severity.MEDIUM,
        count=5,
        minutes=90,
    )
    written = config.to_toml(Config(policy=config.Policy(strikes=(given,))))

    assert (given,) == config.parse(written.encode()).policy.strikes


def test_agents_are_written_as_they_were_read() -> None:
    """The id and every expression come back."""
    given = config.SigningAgent(id="review-bot", patterns=(r"@bots\.", '"b"'))
    written = config.to_toml(Config(agents=(given,)))

    assert (given,) == config.parse(written.encode()).agents


texts = st.text(st.characters(codec="utf-8"), max_size=20)


@settings(deadline=None)
@given(
    severity=st.sampled_from(Severity),
    confidence=st.sampled_from(Confidence),
    port=st.integers(0, 65535),
    disabled=st.lists(texts, max_size=3),
)
def test_every_config_survives_the_file(
    severity: Severity, confidence: Confidence, port: int, disabled: list[str]
) -> None:
    """Writing and reading again gives the same settings, whatever the texts hold."""
    written = Config(
        policy=Policy(severity=severity, confidence=confidence),
        hub=Hub(port=port),
        rules=Rules(disabled=tuple(disabled)),
    )

    assert written == config.parse(config.to_toml(written).encode())


keys = st.sampled_from(["hub", "watch", "port", "ignore", "policy", "severity"]) | texts
scalars = st.none() | st.booleans() | st.integers() | st.floats() | texts
tables = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(keys, inner), max_leaves=9
)


@settings(deadline=None)
@given(table=st.dictionaries(keys, tables))
def test_any_table_is_a_config_or_an_error(table: dict[str, object]) -> None:
    """No combination of keys and values gets past the check as another exception."""
    content = "\n".join(_toml(key, value) for key, value in table.items())

    with suppress(ConfigError):
        assert isinstance(config.parse(content.encode()), Config)


@pytest.mark.parametrize("parse", [config.parse, config.parse_pyproject])
@settings(deadline=None)
@given(content=st.binary(max_size=200))
def test_any_bytes_are_a_config_or_an_error(
    parse: Callable[[bytes], Config], content: bytes
) -> None:
    """A damaged file never ends in a traceback."""
    with suppress(ConfigError):
        assert isinstance(parse(content), Config)


def test_absent_file_means_the_defaults(tmp_path: Path) -> None:
    """No file is needed."""
    assert Config() == config.load(tmp_path)


def test_pyproject_is_read_where_no_own_file_is(tmp_path: Path) -> None:
    """The tables may stand below `[tool.qualitywatch]`."""
    (tmp_path / "pyproject.toml").write_text("[tool.qualitywatch.hub]\nport = 1\n")

    assert config.load(tmp_path).hub.port == 1


def test_own_file_wins_over_pyproject(tmp_path: Path) -> None:
    """Two places never mix: the reader of one file sees all settings."""
    (tmp_path / "pyproject.toml").write_text("[tool.qualitywatch.hub]\nport = 1\n")
    (tmp_path / "qualitywatch.toml").write_text("")

    assert Config() == config.load(tmp_path)


def test_error_in_pyproject_says_the_whole_key(tmp_path: Path) -> None:
    """The key is named as it stands in that file."""
    (tmp_path / "pyproject.toml").write_text(
        "[tool]\n[tool.qualitywatch.hub]\nport = ''"
    )

    with pytest.raises(ConfigError) as raised:
        config.load(tmp_path)

    assert "`tool.qualitywatch.hub.port`" in raised.value.problem
    assert f"{tmp_path / 'pyproject.toml'}:3" == raised.value.place


@pytest.mark.parametrize(
    "text", ["", "broken", "tool = 3 # qualitywatch", "[tool.qualitywatch]", "[tool.x]"]
)
def test_foreign_pyproject_means_the_defaults(tmp_path: Path, text: str) -> None:
    """A pyproject.toml that is not about us is not ours to judge."""
    (tmp_path / "pyproject.toml").write_text(text)

    assert Config() == config.load(tmp_path)


@pytest.mark.parametrize(
    ("files", "source"),
    [
        ({}, None),
        ({"qualitywatch.toml": ""}, "qualitywatch.toml"),
        ({"pyproject.toml": "[tool.qualitywatch]"}, "pyproject.toml"),
        ({"pyproject.toml": "[project]\nname = 'qualitywatch'"}, None),
        (
            {"qualitywatch.toml": "", "pyproject.toml": "[tool.qualitywatch]"},
            "qualitywatch.toml",
        ),
    ],
)
def test_source_is_the_file_that_is_read(
    tmp_path: Path, files: dict[str, str], source: str | None
) -> None:
    """`init` must not write a second place of settings."""
    for name, text in files.items():
        (tmp_path / name).write_text(text)

    assert (tmp_path / source if source else None) == config.source(tmp_path)


def test_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    """Whatever is there and can not be read is not the same as no file."""
    (tmp_path / "qualitywatch.toml").mkdir()

    with pytest.raises(ConfigError, match="is not a file"):
        config.load(tmp_path)


def test_pipe_in_place_of_the_file_does_not_hang(tmp_path: Path) -> None:
    """A pipe that nobody writes to would keep a hook waiting for ever."""
    os.mkfifo(tmp_path / "qualitywatch.toml")

    with pytest.raises(ConfigError, match="is not a file"):
        config.load(tmp_path)


def test_link_that_leads_nowhere_means_the_defaults(tmp_path: Path) -> None:
    """There is no file behind it."""
    (tmp_path / "qualitywatch.toml").symlink_to("absent")

    assert Config() == config.load(tmp_path)


def test_link_loop_is_refused(tmp_path: Path) -> None:
    """The reason of the operating system is passed on."""
    (tmp_path / "qualitywatch.toml").symlink_to("qualitywatch.toml")

    with pytest.raises(ConfigError, match="can not be read"):
        config.load(tmp_path)


def test_shared_file_is_refused_where_asked(tmp_path: Path) -> None:
    """Settings that any user may write are no settings of the operator."""
    file = tmp_path / "qualitywatch.toml"
    file.write_text("")
    file.chmod(0o666)

    assert Config() == config.load(tmp_path)
    with pytest.raises(ConfigError, match="can be written by every user"):
        config.load(tmp_path, refuse_shared=True)


def _toml(key: str, value: object) -> str:
    return f"{_scalar(key)} = {_inline(value)}"


def _inline(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(_toml(k, v) for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    return _scalar(value)


def _scalar(value: object) -> str:
    if isinstance(value, str):
        return config._literal(value)
    return str(value).lower()  # `None` becomes a TOML error, which is an answer too
