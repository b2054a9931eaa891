"""libcst matchers: read from text, never evaluated, asked about one candidate."""

from __future__ import annotations

import pytest

from qualitywatch.analysis.patterns import matcher
from qualitywatch.rulebook.regexes import BrokenPattern

HANDLER = "ExceptHandler(body=IndentedBlock(body=[SimpleStatementLine(body=[Pass()])]))"
CALL = 'Call(func=Name("eval"), args=[Arg(), ZeroOrMore()])'


@pytest.mark.parametrize(
    ("text", "snippet", "node_type", "confirmed"),
    [
        (HANDLER, "except E:\n    pass", "except_clause", True),
        (HANDLER, "except E:\n    raise", "except_clause", False),
        (HANDLER, "except* E:\n    pass", "except_group_clause", False),
        ("ExceptStarHandler()", "except* E:\n    pass", "except_group_clause", True),
        ("Finally()", "finally:\n    pass", "finally_clause", True),
        ("Else()", "else:\n    pass", "else_clause", True),
        ("If()", "elif a:\n    pass", "elif_clause", True),
        ("MatchCase()", "case 1:\n    pass", "case_clause", True),
        ("FunctionDef()", "def f():\n    pass", "function_definition", True),
        ("ClassDef()", "class A: pass", "class_definition", True),
        ("Return(value=None)", "return", "return_statement", True),
        ("SimpleStatementLine()", "return", "return_statement", True),
        (CALL, "eval(text)", "call", True),
        (CALL, "eval(\n  text,\nlocals=a)", "call", True),
        (CALL, "eval()", "call", False),
        (f"m.{CALL}", "eval(text)", "call", True),
        ("BooleanOperation()", "a\nand b", "boolean_operator", True),
        ('Name(value=MatchRegex("ev.*"))', "evil", "identifier", True),
        ('Name(value=MatchRegex("ev"))', "evil", "identifier", False),
        ('OneOf(Name("a"), Name("b"))', "b", "identifier", True),
        ('Name(value=DoesNotMatch("a"))', "b", "identifier", True),
        ("If()", "if True:\n    pass", "if_statement", True),
        ("Pass()", "if True:\n    pass", "if_statement", False),
        ("Pass()", "this is no Python", "pass_statement", False),
    ],
)
def test_confirms(text: str, snippet: str, node_type: str, *, confirmed: bool) -> None:
    """The matcher is asked about the node that the snippet is the text of."""
    compiled = matcher.compile(text)

    assert confirmed is matcher.confirms(compiled, snippet, node_type=node_type)


def test_outer_handler_is_not_blamed_for_an_inner_one() -> None:
    """What a candidate holds is not the candidate."""
    outer = "except E:\n    try:\n        a()\n    except F:\n        pass\n    raise"
    compiled = matcher.compile(HANDLER)

    assert not matcher.confirms(compiled, outer, node_type="except_clause")


@pytest.mark.parametrize("indent", ["    ", "\t", "        "])
def test_indentation_is_kept(indent: str) -> None:
    """A text of several lines may stand further left than the code around it."""
    snippet = f'def f():\n{indent}  """\nleft\n"""\n{indent}  return 1'
    compiled = matcher.compile('FunctionDef(name=Name("f"))')

    assert matcher.confirms(
        compiled, snippet, node_type="function_definition", indent=indent
    )


@pytest.mark.parametrize("snippet", ["(" * 200 + ")" * 200, "a\n" * 40_000])
def test_too_costly_for_libcst(snippet: str) -> None:
    """What would cost libcst a gigabyte or its stack is never given to it."""
    with pytest.raises(matcher.TooCostly):
        matcher.confirms(matcher.compile("Pass()"), snippet, node_type="module")


@pytest.mark.parametrize(
    ("text", "problem", "hint"),
    [
        ("Nmae()", "`Nmae` is no libcst matcher", "mean `Name`?"),
        ("__import__('os').system('id')", "is no libcst matcher", ""),
        ("MatchIfTrue(print)", "`MatchIfTrue` is no libcst matcher", ""),
        ("Name(value=open)", "`open` is not understood", "constants"),
        ("Name(value=OneOf('a', 'b'))", "neither constants", "MatchRegex"),
        ("Name(lambda: 1)", "is not understood", ""),
        ("Name() | Pass()", "is not understood", ""),
        ("Name(nme='a')", "`Name`: got an unexpected keyword argument 'nme'", ""),
        ("Name(**{})", "`**`", ""),
        ("[Name()]", "a call of a matcher name", ""),
        ("Name(", "no expression", ""),
        ("Name()\nPass()", "no expression", ""),
        (
            "ExceptHandler(type=OneOf(None, Name()))",
            "neither constants",
            "one level up",
        ),
        ("Name(value=MatchRegex('(?=a)'))", "not an expression", "RE2"),
    ],
)
def test_refuses(text: str, problem: str, hint: str) -> None:
    """Whatever is not a matcher is refused, and never run."""
    with pytest.raises(BrokenPattern) as caught:
        matcher.compile(text)

    assert problem in caught.value.problem
    assert hint in caught.value.hint


def test_refusal_names_the_line() -> None:
    """The line inside the block, so that the loader can say the line of the file."""
    with pytest.raises(BrokenPattern) as caught:
        matcher.compile("ExceptHandler(\n  body=Nmae())")

    assert 2 == caught.value.line
