"""What the names around a Python function tell of it, and what is never asked."""

from __future__ import annotations

import pytest

from qualitywatch.analysis.outlines.outline import Outline
from qualitywatch.analysis.sources.source import Source
from qualitywatch.analysis.stubs.facts import Facts, facts_of, is_left_to_others
from qualitywatch.languages import LANGUAGES

METHOD = "    def f(self): pass\n"


def outline_of(code: str) -> Outline:
    return Outline(Source.read("a.py", code.encode(), LANGUAGES["python"]))


def facts(code: str) -> Facts | None:
    outline = outline_of(code)
    return facts_of(outline, next(u for u in outline.units if u.short == "f"))


@pytest.mark.parametrize(
    "code",
    [
        f"from abc import abstractmethod as todo\nclass A:\n    @todo\n{METHOD}",
        "import typing as t\n@t.overload\ndef f(): ...\n",
        "from typing_extensions import overload as o\n@o\ndef f(): ...\n",
        f"from typing import Protocol as P\nclass A(P[int]):\n{METHOD}",
        f"from typing import Protocol as P\nclass B(P): ...\nclass A(B):\n{METHOD}",
        f"import abc as a\nclass A(metaclass=a.ABCMeta):\n{METHOD}",
        "try:\n    from typing import Protocol as P\n"
        f"except ImportError:\n    P = object\nclass A(P):\n{METHOD}",
    ],
)
def test_what_is_abstract_by_its_real_name(code):
    found = facts(code)

    assert found is not None
    assert found.is_abstract


@pytest.mark.parametrize(
    "code",
    [
        f"class A:\n{METHOD}",
        f"class Protocol: ...\nclass A(Protocol):\n{METHOD}",
        "def overload(f): return f\n@overload\ndef f(): ...\n",
        f"from shop import Base\nclass A(Base):\n{METHOD}",
        "import functools\n@functools.cache\ndef f(): pass\n",
    ],
)
def test_what_is_not(code):
    found = facts(code)

    assert found is not None
    assert not found.is_abstract


def test_a_class_knows_its_subclasses_in_the_module():
    found = facts(f"class A:\n{METHOD}class B(A):\n    pass\n")

    assert found is not None
    assert found.has_subclasses


@pytest.mark.parametrize(
    "code",
    [
        f"class A:\n{METHOD}class B: ...\n",
        f"from shop import A\nclass A(A):\n{METHOD}",  # heir of the one it hides
        f"from shop import A\nclass B(A): ...\nclass A:\n{METHOD}",
    ],
)
def test_of_its_own_name_only_what_follows_it_is_an_heir(code):
    found = facts(code)

    assert found is not None
    assert not found.has_subclasses


@pytest.mark.parametrize(
    "decorator",
    [
        "(" * 90 + "a" + ")" * 90,
        "a" + ".b" * 500,
        "f" + "(f" * 90 + ")" * 90,
        "x" * 20_000,
    ],
)
def test_what_could_cost_too_much_is_not_asked(decorator):
    assert facts(f"@{decorator}\ndef f(): pass\n") is None


def test_a_refused_text_falls_back_to_its_words():
    costly = "(" * 90 + "a" + ")" * 90
    outline = outline_of(f"@abstractmethod\n@{costly}\ndef f(): pass\n")
    unit = next(u for u in outline.units if u.short == "f")

    assert facts_of(outline, unit) is None
    assert is_left_to_others(outline, unit)
