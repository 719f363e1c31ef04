"""A client's queue: bounded, in order, states conflated and paced."""

import json

from services.gateway.core.outbound import FRAME_CHARS, MAX_EVENTS, Outbound


def queue() -> Outbound:
    return Outbound(lambda: None)


def test_events_leave_in_order_in_frames_of_bounded_size() -> None:
    out = queue()
    texts = [json.dumps({"n": n, "pad": "x" * 500}) for n in range(400)]
    for text in texts:
        out.event(text)
    got, frames = [], 0
    while (frame := out.take(0.0)) is not None:
        assert len(frame) <= FRAME_CHARS + 2
        got += json.loads(frame)
        frames += 1
    assert [m["n"] for m in got] == list(range(400))
    assert frames == 4
    assert out.chars == 0


def test_one_event_too_many_marks_the_client_slow_and_frees_its_memory() -> None:
    out = queue()
    for _ in range(MAX_EVENTS):
        out.event("{}")
    assert not out.slow
    out.event("{}")
    assert out.slow
    assert out.chars == 0
    out.event("{}")
    assert out.chars == 0


def test_a_megabyte_of_events_marks_the_client_slow() -> None:
    out = queue()
    for _ in range(11):
        out.event('"' + "x" * 100_000 + '"')
    assert out.slow


def test_only_the_newest_unsent_state_of_a_key_leaves() -> None:
    out = queue()
    for n in range(1000):
        out.state(("quote", "A", "main"), f'{{"n":{n}}}')
        out.state(("quote", "B", "main"), f'{{"n":{-n}}}')
    assert json.loads(out.take(0.0) or "[]") == [{"n": 999}, {"n": -999}]
    assert out.chars == 0


def test_states_are_paced_and_events_are_not() -> None:
    out = queue()
    out.rate = 10
    out.state(("quote", "A", ""), '{"n":1}')
    assert out.take(100.0) is not None
    out.state(("quote", "A", ""), '{"n":2}')
    assert out.take(100.05) is None
    assert out.due_at() == 100.1
    out.event('{"e":1}')
    assert out.take(100.06) == '[{"e":1}]'
    assert out.take(100.1) == '[{"n":2}]'


def test_leaving_a_stream_gives_up_its_unsent_states_only() -> None:
    out = queue()
    out.state(("quote", "A", ""), '{"n":1}')
    out.state(("quote", "B", ""), '{"n":2}')
    out.forget("quote", "A")
    assert out.take(0.0) == '[{"n":2}]'
