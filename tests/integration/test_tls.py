"""Elsewhere than on loopback the hub speaks TLS, or does not start."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest

from qualitywatch import client, config
from qualitywatch.errors import ConfigError
from qualitywatch.hub import tls
from qualitywatch.hub.server import Server
from tests import hubs
from tests.hubs import House
from tests.integration.operating import Operator


class Pair(NamedTuple):
    """A certificate that signs itself, and its key."""

    certificate: str
    key: str


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """For the name localhost and the address 127.0.0.1."""
    return _made(tmp_path_factory.mktemp("tls"), "here")


def _made(folder: Path, name: str) -> Pair:
    pair = Pair(str(folder / f"{name}.pem"), str(folder / f"{name}.key"))
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-nodes"),
            *("-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
            *("-keyout", pair.key, "-out", pair.certificate, "-days", "2"),
        ],
        check=True,
        capture_output=True,
    )
    return pair


@pytest.fixture
def settings(pair: Pair) -> config.Hub:
    return config.Hub(certificate=pair.certificate, key=pair.key, names=("build1",))


@pytest.fixture
async def house(tmp_path: Path, settings: config.Hub) -> AsyncIterator[House]:
    async with hubs.house(tmp_path, limits=settings) as house:
        yield house


async def test_client_speaks_to_a_hub_with_a_certificate(
    house: House, pair: Pair
) -> None:
    async with Server.open(house.service) as server:
        assert server.url.startswith("https://127.0.0.1:")
        assert server.websocket_url.startswith("wss://127.0.0.1:")
        connecting = client.connect(
            server.url,
            agent="cursor-1",
            token=await house.token(),
            ca_file=pair.certificate,
        )
        async with connecting as agent:
            assert "cursor-1" == (await agent.status()).agent


async def test_certificate_of_another_is_not_trusted(
    house: House, tmp_path: Path
) -> None:
    """Nor is any, without one that was named: the token is not sent."""
    other = _made(tmp_path, "other")
    async with Server.open(house.service) as server:
        for trusted in (other.certificate, None):
            connecting = client.connect(
                server.url,
                agent="cursor-1",
                token=await house.token(),
                ca_file=trusted,
            )
            with pytest.raises(client.HubRefused, match="not trusted"):
                await connecting.__aenter__()


@pytest.mark.parametrize(
    ("name", "status"), [("build1", 200), ("BUILD1", 200), ("build2", 421)]
)
async def test_the_names_of_the_settings_are_served(
    house: House, pair: Pair, name: str, status: int
) -> None:
    async with Server.open(house.service) as server:
        trusting = ssl.create_default_context(cafile=pair.certificate)
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", server.port, ssl=trusting
        )
        writer.write(f"GET / HTTP/1.1\r\nHost: {name}:{server.port}\r\n\r\n".encode())
        head = (await asyncio.wait_for(reader.read(), 10)).decode()
        writer.close()

        assert status == int(head.split()[1])
        if status == 200:
            assert f"connect-src 'self' wss://127.0.0.1:{server.port}" in head


def test_nothing_older_than_tls_1_2(settings: config.Hub) -> None:
    _, context = tls.listening("0.0.0.0", settings)

    assert context is not None
    assert ssl.TLSVersion.TLSv1_2 == context.minimum_version


def test_a_key_that_does_not_fit_is_named(pair: Pair, tmp_path: Path) -> None:
    other = _made(tmp_path, "other")
    broken: list[tuple[str, str]] = [
        (pair.certificate, other.key),
        (str(tmp_path / "none.pem"), pair.key),
        (pair.key, pair.key),
    ]
    for certificate, key in broken:
        with pytest.raises(ConfigError, match=r"hub\.certificate"):
            tls.listening("127.0.0.1", config.Hub(certificate=certificate, key=key))


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "192.168.1.10", "::", "127.0.0.2", "example.org", ""]
)
def test_without_a_certificate_only_loopback_is_served(host: str) -> None:
    with pytest.raises(ConfigError, match=r"hub\.host"):
        tls.listening(host, config.Hub())


def test_an_open_hub_does_not_start(enrolled: Operator) -> None:
    """Exit 2 with one line that says why, and one that says what to do."""
    (enrolled.root / "qualitywatch.toml").write_text('[hub]\nhost = "0.0.0.0"\n')
    enrolled.do("approve")

    done = enrolled.run("watch", str(enrolled.root), "--port", "0")

    assert 2 == done.code
    assert "there is no certificate" in done.err
    assert "hint: set hub.certificate and hub.key" in done.err


def test_the_settings_say_the_same(pair: Pair) -> None:
    """An open host is refused when it is read, and fits with a certificate."""
    text = '[hub]\nhost = "0.0.0.0"\n'
    with pytest.raises(ConfigError, match="there is no certificate"):
        config.parse(text.encode())

    told = config.parse(f'{text}certificate = "{pair.certificate}"\n'.encode())

    assert "0.0.0.0" == told.hub.host
