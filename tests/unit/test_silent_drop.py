"""Definitions that are gone and still used: how sure we are, and when we keep quiet."""

from __future__ import annotations

import pytest

from qualitywatch.analysis.checks.silent_drop import silent_drop
from qualitywatch.analysis.hit import Hit
from qualitywatch.traces import Around
from tests.unit.test_compare import compare

HELPER = """\
def helper(value):
    first = prepare(value)
    second = refine(first)
    third = polish(second)
    return third


"""


DEFINED = Around(defined=frozenset({"helper"}))


def hits(before: str, after: str, language: str = "python", **fields) -> list[Hit]:
    return list(silent_drop(compare(before, after, language, **fields)))


@pytest.mark.parametrize(
    "use",
    [
        "helper(1)",
        "x = [helper(y) for y in z]",
        "f'{helper(1)}'",
        "@helper\ndef g(): pass",
        "class A(B):\n    x = helper(1)",
        "__all__ = ['helper']",
        "def f(a=helper(1)): pass",
        "handlers = {'a': helper, 'b': helper(1)}",
    ],
)
def test_a_use_that_nothing_binds_is_certain(use):
    (hit,) = hits(HELPER + use, use)

    assert hit.symbol == "helper"
    assert hit.confidence == "certain"
    assert hit.evidence.still_referenced == ("helper",)
    assert hit.evidence.base_ranges == ((1, 5),)


@pytest.mark.parametrize(
    "after",
    [
        "from tools import helper\nhelper(1)",
        "from tools import other as helper\nhelper(1)",
        "from tools import *\nhelper(1)",
        "import helper.tools\nhelper(1)",
        "helper = make()\nhelper(1)",
        "helper: Tool = make()\nhelper(1)",
        "def f(helper):\n    helper(1)",
        "def f(helper=None):\n    helper(1)",
        "def f(*helper):\n    helper(1)",
        "for helper in tools:\n    helper(1)",
        "with tool() as helper:\n    helper(1)",
        "[helper(1) for helper in tools]",
        "if (helper := make()):\n    helper(1)",
        "a, helper = tools\nhelper(1)",
        "match x:\n    case helper:\n        helper(1)",
        "def f():\n    global helper\n    helper(1)",
        "x.helper(1)",
        "call(helper=1)",
        "'helper(1)'",
        "# helper(1)",
        "globals()['x']\nhelper(1)",
        "class helper: pass\nhelper(1)",
        "helper(1",
    ],
)
def test_a_name_that_may_be_bound_is_silent(after):
    assert not hits(HELPER + after, after)


@pytest.mark.parametrize(
    "after",
    [
        "import { helper } from './a';\nhelper(1);",
        "import helper from './a';\nhelper(1);",
        "import * as helper from './a';\nhelper(1);",
        "const { helper } = tools;\nhelper(1);",
        "const { a: helper } = tools;\nhelper(1);",
        "const [helper] = tools;\nhelper(1);",
        "function f({ helper }) { helper(1); }",
        "const f = helper => helper(1);",
        "try { f() } catch (helper) { helper(1) }",
        "window.helper = f;\nhelper(1);",
        "/* global helper */\nhelper(1);",
        "x.helper(1);",
        "x = { helper: 1 };",
        "export { helper } from './a';",
        "if (typeof helper !== 'undefined') f();",
        "for (const helper of tools) helper(1);",
        "helper: for (;;) break helper;",
    ],
)
def test_a_name_that_may_be_bound_is_silent_in_javascript(after):
    gone = (
        "function helper(v) {\n  const a = f(v);\n  const b = g(a);\n  return b;\n}\n"
    )

    assert not hits(gone + after, after, "javascript")


CLASS = """\
class Store{bases}:
    def save(self, item):
        return self.{name}(item)

    def {name}(self, item):
        checked = validate(item)
        stored = write(checked)
        return stored
"""


@pytest.mark.parametrize(
    ("bases", "name", "confidence"),
    [
        ("", "commit", "likely"),
        ("(Generic[T])", "commit", "likely"),
        ("(NamedTuple)", "commit", "likely"),
        ("(Base)", "commit", "likely"),
        ("(Base)", "_commit", "likely"),
        ("(Base)", "__enter__", "possible"),
    ],
)
def test_a_base_class_may_have_the_method(bases, name, confidence):
    before = CLASS.format(bases=bases, name=name)
    (hit,) = hits(before, before[: before.index(f"    def {name}")])

    assert hit.confidence == confidence


def test_a_base_class_in_the_file_is_looked_into():
    base = "class Base:\n    def commit(self, item):\n        return item\n\n\n"
    before = base + CLASS.format(bases="(Base)", name="commit")
    after = before[: before.rindex("    def commit")]

    assert ["possible"] == [hit.confidence for hit in hits(before, after)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return stored", "return super().commit(stored)"),
        ("    def commit", "    @override\n    def commit"),
    ],
)
def test_what_overrides_a_method_leaves_that_method(old, new):
    before = CLASS.format(bases="(Base)", name="commit").replace(old, new)
    after = before[: before.index("self.commit(item)") + 18]

    assert ["possible"] == [hit.confidence for hit in hits(before, after)]


def test_a_class_below_may_have_the_member_instead():
    heir = "\n\nclass Disk(Store):\n    commit = write\n"
    before = CLASS.format(bases="(Base)", name="commit")
    after = before[: before.index("    def commit")]

    assert ["possible"] == [hit.confidence for hit in hits(before + heir, after + heir)]


@pytest.mark.parametrize(
    "member",
    [
        "commit = Base.commit",
        "def __init__(self):\n        self.commit = write",
        "def __getattr__(self, name):\n        return name",
        "commit: Callable",
    ],
)
def test_a_member_that_something_else_gives_is_silent(member):
    before = CLASS.format(bases="", name="commit")
    after = before[: before.index("    def commit")] + f"    {member}\n"

    assert not hits(before, after)


def test_a_local_of_the_same_name_is_no_member():
    before = CLASS.format(bases="", name="commit").replace(
        "return self.commit", "commit = self.commit\n        return commit"
    )

    assert hits(before, before[: before.index("    def commit")])


def test_this_in_a_plain_function_is_another_object():
    before = (
        "class A {\n  run() {\n    each(function () { this.stop(); });\n  }\n\n"
        "  stop() {\n    const a = f();\n    const b = g(a);\n    h(b);\n  }\n}\n"
    )
    after = before[: before.index("\n  stop")] + "}\n"

    assert not hits(before, after, "javascript")


def test_a_definition_that_went_to_another_file_is_less_sure():
    (hit,) = hits(HELPER + "helper(1)", "helper(1)", around=DEFINED)
    assert hit.confidence == "likely"


def test_a_script_may_call_what_went_to_another_script():
    gone = "function helper(v) {\n  const a = f(v);\n  return g(a);\n}\n"

    assert not hits(gone + "helper(1);", "helper(1);", "javascript", around=DEFINED)


@pytest.mark.parametrize(
    "short", ["def helper(v): return v\n", "def help(v):\n    return v\n"]
)
def test_what_is_very_short_proves_little(short):
    name = short[4 : short.index("(")]

    assert not hits(f"{short}{name}(1)", f"{name}(1)")
