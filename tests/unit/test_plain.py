"""Comments that are found without a grammar, by their marks."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualitywatch.analysis.sources.plain import comment_spans, without
from qualitywatch.analysis.sources.source import Source
from qualitywatch.languages import LANGUAGES

PLAIN = [name for name, language in LANGUAGES.items() if language.grammar is None]


def comments(language: str, text: str) -> list[str]:
    spans = comment_spans(text, LANGUAGES[language])
    return [text[span.start : span.end] for span in spans]


def read(language: str, text: str) -> Source:
    return Source.read("a", text.encode(), LANGUAGES[language])


@pytest.mark.parametrize(
    ("language", "text", "found"),
    [
        (
            "sql",
            "select 1 -- one\n/* two\nlines */ from x",
            ["-- one", "/* two\nlines */"],
        ),
        ("sql", "select 'a--b', \"--c\" from x", []),
        ("sql", "select 'it''s' -- it", ["-- it"]),
        ("dart", "get('http://x'); // yes", ["// yes"]),
        ("dart", "a /* b */ c /* d", ["/* b */"]),
        ("powershell", '$a = @"\n# no\n"@\n# yes\n<# b #>', ["# yes", "<# b #>"]),
        ("powershell", "$x.a#b; Get-Item # c", ["# c"]),
        (
            "blade",
            "<a href='http://x'>{{-- a --}}<!-- b -->",
            ["{{-- a --}}", "<!-- b -->"],
        ),
        ("razor", "@* a *@ @Model.X // b", ["@* a *@", "// b"]),
        ("scss", "a { color: #fff; } // b\n@use url(//x);", ["// b"]),
        ("dockerfile", "# a\nRUN echo $# done", ["# a"]),
        ("haskell", "f x = y -- a\n{- b -}", ["-- a", "{- b -}"]),
        ("ocaml", 'let x = "(* no *)" (* yes *)', ["(* yes *)"]),
        ("fsharp", "let a = b // c", ["// c"]),
        ("clojure", '(def a ";") ; b', ["; b"]),
        ("erlang", "f() -> ok. % a", ["% a"]),
        ("tex", "100\\% sure % a", ["% a"]),
        ("ini", "a = 1 # b\n; c", ["# b", "; c"]),
        ("xml", "<a/><!-- b\nc -->", ["<!-- b\nc -->"]),
        ("terraform", "a = 1 # b\n// c\n/* d */", ["# b", "// c", "/* d */"]),
        (
            "text",
            "deny all; # not sure\n  # sure\n; so\n-- too",
            ["# sure", "; so", "-- too"],
        ),
        ("text", "src/**/*.ts\n/* a */ b", ["/* a */"]),
        ("text", "they don't // know", []),
    ],
)
def test_marks_of_each_language(language: str, text: str, found: list[str]) -> None:
    assert found == comments(language, text)


def test_what_is_left_keeps_its_lines() -> None:
    text = "a /* b\nc */ d -- e\nf"

    assert without(text, comment_spans(text, LANGUAGES["sql"])) == "a \n d \nf"


def test_a_comment_knows_its_place() -> None:
    first, second = read("sql", "x = 1; -- a\n  /* b\nc */").comments()

    assert (first.line, first.column, first.end_column) == (1, 8, 11)
    assert (first.kind, first.alone) == ("line", False)
    assert (second.line, second.column, second.end_line, second.end_column) == (
        2,
        3,
        3,
        4,
    )
    assert (second.kind, second.alone) == ("block", True)


def test_documentation_is_told_from_a_block() -> None:
    comment, empty = read("groovy", "/** a */\n/**/").comments()

    assert (comment.kind, empty.kind) == ("doc", "block")


def test_code_is_what_is_no_comment() -> None:
    source = read("prisma", "// a\nmodel A {\n  id Int // b\n}\n")

    assert [(code.line, code.key) for code in source.code] == [
        (2, "model A"),
        (3, "id Int"),
    ]


@pytest.mark.parametrize("language", PLAIN)
def test_no_grammar_means_no_faults_and_nothing_captured(language: str) -> None:
    source = read(language, "} ) ] < { (")

    assert not source.has_errors
    assert source.captures == {}


@given(st.sampled_from(PLAIN), st.text("/*-#;%<>!\"'`@{}() \nab", max_size=200))
def test_spans_are_in_order_and_apart(language: str, text: str) -> None:
    spans = comment_spans(text, LANGUAGES[language])

    edges = [edge for span in spans for edge in (span.start, span.end)]
    assert edges == sorted(edges)
    assert without(text, spans).count("\n") == text.count("\n")


@pytest.mark.parametrize("language", ["sql", "powershell", "razor", "ocaml", "text"])
@pytest.mark.parametrize(
    "piece", ["/*", '\\"', "'", '@"\n', "<!--", "(*", '"""', "#", "-- "]
)
def test_hostile_texts_cost_linear_time(language: str, piece: str) -> None:
    started = time.process_time()

    comment_spans(piece * (500_000 // len(piece)), LANGUAGES[language])

    assert time.process_time() - started < 2
