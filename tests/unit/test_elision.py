"""Which remarks stand for code, by their words and by their place."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qualitywatch.analysis import elision_grammar as grammar
from qualitywatch.analysis.elision import elision, elisions, remarks
from qualitywatch.analysis.source import Source
from qualitywatch.languages import LANGUAGES

# One row for each way of saying it; the second column is the form.
ELISIONS = [
    # English, with a marker
    ("// ... other methods", "ellipsis"),
    ("# ... (rest of the method)", "ellipsis"),
    ("// ...existing code...", "ellipsis"),
    ("// … rest of the view …", "ellipsis"),
    ("# ... 7 more items", "ellipsis"),
    ("// ... getters and setters", "ellipsis"),
    ("// ... (validation and saving)", "ellipsis"),
    ("// ... (handleSubmit, handleReset)", "ellipsis"),
    ("// ... keep existing code (JSX for the component's UI)", "ellipsis"),
    ("// ... and other handlers", "ellipsis"),
    ("# existing code...", "ellipsis"),
    ("// imports...", "ellipsis"),
    ("# more tests...", "ellipsis"),
    ("// Other methods remain the same...", "ellipsis"),
    ("// [Rest of the report generation code]", "brackets"),
    ("// (same as before)", "brackets"),
    ("# <existing code>", "brackets"),
    ("# [save() remains unchanged]", "brackets"),
    ("# --- app setup (rest of the code unchanged) ---", "brackets"),
    # English, in a sentence
    ("// Rest of the methods remain the same", "sentence"),
    ("// ---- remainder of file unchanged from your baseline ----", "sentence"),
    ("// rest of your code", "sentence"),
    ("# Rest of the file is the same", "sentence"),
    ("// existing code here", "sentence"),
    ("// this function remains unchanged", "sentence"),
    ("# visualization omitted for brevity", "sentence"),
    ("// [snip]", "sentence"),
    ("/* Copy all the styles from your signup page */", "sentence"),
    ("// Insert the previous implementation here", "sentence"),
    ("# no changes to the rest of this function", "sentence"),
    # English, where code that follows would make a title of it
    ("// other handlers", "heading"),
    ("# unchanged", "heading"),
    ("// Load the settings (same as before)", "heading"),
    ("# Everything else remains the same", "heading"),
    # the other languages
    ("// ... el resto del código sigue igual", "ellipsis"),
    ("// los demás métodos permanecen sin cambios", "sentence"),
    ("// ... código existente ...", "ellipsis"),
    ("// o restante do código continua igual", "sentence"),
    ("// ... outros métodos ...", "ellipsis"),
    ("<!-- ... reste du code inchangé ... -->", "ellipsis"),
    ("// les autres méthodes restent inchangées", "sentence"),
    ("// Der restliche Code bleibt unverändert", "sentence"),
    ("// ... vorhandene Importe ...", "ellipsis"),
    ("// il resto del codice rimane invariato", "sentence"),
    ("// ... altri metodi ...", "ellipsis"),
    ("# остальной код без изменений", "sentence"),
    ("// Остальной код вашего компонента...", "ellipsis"),
    ("// 其余代码保持不变", "sentence"),
    ("// ... 现有代码 ...", "ellipsis"),
    ("// （与之前相同）", "brackets"),
    ("# ... (残りのコードは変更なし) ...", "ellipsis"),
    ("// 他のメソッドは変更なし", "sentence"),
    ("// 나머지 코드는 유지됩니다.", "sentence"),
    ("// ... 기존 코드 ...", "ellipsis"),
]

ORDINARY = [
    # a sentence that goes on from the line above
    "// ... and skip over the match.",
    "# ...otherwise, try to separate",
    "// ...also include the query member constraints.",
    "// ... which the parser rejects anyway",
    "# ... until the queue is empty",
    "# ...so the rest of the code may rely on it",
    # prose that has the words
    "// The rest of pending handlers would never be called for that request.",
    "// This matches the rest of the toolchain.",
    "# other characters unchanged. Does not enforce that the input is a",
    "# The rest of the arguments can be anything",
    "// previous code here still called the old function API, which no longer",
    "# If the interface is unchanged, the cached data is guaranteed",
    "// Fail is the same as Abort plus an error message.",
    "# Existing users keep their old password",
    # data of the program at run time
    "# Keep existing checksum if partial update.",
    "// Keep previous stats if present, otherwise provide a safe fallback.",
    "// insert remaining path part and handle to the leaf",
    # an assistant's notes on what it did
    "// We're keeping this file unchanged, just including it for context",
    "// Now we simply cast each entry and return the array unchanged.",
    # code, or what looks like it
    "// ...rest",
    "// ...options,",
    "...block,",
    "..Default::default()",
    "# a[..., None]",
    "// { ...state, rest: code }",
    "# 0, 1, 2, ..., n - 1",
    "# ../code/other",
    # marks alone
    "// ...",
    "# [...]",
    "# …",
    "//",
    "",
    # sections, tasks, exercises, progress
    "// --- REST OF THE WORLD (A-Z) ---",
    "<!-- Rest of the posts in grid -->",
    "# Your code here",
    "// Implementation goes here",
    "# TODO: handle the remaining cases",
    "# Loading data...",
    "# Imports",
    # other languages
    "// ... 省略号的位置 kCATruncationStart",
    "// и остальной код, читающий эту колонку.",
    "# 나머지 코드는 wall_thickness 변수로 교체",
    "// el resto de los usuarios no recibe correo",
    "// die anderen Benutzer sehen die Seite nicht",
]

NAMES = [
    (
        "// ... (generateTips, storeQuestion methods remain the same)",
        ("generateTips", "storeQuestion"),
    ),
    ("# ... __init__ and parse_args unchanged", ("__init__", "parse_args")),
    ("// ... App.stop and `render` as before", ("App.stop", "render")),
    ("# ... (load, save, and clear methods)", ("load", "save", "clear")),
    ("// ... (constructor and other methods)", ("constructor",)),
    ("// ... setUp() and tearDown() stay the same", ("setUp", "tearDown")),
    ("// ... rest of the code", ()),
]

COMMENT_FORMS = [
    "# {}", "// {}", "-- {}", "/* {} */", "<!-- {} -->", "{{/* {} */}}", "; {}",
    "% {}", '"""{}"""', "//// {}", "#{}", "/*\n * {}\n */", "  # {}  ", "{}",
    "# ---- {} ----", "// ==== {} ====", "# *** {} ***", "# ✅ {}", "--// {}",
]  # fmt: skip


def form(remark: str) -> str | None:
    found = elision(remark)
    return None if found is None else found.form


@pytest.mark.parametrize(("remark", "expected"), ELISIONS)
def test_remarks_that_stand_for_code(remark: str, expected: str) -> None:
    assert form(remark) == expected


@pytest.mark.parametrize("remark", ORDINARY)
def test_ordinary_comments(remark: str) -> None:
    assert form(remark) is None


@pytest.mark.parametrize(("remark", "names"), NAMES)
def test_names_that_a_remark_mentions(remark: str, names: tuple[str, ...]) -> None:
    found = elision(remark)

    assert found is not None
    assert found.names == names


@pytest.mark.parametrize("wrap", COMMENT_FORMS)
@pytest.mark.parametrize(
    "remark", ["... rest of the code", "Rest of the code unchanged"]
)
def test_every_form_of_comment(remark: str, wrap: str) -> None:
    assert form(wrap.format(remark)) == form(remark)


def test_build_files_copy_files() -> None:
    assert elision("# Rest of the code", file_name="api/Dockerfile") is None
    assert elision("# ... rest of the code", file_name="Dockerfile") is not None


# Properties

SURE = st.sampled_from([remark for remark, form in ELISIONS if form != "heading"])
ANY = st.sampled_from([*(remark for remark, _ in ELISIONS), *ORDINARY])
WORDS = [word for remark, _ in ELISIONS for word in remark.split()]
WORDS += ["...", "(", ")", ",", "as", "before", "for", "brevity", "keep", "your"]


@given(ANY, st.sampled_from(COMMENT_FORMS[:6]))
def test_a_second_comment_sign_changes_nothing(remark: str, wrap: str) -> None:
    assert form(wrap.format(remark)) == form(remark)


@given(SURE, st.sampled_from(["{}...", "... {}", "[{}]", "({})", "<{}>", "{} …"]))
def test_a_marker_more_leaves_an_elision_one(remark: str, mark: str) -> None:
    assert form(mark.format(grammar.bare(remark))) is not None


@given(st.text(max_size=500))
@example("(" * 400)
@example("... " * 100)
@example("\ud800...")
def test_any_text_is_read(text: str) -> None:
    elision(text)


@given(st.lists(st.sampled_from(WORDS), max_size=12))
def test_the_quick_look_loses_nothing(remark: list[str]) -> None:
    text = grammar.bare(" ".join(remark))

    fits = grammar.form_of(grammar.spell(grammar.tokens(text))) is not None

    assert grammar.may_elide(text) or not fits


@pytest.mark.parametrize(
    "piece", ["...", "( ", "rest of ", "其余", "a.", "\N{COMBINING ACUTE ACCENT}"]
)
def test_hostile_files_cost_linear_time(piece: str) -> None:
    source = read(f"# {piece * (900_000 // len(piece.encode()))}\n" * 2, "a.py")
    started = time.process_time()

    list(elisions(source))

    assert time.process_time() - started < 2


# Places


def read(text: str, path: str) -> Source:
    suffix = path[path.rindex(".") :]
    language = next(e for e in LANGUAGES.values() if suffix in e.suffixes)
    return Source.read(path, text.encode(), language)


def places(text: str, path: str) -> list[tuple[int, str]]:
    return [(remark.line, remark.kind) for remark, _ in elisions(read(text, path))]


def test_markup_and_text_that_is_no_comment() -> None:
    text = """\
