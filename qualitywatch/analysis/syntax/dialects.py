"""Texts that are not what their name says: templates, other dialects of a language.

Their errors are nobody's fault: Flow and JSpec stand in `.js`, IPython and Cython in
`.py`, and a template becomes code only when its fields are filled in.
"""

from __future__ import annotations

import re

from qualitywatch.analysis.sources.source import Source
from qualitywatch.regex import regex

_HEAD = 20_000  # signs of a text that tell its dialect

_TEMPLATE = regex(r"\{%.*%\}|<%.*%>|<\?php|\{#.*#\}|^[ \t]*#(?:set|foreach)\b", re.M)
_FIELD = regex(r"(?<![={$])\{\{-?\s*[\w.$]+(?:\s*\|[^}]*)?\s*-?\}\}")
_LINE_OF_FIELD = regex(r"^[ \t]*(?:- )?\{\{|\{\{-|-\}\}", re.MULTILINE)
_FLOW = regex(r"/[*/]+\s*@?flow\b|^(?:declare|(?:import|export|opaque) type)\b", re.M)
_RUBY_LIKE = regex(r"^[^\S\n]*end[^\S\n]*$", re.MULTILINE)
_NOTEBOOK = regex(
    r"^(?:%%?|!)[a-z]\w*|^# Databricks notebook|^[^\S\n]*(?:cdef|cpdef|cimport)\b",
    re.MULTILINE,
)
# What only Python 2 takes: it is the old language, not a slip in the new one.
_OLD_PYTHON = regex(
    r"""^\s*(?:
        (?:print|exec)[ \t]+(?:[\w"'%`]|>>)
      | raise[ \t]+[\w.]+[ \t]*,
      | except[ \t]+(?:[\w.]+|\([\w., ]+\))[ \t]*,[ \t]*\w+[ \t]*:
      | \(?(?:True|False)\b[ \t,]*(?:True|False)?\)?[ \t]*=
    )
    | \b(?:0[xX][0-9a-fA-F]+|[1-9][0-9]*|0)[lL]\b  # a long number
    | (?<![\w.])0[0-7]+\b(?![.\w])  # an octal one
    | \w\s*<>\s*\w
    """,
    re.VERBOSE,
)
_NEW_KEYWORD = regex(r"\.(?:async|await)\b|\b(?:async|await)\s*=[^=]")
_SCRIPTS = ("javascript", "jsx")
_MARKUP = ("html", "vue", "svelte", "xml", "css", "php")


def is_template(source: Source, line: int) -> bool:
    """True where another program turns the text, or this *line*, into code first."""
    text = source.text[:_HEAD]
    if source.language.name in ("yaml", "toml", "json", "bash"):
        return bool(_TEMPLATE.search(text) or _LINE_OF_FIELD.search(source.text))
    if source.language.name in _MARKUP and "{{" in text:
        return True
    if _FIELD.search(source.lines[line - 1]):
        return True
    return source.language.name != "php" and _TEMPLATE.search(text) is not None


def uses_new_keyword(line: str) -> bool:
    """True for a *line* with a name that only a newer Python keeps for itself."""
    return _NEW_KEYWORD.search(line) is not None


def is_old_python(line: str) -> bool:
    """True for a *line* that Python 2 would have taken."""
    return _OLD_PYTHON.search(line) is not None


def is_dialect(source: Source) -> bool:
    """True for a language that only shares the suffix with the one it is read as."""
    text = source.text[:_HEAD]
    if source.language.name in _SCRIPTS:
        return _FLOW.search(text[:2000]) is not None or bool(_RUBY_LIKE.search(text))
    if source.language.name == "python":
        return _NOTEBOOK.search(text) is not None
    if source.language.name == "yaml":  # Jsonnet is kept in `.yml`
        return re.match(r"\s*local \w+[(\s]", text) is not None
    return False
