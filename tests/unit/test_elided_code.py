"""The two checks on remarks: what the base must have lost, and what they say then."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from qualitywatch.analysis.checks.elided_code import (
    MAX_HITS,
    elided_code,
    leftover_remark,
)
from qualitywatch.analysis.comparing.compare import Comparison
from qualitywatch.analysis.hit import Hit
from qualitywatch.analysis.sources.source import Source, line_key
from qualitywatch.languages import LANGUAGES
from qualitywatch.model import Confidence
from qualitywatch.traces import Around

BASE = """\
def load(path):
    text = path.read_text()
    rows = text.splitlines()
    kept = [row for row in rows if row]
    kept.sort()
    return kept


def save(path, rows):
    text = "\\n".join(rows)
    path.write_text(text)
    notify(path)


def run(path):
    save(path, load(path))
"""
LOST = BASE.replace(
    """\
    text = path.read_text()
    rows = text.splitlines()
    kept = [row for row in rows if row]
    kept.sort()
    return kept
""",
    "    # ... same as before\n",
)

Check = Callable[[Comparison], Iterable[Hit]]


def compared(
    before: str | None, after: str, *, language: str = "python", **more: frozenset[str]
) -> Comparison:
    def read(text: str) -> Source:
        return Source.read("app", text.encode(), LANGUAGES[language])

    return Comparison(None if before is None else read(before), read(after), **more)


def lines(check: Check, comparison: Comparison) -> list[int]:
    return [hit.line for hit in check(comparison)]


def test_a_remark_in_place_of_a_body() -> None:
    [hit] = elided_code(compared(BASE, LOST))

    assert (hit.line, hit.column) == (2, 5)
    assert hit.evidence is not None
    assert hit.evidence.lost_lines == 5
    assert hit.evidence.base_ranges == ((2, 6),)
    assert hit.names == {"remark": "# ... same as before", "lost": "5 lines"}


def test_a_remark_in_place_of_functions_names_them() -> None:
    after = BASE[: BASE.index("def save")] + "# ... (save and run remain the same)\n"

    [hit] = elided_code(compared(BASE, after))

    assert hit.evidence is not None
    assert hit.evidence.lost_symbols[:2] == ("save", "run")


def test_a_lost_function_that_is_still_called() -> None:
    start, end = BASE.index("def save"), BASE.index("def run")
    after = BASE[:start] + "# ... (save stays the same)\n\n\n" + BASE[end:]

    [hit] = elided_code(compared(BASE, after))

    assert hit.evidence is not None
    assert hit.evidence.still_referenced == ("save",)


def test_a_new_file_lost_nothing() -> None:
    assert lines(elided_code, compared(None, LOST)) == []
    assert lines(leftover_remark, compared(None, LOST)) == [2]


def test_a_remark_that_was_there_before_is_no_news() -> None:
    before = BASE.replace(
        "    kept.sort()\n", "    # ... rest of the code\n    kept.sort()\n"
    )
    after = before.replace("text.splitlines()", "text.split()")

    assert lines(elided_code, compared(before, after)) == []
    assert lines(leftover_remark, compared(before, after)) == []


def test_a_remark_that_moved_is_no_news() -> None:
    remark = "    # ... rest of the code\n"
    before = BASE.replace("    kept.sort()\n", remark + "    kept.sort()\n")
    after = BASE.replace("    notify(path)\n", "    notify(path)\n" + remark)

    assert lines(leftover_remark, compared(before, after)) == []


def test_a_remark_above_the_code_that_stayed() -> None:
    after = BASE.replace(
        "    text = path.read", "    # existing code...\n    text = path.read"
    )

    assert lines(elided_code, compared(BASE, after)) == []
    assert lines(leftover_remark, compared(BASE, after)) == [2]


def test_two_lost_lines_beside_a_remark_are_an_edit() -> None:
    after = BASE.replace(
        "    kept = [row for row in rows if row]\n    kept.sort()\n    return kept\n",
        "    # ... rest of the filter as before\n    return rows\n",
    )

    assert lines(elided_code, compared(BASE, after)) == []


def test_a_short_body_that_is_only_a_remark_now() -> None:
    before = "def half(value):\n    check(value)\n    return value / 2\n"
    after = "def half(value):\n    # unchanged\n    pass\n"

    assert lines(elided_code, compared(before, after)) == [2]


def test_a_named_function_counts_however_short_it_was() -> None:
    before = "const a = () => 1;\nconst half = (value) => value / 2;\n"
    after = "const a = () => 1;\n// ... half() stays the same\n"

    assert lines(elided_code, compared(before, after, language="javascript")) == [2]


def test_a_name_that_something_else_still_bears_proves_nothing() -> None:
    before = "class A {\n  half() {\n    return 1;\n  }\n}\nclass B {\n  half() {}\n}\n"
    after = "class A {\n  // ... half() unchanged\n}\nclass B {\n  half() {}\n}\n"

    assert lines(elided_code, compared(before, after, language="javascript")) == []


def test_code_that_went_to_another_file_is_not_lost() -> None:
    gone = frozenset(line_key(line) for line in BASE.splitlines())

    moved = compared(BASE, LOST, around=Around(lines=gone))

    assert lines(elided_code, moved) == []


def test_a_title_is_judged_by_what_follows() -> None:
    whole = BASE.replace("    kept.sort()\n", "")
    above_code = LOST.replace("# ... same as before", "# other rows\n    return []")
    above_nothing = LOST.replace("# ... same as before", "rows = []\n    # other rows")

    assert lines(elided_code, compared(BASE, whole)) == []
    assert lines(elided_code, compared(BASE, above_code)) == []
    assert lines(elided_code, compared(BASE, above_nothing)) == [3]


def test_a_title_is_not_certain() -> None:
    after = LOST.replace("# ... same as before", "rows = []\n    # other rows")

    [hit] = elided_code(compared(BASE, after))

    assert hit.confidence is Confidence.LIKELY


def test_a_title_that_names_what_is_gone_needs_no_empty_place() -> None:
    start, end = BASE.index("def save"), BASE.index("def run")
    after = BASE[:start] + "# save() remains the same\n" + BASE[end:]

    assert lines(elided_code, compared(BASE, after)) == [9]


def test_quoted_remarks_are_not_left_over() -> None:
    after = 'PROMPT = """\n# ... existing code ...\n"""\n'

    assert lines(leftover_remark, compared(None, after)) == []


@pytest.mark.parametrize(("count", "hits"), [(9, 10), (MAX_HITS, MAX_HITS)])
def test_each_remark_is_a_hit_up_to_a_limit(count: int, hits: int) -> None:
    after = LOST + "# ... rest of the code\n" * count

    assert len(lines(elided_code, compared(BASE, after))) == hits


def test_a_long_remark_is_shortened_in_the_message() -> None:
    after = LOST.replace("same as before", "same as before" + ", and so on" * 9)

    [hit] = elided_code(compared(BASE, after))

    assert len(hit.names["remark"]) == 60
