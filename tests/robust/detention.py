"""What a trace must never show of quarantine: `broke_quarantine` of the validator."""

from __future__ import annotations

from collections.abc import Iterator

from qualitywatch.model import WORKSPACE_PREFIX
from tests.robust import trace as t
from tests.robust.trace import Trace, answered_reports, calls, every

IMPOSED, RELEASED, RELEASE = (
    "quarantine.imposed",
    "quarantine.released",
    "quarantine.release",
)


def broke_quarantine(trace: Trace) -> Iterator[str]:
    """Nobody works in quarantine, and nothing but an operator ends it."""
    spans = _spans(trace)
    yield from _worked_inside(trace, spans)
    yield from _free_though_known(trace, spans)
    yield from _released_by_nobody(trace)
    yield from _not_as_told(trace, spans)


class _Span:
    """One quarantine of *subject*: from a sequence to a sequence."""

    def __init__(self, subject: str, begin: int) -> None:
        self.subject, self.begin = subject, begin
        self.end: int | None = None
        self.is_known_to_be_over = False  # an operator was told so

    def holds(self, who: str, sequence: int) -> bool:
        """True where *who* was in it when *sequence* had happened."""
        concerned = self.subject == who or self.subject.startswith(WORKSPACE_PREFIX)
        is_over = self.end is not None and self.end <= sequence
        return concerned and self.begin <= sequence and not is_over


def _spans(trace: Trace) -> list[_Span]:
    """Every quarantine, as the events tell it."""
    spans: list[_Span] = []
    current: dict[str, _Span] = {}
    for event in sorted(every(trace, t.StoredEvent), key=lambda e: e.sequence):
        subject = event.subject or ""
        if event.kind == IMPOSED:
            current[subject] = _Span(subject, event.sequence)
            spans.append(current[subject])
        elif event.kind == RELEASED and subject in current:
            current.pop(subject).end = event.sequence
    return spans


def _worked_inside(trace: Trace, spans: list[_Span]) -> Iterator[str]:
    """A report that got its sequence inside a quarantine and was allowed."""
    for who, answers in answered_reports(trace).items():
        for sent, answer in answers:
            seq = answer.seq or 0
            if answer.decision == "allow" and any(s.holds(who, seq) for s in spans):
                yield f"{who} reported {sent.path} at {seq}, in quarantine, and may"


class _Watch:
    """What was known when a call was sent, and who was released while it ran."""

    def __init__(self, trace: Trace, spans: list[_Span]) -> None:
        self._sent = calls(trace)
        self._spans = spans
        self._newest = 0  # sequence that anybody has heard
        self._known: dict[int, int] = {}  # by call
        self._released: dict[int, set[str]] = {}  # by call that is not answered
        self._releasing: dict[int, str] = {}  # by call that is not answered

    def see(self, step: t.Step) -> None:
        """Bring it up to date."""
        match step:
            case t.Heard():
                self._newest = max(self._newest, step.sequence)
            case t.Ended():  # what it had not written by then it never will
                for subject in self._releasing.values():
                    self._end(subject)
                self._releasing.clear()
            case t.Answered():
                released = self._releasing.pop(step.call, None)
                if released is not None and not step.code:
                    self._end(released, was_answered=True)
            case t.Sent():
                self._send(step)
            case _:
                pass

    def is_held(self, call: int) -> bool:
        """True where who asked was in quarantine from before the call until now."""
        who, known = self._sent[call].who, self._known[call]
        return any(
            span.holds(who, known)
            and not span.is_known_to_be_over
            and span.subject not in self._released[call]
            for span in self._spans
        )

    def forget(self, call: int) -> None:
        """It was answered: what happens from now on does not matter to it."""
        del self._released[call]

    def _send(self, call: t.Sent) -> None:
        self._known[call.call] = self._newest
        self._released[call.call] = set(self._releasing.values())
        if call.method == RELEASE and call.subject is not None:
            self._releasing[call.call] = call.subject
            for subjects in self._released.values():
                subjects.add(call.subject)

    def _end(self, subject: str, *, was_answered: bool = False) -> None:
        """A release of *subject* was written, maybe before its event was told."""
        ended = [s for s in self._spans if s.subject == subject and s.end is not None]
        waiting = [span for span in ended if not span.is_known_to_be_over]
        for number, span in enumerate(waiting):
            if span.begin <= self._newest or (was_answered and number == 0):
                span.is_known_to_be_over = True


def _free_though_known(trace: Trace, spans: list[_Span]) -> Iterator[str]:
    """Told to be free, though the quarantine was known and nobody was releasing."""
    watch, sent = _Watch(trace, spans), calls(trace)
    for step in trace:
        watch.see(step)
        if not isinstance(step, t.Answered):
            continue
        is_free = step.decision == "allow" or step.state == "clear"
        is_held = watch.is_held(step.call)
        watch.forget(step.call)
        if is_free and is_held:
            call = sent[step.call]
            yield f"{call.who} is free at step {step.at}, says {call.method}"


def _released_by_nobody(trace: Trace) -> Iterator[str]:
    asked = {
        call.subject
        for call in calls(trace).values()
        if call.method == RELEASE and call.who == t.OPERATOR
    }
    for event in every(trace, t.StoredEvent):
        if event.kind == RELEASED and event.subject not in asked:
            yield f"{event.subject} was released, and no operator asked for it"


def _not_as_told(trace: Trace, spans: list[_Span]) -> Iterator[str]:
    """The table of quarantines says what the events say."""
    rows = {q.subject for q in every(trace, t.StoredQuarantine) if q.is_open}
    told = {span.subject for span in spans if span.end is None}
    yield from (f"the quarantine of {subject} vanished" for subject in told - rows)
    yield from (f"nobody was told of {subject}'s quarantine" for subject in rows - told)
