"""Ways in which an agent might try to end its own quarantine."""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from tests.robust.ground import PASSPHRASE, whole
from tests.robust.stand import CAUGHT, FREE, PATHS, WAYS, Stand, Wire
from tests.robust.tally import Tally

ORDERS: Mapping[str, Mapping[str, object]] = MappingProxyType(
    {
        "operator.nonce": {},
        "quarantine.impose": {"subject": FREE, "reason": "x", "nonce": "x"},
        "quarantine.release": {"subject": CAUGHT, "reason": "x", "nonce": "x"},
        "violation.dismiss": {"violation": "0" * 32, "reason": "x", "nonce": "x"},
        "settings.show": {"nonce": "x"},
        "settings.approve": {"digest": "x", "nonce": "x"},
        "tokens.create": {"role": "operator", "nonce": "x"},
        "tokens.list": {"nonce": "x"},
        "tokens.revoke": {"id": "x", "nonce": "x"},
        "tokens.rotate": {"id": "x", "nonce": "x"},
        "audit.list": {"nonce": "x"},
    }
)
"""Every method that only an operator may call, as an attacker would call it."""

_RELEASE = ORDERS["quarantine.release"]
_IDENTITIES = (
    ("websocket", "nobody"),
    ("websocket", "viewer"),
    ("websocket", FREE),
    ("websocket", CAUGHT),
    ("socket", "local"),
    ("socket", "viewer"),
    ("socket", FREE),
    ("socket", CAUGHT),
)


async def orders(stand: Stand, tally: Tally) -> None:
    """Every operator method, asked by everybody else, over both transports."""
    for way, who in _IDENTITIES:
        code = "UNAUTHENTICATED" if who == "nobody" else "FORBIDDEN"
        for method, params in ORDERS.items():
            async with stand.known(who, way) as wire:
                reply = await wire.ask(method, **params)
            tally.add(f"{who} asks {method} over the {way}", reply, [code])


async def odd_frames(stand: Stand, tally: Tally) -> None:
    """Frames that a careless reader might take for a release, or an operator's."""
    for way in WAYS:
        for odd in _odd():
            async with stand.known(CAUGHT, way) as wire:
                reply = await wire.send(odd)
                tally.add(odd[:90], reply)
                await _still_caught(odd, wire, tally)


async def tokens(stand: Stand, tally: Tally) -> None:
    """An agent's token dressed up as an operator's, and other guesses."""
    mine = stand.ground.tokens[CAUGHT]
    body = "qwo_" + mine[4:-6]
    guesses = (body + _base62(zlib.crc32(body.encode())), body + mine[-6:], "qwo_", "")
    for guess in guesses:
        async with stand.wire() as wire:
            tally.add(
                f"token {guess[:8]}", await wire.ask("session.hello", token=guess)
            )


async def coming_again(stand: Stand, tally: Tally) -> None:
    """Another connection, workspace, name or harness: the same agent."""
    elsewhere = stand.ground.root.parent / "elsewhere"
    elsewhere.mkdir(exist_ok=True)
    for more in (
        {},
        {"workspace": str(elsewhere)},
        {"workspace": f"{stand.ground.root}/."},
        {"name": "Somebody Else"},
        {"harness": "another"},
        {"agent": CAUGHT},
        {"agent": FREE},
        {"agent": "operator"},
    ):
        async with stand.wire() as wire:
            await wire.ask("session.hello", **{**stand.hello(CAUGHT), **more})
            reply = await wire.ask("edit.permit", path=PATHS[1])
            codes = ["QUARANTINED", "UNAUTHENTICATED", "CLOSED"]
            tally.add(f"hello with {more}", reply, codes)


async def evidence(stand: Stand, tally: Tally) -> None:
    """To delete the file, mend it, commit it, or touch the mirror; then a restart."""
    root, mirror = stand.ground.root, stand.ground.state_dir / "quarantines.json"
    for name, deed in {
        "delete the file": (root / PATHS[0]).unlink,
        "mend the file": lambda: (root / PATHS[0]).write_text(whole(1)),
        "commit": lambda: stand.ground.commit("All is well"),
        "empty the mirror": lambda: mirror.write_text("{}"),
        "remove the mirror": mirror.unlink,
        "leave no socket": stand.socket.unlink,
    }.items():
        deed()
        async with stand.known(CAUGHT) as wire:
            await _still_caught(name, wire, tally)
    await stand.restart()
    async with stand.known(CAUGHT) as wire:
        await _still_caught("a restart", wire, tally)


async def files(stand: Stand, tally: Tally) -> None:
    """Whatever can be read in the state folder, tried as a key."""
    words = sorted(_words(stand.ground.state_dir))
    assert any("argon2" in word for word in words), "the hash is there to be tried"
    for word in _promising(words):
        async with stand.wire() as wire:
            tally.add(f"token {word}", await wire.ask("session.hello", token=word))
    for word in (*[word for word in words if "argon2" in word][:2], *words[:2]):
        async with stand.wire() as wire:
            reply = await wire.ask("session.hello", passphrase=word)
            tally.add(f"passphrase {word}", reply)


