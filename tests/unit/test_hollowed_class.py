"""Classes whose members are gone: how sure we are, and what is honest."""

from __future__ import annotations

import pytest

from qualitywatch.analysis.checks.hollowed_class import hollowed_class
from tests.unit.test_compare import compare

METHOD = (
    "    def {0}(self):\n        a{0} = open(self.{0})\n        b = a{0}.read()\n"
    "        c{0}(b)\n        return b\n\n"
)
WHOLE = "class Reader(Base):\n" + "".join(
    METHOD.format(name) for name in ("head", "rows", "tail")
)


def confidences(before: str, after: str, language: str = "python") -> list[str]:
    return [str(h.confidence) for h in hollowed_class(compare(before, after, language))]


@pytest.mark.parametrize(
    ("shell", "found"),
    [
        ("class Reader(Base):\n    pass\n", ["certain"]),
        ('class Reader(Base):\n    """Reads."""\n', ["certain"]),
        ("class Reader(Base):\n    # TODO\n    pass\n", ["certain"]),
        (
            "class Reader(Base):\n    # no longer needed by anybody\n    pass\n",
            ["possible"],
        ),
        ("class Reader(Base):\n    # use Lines instead\n    pass\n", []),
        ("class Reader(Lines):\n    pass\n", []),
        ("@remade\nclass Reader(Base):\n    pass\n", []),
        (f"class Reader(Base):\n{METHOD.format('head')}", []),
        ("class Reader(Base):\n    head: str\n    rows: list\n", []),
        ("", []),
        (WHOLE, []),
        (f"class Reader(Base):\n    pass\n\n\n{WHOLE.replace('Reader', 'Lines')}", []),
    ],
)
def test_confidence(shell, found):
    assert found == confidences(WHOLE, shell)


def test_one_small_method_is_only_possible():
    before = f"class Reader(Base):\n{METHOD.format('head')}"

    assert ["possible"] == confidences(before, "class Reader(Base):\n    pass\n")


def test_an_exception_needs_no_members():
    before = WHOLE.replace("Reader", "ReadError")

    assert [] == confidences(before, "class ReadError(Base):\n    pass\n")


def test_a_class_of_mere_fields_is_no_loss_of_code():
    before = "class Row:\n    a = 1\n    b = 2\n    c = 3\n"

    assert [] == confidences(before, "class Row:\n    pass\n")


def test_a_class_that_was_a_shell_is_silent():
    shell = "class Reader(Base):\n    pass\n"

    assert [] == confidences(shell, f"{shell}\n\nx = 1\n")
