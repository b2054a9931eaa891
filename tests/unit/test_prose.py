"""Which lines are sentences of an assistant, and which are code."""

from __future__ import annotations

import pytest

from qualitywatch.analysis.syntax.prose import is_said, is_sentence


@pytest.mark.parametrize(
    "line",
    [
        "Certainly! Here's the complete updated file:",
        "Sure, here is the refactored version of `app.py`:",
        "Here's the code:",
        "I've updated the handler to retry three times.",
        "Below is the modified implementation.",
        "This implementation keeps the public interface as it was.",
        "Let me know if you have any questions!",
        "**Key changes made:**",
        "以下是更新后的完整代码：",
        "以下は更新されたファイルです。",
        "다음은 수정된 코드입니다:",
        "Aquí tienes el código actualizado:",
        "Aqui está o arquivo completo:",
        "Voici le fichier complet :",
        "Hier ist die vollständige Datei:",
        "Вот полный обновлённый файл:",
        "Ecco il file aggiornato:",
        "Oto zaktualizowany plik:",
        "İşte güncellenmiş dosya:",
    ],
)
def test_what_assistants_say(line):
    assert is_said(line)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "OK, err := run()",
        "here = there",
        "perfect = True",
        "note: value",
        "summary:",
        "summary: what this call is good for in the end",
        "changes:",
        "notes: see the list of all releases",
        "usage: run the following",
        "let me = 1;",
        "Here.is(the, file)",
        "  Here is the indented file:",
        "import os",
        "return this",
        "this.code = code;",
        "The = 1",
        "new Version()",
        "FROM python:3.13",
        "SELECT the, following FROM code;",
    ],
)
def test_what_is_code(line):
    assert not is_said(line)
    assert not is_sentence(line)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("The handler now retries every request three times.", True),
        ("All of your tests should pass now!", True),
        ("all of your tests should pass now!", False),
        ("Total is the sum", False),
        ("class Total:", False),
        ("return total.", False),
    ],
)
def test_any_sentence(line, sentence):
    assert sentence == is_sentence(line)