async def commands(stand: Stand, tally: Tally) -> None:
    """The command line, with an agent's token for a passphrase, or as an agent."""
    for number, guess in enumerate(_guesses(stand)):
        secret = stand.ground.root.parent / f"guess_{number}"
        secret.write_text(guess)
        secret.chmod(0o600)
        _command(stand, tally, "--passphrase-file", str(secret))
    _command(stand, tally)
    _command(stand, tally, "--passphrase-file", str(stand.ground.secret), agent=CAUGHT)


async def again(stand: Stand, tally: Tally, times: int) -> None:
    """An operator's own frames, by others, by itself, and after a restart."""
    async with stand.known("operator") as one:
        nonce = (await one.ask("operator.nonce"))["result"]["nonce"]
        order = _frame(
            "quarantine.impose", {**ORDERS["quarantine.impose"], "nonce": nonce}
        )
        assert "result" in await one.send(order)
        for _ in range(times):
            tally.add("the same connection", await one.send(order), ["BAD_NONCE"])
        unused = (await one.ask("operator.nonce"))["result"]["nonce"]
        release = _frame("quarantine.release", {**_RELEASE, "nonce": unused})
        async with stand.known("operator") as other:
            for _ in range(times):
                tally.add("another operator", await other.send(release), ["BAD_NONCE"])
        for way in WAYS:
            async with stand.known(CAUGHT, way) as agent:
                for _ in range(times):
                    tally.add(
                        f"over the {way}", await agent.send(release), ["FORBIDDEN"]
                    )
    await stand.restart()
    async with stand.known("operator") as back:
        for _ in range(times):
            tally.add("after a restart", await back.send(release), ["BAD_NONCE"])


async def _still_caught(what: str, wire: Wire, tally: Tally) -> None:
    reply = await wire.ask("edit.permit", path="x.py")
    codes = ["QUARANTINED", "UNAUTHENTICATED", "CLOSED"]
    tally.add(f"edit after: {what[:90]}", reply, codes)


def _command(stand: Stand, tally: Tally, *words: str, agent: str = "") -> None:
    done = stand.run("release", CAUGHT, "--reason", "x", *words, agent=agent)
    assert done.returncode != 3, done.stderr
    tally.check(f"release {words} as {agent or 'anybody'}", done.returncode != 0)


def _frame(method: str, params: object, **more: object) -> str:
    call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    return json.dumps({**call, **more})


def _odd() -> Iterator[str]:
    release = _frame("quarantine.release", _RELEASE)
    yield f"[{release}]"
    yield release.replace("{", '{"method": "agent.status", ', 1)
    yield release[:-1] + ', "params": {}}'
    yield _frame("Quarantine.Release", _RELEASE)
    yield _frame("quarantine.release ", _RELEASE)
    yield _frame("quarantine.release\0", _RELEASE)
    yield _frame("quarant\u0131ne.release", _RELEASE)
    yield _frame("quarantine.release", [_RELEASE])
    yield _frame("quarantine.release", {**_RELEASE, "role": "operator"})
    yield _frame("quarantine.release", _RELEASE, role="operator")
    yield _frame("quarantine.release", _RELEASE, passphrase=PASSPHRASE)
    yield _frame("quarantine.release", {**_RELEASE, "nonce": ""})
    yield _frame("quarantine.release", {**_RELEASE, "nonce": None})
    yield _frame("quarantine.release", {**_RELEASE, "subject": "*"})
    yield _frame("quarantine.release", {**_RELEASE, "subject": "ws:repo"})
    yield _frame("quarantine.release", _RELEASE, id=None)
    yield json.dumps({"method": "quarantine.release", "params": _RELEASE})
    yield _frame("session.hello", {"role": "operator"})
    yield _frame("session.hello", {"passphrase": ""})
    yield _frame("session.hello", {"agent": "operator"})
    yield _frame("session.hello", {"token": "operator"})
    yield _frame("agent.status", {"state": "clear"})
    yield _frame("repair.propose", {"changes": []})
    yield _frame("repair.propose", {"changes": [], "accept": True})


def _guesses(stand: Stand) -> Iterator[str]:
    yield stand.ground.tokens[CAUGHT]
    yield (stand.ground.state_dir / "daemon.json").read_text()
    yield ""


def _words(folder: Path) -> set[str]:
    """Every run of signs in every file, as a patient reader finds them."""
    found: set[str] = set()
    for file in folder.rglob("*"):
        if file.is_file():
            text = file.read_bytes().decode("ascii", "replace")
            found.update(re.findall(r"[\w$=+/,.:-]{20,400}", text))
    return found


def _promising(words: list[str]) -> Iterator[str]:
    """Those that look like a token or a hash of one, and the same in base 64."""
    yield from [word for word in words if word.startswith("qw")][:5]
    for word in [word for word in words if re.fullmatch(r"[0-9a-f]{64}", word)][:8]:
        yield word
        yield base64.b64encode(bytes.fromhex(word)).decode()


def _base62(number: int) -> str:
    signs = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    text = ""
    while number:
        number, rest = divmod(number, 62)
        text = signs[rest] + text
    return text.rjust(6, "0")
