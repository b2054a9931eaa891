"""A replay as one page of HTML that needs nothing else: no script, no other source.

Everything in it that comes from a repository goes through `text`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from qualitywatch import config
from qualitywatch.history import figures
from qualitywatch.history.plots import text
from qualitywatch.history.replayed import Replayed
from qualitywatch.history.spans import spans
from qualitywatch.history.style import POLICY, STYLE
from qualitywatch.history.totals import FEW, Row, Totals, is_stopped, stopping
from qualitywatch.history.words import TYPES, count, grouped, percent
from qualitywatch.model import Noun, Violation, ViolationType

MOST_STOPPED = 300
MOST_AUTHORS = 200
MOST_FOUND = 12  # violations of one commit


class Subject(Noun):
    """What was replayed, and by what."""

    repository: str
    range: str
    rules: str  # the digest of the rules
    version: str


def render(
    subject: Subject,
    commits: Sequence[Replayed],
    totals: Totals,
    policy: config.Policy,
) -> str:
    """The page."""
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            *_head(subject),
            "<body>",
            *_opening(subject, commits, totals.all),
            "<main>",
            *_section("Agents", _table("Agent", totals.agents, "no agent named")),
            *_plots(commits, totals, policy),
            *_section("Authors", _authors(totals.authors)),
            *_section(
                "Commits that would have been stopped", _stopped(commits, policy)
            ),
            "</main>",
            "</body>",
            "</html>",
            "",
        ]
    )


def _head(subject: Subject) -> Iterator[str]:
    yield "<head>"
    yield '<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="referrer" content="no-referrer">'
    yield f"<title>{text(subject.repository)}: what its commits dropped</title>"
    yield f"<style>{STYLE}</style>"
    yield "</head>"


def _opening(subject: Subject, commits: Sequence[Replayed], all: Row) -> Iterator[str]:
    yield "<header>"
    yield f"<h1>{text(subject.repository)}: what its commits dropped</h1>"
    times = sorted(commit.time[:10] for commit in commits)
    when = f", {text(times[0])} to {text(times[-1])}" if times else ""
    number = count(all.commits, "commit")
    yield f"<p>{number} of <code>{text(subject.range)}</code>{when}.</p>"
    yield (
        f"<p>{grouped(all.judged)} changed code; {percent(all)} of these are clean,"
        f" {grouped(all.stopped)} would have put their agent in quarantine,"
        f" {count(all.lost_lines, 'line')} lost.</p>"
    )
    yield (
        f'<p class="soft">qualitywatch {text(subject.version)}, rules'
        f" <code>{text(subject.rules[:12])}</code>. Each commit is judged against its"
        " first parent, by the rules of today.</p>"
    )
    yield "</header>"


def _section(title: str, content: Iterable[str]) -> Iterator[str]:
    yield "<section>"
    yield f"<h2>{title}</h2>"
    yield from content
    yield "</section>"


def _table(who: str, rows: Sequence[Row], nobody: str) -> Iterator[str]:
    yield '<div class="scroll"><table>'
    yield (
        f"<caption>Worst first. * stands on fewer than {FEW} commits that changed"
        " code.</caption>"
    )
    heads = "".join(f'<th scope="col" class="n">{text(head)}</th>' for head in _HEADS)
    yield f'<thead><tr><th scope="col">{who}</th>{heads}</tr></thead>'
    yield "<tbody>"
    yield from (_row(row, nobody) for row in rows)
    yield "</tbody></table></div>"


_HEADS = (
    *("Commits", "Clean", "Quarantines", "Files"),
    *(words for words in TYPES.values()),
    *("Lost lines", "Unread"),
)


def _row(row: Row, nobody: str) -> str:
    name = nobody if row.name is None else row.name
    star = "*" if row.is_small and row.judged else ""
    numbers = [
        grouped(row.commits),
        f"{percent(row)} of {grouped(row.judged)}{star}",
        grouped(row.stopped),
        grouped(row.files),
        *(grouped(row.violations[type]) for type in ViolationType),
        grouped(row.lost_lines),
        grouped(row.unanalysable),
    ]
    cells = "".join(f'<td class="n">{number}</td>' for number in numbers)
    return f'<tr><th scope="row">{text(name)}</th>{cells}</tr>'


def _authors(rows: Sequence[Row]) -> Iterator[str]:
    yield from _table("Author", rows[:MOST_AUTHORS], "")
    if len(rows) > MOST_AUTHORS:
        yield f"<p>and {grouped(len(rows) - MOST_AUTHORS)} more authors</p>"


def _plots(
    commits: Sequence[Replayed], totals: Totals, policy: config.Policy
) -> Iterator[str]:
    found = spans(commits)
    if not found:
        return
    yield from _section("Over time", figures.figures(found, totals, policy))


def _stopped(commits: Sequence[Replayed], policy: config.Policy) -> Iterator[str]:
    stopped = [one for one in reversed(commits) if is_stopped(one, policy)]
    if not stopped:
        yield "<p>None.</p>"
        return
    yield '<div class="scroll"><table>'
    yield "<caption>The newest first, with what was found in each.</caption>"
    heads = ("Commit", "Time", "Agent", "Author", "What it did")
    yield "<thead><tr>"
    yield from (f'<th scope="col">{head}</th>' for head in heads)
    yield "</tr></thead><tbody>"
    yield from (_commit(one, policy) for one in stopped[:MOST_STOPPED])
    yield "</tbody></table></div>"
    if len(stopped) > MOST_STOPPED:
        yield f"<p>and {grouped(len(stopped) - MOST_STOPPED)} older ones</p>"


def _commit(one: Replayed, policy: config.Policy) -> str:
    reaching = stopping(one, policy)
    found = "".join(_found(violation) for violation in reaching[:MOST_FOUND])
    if len(reaching) > MOST_FOUND:
        found += f"<li>and {grouped(len(reaching) - MOST_FOUND)} more</li>"
    return (
        f'<tr><th scope="row"><code>{text(one.commit[:12])}</code></th>'
        f"<td>{text(one.time[:10])}</td><td>{text(one.agent or '-')}</td>"
        f"<td>{text(one.author)}</td>"
        f'<td>{text(one.subject)}<ul class="found">{found}</ul></td></tr>'
    )


def _found(violation: Violation) -> str:
    lost = _lost(violation.evidence.lost_lines) if violation.evidence else ""
    place = text(f"{violation.path}:{violation.line}")
    rule = f'<span class="bad">{text(violation.rule)}</span>'
    return f"<li>{rule} in <code>{place}</code>{lost}</li>"


def _lost(lines: int) -> str:
    return f", {count(lines, 'line')} lost" if lines else ""
