"""What is pushed in the tests of the doors and of the server, and where to."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import Repo

HONEST = """\
def total(prices, taxes):
    net = sum(prices)
    tax = sum(price * taxes.get(price, 0.19) for price in prices)
    discount = net * 0.02 if net > 1000 else 0
    return net + tax - discount
"""
HOLLOWED = """\
def total(prices, taxes):
    pass
"""
MORE = HONEST + "\n\ndef half(number):\n    return number / 2\n"


def add_remote(repo: Repo, folder: Path) -> Path:
    """A bare repository in *folder*, which *repo* calls `origin`."""
    repo.git("init", "-q", "--bare", "-b", "main", str(folder))
    repo.git("remote", "add", "origin", str(folder))
    return folder
