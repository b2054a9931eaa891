"""Who in the repository still imports what a change took away.

A module is found as its language finds it: by a relative path, by the path from the
root of a package, by the alias `@/`. Where two files could be meant, or the name could
come from somewhere else, there is no answer.
"""

from __future__ import annotations

import posixpath
import sys
from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from pathlib import PurePosixPath

from qualitywatch.traces import Import, Importer, Missing

MAX_IMPORTERS = 20
MAX_NAMES = 10  # that are looked for one by one

PYTHON = (".py", ".pyi", ".pyw")

SUFFIXES = (
    *(".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs"),
    *(".d.ts", ".vue", ".svelte", ".json"),
)
_WRITTEN_AS = {  # TypeScript names the file that it will become
    ".js": (".ts", ".tsx", ".js", ".jsx"),
    ".jsx": (".tsx", ".jsx"),
    ".mjs": (".mts", ".mjs"),
    ".cjs": (".cts", ".cjs"),
}
_ALIASES = ("@/", "~/", "#/")
_ALIAS_ROOTS = ("", "src/", "app/")
_SOURCE_ROOTS = ("", "src", "lib", "python")
_ENDS = (".py", "/__init__.py")
_NO_MODULE = (".txt", ".md", ".rst", ".bak", ".old", ".orig")  # set aside
_INDEX = ("index", "__init__")


def searches(missing: Missing) -> list[tuple[str, ...]]:
    """The words that a file must hold to import what is *missing*, way by way."""
    place = PurePosixPath(missing.path)
    stem = place.name.partition(".")[0]
    if missing.is_gone:
        word = place.parent.name if stem in _INDEX else stem
        return [(word,)] if word else []
    words = () if stem in _INDEX else (stem,)
    if len(missing.names) > MAX_NAMES:
        return [words] if words else []
    return [(*words, name) for name in sorted(missing.names)]


def suffixes(missing: Missing) -> tuple[str, ...]:
    """The endings of files that may import it."""
    return PYTHON if missing.path.endswith(PYTHON) else SUFFIXES


def importers(
    found: Iterable[tuple[str, tuple[Import, ...]]],
    missing: Missing,
    paths: Collection[str],
) -> tuple[Importer, ...]:
    """Those of the *found* imports, by file, that need what is *missing*.

    *paths* are all files of the repository.
    """
    listed = dict(found)
    hits = (
        hit
        for path, rows in listed.items()
        if path != missing.path
        for hit in _in_file(path, rows, missing, paths, listed)
    )
    return tuple(islice(hits, MAX_IMPORTERS))


def _in_file(
    path: str,
    rows: Iterable[Import],
    missing: Missing,
    paths: Collection[str],
    mentioning: Collection[str],
) -> Iterator[Importer]:
    hits: dict[str | None, Importer] = {}
    for row in rows:
        name = None if missing.is_gone else row.name
        if not _needs(path, row, missing, paths, mentioning):
            continue
        first = hits.get(name)
        if first is None or (row.is_used and not first.is_used):
            hits[name] = Importer(
                path=path, line=row.line, name=name, text=row.text, is_used=row.is_used
            )
    yield from hits.values()


def _needs(
    path: str,
    row: Import,
    missing: Missing,
    paths: Collection[str],
    mentioning: Collection[str],
) -> bool:
    is_python = missing.path.endswith(PYTHON)
    means = _means_python if is_python else _means_script
    if missing.is_gone:
        if means(path, row.module, missing.path, paths):
            return True
        package = _join(posixpath.dirname(missing.path), "__init__.py")
        if not is_python or package in mentioning:
            return False  # in the package the name may be defined itself
        return _means_submodule(path, row, missing, paths)
    if row.name not in missing.names:
        return False
    if is_python and _is_submodule(row, missing.path, paths):
        return False
    return means(path, row.module, missing.path, paths)


# JavaScript and TypeScript


