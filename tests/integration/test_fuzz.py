"""Hostile frames: each gets an answer or the right close code, and the hub lives.

`tests/long/test_fuzz.py` does the same with a hundred thousand.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from qualitywatch.hub.server import Server
from qualitywatch.protocol import MAX_FRAME_BYTES
from tests import fuzzing, hubs
from tests.fuzzing import CLOSED_FOR, FREELY, Fuzz
from tests.hubs import House


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with hubs.house(tmp_path, limits=FREELY) as house:
        yield house


@pytest.fixture
async def server(
    house: House, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> AsyncIterator[Server]:
    """A hub in whose log no error may stand at the end."""
    trouble: list[object] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: trouble.append(context))
    with caplog.at_level(logging.ERROR):
        async with Server.open(
            house.service, socket_path=tmp_path / "hub.sock"
        ) as server:
            yield server
            async with hubs.agent(house, "last-1") as agent:
                assert "result" in await agent.call("agent.status")
    assert [] == caplog.records
    assert [] == trouble


async def test_every_message_is_answered(house: House, server: Server) -> None:
    answered = await fuzzing.over_websocket(house, server, Fuzz(1), 1000)

    assert answered > 500


async def test_every_line_is_answered(server: Server, tmp_path: Path) -> None:
    answered = await fuzzing.over_lines(tmp_path / "hub.sock", Fuzz(2), 1000)

    assert answered >= 1000


async def test_frames_that_lie_are_closed(house: House, server: Server) -> None:
    codes = await fuzzing.below_websocket(house, server, Fuzz(3), 150)

    assert {1002, 1007} <= set(codes) <= {*CLOSED_FOR, 1000, 1005, 4401}


DEEP = {
    "lists": b"[" * 100_000,
    "objects": b'{"a":' * 100_000,
    "whole lists": b"[" * 100_000 + b"]" * 100_000,
    "in params": b'{"jsonrpc":"2.0","id":1,"method":"stats","params":'
    + b"[" * 100_000
    + b"]" * 100_000
    + b"}",
    "as the id": b'{"id":' + b"[" * 100_000 + b"]" * 100_000 + b',"jsonrpc":"2.0"}',
    "strings": b'"' + b"\\u0041" * 100_000 + b'"',
    "one number": b"9" * 1_000_000,
    "a fraction": b"0." + b"1" * 1_000_000,
    "white space": b" " * (MAX_FRAME_BYTES - 1),
}


@pytest.mark.parametrize("name", DEEP)
async def test_deep_and_long_is_refused(
    house: House, server: Server, name: str
) -> None:
    """Neither the stack nor the time of the hub is used up."""
    async with hubs.agent(house) as agent:
        began = asyncio.get_running_loop().time()
        answer = json.loads(await house.service.handle(agent.session, DEEP[name]))

        assert "error" in answer
        fuzzing.check(answer)
        assert asyncio.get_running_loop().time() - began < 0.25
