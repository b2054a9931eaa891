"""One message in the form that each transport needs, made once for all who hear it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from websockets.frames import Frame as WebSocketFrame
from websockets.frames import Opcode


class Frame:
    """One JSON message on its way out, or several that go together."""

    def __init__(self, *contents: bytes) -> None:
        self.contents = contents
        self._size = sum(map(len, contents))

    def __len__(self) -> int:
        return self._size

    @cached_property
    def websocket(self) -> bytes:
        """Whole text frames; a server sets no mask, so they fit every peer."""
        frames = (WebSocketFrame(Opcode.TEXT, one) for one in self.contents)
        return b"".join(one.serialize(mask=False) for one in frames)

    @cached_property
    def line(self) -> bytes:
        """Each message on a line of its own."""
        return b"\n".join((*self.contents, b""))


def together(frames: Sequence[Frame]) -> Frame:
    """One frame that says what all of them say, in one write."""
    if len(frames) == 1:
        return frames[0]
    return Frame(*(content for frame in frames for content in frame.contents))