def _means_script(path: str, module: str, target: str, paths: Collection[str]) -> bool:
    return any(
        target in found and not any(p in paths for p in found if p != target)
        for found in map(_files_of, _places(path, module, target))
    )


def _places(path: str, module: str, target: str) -> Iterator[str]:
    """The paths that *module* may stand for, without what is added to them."""
    folder = posixpath.dirname(path)
    if module.startswith("."):
        yield posixpath.normpath(posixpath.join(folder, module))
    elif module.startswith(_ALIASES):
        rest = module[2:]
        for around in (folder, *map(str, PurePosixPath(folder).parents)):
            root = "" if around in ("", ".") else f"{around}/"
            yield from (f"{root}{inner}{rest}" for inner in _ALIAS_ROOTS)


def _files_of(place: str) -> list[str]:
    found = [place]
    stem, suffix = posixpath.splitext(place)
    found += [stem + other for other in _WRITTEN_AS.get(suffix, ())]
    found += [place + suffix for suffix in SUFFIXES]
    found += [f"{place}/index{suffix}" for suffix in SUFFIXES]
    return [posixpath.normpath(each) for each in found]


# Python


def _means_python(path: str, module: str, target: str, paths: Collection[str]) -> bool:
    parts = _parts(target)
    if _has_rival(target, parts, paths):
        return False
    if module.startswith("."):
        return _relative(path, module) == parts
    spec = module.split(".")
    if not spec or parts[-len(spec) :] != spec:
        return False
    root = "/".join(parts[: -len(spec)])
    if _join(root, "__init__.py") in paths:
        return False  # the package begins further up
    return _is_on_path(path, root, spec, target, paths)


def _is_on_path(
    path: str, root: str, spec: list[str], target: str, paths: Collection[str]
) -> bool:
    """True where Python would look for *spec* in *root*, and find it nowhere else."""
    place = "/".join(spec)
    if posixpath.dirname(path) == root:
        roots = [_join(root, place) for root in _SOURCE_ROOTS]
        files = (f"{each}{end}" for each in roots for end in _ENDS)
        return not any(p in paths for p in files if p != target)
    if len(spec) == 1 and root not in _SOURCE_ROOTS:
        return False
    if spec[0] in sys.stdlib_module_names:
        return False
    ends = tuple(f"/{place}{end}" for end in _ENDS)
    return not any(f"/{p}".endswith(ends) for p in paths if p != target)


def _means_submodule(
    path: str, row: Import, missing: Missing, paths: Collection[str]
) -> bool:
    """`from package import module`."""
    if row.name is None:
        return False
    joint = "" if row.module.endswith(".") else "."
    module = f"{row.module}{joint}{row.name}"
    return _means_python(path, module, missing.path, paths)


def _is_submodule(row: Import, target: str, paths: Collection[str]) -> bool:
    if posixpath.basename(target) != "__init__.py":
        return False
    place = _join(posixpath.dirname(target), f"{row.name}")
    return any(p.startswith((f"{place}.", f"{place}/")) for p in paths)


def _has_rival(target: str, parts: list[str], paths: Collection[str]) -> bool:
    """True where the module lives on as a package, an extension, another file."""
    place = "/".join(parts)
    starts = (f"{place}.", f"{place}/__init__.")
    return any(
        p != target and p.startswith(starts) and not p.endswith(_NO_MODULE)
        for p in paths
    )


def _relative(path: str, module: str) -> list[str] | None:
    rest = module.lstrip(".")
    folder = [part for part in posixpath.dirname(path).split("/") if part]
    up = len(module) - len(rest) - 1
    if up > len(folder):
        return None
    return [*folder[: len(folder) - up], *(rest.split(".") if rest else [])]


def _parts(target: str) -> list[str]:
    """The module of a path: its folders, and its stem unless that is `__init__`."""
    folder, _, name = target.rpartition("/")
    parts = [part for part in folder.split("/") if part]
    stem = name.partition(".")[0]
    return parts if stem == "__init__" else [*parts, stem]


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
