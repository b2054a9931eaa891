"""How the test frameworks of each language write a test, and how they switch one off.

To add a framework: its words in the row of its language. `header` finds the line on
which a test begins (`name` or `label`; `word` and `mods` may switch it off), `mark` the
annotation without which that line is an ordinary function, `group` what holds tests.
`skip` is looked for on the annotations and the header, `stop` on the lines directly in
the body. `why` and `args` are the reason that they give.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from qualitywatch.analysis.weakening.headers import Header
from qualitywatch.regex import linear, regex


class Dialect(msgspec.Struct, frozen=True):
    """The words of one language's test frameworks."""

    header: Header
    mark: re.Pattern[str] | None = None
    group: Header | None = None
    skip: re.Pattern[str] | None = None
    stop: re.Pattern[str] | None = None


def _lines(pattern: str) -> re.Pattern[str]:
    return regex(pattern, re.MULTILINE | re.VERBOSE)


_LABEL = r"""(?P<quote>["'`])(?P<label>[^\n]*?)(?P=quote)"""
_MODIFIERS = (
    "public|protected|private|internal|static|final|async|suspend|override|open"
    "|virtual|abstract|synchronized|inline|unsafe"
)
_METHOD = rf"""
    ^[ \t]* (?:@\w+(?:\([^)\n]*\))?[ \t]+)* (?:(?:{_MODIFIERS})[ \t]+)*
    (?:<[^>\n]+>[ \t]+)?
    (?!return\b|new\b|throw\b|else\b|await\b|yield\b)
    (?:(?:fun|void|def|func)[ \t]+|[\w<>\[\],.?]+[ \t]+)
    (?P<name>\w+|`[^`\n]+`)[ \t]*\("""

