"""Ways in which an agent might pass for another one."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping

from tests.robust.ground import records, whole
from tests.robust.stand import CAUGHT, FREE, PATHS, WAYS, Stand
from tests.robust.tally import Tally

VICTIM = CAUGHT
"""Who would be blamed; it is in quarantine, so a record under its name stands out."""

_FIELDS = ("agent", "agent_id", "id", "name", "who", "by", "subject", "role", "token")


async def every_field(stand: Stand, tally: Tally, times: int) -> None:
    """A forged name in each field of each message an agent may send."""
    before = _rows(stand)
    for way in WAYS:
        for number in range(times):
            for method, params in _calls(number):
                for name in _FIELDS:
                    if name in params:
                        continue
                    async with stand.known(FREE, way) as wire:
                        reply = await wire.ask(method, **{**params, name: VICTIM})
                    tally.add(f"{method} with {name}", reply, ["INVALID_PARAMS"])
    tally.check("a record under another name", before == _rows(stand))


async def hellos(stand: Stand, tally: Tally) -> None:
    """A hello under another name than the token's."""
    for way in WAYS:
        for name in (VICTIM, "operator", f"ws:{stand.ground.root.name}", "AGENT-2"):
            async with stand.wire(way) as wire:
                hello = {**stand.hello(FREE), "agent": name}
                reply = await wire.ask("session.hello", **hello)
                tally.add(f"hello as {name}", reply, ["IDENTITY_MISMATCH"])


async def second_hellos(stand: Stand, tally: Tally) -> None:
    """A session that is open does not change hands."""
    for way in WAYS:
        for who in (VICTIM, "viewer"):
            async with stand.known(FREE, way) as wire:
                reply = await wire.ask("session.hello", **stand.hello(who))
                tally.add(f"{who} in a session of {FREE}", reply, ["CONFLICT"])


async def stolen_event_ids(stand: Stand, tally: Tally) -> None:
    """The event id of somebody else's report gets nobody that report's answer."""
    path = "theirs.py"
    (stand.ground.root / path).write_text(whole(5))
    async with stand.known(FREE) as wire:
        reply = await wire.ask("change.report", event_id="caught", path=path)
        verdict = reply["result"]["verdict"]["decision"]
    tally.check("the event id of another agent", verdict == "allow")


def _calls(number: int) -> Iterator[tuple[str, Mapping[str, object]]]:
    yield "edit.permit", {"path": "other.py"}
    yield "change.check", {"path": "other.py", "new_content": whole(number)}
    yield "change.report", {"path": "other.py", "event_id": uuid.uuid4().hex}
    yield "agent.status", {}
    yield "repair.propose", {"changes": [{"path": "other.py", "new_content": ""}]}


def _rows(stand: Stand) -> tuple[int, ...]:
    """How much the records hold under the victim's name."""
    elsewhere = "agent = ? AND path <> ?"  # its own file may still be settling
    questions = (
        f"SELECT count(*) FROM changes WHERE {elsewhere}",
        f"SELECT count(*) FROM violations WHERE {elsewhere}",
        "SELECT count(*) FROM reports WHERE agent = ? AND event_id <> ?",
    )
    with records(stand.ground.database) as database:
        rows = [
            database.execute(q, (VICTIM, PATHS[0])).fetchone()[0] for q in questions
        ]
    return tuple(rows)
