"""Which files may hold tests: asked of every file, most of which hold none."""

from __future__ import annotations

from qualitywatch.analysis.sources.source import Source
from qualitywatch.analysis.stubs.design import is_test_double_file
from qualitywatch.regex import regex

# Where the header of a test proves that it is one, whatever its file is called.
_EVERYWHERE = frozenset({"rust", "java", "kotlin", "groovy", "csharp", "bash"})
_TEST_PATH = regex(
    r"(?:^|[/._-])(?:tests?|specs?|__tests__)(?:[/._-]|$)|[a-z](?:Tests?|Specs?)[/.]"
)


def may_hold_tests(source: Source) -> bool:
    """False where its name and its language say that no test stands in *source*."""
    return source.language.name in _EVERYWHERE or is_test_path(source.path)


def is_test_path(path: str) -> bool:
    """True for a file that its name or its folder calls tests."""
    return _TEST_PATH.search(path) is not None or is_test_double_file(path)
