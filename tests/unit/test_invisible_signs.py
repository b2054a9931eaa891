"""Signs without shape: certain where they hide, silent where people need them."""

from __future__ import annotations

import pytest

from qualitywatch.analysis.checks.invisible_signs import (
    _UNSEEN,
    _place,
    invisible_signs,
)
from tests.unit.test_compare import compare


@pytest.mark.parametrize(
    ("text", "confidence"),
    [
        ("x = '\u202eabc'", "certain"),
        ("# \u2066abc", "certain"),
        ("x = '\u202eabc\u202c'", "possible"),
        ("x = '\u2067abc\u2069'", "possible"),
        ("x = '\u2067a\u202eb\u2069'", "possible"),
        ("x = 'a\ufe01\ufe02\ufe03\ufe04'", "certain"),
        ("x = 'a\U000e0061\U000e0062\U000e0063\U000e0064'", "certain"),
        ("x = 'a" + "\u200b\u200c" * 4 + "'", "certain"),
        ("\u3164 = 1", "certain"),
        ("x = '\u2764\ufe0f'", None),
        ("x = '\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e007f'", None),
        ("x = '\u200bzero width'", None),
        ("x = 'שלום'", None),
        ("x = 1", None),
    ],
)
def test_what_stands_in_a_line(text, confidence):
    found = [str(hit.confidence) for hit in invisible_signs(compare(None, f"{text}\n"))]

    assert ([] if confidence is None else [confidence]) == found


@pytest.mark.parametrize(
    ("language", "text", "lines"),
    [
        ("java", "// a \\u000a grant();\n", [1]),
        ("java", "// a \\uuu000D grant();\n", [1]),
        ("java", "char c = '\\u000a';\n", []),
        ("kotlin", "// a \\u000a grant();\n", []),
        ("javascript", "// a\u2028grant();\n", [1]),
        ("csharp", "// a\u0085Grant();\n", [1]),
        ("javascript", "x = 'a\u2028b';\n", []),
    ],
)
def test_what_ends_a_comment_unseen(language, text, lines):
    found = invisible_signs(compare(None, text, language))

    assert lines == [hit.line for hit in found]


def test_only_new_lines_count():
    before = "x = '\u202eabc'\n"

    assert [] == list(invisible_signs(compare(before, f"{before}y = 1\n")))


def test_the_look_at_a_whole_text_misses_no_sign():
    """Whatever one line may hide, the text that holds it is not passed over."""
    ranges = (range(0x80, 0xD800), range(0xE000, 0x10000), range(0xE0000, 0xE0200))
    signs = [chr(code) for codes in ranges for code in codes]
    hiding = [sign for sign in signs if _place(f"//{sign * 8}x", "typescript")]

    assert len(hiding) > 300
    assert [] == [sign for sign in hiding if not _UNSEEN.search(sign)]
