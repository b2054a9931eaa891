"""The HTTP side: who may knock, and the few things that a plain GET gets.

The daemon listens on loopback only, but a page from anywhere in the operator's browser
can reach loopback too. So the Host must be one of our own names (a foreign one means
DNS rebinding), the Origin of a WebSocket must be our own page, and the page itself may
load and run nothing but its own files.
"""

from __future__ import annotations

import http
from collections.abc import Iterable, Mapping
from importlib.resources import files

from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from qualitywatch.hub.desk import Desk
from qualitywatch.hub.origins import Caller

WEBSOCKET_PATH = "/ws"

_PAGE = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
_HARDENED = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Web:
    """What the hub answers to HTTP on one address."""

    def __init__(
        self,
        port: int,
        desk: Desk,
        scheme: str = "http",
        names: Iterable[str] = (),
    ) -> None:
        self._hosts = {f"{name.lower()}:{port}" for name in (*_OWN_NAMES, *names)}
        self._origins = {f"{scheme}://{host}" for host in self._hosts}
        self._policy = _content_policy(self._hosts, scheme)
        self._desk = desk
        self._files = {
            path: (_packaged(name), kind) for path, (name, kind) in _PAGE.items()
        }

    def refusal(self, request: Request) -> Response | None:
        """Why *request* may not even knock, or `None`."""
        hosts = request.headers.get_all("Host")
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            return answer(421, "this address is not served here\n")
        origins = request.headers.get_all("Origin")
        is_open = _path(request) in self._files
        if not is_open and not self._own(origins):
            return answer(403, "pages from elsewhere may not connect\n")
        return None

    async def get(self, request: Request, caller: Caller) -> Response:
        """The answer to anything that is not a WebSocket."""
        path = _path(request)
        if request.method not in ("GET", "HEAD"):
            return answer(405, "only GET is answered\n", {"Allow": "GET, HEAD"})
        if self._desk.serves(path):
            query = request.path.partition("?")[2]
            reply = await self._desk.answer(path, query, bearer(request), caller)
            kept = b"" if request.method == "HEAD" else reply.body
            headers = {"Content-Type": reply.kind, **reply.headers}
            return answer(reply.status, kept, headers)
        if path not in self._files:
            return answer(404, "there is nothing here\n")
        content, kind = self._files[path]
        return answer(
            200,
            b"" if request.method == "HEAD" else content,
            {"Content-Type": kind, "Content-Security-Policy": self._policy},
        )

    def _own(self, origins: Iterable[str]) -> bool:
        """True without an origin (a program, not a page) and for our own page."""
        given = list(origins)
        return not given or (len(given) == 1 and given[0].lower() in self._origins)


_OWN_NAMES = ("127.0.0.1", "localhost", "[::1]")


def is_websocket(request: Request) -> bool:
    """True for the path that agents and the page connect to."""
    return _path(request) == WEBSOCKET_PATH


def bearer(request: Request) -> str | None:
    """The token in the Authorization header, if there is one."""
    headers = request.headers.get_all("Authorization")
    scheme, _, token = (headers[0] if len(headers) == 1 else "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def answer(
    status: int, body: str | bytes, headers: Mapping[str, str] | None = None
) -> Response:
    """A complete answer, after which the connection is closed."""
    content = body.encode() if isinstance(body, str) else body
    fields = {
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Length": str(len(content)),
        "Connection": "close",
        **_HARDENED,
        **(headers or {}),
    }
    return Response(status, http.HTTPStatus(status).phrase, Headers(fields), content)


def _path(request: Request) -> str:
    return request.path.partition("?")[0]


def _content_policy(hosts: Iterable[str], scheme: str) -> str:
    """Nothing but our own files, and the socket of this very address.

    A policy can not name an IPv6 address; there `'self'` covers the socket too, which
    not every browser does for the others.
    """
    named = sorted(host for host in hosts if not host.startswith("["))
    socket = scheme.replace("http", "ws")
    sockets = " ".join(f"{socket}://{host}" for host in named)
    return "; ".join(
        [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            f"connect-src 'self' {sockets}",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        ]
    )


def _packaged(name: str) -> bytes:
    return (files("qualitywatch.hub") / "page" / name).read_bytes()
