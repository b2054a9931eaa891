"""What waits for one connection: bounded, in order, and no problem of others."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualitywatch.hub.frames import Frame
from qualitywatch.hub.outbox import Gone, Outbox
from qualitywatch.hub.wire import Wire


class Paper(Wire):
    """A wire that writes down what it is given; the test says when it is full."""

    def __init__(self, *, stall_seconds: float = 10.0) -> None:
        super().__init__(stall_seconds=stall_seconds)
        self.written: list[bytes] = []
        self.goodbye: int | None = None
        self.is_cut = False

    def write(self, frame: Frame) -> None:
        self.written.extend(frame.contents)

    def say_goodbye(self, code: int, reason: str) -> None:
        self.goodbye = code

    def abort(self) -> None:
        self.is_cut = True
        self.lost()


@pytest.fixture
async def full() -> Paper:
    """A wire whose peer reads nothing."""
    paper = Paper()
    paper.paused()
    return paper


def frame(content: bytes) -> Frame:
    return Frame(content)


async def test_nothing_waits_while_the_peer_reads() -> None:
    paper = Paper()
    outbox = Outbox(paper)
    for number in range(1000):
        outbox.offer(frame(b"%d" % number))

    assert 0 == outbox.depth
    assert [b"%d" % number for number in range(1000)] == paper.written


async def test_frames_come_out_in_order(full: Paper) -> None:
    """Those that waited first, then those that find the way free."""
    outbox = Outbox(full)
    for number in range(3):
        outbox.offer(frame(b"%d" % number))
    assert [] == full.written

    full.resumed()
    outbox.offer(frame(b"3"))

    assert [b"0", b"1", b"2", b"3"] == full.written


@pytest.mark.parametrize(
    ("frames", "code"),
    [([b"x"] * 4, None), ([b"x"] * 5, 1013), ([b"x" * 6, b"x" * 6], 1013)],
)
async def test_peer_that_is_too_far_behind_is_closed(
    full: Paper, frames: list[bytes], code: int | None
) -> None:
    outbox = Outbox(full, max_frames=4, max_bytes=10)
    for content in frames:
        outbox.offer(frame(content))

    assert (code, code) == (outbox.code, full.goodbye)


async def test_one_large_answer_goes_out(full: Paper) -> None:
    outbox = Outbox(full, max_bytes=10)

    await outbox.send(frame(b"x" * 100))
    full.resumed()

    assert [b"x" * 100] == full.written


async def test_answers_wait_for_room(full: Paper) -> None:
    outbox = Outbox(full, max_frames=1)
    await outbox.send(frame(b"first"))
    second = asyncio.create_task(outbox.send(frame(b"second")))
    await asyncio.sleep(0)
    assert not second.done()

    full.resumed()
    await second

    assert [b"first", b"second"] == full.written


@pytest.mark.parametrize("how", ["closed", "lost"])
async def test_an_end_wakes_whoever_waits_for_room(full: Paper, how: str) -> None:
    outbox = Outbox(full, max_frames=1)
    await outbox.send(frame(b"first"))
    second = asyncio.create_task(outbox.send(frame(b"second")))
    await asyncio.sleep(0)

    if how == "closed":
        outbox.close(1000, "")
    else:
        full.lost()

    with pytest.raises(Gone):
        await second


async def test_what_was_queued_is_said_before_goodbye(full: Paper) -> None:
    outbox = Outbox(full)
    outbox.offer(frame(b"last words"))
    outbox.close(4401, "out")
    outbox.offer(frame(b"too late"))
    assert full.goodbye is None

    full.resumed()

    assert ([b"last words"], 4401) == (full.written, full.goodbye)


async def test_who_reads_nothing_is_cut_off() -> None:
    """The timer runs from the moment the buffer is full, whatever is in the queue."""
    paper = Paper(stall_seconds=0.01)
    Outbox(paper)

    paper.paused()
    await asyncio.sleep(0.05)

    assert paper.is_cut


async def test_who_reads_again_in_time_is_not_cut_off() -> None:
    paper = Paper(stall_seconds=0.01)
    Outbox(paper)

    paper.paused()
    paper.resumed()
    await asyncio.sleep(0.05)

    assert not paper.is_cut


async def test_reading_on_does_not_put_off_the_end(
    full: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who was put out is cut off in time, also where it reads drop by drop."""
    monkeypatch.setattr("qualitywatch.hub.outbox.PUT_OUT_SECONDS", 0.01)
    outbox = Outbox(full)
    outbox.close(4401, "out")

    full.resumed()
    full.paused()
    full.resumed()
    await asyncio.sleep(0.05)

    assert full.is_cut


@given(
    steps=st.lists(
        st.one_of(
            st.sampled_from(["pause", "resume"]), st.integers(min_value=0, max_value=40)
        ),
        max_size=60,
    )
)
def test_what_arrives_is_a_prefix_of_what_was_offered(steps: list[str | int]) -> None:
    """However the peer reads: nothing twice, nothing left out, then closed."""

    async def run() -> None:
        paper = Paper()
        outbox = Outbox(paper, max_frames=4, max_bytes=100)
        offered = []
        for number, step in enumerate(steps):
            if step == "pause":
                paper.paused()
            elif step == "resume":
                paper.resumed()
            else:
                content = b"%d " % number + b"x" * int(step)
                offered.append(content)
                outbox.offer(frame(content))
        paper.resumed()

        assert paper.written == offered[: len(paper.written)]
        assert outbox.code == 1013 or paper.written == offered
        assert outbox.depth <= 4
        paper.lost()

    asyncio.run(run())


def test_a_frame_is_what_the_library_would_send() -> None:
    """Header and content, for each of the three forms of a length."""
    for size in (0, 125, 126, 65_535, 65_536):
        made = Frame(b"x" * size).websocket

        assert made[:1] == b"\x81"
        assert made.endswith(b"x" * size)
        assert len(made) == size + (2 if size < 126 else 4 if size < 65_536 else 10)
