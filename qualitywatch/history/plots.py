"""Plots as inline SVG: no script, no style of their own, a text for every mark."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from qualitywatch.model import Noun
from qualitywatch.reports.safe import safe

WIDTH, HEIGHT = 960, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 12, 14, 30
_LABELS = 12  # below the axis; more would touch one another
_WIDEST = 48  # bar
_STEPS = 4  # on the vertical axis


class Mark(Noun):
    """One value, and what is said of it."""

    value: float | None  # `None`: nothing to show
    text: str


class Series(Noun):
    """The values of one name, one for each label of the plot."""

    name: str
    marks: tuple[Mark, ...]


class Plot(Noun):
    """What a plot shows; *unit* is written behind the numbers of its axis."""

    id: str
    title: str
    summary: str  # what can be seen, for who can not see it
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    top: float  # the highest value of the axis
    unit: str = ""


def text(value: str) -> str:
    """*value* as it may stand in HTML, in an attribute too."""
    return escape(safe(value), quote=True)


def lines(plot: Plot) -> str:
    """A line for each series, from each value to the next there is."""
    return _framed(plot, [_line(plot, at) for at in range(len(plot.series))])


def bars(plot: Plot) -> str:
    """A bar for each label, the series one upon the other."""
    return _framed(plot, list(_stacks(plot)))


def top_of(values: Sequence[float]) -> float:
    """A round number that is no lower than the highest of *values*."""
    highest = max(values, default=0)
    size = 1.0
    while size < highest:
        for factor in (2, 4, 10):
            if size * factor >= highest:
                return size * factor
        size *= 10
    return max(size, float(_STEPS))


def _framed(plot: Plot, marks: Sequence[str]) -> str:
    names = f"{plot.id}-title {plot.id}-text"
    return "\n".join(
        [
            f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
            f' aria-labelledby="{names}">',
            f'<title id="{plot.id}-title">{text(plot.title)}</title>',
            f'<desc id="{plot.id}-text">{text(plot.summary)}</desc>',
            *_axis(plot),
            *marks,
            "</svg>",
            *_legend(plot),
        ]
    )


def _axis(plot: Plot) -> Iterator[str]:
    for step in range(_STEPS + 1):
        value = plot.top * step / _STEPS
        y = _y(plot, value)
        ends = f'x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y}" y2="{y}"'
        yield f'<line class="grid" {ends}/>'
        yield (
            f'<text class="axis end" x="{_LEFT - 6}" y="{y}" dy="4">'
            f"{_number(value)}{text(plot.unit)}</text>"
        )
    every = -(-len(plot.labels) // _LABELS)
    for at, label in enumerate(plot.labels):
        if at % every == 0:
            x = _x(plot, at)
            yield (
                f'<text class="axis middle" x="{x}" y="{HEIGHT - 8}">'
                f"{text(label.removeprefix('week of '))}</text>"
            )


def _line(plot: Plot, number: int) -> str:
    series = plot.series[number]
    places = [
        (_x(plot, at), _y(plot, mark.value), mark.text)
        for at, mark in enumerate(series.marks)
        if mark.value is not None
    ]
    path = " ".join(f"{x},{y}" for x, y, _ in places)
    dots = "".join(
        f'<circle class="dot c{number}" cx="{x}" cy="{y}" r="3.5">'
        f"<title>{text(said)}</title></circle>"
        for x, y, said in places
    )
    return f'<polyline class="line c{number}" points="{path}"/>{dots}'


def _stacks(plot: Plot) -> Iterator[str]:
    width = round(min(0.8 * _step(plot), _WIDEST), 2)
    for at in range(len(plot.labels)):
        below = 0.0
        for number, series in enumerate(plot.series):
            mark = series.marks[at]
            if not mark.value:
                continue
            top = _y(plot, below + mark.value)
            height = round(_y(plot, below) - top, 2)
            x = round(_x(plot, at) - width / 2, 2)
            yield (
                f'<rect class="bar c{number}" x="{x}" y="{top}" width="{width}"'
                f' height="{height}"><title>{text(mark.text)}</title></rect>'
            )
            below += mark.value


def _legend(plot: Plot) -> Iterator[str]:
    if len(plot.series) < 2:
        return
    yield '<ul class="legend">'
    for number, series in enumerate(plot.series):
        sample = f'<line class="line c{number}" x1="0" x2="28" y1="5" y2="5"/>'
        yield (
            '<li><svg class="key" viewBox="0 0 28 10" aria-hidden="true">'
            f"{sample}</svg>{text(series.name)}</li>"
        )
    yield "</ul>"


def _number(value: float) -> str:
    return f"{value:,.1f}".removesuffix(".0")


def _step(plot: Plot) -> float:
    return (WIDTH - _LEFT - _RIGHT) / max(1, len(plot.labels))


def _x(plot: Plot, at: int) -> float:
    return round(_LEFT + (at + 0.5) * _step(plot), 2)


def _y(plot: Plot, value: float) -> float:
    room = HEIGHT - _TOP - _BOTTOM
    return round(_TOP + room * (1 - value / plot.top), 2)
