"""The AsyncAPI document: it says what the types say, and real frames fit it."""

from __future__ import annotations

import json
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from qualitywatch.errors import PeerError
from qualitywatch.model import Event
from qualitywatch.protocol import (
    ERROR_NUMBERS,
    METHODS,
    asyncapi,
    write_call,
    write_error,
    write_event,
    write_result,
)
from tests.unit.test_protocol import EXAMPLES, example

ROOT = Path(__file__).parents[2]
DOCUMENT = asyncapi.document()


def test_the_document_is_in_step() -> None:
    """`python docs/generate.py` has been run since a message changed."""
    generator = runpy.run_path(str(ROOT / "docs" / "generate.py"))

    kept = (ROOT / "docs" / "asyncapi.json").read_text()
    assert kept == generator["render_asyncapi"]()


def test_every_reference_leads_somewhere() -> None:
    for reference in _references(DOCUMENT):
        found: Any = DOCUMENT
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]


def test_every_schema_is_one() -> None:
    for schema in DOCUMENT["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_method_is_an_operation() -> None:
    titles = [one["title"] for one in DOCUMENT["operations"].values()]

    assert [*METHODS, "what happened"] == titles


@pytest.mark.parametrize("method", METHODS)
def test_calls_and_answers_fit_their_message(method: str) -> None:
    call = json.loads(write_call(3, method, EXAMPLES[method]))
    answer = json.loads(write_result(3, example(METHODS[method].result)))

    assert [] == _faults(method, "Call", call)
    assert [] == _faults(method, "Answer", answer)
    assert [] != _faults(method, "Call", {**call, "method": "another"})
    assert [] != _faults(method, "Call", {**call, "params": {"unknown": 1}})


@pytest.mark.parametrize("code", ERROR_NUMBERS)
def test_refusals_fit_their_message(code: str) -> None:
    refusal = json.loads(write_error(None, PeerError(code, "no", hint="so")))

    assert [] == _faults("refused", "", refusal)


def test_events_fit_their_message() -> None:
    event = Event(sequence=1, id="1", kind="k", time="t", data=msgspec.Raw(b"{}"))

    assert [] == _faults("event", "", json.loads(write_event(event)))


def _faults(method: str, kind: str, frame: dict[str, Any]) -> list[str]:
    first, *rest = method.split(".")
    word = "Refused" if method == "refused" else first + "".join(map(str.title, rest))
    reference = f"#/components/messages/{word}{kind}/payload"
    schema = {"$ref": reference, "components": DOCUMENT["components"]}
    return [error.message for error in Draft202012Validator(schema).iter_errors(frame)]


def _references(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(reference := part.get("$ref"), str):
            yield reference
        for inner in part.values():
            yield from _references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _references(inner)
