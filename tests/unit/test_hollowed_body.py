"""Bodies that became stubs: how sure we are, and what is honest."""

from __future__ import annotations

import pytest

from qualitywatch.analysis.checks.hollowed_body import hollowed_body
from qualitywatch.analysis.hit import Hit
from tests.unit.test_compare import compare

HEAD = "def charge(card, amount):\n"
BODY = """\
    check(card)
    payment = gateway.charge(card.token, amount)
    receipts.store(payment)
    return payment
"""


def hits(before: str, after: str, language: str = "python", **fields) -> list[Hit]:
    return list(hollowed_body(compare(before, after, language, **fields)))


@pytest.mark.parametrize(
    ("stub", "confidence"),
    [
        ("pass", "likely"),
        ("...", "likely"),
        ("return None", "likely"),
        ("return {'ok': True}", "likely"),
        ("return []", "likely"),
        ("return dict()", "likely"),
        ("print('charging')", "likely"),
        ("logger.info('charge %s', card)\n    return True", "likely"),
        ("return len(card) * 0", "likely"),
        ("return 0 * amount", "likely"),
        ("return card and False", "likely"),
        ("return card", "possible"),
        ("raise RuntimeError('later')", "possible"),
        ("raise NotImplementedError", "certain"),
        ("raise NotImplementedError('later')", "certain"),
        ("# TODO: charge\n    return True", "certain"),
        ("# would call the gateway\n    return None", "certain"),
        ("print('In production this would charge')", "certain"),
        ("# check(card)\n    # receipts.store(payment)\n    pass", "certain"),
        ("# the gateway charges by itself, always\n    return True", "possible"),
        ("# no longer needed: the gateway does it\n    pass", "possible"),
        ("# remote and local are one machine\n    return True", "possible"),
    ],
)
def test_confidence(stub, confidence):
    (hit,) = hits(HEAD + BODY, f"{HEAD}    {stub}\n")

    assert hit.confidence == confidence
    assert hit.symbol == "charge"
    assert hit.evidence.lost_lines >= 3


@pytest.mark.parametrize(
    "after",
    [
        HEAD + BODY,
        HEAD + "    return gateway.charge_checked(card, amount)\n",
        HEAD + "    return [amount for _ in card]\n",
        HEAD + "    raise ValueError(card)\n",
        HEAD + "    raise NotImplementedError('use Gateway.charge() instead')\n",
        f"@abstractmethod\n{HEAD}    ...\n",
        f"@overload\n{HEAD}    ...\n",
        f"{HEAD}    pass\n\n\ndef helper(card, amount):\n{BODY}",
        "",
    ],
)
def test_what_is_honest_is_silent(after):
    assert not hits(HEAD + BODY, after)


@pytest.mark.parametrize("body", ["    return 1\n", "    a()\n    b()\n", "    pass\n"])
def test_a_body_of_two_statements_is_not_worth_it(body):
    assert not hits(HEAD + body, HEAD + "    return None\n")


def test_an_old_docstring_confesses_nothing():
    docstring = '    """Would charge; placeholder for now."""\n'
    (hit,) = hits(HEAD + docstring + BODY, HEAD + docstring + "    pass\n")

    assert hit.confidence == "likely"


def test_an_old_remark_confesses_nothing():
    remark = "    # would also work for vouchers\n"
    (hit,) = hits(HEAD + remark + BODY, f"{HEAD}{remark}    pass\n")

    assert hit.confidence == "likely"


def test_a_body_that_moved_with_an_edit_is_silent():
    moved = BODY.replace("gateway", "self.gateway.open()")

    assert not hits(HEAD + BODY, f"{HEAD}    pass\n\n\ndef pay(card, amount):\n{moved}")


def test_conditional_twins_are_silent():
    twin = f"try:\n    {HEAD}        fast(card)\nexcept E:\n    {HEAD}"
    body = BODY.replace("    ", "        ")

    assert not hits(twin + body, twin + "        pass\n")


