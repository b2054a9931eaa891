"""Data formats, judged by the parser that defines them: JSON, YAML and TOML.

YAML is read by PyYAML on libyaml, which most other readers descend from: its events
neither expand aliases nor resolve tags, so no bomb goes off and no `!Ref` is a fault.
What tools take beyond the standard is told apart: comments and commas in JSON, several
documents in one file, and templates that another program fills in first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec

from qualitywatch.analysis.sources.source import Source
from qualitywatch.languages import LANGUAGES
from qualitywatch.model import Confidence
from qualitywatch.regex import regex

if TYPE_CHECKING:
    import yaml

_REMARKED = regex(
    r"\.(jsonc|json5|code-workspace|code-snippets|sublime-[\w-]+)$"
    r"|^(ts|js|deno|biome|turbo|wrangler|devcontainer|tslint|typedoc|angular|nx|rush"
    r"|appsettings|launchSettings|global|api-extractor|language-configuration|renovate"
    r"|settings|launch|tasks|extensions|keybindings)[\w.-]*\.json$"
    r"|^(tsconfig|jsconfig)[\w.-]*\.json$"
    r"|^\.(eslintrc|babelrc|swcrc|jshintrc|prettierrc|mocharc|stylelintrc|hintrc)"
)
"""Names of JSON files whose readers take comments and spare commas."""

_EXACT = frozenset({"package.json", "composer.json", "manifest.json", "bower.json"})
"""Names of JSON files whose readers take nothing beyond the standard."""

_REMARK = regex(r'("(?:[^"\\\n]|\\.)*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_TOML_PLACE = regex(r"at line (\d+), column (\d+)")
_OPEN_INLINE_TABLE = regex(r"=[ \t]*\{[^}\n]*$", re.MULTILINE)
_BLANKS = regex(r"\s*")


class FormatError(msgspec.Struct, frozen=True):
    """The place where a parser gives up, and how much that proves."""

    line: int
    column: int
    confidence: Confidence = Confidence.CERTAIN


def format_error(source: Source) -> FormatError | None:
    """Where *source* is no longer its format; `None` where it is, or says nothing."""
    if not source.text.strip():
        return None
    return _PARSERS[source.language.name](source)


def is_format(name: str) -> bool:
    """True for a language that has a parser of its own here."""
    return name in _PARSERS


def _json_error(source: Source) -> FormatError | None:
    name = PurePosixPath(source.path).name
    place = _strict_json_error(source.text, is_one=name in _EXACT)
    if place is None:
        return None
    if name in _EXACT or not _is_script_value(source):
        return FormatError(*place)
    if _REMARKED.search(name):
        return None
    remarks_alone = _strict_json_error(_REMARK.sub(r"\1", source.text)) is None
    return FormatError(
        *place, Confidence.POSSIBLE if remarks_alone else Confidence.LIKELY
    )


def _strict_json_error(text: str, *, is_one: bool = False) -> tuple[int, int] | None:
    """Unless it *is_one*, values may follow each other: lines of JSON are named so."""
    import json  # these parsers take 4 ms that only their files have to pay

    decoder = json.JSONDecoder(strict=False, parse_int=str, parse_float=str)
    at = 0
    try:
        while at < len(text):
            _, end = decoder.raw_decode(text, _skipped(text, at))
            at = _skipped(text, end)
            if is_one and at < len(text):
                raise json.JSONDecodeError("more than one value", text, at)
    except json.JSONDecodeError as error:
        return error.lineno, error.colno
    except RecursionError:
        return None  # legal, however deep
    return None


def _skipped(text: str, at: int) -> int:
    match = _BLANKS.match(text, at)
    return match.end() if match else at


def _is_script_value(source: Source) -> bool:
    """True for JSON with comments, spare commas, bare keys: a value in JavaScript."""
    script = b"(" + source.text.encode() + b"\n)"
    read = Source.read(source.path, script, LANGUAGES["javascript"])
    return not read.has_errors


def _yaml_error(source: Source) -> FormatError | None:
    import yaml  # 20 ms that only YAML has to pay

    known: set[str] = set()
    reader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        for event in yaml.parse(source.text, Loader=reader):
            if isinstance(event, yaml.DocumentStartEvent):
                known.clear()
            elif isinstance(event, yaml.AliasEvent):
                if event.anchor not in known:
                    return _marked(source, event.start_mark)
            elif (anchor := getattr(event, "anchor", None)) is not None:
                known.add(anchor)
    except yaml.YAMLError as error:
        return _marked(source, getattr(error, "problem_mark", None))
    return None


def _marked(source: Source, mark: yaml.Mark | None) -> FormatError:
    if mark is None:
        return FormatError(1, 1)
    return FormatError(min(mark.line + 1, len(source.lines)), mark.column + 1)


def _toml_error(source: Source) -> FormatError | None:
    import tomllib  # as above

    try:
        tomllib.loads(source.text)
    except tomllib.TOMLDecodeError as error:
        place = _TOML_PLACE.search(str(error))
        line, column = (
            (int(place[1]), int(place[2])) if place else (len(source.lines), 1)
        )
        # TOML 1.1 lets an inline table go on over lines, which this parser refuses.
        is_newer = _OPEN_INLINE_TABLE.search(source.text) is not None
        doubt = Confidence.POSSIBLE if is_newer else Confidence.CERTAIN
        return FormatError(min(line, len(source.lines)), column, doubt)
    except RecursionError:
        return None
    return None


_PARSERS: Mapping[str, Callable[[Source], FormatError | None]] = MappingProxyType(
    {"json": _json_error, "yaml": _yaml_error, "toml": _toml_error}
)
