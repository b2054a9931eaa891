"""`qualitywatch gate` as tests call it, and what they read in its answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qualitywatch.git import Repository
from tests.conftest import Repo

STRICT = '[gate]\nfail_on = "medium"\nconfidence = "possible"\n'
HONEST = """\
def pay(card):
    try:
        charge(card)
    except CardDeclined as error:
        log(error)
"""
LAZY = """\
def pay(card):
    try:
        charge(card)
    except Exception:
        pass
"""
CALLED = """\
def total(cart, rate):
    net = sum(line.price for line in cart)
    tax = net * rate
    return round(net + tax, 2)


def refund(cart):
    for line in cart:
        line.price = -line.price
    return total(cart, 0)
"""
MORE = """\


def discount(cart, share):
    for line in cart:
        line.price *= 1 - share
    return total(cart, 0)
"""
HOLLOW = CALLED.replace(
    """\
    net = sum(line.price for line in cart)
    tax = net * rate
    return round(net + tax, 2)
""",
    "    # TODO: implement\n    return 0\n",
)
CALLER = "from app import discount, refund, total\n\nprint(total([], 1), refund([]))\n"
SHELL = "deploy() {\n  make all\n  ./push.sh\n}\n"
BASE_FILES = {
    "qualitywatch.toml": STRICT,
    "app.py": CALLED,
    "use.py": CALLER,
    "deploy.sh": SHELL,
    "lib/pay.py": HONEST,
}

Gate = Callable[..., dict[str, Any]]


def at_doors(repo: Repo, gate: Gate, base: str) -> list[dict[str, Any]]:
    """The work tree as it is now, judged there, staged, and committed."""
    told = [gate("--worktree")]
    repo.git("add", "-A")
    told.append(gate("--staged"))
    repo.commit()
    return [*told, gate("--base", base)]


def unread(report: dict[str, Any]) -> list[tuple[str, str]]:
    """What could not be analysed, and why."""
    return [(row["path"], row["reason"]) for row in report["unanalysable"]]


def opened(repo: Repo) -> Repository:
    """The repository as the gate reads it."""
    found = Repository.discover(repo.root)
    assert found is not None
    return found
