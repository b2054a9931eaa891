"""Text as the language's tools read it: what hides code is refused."""

from __future__ import annotations

import codecs
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualitywatch.analysis.sources.decoding import Refused, decode
from qualitywatch.languages import LANGUAGES


@pytest.mark.parametrize(
    ("language", "content", "text"),
    [
        ("python", b"x = 1\r\ny = 2\r", "x = 1\ny = 2\n"),
        ("python", b"# hi\rimport os\n", "# hi\nimport os\n"),
        ("python", codecs.BOM_UTF8 + b"x = 1\n", "x = 1\n"),
        ("python", b"# coding: latin-1\n# \xe9\n", "# coding: latin-1\n# é\n"),
        (
            "python",
            b"#!/bin/sh\n# coding: cp1252\n# \x80\n",
            "#!/bin/sh\n# coding: cp1252\n# €\n",
        ),
        ("csharp", codecs.BOM_UTF16_LE + "é;".encode("utf-16-le"), "é;"),
        ("typescript", codecs.BOM_UTF16_BE + "é;".encode("utf-16-be"), "é;"),
        ("c", b"/* \xe9 */ int x;\n", "/* é */ int x;\n"),
        ("php", b"<?php // \xe9\n", "<?php // é\n"),
        ("sql", b"-- \xfc\nSELECT 1;\n", "-- ü\nSELECT 1;\n"),
    ],
)
def test_what_tools_read(language, content, text):
    assert text == decode(content, LANGUAGES[language])


@pytest.mark.parametrize(
    ("language", "content"),
    [
        ("python", b"# coding: utf-7\n#+AAo-import os\n"),
        ("python", b"# -*- coding: unicode_escape -*-\n#\\nimport os\n"),
        ("python", b"\n# coding=raw_unicode_escape\nx\n"),
        ("python", b"\f# vim: set fileencoding=utf-16 :\n"),
        ("python", b"# coding: rot13\nvzcbeg bf\n"),
        ("python", b"# coding: shift_jis\n# \x81\x5c\n"),
        ("python", codecs.BOM_UTF8 + b"# coding: latin-1\n"),
        ("python", codecs.BOM_UTF16_LE + "x = 1\n".encode("utf-16-le")),
        ("python", "x = 1\n".encode("utf-16-le")),
        ("python", b"x = 1 # \0\n"),
        ("javascript", b"f();\0\n"),
        ("javascript", b"// \xe9\n"),
        ("go", b"// \xe9\n"),
        ("rust", b"// \xe9\n"),
        ("json", b'"\xe9"'),
        ("csharp", codecs.BOM_UTF16_LE + b"x"),
        ("csharp", codecs.BOM_UTF16_LE + b"\0\0"),
    ],
)
def test_what_hides_code_is_refused(language, content):
    with pytest.raises(Refused):
        decode(content, LANGUAGES[language])


@given(
    st.binary(max_size=200), st.sampled_from(["python", "javascript", "c", "csharp"])
)
def test_any_bytes_are_text_of_one_kind_of_line_end_or_refused(content, language):
    with contextlib.suppress(Refused):
        assert not {"\r", "\0"} & set(decode(content, LANGUAGES[language]))
