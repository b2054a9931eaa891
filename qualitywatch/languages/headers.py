"""Which language a `.h` file is in: its name does not tell, its content does."""

from __future__ import annotations

import re

from qualitywatch.regex import regex

MAX_READ = 64 * 1024  # bytes that are looked at

_NO_CODE = regex(
    rb"//[^\n]*|/\*.*?(?:\*/|\Z)|\"(?:\\.|[^\"\\\n])*(?:\"|$)"
    rb"|^[ \t]*#[ \t]*if(?:def\s+__cplusplus|\s+defined\W+__cplusplus)"
    rb".*?(?:^[ \t]*#|\Z)",
    re.DOTALL | re.MULTILINE,
)
_CPP = regex(
    rb"^[ \t]*(?:(?:template[ \t]*<|namespace\b|using\s+\w|public[ \t]*:|private[ \t]*:"
    rb"|protected[ \t]*:)|(?:enum\s+)?class\s+\w[^;({:]{0,200}[;{:])"
    rb"|\w::~?\w|\b(?:constexpr|nullptr|noexcept|decltype|mutable|explicit)\b"
    rb"|\b(?:static|dynamic|const|reinterpret)_cast\s*<|\boperator\s*[^\w\s]",
    re.MULTILINE,
)
_OBJECTIVE_C = regex(rb"^[ \t]*@(?:interface|protocol|class|import|end)\b", re.M)


def of_header(content: bytes) -> str:
    """The name of the language that a header with this *content* is written in."""
    code = _NO_CODE.sub(b" ", content[:MAX_READ])
    if _OBJECTIVE_C.search(code):
        return "objective-c"
    return "cpp" if _CPP.search(code) else "c"