def test_an_overload_is_no_twin():
    overload = f"@overload\n{HEAD}    ...\n\n\n"

    assert hits(overload + HEAD + BODY, f"{overload}{HEAD}    pass\n")


METHODS = "".join(
    f"    def read_{n}(self):\n        a = open_{n}(self)\n        b = a.get()\n"
    f"        return a.close(b)\n\n"
    for n in range(3)
)


def test_a_class_that_leaves_all_to_subclasses_is_possible():
    stubs = "".join(
        f"    def read_{n}(self):\n        raise NotImplementedError\n\n"
        for n in range(3)
    )
    found = hits(f"class A:\n{METHODS}", f"class A:\n{stubs}")

    assert ["possible"] * 3 == [hit.confidence for hit in found]


def test_a_class_that_became_abstract_is_silent():
    stubs = "".join(f"    def read_{n}(self): ...\n\n" for n in range(3))

    assert not hits(f"class A:\n{METHODS}", f"class A(Protocol):\n{stubs}")


def test_a_body_in_an_abstract_class_can_be_lost_as_well():
    stubs = "".join(f"    def read_{n}(self): ...\n\n" for n in range(3))

    assert len(hits(f"class A(ABC):\n{METHODS}", f"class A(ABC):\n{stubs}")) == 3


CLASS = "class A:\n    def __init__(self, a):\n"
FILLED = f"{CLASS}        self.a = a\n        self.b = 1\n        self.c = f(a)\n"


@pytest.mark.parametrize("stub", ["pass", "raise NotImplementedError"])
def test_a_constructor_can_be_lost_as_well(stub):
    assert hits(FILLED, f"{CLASS}        {stub}\n")


def test_a_constructor_whose_work_fields_do_is_silent():
    after = f"{CLASS}        pass\n".replace("    def", "    b = 1\n\n    def", 1)

    assert not hits(FILLED, after)


@pytest.mark.parametrize(
    "stub",
    [
        "",
        "return null;",
        "return [];",
        "return new Map();",
        "console.log(a);",
        "return;",
    ],
)
def test_stubs_in_typescript(stub):
    before = (
        "export function load(a: A) {\n  const b = f(a);\n  g(b);\n  return h(b);\n}\n"
    )
    after = f"export function load(a: A) {{\n  {stub}\n}}\n"

    assert ["likely"] == [hit.confidence for hit in hits(before, after, "typescript")]


def test_an_answer_that_was_always_given_is_possible():
    before = "function f() {\n  a();\n  b();\n  return {\n    c: [],\n  };\n}\n"
    after = before.replace("  a();\n  b();\n", "")

    assert ["possible"] == [hit.confidence for hit in hits(before, after, "javascript")]


def test_declaration_files_have_no_bodies():
    comparison = compare(HEAD + BODY, f"{HEAD}    ...\n")
    comparison.path = "shop.pyi"

    assert not list(hollowed_body(comparison))


JAVA = """\
class A {
  int f(int a) {
    B b = load(a);
    b.run();
    return b.size();
  }
}
"""


def hollowed_java(head: str, stub: str) -> list[str]:
    after = f"class A {{\n{head}  int f(int a) {{\n    {stub}\n  }}\n}}\n"
    return [str(hit.confidence) for hit in hits(JAVA, after, "java")]


@pytest.mark.parametrize(
    ("head", "stub", "found"),
    [
        ("", "return 0;", ["likely"]),
        ("", "throw new UnsupportedOperationException();", ["possible"]),
        ("", 'throw new UnsupportedOperationException("TODO");', ["certain"]),
        ("", "return Sizes.NONE;", ["possible"]),
        ("  /** @deprecated Use g(). */\n", "return 0;", []),
    ],
)
def test_stubs_in_java(head, stub, found):
    assert found == hollowed_java(head, stub)


def test_a_namesake_in_another_class_is_no_stub_of_this_one():
    before = JAVA.replace(" f(", " measure(")
    after = "class C {\n  int measure(int a) {\n    return 0;\n  }\n}\n"

    assert not hits(before, after, "java")
