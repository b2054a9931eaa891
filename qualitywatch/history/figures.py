"""The three plots of the page, and the numbers behind them as a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from qualitywatch import config
from qualitywatch.history import plots
from qualitywatch.history.plots import Mark, Plot, Series, text
from qualitywatch.history.replayed import Replayed
from qualitywatch.history.spans import Span
from qualitywatch.history.totals import Row, Totals, row
from qualitywatch.history.words import TYPES, grouped, percent
from qualitywatch.model import ViolationType

MOST_AGENTS = 6  # lines that can be told apart
NOBODY = "no agent named"


def figures(
    spans: Sequence[Span], totals: Totals, policy: config.Policy
) -> Iterator[str]:
    """The plots over *spans*, each with a caption."""
    rows = [row(None, span.commits, policy) for span in spans]
    labels = tuple(span.label for span in spans)
    busiest = sorted(totals.agents, key=lambda agent: -agent.judged)[:MOST_AGENTS]
    lines = [_rates(agent, spans, policy) for agent in busiest if agent.judged]
    if lines:
        yield from _figure(
            plots.lines(_clean_rates(labels, lines)),
            "Clean commits, in per cent of the commits that changed code.",
        )
    yield from _figure(
        plots.bars(_violations(labels, rows)), "Violations by type.", css="solid"
    )
    yield from _figure(
        plots.bars(_lost_lines(labels, rows)), "Lost lines.", css="solid"
    )
    yield from _numbers(labels, rows)


def _figure(svg: str, caption: str, *, css: str = "") -> Iterator[str]:
    yield f'<figure class="{css}">' if css else "<figure>"
    yield f"<figcaption>{caption}</figcaption>"
    yield svg
    yield "</figure>"


def _rates(agent: Row, spans: Sequence[Span], policy: config.Policy) -> Series:
    name = agent.name or NOBODY
    marks = (
        _rate(name, span, row(None, _of(agent, span.commits), policy)) for span in spans
    )
    return Series(name=name, marks=tuple(marks))


def _of(agent: Row, commits: Sequence[Replayed]) -> Iterator[Replayed]:
    return (commit for commit in commits if commit.agent == agent.name)


def _rate(name: str, span: Span, found: Row) -> Mark:
    if found.clean_rate is None:
        return Mark(value=None, text="")
    said = f"{span.label}, {name}: {percent(found)} of {found.judged} commits clean"
    return Mark(value=round(100 * found.clean_rate, 2), text=said)


def _clean_rates(labels: tuple[str, ...], series: Sequence[Series]) -> Plot:
    names = ", ".join(one.name for one in series)
    return Plot(
        id="clean",
        title="Clean commit rate over time",
        summary=f"A line for each of: {names}. The numbers stand in the tables.",
        labels=labels,
        series=tuple(series),
        top=100,
        unit=" %",
    )


def _violations(labels: tuple[str, ...], rows: Sequence[Row]) -> Plot:
    totals = [sum(row.violations.values()) for row in rows]
    series = (
        _counts(word, labels, rows, lambda row, type=type: row.violations[type])  # type: ignore[misc]
        for type, word in TYPES.items()
    )
    return Plot(
        id="violations",
        title="Violations by type over time",
        summary=_summary("violations", labels, totals),
        labels=labels,
        series=tuple(series),
        top=plots.top_of(totals),
    )


def _lost_lines(labels: tuple[str, ...], rows: Sequence[Row]) -> Plot:
    lost = [row.lost_lines for row in rows]
    return Plot(
        id="lost",
        title="Lost lines over time",
        summary=_summary("lost lines", labels, lost),
        labels=labels,
        series=(_counts("lost lines", labels, rows, lambda row: row.lost_lines),),
        top=plots.top_of(lost),
    )


def _counts(
    name: str, labels: Sequence[str], rows: Sequence[Row], of: Callable[[Row], int]
) -> Series:
    marks = (
        Mark(value=of(row), text=f"{label}, {name}: {grouped(of(row))}")
        for label, row in zip(labels, rows, strict=True)
    )
    return Series(name=name, marks=tuple(marks))


def _summary(what: str, labels: Sequence[str], numbers: Sequence[int]) -> str:
    most = max(numbers)
    peak = labels[numbers.index(most)]
    return (
        f"{grouped(sum(numbers))} {what} from {labels[0]} to {labels[-1]}, most of them"
        f" in {peak}: {grouped(most)}."
    )


def _numbers(labels: Sequence[str], rows: Sequence[Row]) -> Iterator[str]:
    yield "<details><summary>The numbers behind the plots</summary>"
    yield '<div class="scroll"><table>'
    yield "<caption>All agents and authors together.</caption>"
    heads = ("Commits", "Clean", *TYPES.values(), "Lost lines")
    cells = "".join(f'<th scope="col" class="n">{head}</th>' for head in heads)
    yield f'<thead><tr><th scope="col">Time</th>{cells}</tr></thead><tbody>'
    for label, found in zip(labels, rows, strict=True):
        numbers = [
            grouped(found.commits),
            f"{percent(found)} of {grouped(found.judged)}",
            *(grouped(found.violations[type]) for type in ViolationType),
            grouped(found.lost_lines),
        ]
        tds = "".join(f'<td class="n">{number}</td>' for number in numbers)
        yield f'<tr><th scope="row">{text(label)}</th>{tds}</tr>'
    yield "</tbody></table></div></details>"
