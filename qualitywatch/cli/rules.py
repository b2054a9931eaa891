"""`qualitywatch rules`: list, show, test or start rules."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Sequence
from operator import itemgetter
from pathlib import Path

import click

from qualitywatch import languages, rulebook
from qualitywatch.cli.progress import progress
from qualitywatch.cli.terminal import (
    format_option,
    note,
    safe,
    say,
    say_block,
    say_list,
    say_object,
)
from qualitywatch.errors import MachineError, UserError
from qualitywatch.model import Noun, ViolationType
from qualitywatch.rulebook import OWN_FOLDER, Example, Rule, Rulebook, folder_of

EXIT_FAILED = 1
TYPES = [folder_of(type) for type in ViolationType]

_COLUMNS = {
    "RULE": itemgetter("id"),
    "SEVERITY": itemgetter("severity"),
    "CONFIDENCE": itemgetter("confidence"),
    "MESSAGE": itemgetter("message"),
}


class Failure(Noun):
    """An example that did not show what it says, ready to print."""

    rule: str
    place: str  # file:line
    problem: str


@click.group(help="List, show, test or start rules.")
def command() -> None:
    """The group; each command below does one thing."""


# list


@command.command("list")
@format_option("text", "json", "jsonl", "markdown")
def list_rules(format: str) -> None:
    """List the rules that judge here: ours and the repository's own."""
    if format == "markdown":
        print(index(rulebook.load()), end="")
        return
    described = [_described(rule) for rule in rulebook.for_repository(_root()).rules]
    say_list(described, format, columns=_COLUMNS, empty="there is no rule here")


def index(book: Rulebook) -> str:
    """The page `rules/README.md`: a table for each violation type."""
    tables = (_table(type, book) for type in ViolationType)
    page = (rulebook.BUILT_IN / "INDEX.txt").read_text("utf-8")
    return page.replace("{tables}", "\n".join(filter(None, tables)))


def _table(type: ViolationType, book: Rulebook) -> str:
    rows = [_row(rule) for rule in book.rules if rule.type is type]
    if not rows:
        return ""
    head = "| rule | severity | confidence | languages | what it says |"
    return "\n".join([f"## {type}\n", head, "|---|---|---|---|---|", *rows, ""])


def _row(rule: Rule) -> str:
    link = f"[{rule.id}]({folder_of(rule.type)}/{rule.id}.md)"
    titles = ", ".join(_titles(rule))
    cells = (link, rule.severity, rule.confidence, titles, rule.message)
    return f"| {' | '.join(cells)} |"


def _titles(rule: Rule) -> list[str]:
    """The languages that *rule* serves, as headings name them."""
    if languages.ANY in rule.languages:
        return ["any"]
    return [languages.LANGUAGES[name].title for name in rule.languages]


def _described(rule: Rule) -> dict[str, object]:
    names = ("id", "type", "severity", "confidence", "message", "remedy", "tags")
    described = {name: getattr(rule, name) for name in names}
    described |= {"languages": rule.languages, "when": rule.when, "since": rule.since}
    return described | {"examples": len(rule.examples), "source": rule.source}


# show


@command.command()
@click.argument("id")
@format_option("text", "json")
def show(id: str, format: str) -> None:
    """Print the file of rule ID: what it finds, why, and its examples."""
    rule = rulebook.for_repository(_root()).get(id)
    if format == "json":
        say_object(_described(rule) | {"text": rule.text})
    elif sys.stdout.isatty():
        _show_on_terminal(rule)
    else:
        say_block(rule.text.removesuffix("\n"))


def _show_on_terminal(rule: Rule) -> None:
    from rich.console import Console
    from rich.markdown import Markdown

    Console().print(Markdown(safe(rule.text, keep_newlines=True)))


# test


@command.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@format_option("text", "json")
def test(paths: Sequence[Path], format: str) -> int:
    """Run every example of the rules in PATHS (files or folders), by default all."""
    from qualitywatch.analysis import CHECKS

    book = _book(paths, CHECKS)
    cases = [(rule, example) for rule in book.rules for example in rule.examples]
    with progress(f"running {len(cases)} examples"):
        known = rulebook.for_repository(_root(), known_checks=CHECKS)
        failures = [each for case in cases for each in failures_of(*case, known)]
    printed = _print_json if format == "json" else _print_text
    printed(book, len(cases), failures)
    return EXIT_FAILED if failures else 0


def failures_of(
    rule: Rule, example: Example, known: Rulebook | None = None
) -> Iterator[Failure]:
    """What *example* of *rule* shows and should not, or the other way round."""
    from qualitywatch.analysis.examples import alone

    outcome = alone(rule, example, known)
    if example.known_limit:
        if outcome.good:
            problem = "a known limit is gone: move the example to its language"
            yield _failure(rule, example.line, problem)
        return
    if outcome.problem:
        yield _failure(rule, example.line, outcome.problem)
    for word, places in (("missing", outcome.missing), ("noisy", outcome.noisy)):
        said = {"missing": "does not fire here", "noisy": "fires here"}[word]
        for line, id in sorted(places):
            yield _failure(rule, example.line + line, f"{word}: `{id}` {said}")


def _failure(rule: Rule, line: int, problem: str) -> Failure:
    return Failure(rule=rule.id, place=rule.place(line), problem=problem)


def _print_json(book: Rulebook, examples: int, failures: Sequence[Failure]) -> None:
    counts = {"rules": len(book.rules), "examples": examples}
    say_object({**counts, "failures": failures})


def _print_text(book: Rulebook, examples: int, failures: Sequence[Failure]) -> None:
    for each in failures:
        say(f"{each.place}: {each.problem}")
    verdict = f"{len(failures)} wrong" if failures else "all as they say"
    rules = "1 rule" if len(book.rules) == 1 else f"{len(book.rules)} rules"
    say(f"{rules}, {examples} examples: {verdict}")


def _book(paths: Sequence[Path], known_checks: Collection[str]) -> Rulebook:
    """The rules in *paths*; a file named twice is one rule."""
    if not paths:
        return rulebook.for_repository(_root(), known_checks=known_checks)
    files = [path for path in paths if path.is_file()]
    folders = [path for path in paths if path.is_dir()]
    rules = [rulebook.read(path, known_checks=known_checks) for path in files]
    if folders:
        found = rulebook.load(*folders, validate=True, known_checks=known_checks)
        rules += found.rules
    return Rulebook.holding({rule.source: rule for rule in rules}.values())


# new


@command.command()
@click.argument("id")
@click.option("--type", "folder", type=click.Choice(TYPES), required=True)
def new(id: str, folder: str) -> None:
    """Start rule ID from the template, in .qualitywatch/rules/<type>/ID.md."""
    book = rulebook.for_repository(_root())
    if id in book.ids:
        raise UserError(f"there is a rule `{id}` already", place=book.get(id).source)
    path = _root() / OWN_FOLDER / folder / f"{id}.md"
    text = rulebook.TEMPLATE.read_text("utf-8").replace("the-id", id)
    type = ViolationType(folder.upper().replace("-", "_"))
    rulebook.parse(text, source=str(path), id=id, type=type)
    _write_new(path, text)
    say(str(path))
    note(f"write your rule, then prove it: qualitywatch rules test {path}")


def _write_new(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        problem = f"can not be written: {error.strerror}"
        raise MachineError(problem, place=str(path)) from error


# Shared by the commands


def _root() -> Path:
    """The repository around the working directory, else that directory."""
    here = Path.cwd()
    marks = (".git", OWN_FOLDER.parts[0])
    around = (here, *here.parents)
    return next((p for p in around if any((p / m).exists() for m in marks)), here)