const page = `
  <!-- ... existing HTML ... -->
`;
const view = (
  <div>
    {/* ... rest of the table ... */}
    // ... existing code ...
  </div>
);
[其余代码保持不变...]
"""

    assert places(text, "a.tsx") == [
        (2, "string"),
        (6, "jsx"),
        (7, "bare"),
        (10, "bare"),
    ]


def test_bare_words_that_break_python() -> None:
    text = "def run():\n    start()\n\nRest of the code remains unchanged\n"

    assert places(text, "a.py") == [(4, "bare")]


def test_code_is_no_bare_remark() -> None:
    text = "const all = {\n  ...existing,\n};\nconst [first, ...rest] = list;\n"

    assert places(text, "a.js") == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", 'def f():\n    """Do it.\n\n    # ... rest of the script\n    """\n'),
        ("a.py", 'def f():\n    """Rest of the code unchanged."""\n'),
        ("a.js", "/**\n * load();\n * // ... rest of your code\n */\nload();\n"),
        ("a.js", "// ```js\n// ... rest of your code\n// ```\nload();\n"),
        ("a.js", "/*\na\nb\nc\nd\n... rest of the code\n*/\n"),
    ],
    ids=["docstring", "docstring of one line", "JSDoc", "fence", "long block"],
)
def test_documentation_is_no_place(path: str, text: str) -> None:
    assert places(text, path) == []


def test_a_docstring_that_is_nothing_else() -> None:
    assert places('def f():\n    """... rest of the method ..."""\n', "a.py") == [
        (2, "doc")
    ]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("x = 1  # unchanged", False),
        ("x = 1  # ... rest of the assignments", True),
        ("def f():  # same as before", True),
        ("def f(): ...  # implementation unchanged", True),
        ("pass  # rest of the code", True),
    ],
)
def test_behind_code_only_an_ellipsis_or_a_stub_counts(line: str, found: bool) -> None:
    assert bool(places(line + "\n", "a.py")) is found


def test_a_line_of_running_prose_is_no_remark() -> None:
    text = """\
# This is where the parser hands over, and where it gives up the
# rest of this routine
parse()
# the remaining functions
# take a path
load()
"""

    assert places(text, "a.py") == []


def test_a_remark_of_two_lines_is_no_prose() -> None:
    text = "# rest of the code\n# remains the same\n"

    assert (1, "line") in places(text, "a.py")


def test_every_comment_is_a_place() -> None:
    source = read("# one\nx = 1  # two\n", "a.py")

    assert [(r.text, r.alone) for r in remarks(source)] == [
        ("# one", True),
        ("# two", False),
    ]
