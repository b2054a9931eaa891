"""What git ignores, asked for many paths at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from qualitywatch.git import parse
from qualitywatch.git.command import Done

_FEW = 20  # paths


def ignored(
    paths: Sequence[str], ask: Callable[..., Done], is_in_head: Callable[[str], bool]
) -> set[str]:
    """Those of *paths* that git ignores; *ask* runs it.

    A tracked file is never ignored, and nor is what `HEAD` holds: to take a file out of
    the index hides nothing.
    """
    listed = list(paths)
    options: tuple[str, ...] = ()
    if len(listed) > _FEW:  # git would look through all its index for each of them
        known = with_folders(parse.fields(ask("ls-files", "-z", "--cached").output))
        listed = [path for path in listed if path not in known]
        options = ("--no-index",)
    if not listed:
        return set()
    stdin = parse.raw("".join(f"{path}\0" for path in listed))
    done = ask(
        *("check-ignore", "-z", "--stdin", *options), stdin=stdin, accept=(0, 1, 128)
    )
    if done.code != 128:
        return {path for path in parse.fields(done.output) if not is_in_head(path)}
    if len(listed) < 2:  # outside, or in a submodule: not ours to ignore
        return set()
    return {path for path in listed if ignored([path], ask, is_in_head)}


def with_folders(files: Iterable[str]) -> set[str]:
    """*files*, and every folder that holds one of them, with a slash at its end."""
    found: set[str] = set()
    for file in files:
        found.add(file)
        end = file.rfind("/")
        while end > 0 and file[: end + 1] not in found:
            found.add(file[: end + 1])
            end = file.rfind("/", 0, end)
    return found
