"""Lost code: what counts as lost, and what a person would never call so."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualitywatch.analysis.comparing.compare import Comparison
from qualitywatch.analysis.sources.source import Source, line_key
from qualitywatch.languages import LANGUAGES
from qualitywatch.traces import Around


def compare(before: str | None, after: str, language: str = "python", **fields):
    def source(text: str) -> Source:
        return Source.read("file", text.encode(), LANGUAGES[language])

    base = None if before is None else source(before)
    return Comparison(base, source(after), **fields)


APP = """\
class App:
    def start(self):
        self.socket = connect(self.url)
        self.running = True
        self.announce("started")

    def stop(self):
        self.socket.close()
        self.running = False
        self.announce("stopped")

    def announce(self, what):
        for listener in self.listeners:
            listener.hear(what)
"""


def line_of(text: str, part: str) -> int:
    return next(n for n, line in enumerate(text.split("\n"), 1) if part in line)


def test_a_remark_in_place_of_a_body_loses_the_body():
    after = re.sub(r"self.socket.close.*?stopped\"\)", "# ... rest", APP, flags=re.S)
    evidence = compare(APP, after).loss_in(line_of(after, "# ..."))

    assert evidence.lost_lines == 3
    assert evidence.base_ranges == ((8, 10),)


def test_a_remark_in_place_of_methods_loses_the_methods():
    after = APP[: APP.index("    def stop")] + "    # ... other methods\n"
    evidence = compare(APP, after).loss_in(line_of(after, "# ..."))

    assert evidence.lost_lines == 7
    assert evidence.lost_symbols == ("App.stop", "App.announce")
    assert evidence.still_referenced == ("App.announce",)


def test_a_remark_inside_the_one_method_left_speaks_of_the_class():
    after = APP[: APP.index("    def stop")] + "        # ... (other methods)\n"
    comparison = compare(APP, after)

    assert comparison.unit_at(line_of(after, "# ...")).name == "App.start"
    assert comparison.loss_in(line_of(after, "# ...")).lost_lines == 7


def test_a_remark_behind_a_class_speaks_of_the_members_that_are_gone():
    after = APP[: APP.index("    def stop")] + "\n# ... rest of the file\n"

    assert compare(APP, after).loss_in(line_of(after, "# ...")).lost_lines == 7


def test_a_remark_in_a_new_file_loses_nothing():
    assert compare(None, "def f():\n    # ... rest\n").loss_in(2) is None


def test_an_edit_of_two_lines_beside_a_remark_loses_nothing():
    after = APP.replace(
        'self.running = False\n        self.announce("stopped")',
        "# same as before\n        self.state = OFF\n        log.info(self.url)",
    )

    assert compare(APP, after).loss_in(line_of(after, "# same")) is None


def test_a_feature_beside_a_dropped_block_does_not_make_up_for_it():
    body = "".join(f"    check_{n}(order.field_{n})\n" for n in range(6))
    new = "".join(f"    span.note({n}, clock())\n" for n in range(8))
    before = f"def save(order):\n{body}    return order\n"
    after = f"def save(order):\n    # ... existing checks\n{new}    return order\n"

    assert compare(before, after).loss_in(2).lost_lines == 6


def test_a_shrinking_neighbour_is_not_held_against_a_remark():
    after = APP.replace("        self.running = True\n", "").replace(
        "    def announce", "    # ... announcing\n    def announce"
    )

    assert compare(APP, after).loss_in(line_of(after, "# ...")) is None


def test_code_that_another_file_gained_is_not_lost():
    after = APP[: APP.index("    def stop")]
    gone = APP[APP.index("    def stop") :]
    moved = frozenset(line_key(line) for line in gone.split("\n"))

    assert compare(APP, after, around=Around(lines=moved)).loss is None


def test_units_are_matched_by_name_then_by_likeness():
    after = APP.replace("def stop", "def halt").replace("class App", "class Player")
    comparison = compare(APP, after)

    assert [("App", "Player"), ("App.stop", "Player.halt")] == [
        (old.name, new.name) for old, new in comparison.moved if old.short != new.short
    ]
    assert not comparison.removed
    assert not comparison.added


def test_short_units_are_matched_by_equal_bodies():
    before = "def area(shape):\n    return shape.width * shape.height\n"
    comparison = compare(before, before.replace("area", "extent"))

    assert ["area"] == [old.name for old, _ in comparison.moved]


@pytest.mark.parametrize(
    ("after", "new"),
    [
        ("a\nb\nc\n", []),
        ("c\nb\na\n", []),
        ("a\nb\nb\nc\n", [3]),
        ("a\n  b\nd\n", [3]),
    ],
)
def test_new_lines_are_counted_as_a_multiset(after, new):
    comparison = compare("a\nb\nc\n", after)

    assert new == [n for n in range(1, 5) if comparison.is_new_line(n)]


def test_of_a_new_text_every_line_is_new_that_is_not_blank():
    comparison = compare(None, "a\n\n  \n b\n")

    assert [1, 4] == [n for n in range(7) if comparison.is_new_line(n)]
    assert [1, 4] == list(comparison.new_lines)
    spans = {(1, 1): True, (2, 3): False, (2, 4): True, (5, 9): False}
    assert spans == {span: comparison.has_new_line(*span) for span in spans}
    assert {1, 4} <= set(comparison.new_line_numbers)


def test_lines_that_formatters_break_and_join_are_not_lost():
    before = "def f(a, b):\n    return call(a, [b, 'x'], key=a + b)\n"
    after = (
        "def f(\n    a,\n    b,\n):\n    return call(\n        a,\n"
        '        [b, "x"],\n        key=a + b,\n    )\n'
    )

    assert compare(before, after).loss is None
    assert compare(after, before).loss is None


# Properties: modules of functions whose statements are all different


@st.composite
def modules(draw) -> list[list[str]]:
    """Functions as lists of lines, the `def` line first."""
    sizes = draw(st.lists(st.integers(2, 7), min_size=1, max_size=5))
    return [
        [f"def unit_{u}(value):"]
        + [f"    step_{u}_{n} = compute_{u}_{n}(value, {n})" for n in range(size)]
        for u, size in enumerate(sizes)
    ]


def text_of(functions: list[list[str]]) -> str:
    return "\n\n\n".join("\n".join(lines) for lines in functions) + "\n"


def reordered(functions, seed):
    return text_of(random.Random(seed).sample(functions, len(functions)))


def renamed(functions, seed):
    unit = seed % len(functions)
    return re.sub(rf"\b(unit|step)_{unit}", rf"fresh_\1_{unit}", text_of(functions))


def moved_into_a_class(functions, _):
    inside = [f"    {line}" for lines in functions for line in lines]
    return "\n".join(["class Holder:", *inside]) + "\n"


def reformatted(functions, _):
    return text_of(functions).replace("(value, ", "(\n        value,\n        ")


def commented(functions, seed):
    lines = text_of(functions).split("\n")
    return "\n".join(f"{line}  # {seed}" if "=" in line else line for line in lines)


def added_to(functions, seed):
    extra = ["def added(thing):", f"    return thing.grow({seed})"]
    with_line = [[*lines, "    log(value)"] for lines in functions]
    return text_of([*with_line[:1], extra, *with_line[1:]])


@pytest.mark.parametrize(
    "edit",
    [reordered, renamed, moved_into_a_class, reformatted, commented, added_to],
)
@given(functions=modules(), seed=st.integers(0, 99))
def test_honest_edits_lose_nothing(edit, functions, seed):
    assert compare(text_of(functions), edit(functions, seed)).loss is None


@given(functions=modules(), data=st.data())
def test_loss_never_falls_when_more_lines_go(functions, data):
    lines = text_of(functions).split("\n")
    code = [n for n, line in enumerate(lines) if line.startswith("    ")]
    gone = data.draw(st.lists(st.sampled_from(code), unique=True))
    lost = []
    for count in range(len(gone) + 1):
        left = [line for n, line in enumerate(lines) if n not in gone[:count]]
        loss = compare("\n".join(lines), "\n".join(left)).loss
        lost.append(0 if loss is None else loss.lost_lines)

    assert list(range(len(gone) + 1)) == lost