PYTHON = Dialect(
    header=Header(r"^[ \t]*(?:async[ \t]+)?def[ \t]+(?P<name>test\w*)[ \t]*\("),
    group=Header(r"^[ \t]*class[ \t]+(?P<name>\w*Test\w*)"),
    skip=_lines(
        r"""@(?:[\w.]*\.)?(?:skip|xfail|expectedFailure)\b(?P<args>\([^\n]*)?"""
    ),
    stop=_lines(
        r"""(?:pytest\.(?:skip|xfail)|self\.skipTest|raise[ ][\w.]*SkipTest)\b
        (?P<args>\([^\n]*)?"""
    ),
)
JAVASCRIPT = Dialect(
    header=Header(
        rf"""^[ \t]* (?:await[ \t]+)?
        (?P<word>[xf]?(?:it|test|specify)|Deno\.test|QUnit\.test|testWidgets)
        (?P<mods>(?:\.\w+)*) (?:\([^()\n]*\))? [ \t]*\(\s* {_LABEL}"""
    ),
    group=Header(
        rf"""^[ \t]* (?P<word>[xf]?(?:describe|context|suite)|group)
        (?P<mods>(?:\.\w+)*) (?:\([^()\n]*\))? [ \t]*\(\s* {_LABEL}"""
    ),
    stop=_lines(r"(?:this|t|ctx|context)\.skip\(['\"`]?(?P<why>[^'\"`)\n]*)"),
)
GO = Dialect(
    header=Header(
        r"""^func[ \t]+(?:\([^)\n]*\)[ \t]*)?
        (?P<name>(?:Test|Fuzz|Benchmark|Example)\w*)[ \t]*\("""
    ),
    stop=_lines(r"\b[tbs]\.(?:T\(\)\.)?(?:Skip|Skipf|SkipNow)\((?P<why>[^)\n]*)"),
)
RUST = Dialect(
    header=Header(
        r"^[ \t]*(?:pub(?:\([^)\n]*\))?[ \t]+)?(?:async[ \t]+)?fn[ \t]+(?P<name>\w+)"
    ),
    mark=_lines(
        r"\#\[(?:\w+::)*(?:test|rstest|test_case|quickcheck|wasm_bindgen_test)\b"
    ),
    skip=_lines(r"""\#\[ignore\b(?:\s*=\s*"(?P<why>[^"\n]*)")?"""),
)
JAVA = Dialect(
    header=Header(_METHOD),
    mark=_lines(r"@(?:Test|ParameterizedTest|RepeatedTest|TestFactory|Property)\b"),
    group=Header(r"^[ \t]*(?:[\w@]+[ \t]+)*class[ \t]+(?P<name>\w*Tests?)\b"),
    skip=_lines(
        r"""@(?:Ignore|Disabled)\b(?:\(\s*(?:value\s*=\s*)?"(?P<why>[^"\n]*)")?
        |@Test\([^)\n]*enabled\s*=\s*false"""
    ),
)
CSHARP = Dialect(
    header=Header(_METHOD),
    mark=_lines(
        r"""\[(?:[^\]\n]*,\s*)?(?:Fact|Theory|Test|TestMethod|TestCase|DataTestMethod
        |TestCaseSource|SkippableFact|Property)\b"""
    ),
    skip=_lines(
        r"""\[(?:[^\]\n]*,\s*)?(?:Ignore|Explicit)\b(?:\(\s*"(?P<why>[^"\n]*)")?
        |\bSkip\s*=\s*@?"(?P<args>[^"\n]*)"""
    ),
    stop=_lines(r"""Assert\.(?:Ignore|Inconclusive)\((?:"(?P<why>[^"\n]*))?"""),
)
CPP = Dialect(
    header=Header(
        r"""^[ \t]*(?P<word>TEST(?:_F|_P)?|TYPED_TEST(?:_P)?|TEST_CASE\w*|SCENARIO
        |BOOST_\w*TEST_CASE|START_TEST)[ \t]*\((?P<label>[^\n{]*)
        |^(?:static[ \t]+)?(?:void|int|bool)[ \t]+(?P<name>test_\w+|\w+_test)[ \t]*\("""
    ),
    skip=_lines(r"\bDISABLED_|\[\.\]|\[!?hide\]|\bskip\(\)"),
    stop=_lines(r"""\b(?:GTEST_SKIP|SKIP)\(\s*\)?(?:\s*<<)?\s*(?P<why>[^;\n]*)"""),
)
RUBY = Dialect(
    header=Header(
        rf"""^[ \t]*(?:def[ \t]+(?P<name>test_\w+[?!]?)
        |(?P<word>[xf]?(?:it|specify|example|scenario)|pending|test|should)
         [ \t]*\(?[ \t]*{_LABEL})"""
    ),
    group=Header(
        rf"""^[ \t]*(?:RSpec\.)?(?P<word>[xf]?(?:describe|context|feature))
        [ \t]*\(?[ \t]*{_LABEL}"""
    ),
    skip=_lines(
        r"""(?:\bskip:|\bpending:|:skip\b|:pending\b)[ ]*(?:["'](?P<why>[^"'\n]*))?
        |@tag[ ]:skip"""
    ),
    stop=_lines(r"""(?:skip|pending)\b[ (]*(?P<why>(?:["'][^\n]*)?)$"""),
)
PHP = Dialect(
    header=Header(
        rf"""^[ \t]*(?:(?:{_MODIFIERS})[ \t]+)*function[ \t]+(?P<name>test\w*)[ \t]*\(
        |^[ \t]*(?P<word>it|test)[ \t]*\([ \t]*{_LABEL}"""
    ),
    stop=_lines(
        r"""\$this->markTest(?:Skipped|Incomplete)\((?P<why>[^)\n]*)
        |self::markTest(?:Skipped|Incomplete)\((?P<args>[^)\n]*)"""
    ),
)
SWIFT = Dialect(
    header=Header(
        rf"""^[ \t]*(?:(?:{_MODIFIERS}|@\w+(?:\([^)\n]*\))?)[ \t]+)*
        func[ \t]+(?P<name>test\w*)[ \t]*\("""
    ),
    skip=_lines(r"""@Test\([^\n]*\.disabled\(\s*(?:"(?P<why>[^"\n]*))?"""),
    stop=_lines(r"""throw[ ]XCTSkip\(\s*(?:"(?P<why>[^"\n]*))?"""),
)
SCALA = Dialect(
    header=Header(
        r"""^[ \t]*(?P<word>test|it|property|ignore)[ \t]*\([ \t]*"(?P<label>[^"\n]*)"
        |^[ \t]*(?:it|they)?[ \t]*(?:(?:should|must|can)[ \t]+)?"(?P<name>[^"\n]+)"
         [ \t]+(?P<mods>in|ignore)\b"""
    ),
    skip=_lines(r"\)\.ignore\b|@Ignore\b|\.ignore\)"),
    stop=_lines(r"""(?:pending\b|cancel\()(?P<why>["'\w][^\n]*)?"""),
)
LUA = Dialect(
    header=Header(rf"^[ \t]*(?P<word>it|test|pending|spec)[ \t]*\([ \t]*{_LABEL}"),
    group=Header(rf"^[ \t]*(?P<word>describe|context)[ \t]*\([ \t]*{_LABEL}"),
    stop=_lines(r"""pending\([ ]*(?P<why>[^)\n]*)"""),
)
BASH = Dialect(
    header=Header(rf"^[ \t]*@test[ \t]+{_LABEL}[ \t]*\{{"),
    stop=_lines(r"""skip\b[ ]*(?P<why>[^\n]*)$"""),
)

DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {
        "python": PYTHON,
        **dict.fromkeys(("javascript", "jsx", "typescript", "tsx"), JAVASCRIPT),
        "dart": JAVASCRIPT,
        "go": GO,
        "rust": RUST,
        **dict.fromkeys(("java", "kotlin", "groovy"), JAVA),
        "csharp": CSHARP,
        **dict.fromkeys(("c", "cpp"), CPP),
        **dict.fromkeys(("ruby", "elixir"), RUBY),
        "php": PHP,
        "swift": SWIFT,
        "scala": SCALA,
        "lua": LUA,
        "bash": BASH,
    }
)
"""The dialect of each language that has one, by the name of the language."""

SWITCHED_OFF = regex(r"x\w+|pending|ignore")
"""Words of a header that keep the test from running."""

OFF = frozenset({"skip", "todo", "fixme", "failing", "ignore", "skipIf"}) - {"skipIf"}
"""Modifiers that do the same: `it.skip(...)`."""

_FOCUS = r"f(?:it|test|specify|describe|context|suite|feature|scenario)"
FOCUS = regex(_FOCUS)
"""Words that keep every other test from running."""

FOCUSES = linear(rf"\.only\b|\b{_FOCUS}\b".encode())
"""Found in every text with a test that does so, and in few others."""
