"""Decoding, limits and comments: nothing that a language would run may hide."""

from __future__ import annotations

import pytest

from qualitywatch.analysis.sources import source as module
from qualitywatch.analysis.sources.source import MAX_LINE, Refused, Source, line_key
from qualitywatch.languages import LANGUAGES


def read(content: bytes | str, language: str = "python") -> Source:
    raw = content.encode() if isinstance(content, str) else content
    return Source.read("file", raw, LANGUAGES[language])


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"x = 1\n", "x = 1\n"),
        (b"\xef\xbb\xbfx = 1\n", "x = 1\n"),
        ("# coding: utf-8\né = 1\n".encode(), "# coding: utf-8\né = 1\n"),
        (b"# -*- coding: latin-1 -*-\n\xe9\n", "# -*- coding: latin-1 -*-\né\n"),
        (b"#!/bin/x\n# coding=cp1252\n\x80\n", "#!/bin/x\n# coding=cp1252\n€\n"),
        (
            b"x = 1\n# coding: utf-7\n# third line\n",
            "x = 1\n# coding: utf-7\n# third line\n",
        ),
        (b"a\r\nb\r\n", "a\nb\n"),
    ],
)
def test_text_is_what_python_reads(content, text):
    assert text == read(content).text


@pytest.mark.parametrize(
    "content",
    [
        b"# coding: utf-7\n#+AAo-import os\n",
        b"# coding: unicode_escape\n#\\nimport os\n",
        b"\n# coding: raw_unicode_escape\nx\n",
        b"#" + b" " * 5000 + b"coding: utf-7\n",
        b"x = 1\0\n",
        b"x = '\xff'\n",
        b"\xff\xfex\0=\x001\0",
        b"# coding: ascii\n\xe9\n",
        b"\xef\xbb\xbf# coding: latin-1\n",
        b"# coding: no-such-thing\n",
    ],
)
def test_text_that_hides_code_is_refused(content):
    with pytest.raises(Refused):
        read(content)


def test_a_coding_remark_means_nothing_outside_python():
    with pytest.raises(Refused):
        read(b"# coding: latin-1\n\xe9\n", "javascript")


def test_a_lone_carriage_return_ends_a_comment():
    source = read(b"x = 1 # hi\rimport os\n")

    assert ["x = 1", "import os"] == [code.key for code in source.code]


@pytest.mark.parametrize("size", [99, 100])
def test_a_file_at_the_limit_is_read(size):
    content = b"#" * size

    assert Source.read("f", content, LANGUAGES["python"], max_bytes=100).text


def test_a_file_over_the_limit_is_refused():
    with pytest.raises(Refused, match="100 bytes"):
        Source.read("f", b"#" * 101, LANGUAGES["python"], max_bytes=100)


def test_line_limit():
    assert read("#" * MAX_LINE).lines
    with pytest.raises(Refused, match="line longer"):
        read("#" * (MAX_LINE + 1))


def test_parsing_has_a_budget(monkeypatch):
    monkeypatch.setattr(module, "PARSE_BUDGET", 5)

    with pytest.raises(Refused, match="hard to parse"):
        _ = read("[{(" * 5000, "javascript").tree


@pytest.mark.parametrize(
    ("language", "text", "kinds"),
    [
        ("python", '"""Doc."""\nx = 1  # here\n', [("doc", True), ("line", False)]),
        ("javascript", "/** doc */\nf(); // x\n", [("doc", True), ("line", False)]),
        ("typescript", "/* a\n b */\nf(/* c */);", [("block", True), ("block", False)]),
        ("tsx", "const a = <p>\n{/* rest */}\n</p>;", [("jsx", True)]),
        ("python", 'x = "# no comment"\n', []),
    ],
)
def test_comments(language, text, kinds):
    comments = read(text, language).comments()

    assert kinds == [(comment.kind, comment.alone) for comment in comments]


def test_columns_count_characters():
    comment = read('é = "ü"  # ñandú\n').comments()[0]

    assert (10, 16) == (comment.column, comment.end_column)


def test_code_lines_leave_out_what_is_no_code():
    source = read('"""Doc."""\n\n# remark\ndef f(\n    a,\n):\n    return (a)  # b\n')

    assert [(4, "def f"), (5, "a"), (7, "return a")] == [
        (code.line, code.key) for code in source.code
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("f('a', b)", 'f( "a",b );'),
        ("x = (1,)", "x = 1"),
        ("  return x", "return x"),
    ],
)
def test_formatting_does_not_change_a_line(one, other):
    assert line_key(one) == line_key(other)


@pytest.mark.parametrize("line", ["", "  }", "});", "pass", "):", "..."])
def test_lines_without_words_are_no_code(line):
    assert line_key(line) == ""


def test_only_the_first_line_can_name_a_program():
    """In broken code the grammar of Lua takes any `#` for such a line."""
    code = b'",\nit("#"assert True\n'
    source = Source.read("a.lua", code, LANGUAGES["lua"])

    assert "assert" in source.bare


def test_a_text_that_follows_itself_is_parsed():
    """One is kept for both sides where they are the same."""
    source = read("x = 1\n" * 999)
    source.follows(source)

    assert "module" == source.tree.root_node.type
