"""A hub with two thousand places needs more files than a shell allows at first."""

from __future__ import annotations

import resource
from collections.abc import Iterator

import pytest

from qualitywatch.hub.server import allow_open_files


@pytest.fixture
def soft() -> Iterator[int]:
    """The limit as it stands, lowered; it is put back."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (500, hard))
    yield 500
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def _now() -> int:
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


@pytest.mark.parametrize(("wanted", "found"), [(400, 500), (600, 600)])
def test_it_is_raised_and_never_lowered(soft: int, wanted: int, found: int) -> None:
    allow_open_files(wanted)

    assert found == _now()


def test_no_more_than_the_system_lets_us(soft: int) -> None:
    """The rest is refused when the time comes: the hub starts all the same."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY:
        pytest.skip("this system lets us open as many as we like")

    allow_open_files(hard + 1)

    assert hard == _now()
