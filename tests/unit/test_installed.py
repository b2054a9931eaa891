"""Versions of what is installed are those that the standard library tells."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

from qualitywatch import installed
from qualitywatch.installed import version_of


@pytest.fixture(autouse=True)
def _nothing_is_known() -> Iterator[None]:
    installed._versions.cache_clear()
    yield
    installed._versions.cache_clear()


@pytest.mark.parametrize(
    "name", ["qualitywatch", "google-re2", "PyYAML", "tree-sitter-c-sharp", "msgspec"]
)
def test_it_says_what_the_standard_library_says(name: str) -> None:
    assert metadata.version(name) == version_of(name)


def test_what_is_not_installed_is_unknown() -> None:
    assert version_of("no-such-distribution") == "unknown"


def test_the_first_folder_on_the_path_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder, version in (("second", "1.0"), ("first", "2.0")):
        (tmp_path / folder / f"Some_Thing-{version}.dist-info").mkdir(parents=True)
        monkeypatch.syspath_prepend(tmp_path / folder)
    monkeypatch.syspath_prepend(tmp_path / "is not there")

    assert version_of("some.thing") == "2.0"
