"""Reads the code cells of a notebook, line by line, where the file has them.

A notebook is JSON that is written with one line of code on each of its lines. So the
code keeps the line numbers of the file, though not its columns.
"""

from __future__ import annotations

from collections.abc import Iterator

from qualitywatch.regex import regex

_CELL = regex(r'^ *"cell_type": *"(\w+)"')
_SOURCE = regex(r'^ *"source": *\[ *$')
_LINE = regex(r'^ *("(?:[^"\\]|\\.)*"),? *$')
_MAGIC = ("%", "!", "?")


def cells(text: str) -> Iterator[str]:
    """For each line of *text* the line of Python on it; empty where there is none.

    What only a notebook understands (`%matplotlib`, `!pip`) is left out.
    """
    is_code = is_inside = False
    for line in text.split("\n"):
        code = _LINE.match(line) if is_inside and is_code else None
        if found := _CELL.match(line):
            is_code = found[1] == "code"
        if _SOURCE.match(line):
            is_inside = True
        elif line.strip().startswith("]"):
            is_inside = False
        yield "" if code is None else _python(code[1])


def _python(quoted: str) -> str:
    import json  # 1 ms that only notebooks have to pay

    try:
        line: str = json.loads(quoted).rstrip("\n")
    except ValueError:
        return ""
    return "" if line.lstrip().startswith(_MAGIC) or "\n" in line else line
