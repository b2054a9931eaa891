"""What is loaded on demand is there when it is asked for."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

import pytest

import qualitywatch
from qualitywatch import gate
from qualitywatch.loading import load, on_demand


def test_what_is_loaded_is_never_searched_for_garbage() -> None:
    """A process of its own: what is frozen here would stay so for all other tests."""
    code = (
        "import gc; from qualitywatch.loading import load; load('json');"
        "print(gc.isenabled(), gc.get_freeze_count() > 1000)"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert done.stdout == "True True\n"


def test_a_module_is_loaded_once() -> None:
    assert load("sys") is sys


@pytest.mark.parametrize("package", [qualitywatch, gate], ids=["package", "gate"])
def test_every_name_of_a_package_is_there(package: object) -> None:
    assert all(getattr(package, name) for name in package.__all__)


def test_a_name_is_that_of_its_module() -> None:
    find = on_demand("collections", {"abc": {"Mapping"}})

    assert find("Mapping") is Mapping
    with pytest.raises(AttributeError, match="'collections' has no attribute 'Set'"):
        find("Set")
