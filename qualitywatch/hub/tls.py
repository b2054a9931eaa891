"""Where the hub may listen: on this machine, or with a certificate anywhere."""

from __future__ import annotations

import ipaddress
import ssl

from qualitywatch.config import Hub
from qualitywatch.errors import ConfigError


def listening(host: str, settings: Hub) -> tuple[str, ssl.SSLContext | None]:
    """The address to bind for *host*, and the TLS to serve there.

    Raises `ConfigError` where others could reach it and there is no certificate.
    """
    address = _address(host)
    if settings.certificate:
        return address, _context(settings)
    if address not in ("127.0.0.1", "::1"):
        raise ConfigError(
            f"`hub.host`: {host} can be reached by others, and there is no certificate",
            hint='set hub.certificate and hub.key, or host = "127.0.0.1"',
        )
    return address, None


def _address(host: str) -> str:
    if host == "localhost":
        return "127.0.0.1"
    try:
        return str(ipaddress.ip_address(host.strip("[]")))
    except ValueError as error:
        raise ConfigError(
            f"`hub.host`: {host!r} is not an address", hint='use "127.0.0.1"'
        ) from error


def _context(settings: Hub) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(settings.certificate, settings.key or None, password="")
    except OSError as error:  # ssl.SSLError is one
        raise ConfigError(
            f"`hub.certificate` and `hub.key` can not be used: {_reason(error)}",
            place=settings.certificate,
            hint="both in PEM, the key without a passphrase",
        ) from error
    return context


def _reason(error: OSError) -> str:
    return (getattr(error, "reason", None) or error.strerror or str(error)).lower()
