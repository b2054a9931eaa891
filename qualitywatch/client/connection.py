"""One WebSocket to the hub, from the handshake to its end; who reconnects is above."""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as dial
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidStatus,
    InvalidURI,
)

from qualitywatch.client.errors import HubRefused, HubUnreachable
from qualitywatch.errors import PeerError
from qualitywatch.protocol import (
    Hello,
    Notification,
    Reply,
    Welcome,
    parse_incoming,
    read_result,
    write_call,
)

FIRST_DELAY = 0.5
LONGEST_DELAY = 30.0
OPEN_SECONDS = 10.0
LEAST_WAIT = 0.1  # before a call that was too much is sent again
MAX_ANSWER_BYTES = 16 * 1024 * 1024
HOPELESS_STATUS = frozenset({400, 401, 403, 404, 405, 421, 426})
HOPELESS_CODES = frozenset(
    {"UNAUTHENTICATED", "IDENTITY_MISMATCH", "FORBIDDEN", "CONFLICT", "INVALID_PARAMS"}
)

_Result = TypeVar("_Result", bound=msgspec.Struct)


@dataclass(frozen=True, kw_only=True)
class Account:
    """Where to connect, and what to say there."""

    url: str
    token: str = field(repr=False)  # must not end up in a log
    hello: Hello
    tls: ssl.SSLContext | None = None  # None: no `wss`


class Connection:
    """An open session; not shared between readers."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._calls = 0
        self.welcome: Welcome

    @classmethod
    async def open(cls, account: Account) -> Connection:
        """A session that has said hello.

        Raises `HubRefused` where the hub does not want us and `HubUnreachable` where
        it is worth another try.
        """
        connection = cls(await _handshake(account))
        try:
            connection.welcome = await connection.ask(
                "session.hello", account.hello, Welcome
            )
        except PeerError as error:
            await connection.close()
            if error.code in HOPELESS_CODES:
                raise HubRefused(error.code, error.problem, hint=error.hint) from error
            raise HubUnreachable(error.problem, place=account.url) from error
        except ConnectionClosed as error:
            raise HubUnreachable(
                f"the hub closed the connection: {error}", place=account.url
            ) from error
        return connection

    async def ask(
        self, method: str, params: msgspec.Struct, kind: type[_Result]
    ) -> _Result:
        """The answer to one call, where nobody else reads from this connection."""
        self._calls -= 1  # never an id of a client that numbers its calls upwards
        call = write_call(self._calls, method, params)
        await self.send(call)
        while True:
            message = await self.receive()
            if not isinstance(message, Reply):
                continue
            if (wait := retry_after(message)) is None:
                return read_result(message, kind)
            await asyncio.sleep(wait)
            await self.send(call)

    async def send(self, frame: str) -> None:
        """Send *frame*; raises `ConnectionClosed`."""
        await self._socket.send(frame)

    async def receive(self) -> Reply | Notification:
        """The next message; raises `ConnectionClosed`."""
        return parse_incoming(await self._socket.recv())

    async def close(self) -> None:
        """Say goodbye."""
        await self._socket.close()


def retry_after(reply: Reply) -> float | None:
    """The seconds after which the call would not be too much any more."""
    if reply.error is None or reply.error.code != "RATE_LIMITED":
        return None
    told = reply.data.get("retry_after_ms")
    wait = told / 1000 if isinstance(told, int | float) else LEAST_WAIT
    return wait * random.uniform(1, 2)  # others wait for the same moment


def delays() -> Iterator[float]:
    """How long to wait before each new try: doubling, with full jitter.

    The jitter keeps a thousand clients of a restarted hub from coming back at once.
    """
    longest = FIRST_DELAY
    while True:
        yield random.uniform(0, longest)
        longest = min(longest * 2, LONGEST_DELAY)


def websocket_url(url: str) -> str:
    """The WebSocket address for *url*, which may be the page's."""
    if not url.startswith(("http://", "https://")):
        return url
    return "ws" + url.removeprefix("http").rstrip("/") + "/ws"


def trust(url: str, ca_file: str | None) -> ssl.SSLContext | None:
    """What to trust at a `wss` address; TLS 1.2 or newer, host names are checked."""
    if not url.startswith("wss://"):
        return None
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except OSError as error:  # ssl.SSLError is one
        raise HubRefused(
            "INVALID_REQUEST",
            f"the certificate to trust can not be used: {error}",
            hint=f"is {ca_file} a file in PEM?",
        ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


async def _handshake(account: Account) -> ClientConnection:
    try:
        return await dial(
            account.url,
            additional_headers={"Authorization": f"Bearer {account.token}"},
            compression=None,
            ssl=account.tls,
            proxy=None,
            max_size=MAX_ANSWER_BYTES,
            open_timeout=OPEN_SECONDS,
            close_timeout=OPEN_SECONDS,
        )
    except InvalidStatus as error:
        status = error.response.status_code
        said = bytes(error.response.body or b"").decode(errors="replace").strip()
        problem = said or f"the hub answers HTTP {status}"
        if status in HOPELESS_STATUS:
            raise HubRefused("UNAUTHENTICATED", problem) from error
        raise HubUnreachable(problem, place=account.url) from error
    except InvalidURI as error:
        raise HubRefused("INVALID_REQUEST", str(error)) from error
    except ssl.SSLCertVerificationError as error:
        problem = f"the hub's certificate is not trusted: {error.verify_message}"
        hint = "name the certificate to trust with ca_file"
        raise HubRefused("UNAUTHENTICATED", problem, hint=hint) from error
    except (OSError, InvalidHandshake, ConnectionClosed) as error:
        raise HubUnreachable(
            f"no hub answers: {error}",
            place=account.url,
            hint="start the daemon: qualitywatch watch",
        ) from error
