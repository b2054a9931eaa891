"""Code inside files of another language: what is a part, and how parts are judged."""

from __future__ import annotations

import json
import time

import pytest

from qualitywatch import rulebook
from qualitywatch.analysis import analyse
from qualitywatch.analysis.sources.embedded import parts, split
from qualitywatch.analysis.sources.notebooks import cells
from qualitywatch.analysis.sources.skipping import language_of
from qualitywatch.analysis.sources.source import Source
from qualitywatch.model import Violation
from tests.factories import change

RULES = rulebook.load()
PAGE = """\
<h1>Orders</h1>
<script>
function total(rows) {
  const open = rows.filter((row) => row.open);
  const sum = open.reduce((all, row) => all + row.price, 0);
  log(open.length, sum);
  return sum;
}
</script>
<style>
h1 { margin: 0; }
</style>
"""
LOST = PAGE[: PAGE.index("  const open")] + "  // ... same as before\n}\n</script>\n"
LOST += PAGE[PAGE.index("<style>") :]


def read(path: str, text: str) -> Source:
    return Source.read(path, text.encode(), language_of(path, text.encode()))


def found(path: str, text: str) -> list[tuple[str, str]]:
    """Language and first line of each part."""
    listed = ((part.language, part.text.strip()) for part in parts(read(path, text)))
    return [(language, inner.partition("\n")[0]) for language, inner in listed]


def judged(before: str, after: str, path: str) -> tuple[Violation, ...]:
    analysis = analyse(change(before, after, path), RULES)
    assert analysis.unanalysable == ()
    return analysis.violations


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        (
            "a.html",
            PAGE,
            [("javascript", "function total(rows) {"), ("css", "h1 { margin: 0; }")],
        ),
        ("a.html", "<script src='x.js'></script>", []),
        ("a.html", "<!-- <script>a</script> --><p>", []),
        ("a.html", "<SCRIPT type=module>a()</SCRIPT >", [("javascript", "a()")]),
        ("a.html", '<script type="text/x-template"><p>a</p></script>', []),
        ("a.html", '<script type="application/ld+json">{}</script>', [("json", "{}")]),
        ("a.html", "<script>a", []),
        ("a.vue", '<script setup lang="ts">a</script>', [("typescript", "a")]),
        ("a.vue", "<style lang='scss'>a</style>", [("scss", "a")]),
        ("a.vue", '<style lang="stylus">a</style>', []),
        ("a.svelte", "<script>a</script>{#if b}", [("javascript", "a")]),
        (
            "a.blade.php",
            "@if(a)<script>b({{ $c }})</script>",
            [("javascript", "b(________)")],
        ),
        ("a.cshtml", "@model X\n<style>a{}</style>", [("css", "a{}")]),
        ("a.php", "<?php\n$a = '</script>';\n", []),
        ("a.php", "<p><?= $a ?></p><?php b();", [("html", "<p>         </p>")]),
        (
            "a.php",
            "<p></p><script>a(<?= $b ?>)</script>",
            [
                ("html", "<p></p><script>            </script>"),
                ("javascript", "a(_________)"),
            ],
        ),
        ("a.js", "const a = '<script>b</script>'", []),
        ("a.hbs", "{{#if a}}<script>b</script>", [("javascript", "b")]),
    ],
)
def test_parts(path: str, text: str, expected: list[tuple[str, str]]) -> None:
    assert expected == found(path, text)


def test_a_part_keeps_the_places_of_its_host() -> None:
    [part] = parts(read("a.html", "<p>é</p>\n<b><script>a\n  b</script>"))

    assert part.text.split("\n") == ["", "           a", "  b"]


def test_what_a_script_lost_is_lost_on_its_line() -> None:
    [violation] = judged(PAGE, LOST, "a.html")

    assert (violation.rule, violation.line, violation.language) == (
        "elided-code",
        4,
        "javascript",
    )
    assert violation.symbol == "total"
    assert violation.evidence is not None
    assert violation.evidence.base_ranges == ((4, 7),)


