"""Imports when something is needed, and looks for no garbage meanwhile.

A command that judges one file spends as long on importing as on judging. To look for
garbage among what was imported would cost a fifth of that, and find none.
"""

from __future__ import annotations

import gc
import importlib
import sys
from collections.abc import Callable, Collection, Mapping
from types import ModuleType


def load(name: str) -> ModuleType:
    """The module of that name; no search for garbage walks what it brings.

    It stays until the process ends, and so does all else that is there now.
    """
    if known := sys.modules.get(name):
        return known
    gc.disable()
    try:
        return importlib.import_module(name)
    finally:
        gc.freeze()
        gc.enable()


def on_demand(
    package: str, homes: Mapping[str, Collection[str]]
) -> Callable[[str], object]:
    """The `__getattr__` of *package*; *homes* says which module has which names."""

    def found(name: str) -> object:
        for home, names in homes.items():
            if name in names:
                return getattr(importlib.import_module(f"{package}.{home}"), name)
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return found
