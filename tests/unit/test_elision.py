"""Which remarks stand for code, by their words and by their place."""

from __future__ import annotations

import time
from collections import defaultdict

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from qualitywatch.analysis.elision import grammar
from qualitywatch.analysis.elision import tongues as elision_tongues
from qualitywatch.analysis.elision.glance import (
    may_be_elision,
    may_be_elisions,
    may_be_hint,
)
from qualitywatch.analysis.elision.lexicon import entries
from qualitywatch.analysis.elision.reading import elision, elisions, hint, remarks
from qualitywatch.analysis.sources.skipping import language_of
from qualitywatch.analysis.sources.source import Source

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


BY_PART: dict[str, list[str]] = defaultdict(list)
for _entry in entries():
    if all(word.isascii() for word in _entry.words):
        BY_PART[_entry.tag].append(" ".join(_entry.words).replace("*", ""))
SIGNS = ["...", "(", ")", ",", ".", ";", "/", "-", "`x`", "7", "\n * ", "'s", "getX"]
SIGNS += ["100s"]  # a plural: it reads as the number, and that as nothing
A_WORD = st.sampled_from(list(BY_PART.values())).flatmap(st.sampled_from)
SENTENCE = st.lists(
    st.sampled_from(WORDS) | A_WORD | st.sampled_from(SIGNS), max_size=6
)


@settings(max_examples=1000)
@given(SENTENCE.map(" ".join))
@example("100s other methods")
def test_the_quick_look_loses_nothing(remark: str) -> None:
    spelled = grammar.spell(grammar.tokens(grammar.bare(remark)))

    assert may_be_elision(remark) or not grammar.form_of(spelled)
    assert may_be_hint(remark) or not grammar.is_marked(spelled)


ANY_TEXT = st.text(st.characters(exclude_characters="\0"), max_size=9)  # not binary


@given(st.lists(SENTENCE.map(" ".join) | ANY_TEXT, max_size=5))
def test_the_look_at_many_remarks_loses_none(remarks: list[str]) -> None:
    alone = {at for at, remark in enumerate(remarks) if may_be_elision(remark)}

    assert alone <= set(may_be_elisions(remarks))


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
    return Source.read(path, text.encode(), language_of(path, text.encode()))


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


@pytest.mark.parametrize(
    ("path", "line", "kind"),
    [
        ("a.sql", "-- ... other columns ...", "line"),
        ("a.sql", "... rest of the schema unchanged ...", "bare"),
        ("a.dart", "[... rest of the widget unchanged ...]", "bare"),
        ("a.ps1", "<# ... existing validation ... #>", "block"),
        ("a.ps1", "<!-- ... existing report ... -->", "string"),
        ("a.blade.php", "{{-- ... rest of the form ... --}}", "block"),
        ("a.cshtml", "@* ... existing markup ... *@", "block"),
        ("a.hs", "{- ... rest of the module ... -}", "block"),
        ("a.ml", "(* ... other functions unchanged ... *)", "block"),
        ("a.clj", ";; ... rest of the namespace ...", "line"),
        ("a.erl", "% ... remaining clauses unchanged ...", "line"),
        ("a.lua", "--[[ ... previous code ... ]]", "block"),
        ("a.rb", "=begin\n... rest of the class ...\n=end", "block"),
        ("a.sh", "... rest of script unchanged ...", "bare"),
        ("a.yml", "[... remaining services unchanged ...]", "bare"),
        ("a.go", "... rest of the code remains the same ...", "bare"),
        ("a.html", "... rest of the form ...", "bare"),
        ("a.html", "[rest of the form stays the same]", "bare"),
        ("a.json", '"...": "existing scripts unchanged",', "bare"),
        ("a.json", '"// ... other scripts": "",', "bare"),
    ],
)
def test_every_form_of_comment_and_of_none(path: str, line: str, kind: str) -> None:
    assert [found for _, found in places(line + "\n", path)] == [kind]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.go", "func f() string {\n\treturn `\n{}\n<p>a</p>\n`\n}\n"),
        ("a.rb", "a = <<~HTML\n  <p>a</p>\n  {}\nHTML\n"),
        ("a.php", "<?php\n$a = <<<HTML\n<p>a</p>\n{}\nHTML;\n"),
        ("a.py", 'A = """\n<p>a</p>\n{}\n"""\n'),
        ("a.js", "const a = html`\n<p>a</p>\n{}\n`;\n"),
        ("a.js", "const a = sql`\nSELECT a\n{}\nWHERE b\n`;\n"),
        ("a.kt", 'val a = """\n<p>a</p>\n{}\n"""\n'),
    ],
)
@pytest.mark.parametrize(
    "remark", ["<!-- ... rest ... -->", "... rest of the HTML ..."]
)
def test_strings_that_hold_markup(path: str, text: str, remark: str) -> None:
    assert [kind for _, kind in places(text.replace("{}", remark), path)] == ["string"]


