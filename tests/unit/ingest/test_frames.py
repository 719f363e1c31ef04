"""Cutting messages into frames."""

from hypothesis import given
from hypothesis import strategies as st

from schemas.frames import MAX_BYTES, MAX_MESSAGES
from services.ingest.frames import FrameBuilder, Framer


def frames_of(lines: list[bytes]) -> list[bytes]:
    """All frames that a builder makes of these lines."""
    builder = FrameBuilder()
    frames = [f for f in (builder.add(line, 0.0) for line in lines) if f is not None]
    last = builder.take()
    return [*frames, last] if last is not None else frames


@given(st.lists(st.sampled_from([b"{}", b"x" * 1000, b"y" * 100_000, b"z" * 300_000]), max_size=40))
def test_frames_hold_every_line_once_in_order_within_the_bounds(lines: list[bytes]) -> None:
    """Only a line that is too large by itself makes a frame of more than MAX_BYTES, alone."""
    frames = frames_of(lines)
    assert b"".join(frames) == b"".join(line + b"\n" for line in lines)
    for frame in frames:
        assert len(frame) <= MAX_BYTES or frame.count(b"\n") == 1
        assert frame.count(b"\n") <= MAX_MESSAGES


def test_the_512th_message_completes_a_frame() -> None:
    """No frame is larger, and it does not wait for the 513th."""
    builder = FrameBuilder()
    given_back = [builder.add(b"{}", 0.0) for _ in range(MAX_MESSAGES)]
    assert given_back[:-1] == [None] * (MAX_MESSAGES - 1)
    assert given_back[-1] == b"{}\n" * MAX_MESSAGES
    assert builder.take() is None


def test_due_takes_only_builders_whose_oldest_line_is_old_enough() -> None:
    """A younger partition waits on; `oldest_s` names what waits longest."""
    framer = Framer()
    framer.add(3, b"a", 1.0)
    framer.add(3, b"b", 9.0)
    framer.add(5, b"c", 2.0)
    assert framer.oldest_s() == 1.0
    assert list(framer.due(1.5)) == [(3, b"a\nb\n")]
    assert framer.oldest_s() == 2.0
    assert list(framer.due(float("inf"))) == [(5, b"c\n")]
    assert framer.oldest_s() is None
