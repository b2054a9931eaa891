"""The nouns of the rulebook: a rule, its sections, its examples, and all of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from enum import StrEnum

import msgspec

from qualitywatch.errors import UserError
from qualitywatch.languages import ANY
from qualitywatch.model import Confidence, Noun, Severity, ViolationType, When

TAGS = frozenset(
    {
        "assistant-output",  # what an assistant says, left in the file
        "control-flow",
        "data-format",  # JSON, TOML, YAML
        "dead-code",
        "elision",  # a remark that stands for code
        "error-handling",
        "guard-bypass",  # aimed at this guard
        "injection",
        "lost-code",  # needs the base: what was there is gone
        "merge",
        "remark",
        "secrets",
        "stub",
        "syntax",
        "tests",
        "truncation",
        "verification",  # of identity, signature or permission
    }
)
"""The closed list of tags; a new one is one line here."""


class Where(StrEnum):
    """In which files a rule looks."""

    ALL = "all"
    PRODUCT = "product"  # not in tests, fixtures and examples
    TESTS = "tests"  # only there


class Example(Noun):
    """One example of a rule: a file or a change, and where the rule must fire."""

    language: str  # `Language.name`
    path: str  # the name under which it is analysed
    line: int  # of the rule file
    after: str  # without markers
    before: str | None = None  # `None`: the example is a new file
    fixed: str | None = None  # the expected result, which must be clean
    finds: frozenset[tuple[int, str]] = frozenset()  # (line of `after`, rule id)
    known_limit: bool = False  # states what should be and is not yet


class Needs(Noun, array_like=True):
    """What a text must hold for a pattern to match in it."""

    words: tuple[frozenset[str], ...] = ()  # of each set at least one
    found: tuple[str, ...] = ()  # expressions that must fit somewhere


class Asked(Noun, array_like=True):
    """A predicate and its arguments: each a text, or the name of a capture."""

    predicate: str  # one of `queries.PREDICATES`
    arguments: tuple[tuple[str, bool], ...]  # (value, whether it is a capture)


class Pattern(Noun, array_like=True):
    """One pattern of a query, and what it can not match without."""

    text: str  # as tree-sitter is to read it
    asked: tuple[Asked, ...] = ()  # of each match, in the order of the text
    needs: Needs = Needs()
    leaves: bool = False  # it finds nothing: it says where others find nothing


_PACKED = msgspec.msgpack.Decoder(tuple[Pattern, ...])


class Section(Noun):
    """What serves one language: a query (and a matcher), or nothing but examples."""

    language: str  # `Language.name`, or `any`
    line: int  # of the rule file
    query: str | None = None
    query_line: int = 0
    packed: bytes = b""  # `patterns`; of most languages nobody asks for them
    matcher: str | None = None
    matcher_line: int = 0

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """Those of the query, in its order."""
        return _PACKED.decode(self.packed) if self.packed else ()


class Rule(Noun, frozen=True, cache_hash=True):
    """One Markdown file: the definition, the tests and the documentation of a rule."""

    id: str
    type: ViolationType
    severity: Severity
    confidence: Confidence
    message: str
    remedy: str
    since: str
    tags: tuple[str, ...]
    when: When = When.SAVE
    check: str | None = None  # name of a function of `analysis.checks`
    where: Where = Where.ALL
    remark: str | None = None  # RE2, on the text of every comment
    remark_line: int = 0
    sections: tuple[Section, ...] = ()
    source: str = ""  # path of the file
    pressed: bytes = b""  # `text`: a megabyte of all rules, which few commands show

    @property
    def text(self) -> str:
        """The whole Markdown."""
        import zlib  # for those few

        whole = zlib.decompress(self.pressed) if self.pressed else b""
        return whole.decode("utf-8", "surrogatepass")

    @property
    def examples(self) -> tuple[Example, ...]:
        """The examples of all languages, in the order of the file.

        Raises `RuleError` for an odd one.
        """
        from qualitywatch.rulebook import section_examples  # which reads `Rule`

        return tuple(e for found in section_examples.of(self) for e in found)

    def examples_of(self, section: Section) -> tuple[Example, ...]:
        """The examples of *section*, one of its own."""
        from qualitywatch.rulebook import section_examples  # as above

        shown = dict(zip(self.languages, section_examples.of(self), strict=False))
        return shown.get(section.language, ())

    @property
    def languages(self) -> tuple[str, ...]:
        """The names of the languages that have a section."""
        return tuple(section.language for section in self.sections)

    def section(self, language: str) -> Section | None:
        """The section that serves the language of that name."""
        own = (s for s in self.sections if s.language == language)
        return next(own, None) or next(
            (s for s in self.sections if s.language == ANY), None
        )

    def place(self, line: int) -> str:
        """`file:line`, as errors show it."""
        return f"{self.source}:{line}"


def pressed(text: str) -> bytes:
    """*text* as a `Rule` keeps it."""
    import zlib  # only where the files themselves are read

    return zlib.compress(text.encode("utf-8", "surrogatepass"))


class Rulebook(Noun):
    """The rules that judge, sorted by id."""

    rules: tuple[Rule, ...] = ()
    resting: tuple[Rule, ...] = ()  # that are known and do not judge now

    @classmethod
    def holding(cls, rules: Iterable[Rule]) -> Rulebook:
        """A rulebook of *rules*, whatever their order."""
        return cls(rules=tuple(sorted(rules, key=lambda rule: rule.id)))

    @property
    def digest(self) -> str:
        """Changes when any rule's text does: a key for caches and for approval."""
        import hashlib  # OpenSSL's take longer to load than a rule to read

        digest = hashlib.sha256()
        for rule in self.rules:
            for part in (rule.id, rule.text):
                encoded = part.encode("utf-8", "surrogatepass")
                digest.update(b"%d:" % len(encoded) + encoded)
        return digest.hexdigest()

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all rules, sorted."""
        return tuple(rule.id for rule in self.rules)

    def get(self, id: str) -> Rule:
        """The rule of that id; raises `UserError` with the closest one."""
        for rule in self.rules:
            if rule.id == id:
                return rule
        raise UserError(f"there is no rule `{id}`", hint=closest(id, self.ids))

    def without(self, ids: Collection[str]) -> Rulebook:
        """The rulebook with the rules of *ids* taken out."""
        return self._keeping(lambda rule: rule.id not in ids)

    def of(self, when: When) -> Rulebook:
        """The rules that can judge at that moment: a finished edit is for all."""
        if when is When.SETTLED:
            return self
        return self._keeping(lambda rule: rule.when is When.SAVE)

    def _keeping(self, judges: Callable[[Rule], bool]) -> Rulebook:
        away = tuple(rule for rule in self.rules if not judges(rule))
        return Rulebook(
            rules=tuple(rule for rule in self.rules if judges(rule)),
            resting=self.resting + away,
        )


def closest(unknown: str, known: Iterable[str]) -> str:
    """A hint: the known word that is meant, or all of them."""
    import difflib  # for mistakes only

    words = sorted(known)
    match = difflib.get_close_matches(unknown, words, n=1)
    return f"did you mean `{match[0]}`?" if match else f"known: {', '.join(words)}"
