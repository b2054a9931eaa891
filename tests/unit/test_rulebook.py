"""Folders of rule files become a rulebook."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from qualitywatch import rulebook
from qualitywatch.errors import RuleError, UserError
from qualitywatch.model import When
from qualitywatch.rulebook import OWN_FOLDER, Rulebook
from tests.rule_files import SOUND, parsed, spoilt, written

SETTLED = spoilt("since ", 'when = "settled"\nsince ').replace(
    "left-breakpoint", "late-breakpoint"
)


def test_reads_the_rules_we_ship() -> None:
    """Without an argument the built-in rules are read."""
    assert "swallowed-exception" in rulebook.load().ids


def test_reading_our_rules_imports_no_parser() -> None:
    """Hooks read the rules at every commit: that must stay cheap."""
    code = (
        "import sys; from qualitywatch import rulebook; rulebook.load();"
        "print(sorted({'tree_sitter', 'libcst', 're2'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    assert ("[]\n", "") == (done.stdout, done.stderr)


def test_rule_is_named_for_its_file_and_typed_by_its_folder(tmp_path: Path) -> None:
    """`<folder>/<type>/<id>.md`; the index is no rule."""
    written(tmp_path)
    written(tmp_path, "# index", "README.md")
    written(tmp_path, "# index", "logic-error/README.md")

    assert ("left-breakpoint",) == rulebook.load(tmp_path).ids


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("odd/left-breakpoint.md", SOUND.encode(), "`odd` is no violation type"),
        ("left-breakpoint.md", SOUND.encode(), "is no violation type"),
        ("logic-error/left-breakpoint.md", b"# `\xff", "is not UTF-8"),
        ("logic-error/left-breakpoint.md", b" " * 300_000, "larger than 256 KiB"),
    ],
)
def test_refuses_a_file(
    tmp_path: Path, name: str, content: bytes, problem: str
) -> None:
    """A file in the wrong place, or that is no text, is named with its line."""
    path = written(tmp_path, "", name)
    path.write_bytes(content)

    with pytest.raises(RuleError, match=problem) as caught:
        rulebook.load(tmp_path)

    assert f"{path}:1" == caught.value.place


def test_refuses_two_rules_of_one_name(tmp_path: Path) -> None:
    """A name means one rule, whatever its folder."""
    first = written(tmp_path / "a")
    second = written(tmp_path / "b")

    with pytest.raises(RuleError, match="second rule") as caught:
        rulebook.load(tmp_path / "a", tmp_path / "b")

    assert f"{second}:1" == caught.value.place
    assert str(first) in caught.value.hint


def test_refuses_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """No rules is not the same as no folder."""
    with pytest.raises(RuleError, match="no such folder"):
        rulebook.load(tmp_path / "rules")


@pytest.mark.parametrize(
    ("old", "new", "line", "problem"),
    [
        ("(call function:", "(cal function:", 27, "Invalid node type.*cal.*column 2"),
        ("(call function:", "(call funktion:", 27, "Invalid field"),
        (")) @hit", ") @hit", 27, "Invalid syntax"),
        ("@hit\n", "@it\n", 27, "neither `@hit` nor `@candidate`"),
        ("@hit\n", "@candidate\n", 26, "there is none"),
        ("#eq?", "#eqq?", 27, "unknown predicate `#eqq\\?`"),
        ("#eq? @name", "#eq?", 27, "takes a capture and a capture or string"),
        ("#eq?", "#match? @name", 27, "takes a capture and a string"),
        ('#eq? @name "br', '#match? @name "(?=b', 27, "not an expression"),
        ('#eq? @name "br', '#match? @name "\\s', 27, "means `s`"),
        ("since ", "remark = '(?=a)'\nsince ", 8, "not an expression"),
    ],
)
def test_patterns_of_others_are_compiled(
    tmp_path: Path, old: str, new: str, line: int, problem: str
) -> None:
    """A broken pattern in a repository's own rule stops before anything is judged."""
    text = spoilt(old, new)
    if "remark" in new:
        text = (
            "".join(text.partition("```query")[0:1]) + text.partition("@hit\n```\n")[2]
        )
    path = written(tmp_path / OWN_FOLDER, text)

    with pytest.raises(RuleError, match=problem) as caught:
        rulebook.for_repository(tmp_path)

    assert f"{path}:{line}" == caught.value.place


def test_repository_without_rules_of_its_own(tmp_path: Path) -> None:
    """The built-in rules judge everywhere."""
    assert rulebook.load().digest == rulebook.for_repository(tmp_path).digest


def test_repository_with_rules_of_its_own(tmp_path: Path) -> None:
    """A repository's own rules are added to ours."""
    written(tmp_path / OWN_FOLDER)

    assert {"left-breakpoint", "swallowed-exception"} <= set(
        rulebook.for_repository(tmp_path).ids
    )


def test_moment_of_a_rule() -> None:
    """At a save only the rules that can judge it; a finished edit is for all."""
    book = Rulebook.holding([parsed(), parsed(SETTLED, id="late-breakpoint")])

    assert ("left-breakpoint",) == book.of(When.SAVE).ids
    assert ("late-breakpoint", "left-breakpoint") == book.of(When.SETTLED).ids


def test_unknown_rule_is_named_with_the_closest() -> None:
    """A slip of the pen is answered with what was meant."""
    with pytest.raises(UserError) as caught:
        Rulebook.holding([parsed()]).get("left-brakpoint")

    assert "did you mean `left-breakpoint`?" == caught.value.hint


def test_digest_follows_the_text() -> None:
    """Any edit of any rule is another rulebook; the order of reading is not."""
    one, two = parsed(), parsed(SETTLED, id="late-breakpoint")
    book = Rulebook.holding([one, two])

    assert book.digest == Rulebook.holding([two, one]).digest
    assert book.digest != book.without(["late-breakpoint"]).digest
    assert (
        Rulebook.holding([one]).digest
        != Rulebook.holding([parsed(f"{SOUND}\n")]).digest
    )


def test_rulebook_travels() -> None:
    """Workers get it pickled; the wire gets it as JSON."""
    book = rulebook.load()

    assert book == pickle.loads(pickle.dumps(book))
    assert book == msgspec.json.decode(msgspec.json.encode(book), type=Rulebook)