@pytest.mark.parametrize(
    "path", ["a.html", "a.vue", "a.svelte", "a.cshtml", "a.blade.php"]
)
def test_every_page_is_looked_into(path: str) -> None:
    assert [v.rule for v in judged(PAGE, LOST, path)] == ["elided-code"]


def test_a_page_inside_a_script_of_php() -> None:
    code = "<?php\n$rows = load();\n?>\n"

    assert [v.line for v in judged(code + PAGE, code + LOST, "a.php")] == [7]


def test_a_remark_on_the_page_is_not_about_the_script() -> None:
    lost = PAGE[PAGE.index("  const open") : PAGE.index("}\n</script>")]
    after = PAGE.replace(lost, "  return sum(rows);\n")

    rules = [
        v.rule for v in judged(PAGE, "<!-- ... rest of it ... -->\n" + after, "a.html")
    ]

    assert rules == ["leftover-remark"]


def test_a_script_that_is_gone_is_lost_to_its_page() -> None:
    after = (
        "<h1>Orders</h1>\n<!-- ... existing scripts ... -->\n"
        + PAGE[PAGE.index("<style>") :]
    )

    assert [v.rule for v in judged(PAGE, after, "a.html")] == ["elided-code"]


def test_code_that_went_to_another_script_is_not_lost() -> None:
    function = PAGE[PAGE.index("function") : PAGE.index("</script>")]
    before = PAGE.replace("<h1>", "<script>\nstart();\n</script>\n<h1>")
    after = before.replace(function, "// ... other functions\n").replace(
        "start();\n", function
    )

    assert "elided-code" not in [v.rule for v in judged(before, after, "a.html")]


def test_a_template_need_not_parse() -> None:
    after = PAGE.replace("function total", "@if (a) {{ b }}\nfunction total")

    assert [v.rule for v in judged(PAGE, after, "a.blade.php")] == []


def test_a_broken_script_is_broken() -> None:
    after = PAGE.replace("return sum;", "return (sum;")

    assert [v.rule for v in judged(PAGE, after, "a.html")] == ["broken-syntax"]


def test_fingerprints_of_parts_differ() -> None:
    twice = judged(PAGE + PAGE, LOST + LOST, "a.html")

    assert len({violation.fingerprint for violation in twice}) == len(twice) == 2


def test_parts_are_matched_by_what_they_hold() -> None:
    other = "<script>\nstart();\nlisten();\n</script>\n"

    _, pairs = split(read("a.html", other + PAGE), read("a.html", PAGE))

    [before] = [
        pair.before for pair in pairs if pair.after.language.name == "javascript"
    ]
    assert before is not None
    assert "function total" in before.text


@pytest.mark.parametrize(
    "piece", ["<script>", "<!--", "<style a='", "</script>", "<?", "<"]
)
def test_hostile_pages_cost_linear_time(piece: str) -> None:
    started = time.process_time()

    parts(read("a.html", piece * (400_000 // len(piece)) + "</p>"))

    assert time.process_time() - started < 2


# Notebooks


def notebook(*lines: str) -> str:
    source = [line + "\n" for line in lines]
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "source": source}
    prose = {"cell_type": "markdown", "metadata": {}, "source": ["# A\n", "text\n"]}
    return json.dumps({"cells": [prose, cell], "nbformat": 4}, indent=1)


def test_cells_stand_on_the_lines_of_their_notebook() -> None:
    text = notebook("%matplotlib inline", 'a = "b"', "def c():", "    return a")

    code = {n: line for n, line in enumerate(cells(text), 1) if line}

    lines = text.split("\n")
    assert list(code.values()) == ['a = "b"', "def c():", "    return a"]
    assert all(json.dumps(line)[1:-1] in lines[n - 1] for n, line in code.items())


def test_a_cell_that_lost_its_code() -> None:
    kept = ["def load(path):", "    text = path.read_text()"]
    lost = [
        "    rows = text.split()",
        "    rows.sort()",
        "    check(rows)",
        "    return rows",
    ]

    [violation] = judged(
        notebook(*kept, *lost),
        notebook(*kept, "    # ... rest of the function"),
        "a.ipynb",
    )

    assert (violation.rule, violation.language) == ("elided-code", "python")
    assert violation.symbol == "load"
