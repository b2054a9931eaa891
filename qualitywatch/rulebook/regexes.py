"""Regular expressions of rules: RE2, so no input can hold them for long.

They may not use look-around or back-references; that is the price of linear time.
`\\w`, `\\d` and `\\b` know ASCII only; `\\pL` is a letter of any language.
"""

from __future__ import annotations

from typing import Any

from qualitywatch.regex import Later


class BrokenPattern(Exception):
    """A pattern that can not be used; `line` counts from 1 inside its text."""

    def __init__(self, line: int, problem: str, hint: str = "") -> None:
        super().__init__(problem)
        self.line = line
        self.problem = problem
        self.hint = hint


def compile_regex(text: str, line: int = 1) -> Any:
    """The RE2 expression *text*; raises `BrokenPattern`."""
    import re2  # 3 ms that a text without remarks and predicates has not to pay

    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(text, options)
    except re2.error as error:
        said = error.args[0] if error.args else ""
        reason = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
        hint = "expressions are RE2: no look-around, no back-references"
        raise BrokenPattern(line, f"not an expression: {reason}", hint) from error


def compile_later(text: str) -> Any:
    """The same for a rule that has been proven: compiled when it is first asked."""
    return Later(text, lambda: compile_regex(text))