@pytest.mark.parametrize(
    "text",
    [
        'PROMPT = """\nYou edit code.\nNever write this:\n{}\nWrite all of it.\n"""\n',
        'PROMPT = """\n{}\n"""\n',
        'HELP = "a\\\n{}"\n',
    ],
)
def test_prompts_are_no_code(text: str) -> None:
    assert places(text.replace("{}", "// ... existing code ..."), "a.py") == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.rs", "/// Use it:\n/// // ... rest of the setup\nfn f() {}\n"),
        ("a.rs", "/// Use it:\n/// ... other calls\nfn f() {}\n"),
        ("a.go", "// Use it:\n//\t// ... other lines\nfunc f() {}\n"),
        ("a.dart", "/// Use it:\n/// // ... other lines\nvoid f() {}\n"),
        ("a.rs", "let a = B { c, ..Default::default() };\n"),
        ("a.py", "a = b[..., None]\n"),
        ("Dockerfile", "# Copy the rest of the application\nCOPY . .\n"),
        ("Dockerfile", "# 6. Copia el resto del código\nCOPY . .\n"),
    ],
)
def test_look_alikes_in_other_languages(path: str, text: str) -> None:
    assert places(text, path) == []


def test_a_build_file_may_leave_out_what_is_no_copy() -> None:
    assert places("# (other stages unchanged)\n", "Dockerfile") == [(1, "line")]


@pytest.mark.parametrize(
    ("remark", "is_one"),
    [
        ("// ... (everything about ducks)", True),
        ("// ... ducks ...", True),
        ("// previous ducks unchanged", True),
        ("// ...", True),
        ("// ducks", False),
        ("// ... and ducks", False),
        ("// the previous duck is kept because it may swim", False),
    ],
)
def test_hints_are_for_holes(remark: str, is_one: bool) -> None:
    assert (hint(remark) is not None) is is_one


WORDINGS = {
    "Spanish": [
        "// ... el resto del método permanece intacto ...",
        "# código anterior sin cambios",
        "// ... resto del archivo sin modificar ...",
        "// (se mantiene la lógica original)",
    ],
    "Portuguese": [
        "// ... o resto da função permanece o mesmo ...",
        "// Os outros métodos não foram alterados",
        "// ... código atual mantido ...",
        "# (lógica existente mantida)",
    ],
    "French": [
        "// ... le reste de la fonction reste identique ...",
        "// Les autres méthodes ne changent pas",
        "// ... code existant conservé ...",
        "# (même logique qu'avant)",
    ],
    "German": [
        "// ... Rest der Funktion bleibt gleich ...",
        "// Die anderen Methoden wurden nicht verändert",
        "# ... vorhandener Code unverändert ...",
        "// (bisherige Implementierung)",
    ],
    "Italian": [
        "// ... il resto del metodo non è cambiato ...",
        "// Gli altri metodi rimangono gli stessi",
        "# ... codice precedente invariato ...",
        "// ... altre proprietà ...",
    ],
    "Russian": [
        "// ... остальная часть функции не меняется ...",
        "# Прочие методы остались прежними",
        "// ... существующая логика ...",
        "// (код ниже не изменился)",
    ],
    "Chinese": [
        "// ... 函数其余部分保持不变 ...",
        "# 其他方法没有变化",
        "// （原有逻辑不变）",
        "// ... 剩下的代码与之前一样 ...",
    ],
    "Japanese": [
        "// ... 関数の残りは変更なし ...",
        "# その他のメソッドはそのまま",
        "// （元の処理と同じ）",
        "// ... 以降のコードは省略 ...",
    ],
    "Korean": [
        "// ... 함수의 나머지 부분은 동일합니다 ...",
        "# 다른 메서드는 변경되지 않음",
        "// (기존 로직과 동일)",
        "// ... 이하 코드 생략 ...",
    ],
}


def test_ten_languages_are_read() -> None:
    assert len(elision_tongues.LANGUAGES) == len(WORDINGS) + 1  # and English


@pytest.mark.parametrize("language", WORDINGS)
def test_several_wordings_of_each_language(language: str) -> None:
    assert [remark for remark in WORDINGS[language] if elision(remark) is None] == []


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
