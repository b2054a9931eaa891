"""What git prints with `-z`, made into values, without any I/O."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import structs

from qualitywatch.model import ChangeType, Noun

_LINK = "120000"
_SUBMODULE = "160000"
_HIDDEN = (_LINK, _SUBMODULE)  # what they lead to is not in this repository's files
_TYPES = {
    "A": ChangeType.INSERT,
    "C": ChangeType.INSERT,
    "D": ChangeType.DELETE,
    "R": ChangeType.RENAME,
}


class PathChange(Noun):
    """One path that differs, and the objects git has for both sides.

    `after_id` is `None` where the file was deleted or only the work tree has it. Names
    that are not UTF-8 hold surrogates, as everywhere in Python.
    """

    path: str
    change_type: ChangeType
    old_path: str | None = None
    before_id: str | None = None
    after_id: str | None = None
    is_link: bool = False  # now, or it was one and is deleted
    became_link: bool = False  # a file before, and what it held is out of sight now
    is_submodule: bool = False  # now, or it was one and is deleted
    became_submodule: bool = False  # a file before, like `became_link`
    is_unmerged: bool = False


class Person(Noun):
    """Who git says made a commit."""

    name: str
    email: str


class Commit(Noun):
    """One commit, as far as blame needs it."""

    id: str
    author: Person
    committer: Person
    parents: tuple[str, ...] = ()
    trailers: tuple[tuple[str, str], ...] = ()
    seconds: int = 0  # since 1970, when it was committed
    subject: str = ""


def text(raw: bytes) -> str:
    """*raw* as git wrote it; what is not UTF-8 is kept as surrogates."""
    return raw.decode("utf-8", "surrogateescape")


def raw(value: str) -> bytes:
    """The bytes behind `text`."""
    return value.encode("utf-8", "surrogateescape")


def fields(output: bytes) -> list[str]:
    """The parts of a `-z` output."""
    return text(output).split("\0")[:-1] if output else []


def is_absent(id: str) -> bool:
    """True for the all-zero id, in SHA-1 and in SHA-256."""
    return bool(id) and not id.strip("0")


def raw_diff(output: bytes) -> list[PathChange]:
    """The rows of `--raw -z`: modes, ids and letter; path; new path if renamed."""
    parts = iter(fields(output))
    return [_raw_row(head.removeprefix(":").split(" "), parts) for head in parts]


def status(output: bytes) -> list[PathChange]:
    """The rows of `status --porcelain=v2 -z`: the work tree against `HEAD`."""
    parts = iter(fields(output))
    by_path: dict[str, PathChange] = {}
    for row in (_status_row(part, parts) for part in parts):
        if row is not None:
            by_path[row.path] = _joined(by_path.get(row.path), row)
    return list(by_path.values())


def log(output: bytes) -> list[Commit]:
    """The commits of `LOG_FORMAT` with `-z`."""
    parts = iter(fields(output))
    return [_commit(id, *(next(parts) for _ in range(8))) for id in parts]


LOG_FORMAT = (
    "%H%x00%P%x00%an%x00%ae%x00%cn%x00%ce%x00%(trailers:only,unfold)%x00%ct%x00%s"
)


def _raw_row(head: list[str], parts: Iterator[str]) -> PathChange:
    old_mode, new_mode, before, after, letter = head
    path = next(parts)
    renamed_to = next(parts) if letter[0] in "RC" else None
    return _path_change(
        letter[0],
        modes=(old_mode, new_mode),
        ids=(before, after),
        path=renamed_to or path,
        old_path=path if letter[0] == "R" else None,
    )


def _status_row(row: str, parts: Iterator[str]) -> PathChange | None:
    match row[0]:
        case "?":
            return _untracked(row[2:])
        case "u":
            _, _, _, _, mode, _, work_mode, _, head_id, _, path = row.split(" ", 10)
            letter, old_path = "U", None
        case "2":
            _, _, _, mode, _, work_mode, head_id, _, _, path = row.split(" ", 9)
            letter, old_path = _letter(head_id, work_mode, "R"), next(parts)
        case _:
            _, _, _, mode, _, work_mode, head_id, _, path = row.split(" ", 8)
            letter, old_path = _letter(head_id, work_mode, "M"), None
    modes, ids = (mode, work_mode), (head_id, "0")
    return _path_change(letter, modes=modes, ids=ids, path=path, old_path=old_path)


def _letter(head_id: str, work_mode: str, otherwise: str) -> str:
    if is_absent(work_mode):
        return "D"
    return "A" if is_absent(head_id) else otherwise


def _untracked(path: str) -> PathChange | None:
    if path.endswith("/"):  # a repository inside this one
        return None
    return PathChange(path=path, change_type=ChangeType.INSERT)


def _joined(tracked: PathChange | None, row: PathChange) -> PathChange:
    """`git rm --cached` makes two rows of one file: deleted, and untracked."""
    if tracked is None:
        return row
    return structs.replace(tracked, change_type=ChangeType.UPDATE)


def _path_change(
    letter: str,
    *,
    modes: tuple[str, str],
    ids: tuple[str, str],
    path: str,
    old_path: str | None,
) -> PathChange:
    before, after = modes
    is_gone = is_absent(after)
    if before in _HIDDEN and after not in _HIDDEN and not is_gone:
        before, letter, old_path = "0", "A", None  # all that it holds is new here
        ids = ("0", ids[1])
    was_file = not is_absent(before) and before not in _HIDDEN
    return PathChange(
        path=path,
        old_path=old_path,
        change_type=_TYPES.get(letter, ChangeType.UPDATE),
        before_id=None if is_absent(ids[0]) else ids[0],
        after_id=None if is_absent(ids[1]) else ids[1],
        is_link=_LINK in (after, before if is_gone else after),
        became_link=was_file and after == _LINK,
        is_submodule=_SUBMODULE in (after, before if is_gone else after),
        became_submodule=was_file and after == _SUBMODULE,
        is_unmerged=letter == "U",
    )


def _commit(id: str, parents: str, *rest: str) -> Commit:
    name, email, by_name, by_email, trailers, seconds, subject = rest
    pairs = (line.partition(":") for line in trailers.splitlines())
    return Commit(
        id=id,
        parents=tuple(parents.split()),
        author=Person(name=name, email=email),
        committer=Person(name=by_name, email=by_email),
        trailers=tuple((key.strip(), value.strip()) for key, _, value in pairs),
        seconds=int(seconds or 0),
        subject=subject,
    )
