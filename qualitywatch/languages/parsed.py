"""The languages that have a grammar, each an official wheel."""

from __future__ import annotations

from qualitywatch.languages.compiled import CPP, GO, RUST, SWIFT, C
from qualitywatch.languages.language import ANGLES as ANGLES
from qualitywatch.languages.language import SLASHES as SLASHES
from qualitywatch.languages.managed import CSHARP, JAVA, KOTLIN, SCALA
from qualitywatch.languages.scripting import BASH, LUA, PHP, PYTHON, RUBY
from qualitywatch.languages.web import (
    CSS,
    HTML,
    JAVASCRIPT,
    JSON,
    JSX,
    SVELTE,
    TOML,
    TSX,
    TYPESCRIPT,
    VUE,
    YAML,
)

PARSED = (
    *(PYTHON, JAVASCRIPT, JSX, TYPESCRIPT, TSX, GO, RUST, JAVA, C, CPP, CSHARP, RUBY),
    *(PHP, KOTLIN, SWIFT, SCALA, LUA, BASH, HTML, VUE, SVELTE, CSS, JSON, YAML, TOML),
)
