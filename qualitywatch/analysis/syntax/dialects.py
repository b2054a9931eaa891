"""Texts that are not what their name says: templates, other dialects of a language.

Their errors are nobody's fault: Flow and JSpec stand in `.js`, IPython and Cython in
`.py`, and a template becomes code only when its fields are filled in.
"""

from __future__ import annotations

import re

from qualitywatch.analysis.sources.source import Source

_HEAD = 20_000  # signs of a text that tell its dialect

_TEMPLATE = re.compile(
    r"\{%.*%\}|<%.*%>|<\?php|\{#.*#\}|^[ \t]*#(?:set|foreach)\b", re.M
)
_FIELD = re.compile(r"(?<![={$])\{\{-?\s*[\w.$]+(?:\s*\|[^}]*)?\s*-?\}\}")
_LINE_OF_FIELD = re.compile(r"^[ \t]*(?:- )?\{\{|\{\{-|-\}\}", re.MULTILINE)
_FLOW = re.compile(
    r"/[*/]+\s*@?flow\b|^(?:declare|(?:import|export|opaque) type)\b", re.M
)
_RUBY_LIKE = re.compile(r"^[^\S\n]*end[^\S\n]*$", re.MULTILINE)
_NOTEBOOK = re.compile(
    r"^(?:%%?|!)[a-z]\w*|^# Databricks notebook|^[^\S\n]*(?:cdef|cpdef|cimport)\b",
    re.MULTILINE,
)
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
