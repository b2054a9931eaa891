"""The page of a job: what a renderer makes of it is ours, whatever the texts say."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import given, settings
from markdown_it import MarkdownIt

from qualitywatch.model import (
    NO_GO,
    Evidence,
    Skipped,
    Suppressed,
    Unanalysable,
)
from qualitywatch.reports import Judged, Look, markdown
from tests.factories import violation
from tests.judgements import (
    FOUND,
    HELD,
    LOOK,
    clean,
    everything,
    hostile,
    look_at,
    many,
    report,
)

RENDERER = MarkdownIt("commonmark").enable("table")
TAG = re.compile(r"</?[a-z]+")
OURS = {"code", "span", "details", "summary"}


def page(judged: Judged, look: Look | None = None) -> str:
    """The Markdown of *judged*."""
    return markdown.render(judged, look or Look())


def shape(text: str) -> Counter[str]:
    """How many there are of each block and element in the rendered page."""
    tokens = RENDERER.parse(text)
    inline = [child for token in tokens for child in token.children or ()]
    kinds = Counter(token.type for token in (*tokens, *inline))
    del kinds["text"], kinds["html_inline"], kinds["html_block"]
    tags = Counter(TAG.findall(RENDERER.render(text)))
    return kinds + Counter({k: n for k, n in tags.items() if "span" not in k})


def test_everything() -> None:
    """The decision, why, how much, then what was not read, and each violation."""
    assert page(report()) == (
        "## ⛔ qualitywatch: NO-GO\n"
        "\n"
        "- 1 violation at or above high, likely\n"
        "\n"
        "3 files checked, 1 skipped, 1 critical.\n"
        "\n"
        "### ⛔ Could not be analysed: 1\n"
        "\n"
        "- <code>bad.py</code>: could not be analysed: not UTF-8\n"
        "\n"
        "### ⛔ In quarantine: 1\n"
        "\n"
        "- cursor-1 is in quarantine: dropped code; only a human can end it: "
        "qualitywatch release cursor-1 --reason &#8230;\n"
        "\n"
        "### 1 violation\n"
        "\n"
        "| severity | place | rule | what |\n"
        "|---|---|---|---|\n"
        "| 🔴 critical/certain | <code>src/app.ts:41</code> | <code>elided-code</code> "
        "| Code replaced by a remark in <code>App.handlers</code> (212 lost lines) |\n"
        "\n"
    )


def test_a_clean_change_is_two_lines() -> None:
    """A page of a job that has nothing to say is short."""
    assert "## ✅ qualitywatch: GO\n\n3 files checked.\n\n" == page(clean())


def test_lost_code_is_folded_and_looks_like_a_diff() -> None:
    """With the numbers that the lines have in the base."""
    text = page(report(), Look(bases=LOOK.bases))

    assert (
        "<details><summary><code>src/app.ts:41</code> lost 212 lines</summary>\n"
        "\n"
        "```diff\n"
        "-    37  line 37 of the base\n"
    ) in text
    assert "         … 216 more lines …\n-   258  line 258 of the base\n" in text


@settings(deadline=None)
@given(hostile)
def test_no_text_makes_markdown(bad: str) -> None:
    """No second row, list, heading, link, image, fence or tag."""
    text = page(everything(bad), look_at(bad))
    harmless = page(everything("x"), look_at("x"))

    assert shape(harmless) == shape(text)
    assert {tag.strip("</") for tag in TAG.findall(_outside_fences(text))} <= OURS


@settings(deadline=None)
@given(hostile)
def test_what_is_shown_is_the_text(bad: str) -> None:
    """The references are those of the signs: a reader sees what was there."""
    rendered = RENDERER.render(f"a {markdown.escaped(bad, 10_000)} z")

    import html

    shown = html.unescape(re.sub(r"</?(span|p)>", "", rendered)).strip()
    assert _squeezed(f"a {markdown.safe(bad)} z") == _squeezed(shown)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ask @octocat", "ask <span>&#64;</span>octocat"),
        ("see #12", "see <span>&#35;</span>12"),
        ("http://a.b", "http&#58;//a.b"),
        ("www.a.b", "www&#46;a.b"),
        ("- a", "&#45; a"),
        ("1. a", "1&#46; a"),
        ("1) a", "1&#41; a"),
        ("a|b", "a&#124;b"),
        ("<b>&amp;", "&#60;b&#62;&#38;amp;"),
        ("f(1.5, a) = 'é'", "f(1.5, a) = 'é'"),
    ],
)
def test_signs_that_mean_something(text: str, expected: str) -> None:
    """A page makes mentions and links of text, even of references: a tag is between."""
    assert expected == markdown.escaped(text)


def test_code_can_not_close_its_fence() -> None:
    """The fence is longer than any in the code."""
    evidence = Evidence(lost_lines=1, base_ranges=((1, 1),))
    found = violation(path="a.md", evidence=evidence)

    look = Look(bases={"a.md": b"`````\n"})
    text = page(clean(decision=NO_GO, violations=(found,)), look)

    assert "``````diff\n-     1  `````\n``````\n" in text


def test_a_page_is_as_long_as_github_takes_it() -> None:
    """1 MiB, however much there is of everything; what is left out is said."""
    long = "é" * 5_000
    rows = tuple(Unanalysable(path=f"{n}{long}", reason=long) for n in range(3_000))
    told = tuple(
        Suppressed(violation=FOUND, reason=long, line=1, counts=counts)
        for counts in (True, False)
        for _ in range(3_000)
    )
    judged = report(
        reasons=(long,) * 100,
        violations=tuple(
            violation(path="src/app.ts", message=long, symbol=long, rule=long)
            for _ in range(3_000)
        ),
        unanalysable=rows,
        quarantines=(HELD,) * 3_000,
        suppressed=told,
        skipped=tuple(Skipped(path=long, reason=long) for _ in range(3_000)),
    )

    text = page(judged, LOOK)

    assert markdown.MAX_BYTES > len(text.encode())
    assert "violations left out: a job page holds 1 MiB" in text
    assert 4 <= text.count(" more.**")


def test_the_worst_come_first() -> None:
    """What is left out is the least."""
    rows = [line for line in page(many(5_000)).split("\n") if line.startswith("| ")]

    grades = [row.split(" ")[2].split("/")[0] for row in rows[1:]]
    assert sorted(grades, key=_order) == grades


def _order(grade: str) -> int:
    return ["critical", "high", "medium", "low"].index(grade)


def test_suppressions() -> None:
    """Those that wait for a human come first."""
    rows = [
        Suppressed(violation=FOUND, reason="why", line=1, counts=c)
        for c in (True, False)
    ]

    text = page(clean(suppressed=tuple(rows)))

    waiting = text.index("New suppressions, of no effect until a human accepts them: 1")
    assert waiting < text.index("### Allowed by a comment: 1")
    assert 2 == text.count("- <code>src/app.ts:41</code> <code>elided-code</code>: why")


def _outside_fences(text: str) -> str:
    kept, fence = [], ""
    for line in text.split("\n"):
        if fence:
            fence = "" if line == fence else fence
        elif line.startswith("```"):
            fence = line.removesuffix("diff")
        else:
            kept.append(line)
    return "\n".join(kept)


def _squeezed(text: str) -> str:
    return " ".join(text.split())
