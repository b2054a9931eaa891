"""Which version of this program is installed."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def installed_version() -> str:
    """The version; "unknown" where it was started from sources."""
    try:
        return version("qualitywatch")
    except PackageNotFoundError:
        return "unknown"
