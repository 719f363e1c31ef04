"""The hub's seam: joins, resumes and live messages in any order give every client all, once."""

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.core import wire
from services.gateway.core.channels import BY_NAME
from services.gateway.core.hub import Hub
from services.gateway.core.outbound import Outbound

CHANNEL = BY_NAME["trades-classified"]
TOPIC = "trades-classified"


def payload(seq: int, part: int = 0, symbol: str = "A") -> bytes:
    return json.dumps(
        {"type": "trade_classified", "symbol": symbol, "seq": seq, "part": part}
    ).encode()


def feed(hub: Hub, seq: int, part: int = 0, partition: int = 0) -> bool | None:
    ((head, line),), _ = wire.heads(payload(seq, part), frame=False)
    return hub.take(TOPIC, partition, head, line)


def hub_from_start() -> Hub:
    hub = Hub("test")
    hub.complete = {(TOPIC, p) for p in range(3)}
    hub.all_complete = True
    return hub


class Reader:
    """A client: takes frames and follows the protocol strictly."""

    def __init__(self) -> None:
        self.out = Outbound(lambda: None)
        self.seqs: list[tuple[int, int]] = []
        self.last: tuple[int, int] | None = None
        self.at = 0.0

    def read(self) -> None:
        self.at += 1.0
        while (frame := self.out.take(self.at)) is not None:
            for message in json.loads(frame):
                self._one(message)

    def _one(self, message: dict) -> None:
        if message.get("op") == "sync":
            items = message["items"]
            if message["mode"] == "snapshot":
                self.seqs = [(m["seq"], m["part"]) for m in items]
                self.last = (message["last"], message.get("last_part", 0))
        elif "ch" in message and "op" not in message:
            assert (message["prev"], message.get("prev_part", 0)) == self.last, "a hole or a repeat"
            self.last = (message["seq"], message["part"])
            self.seqs.append(self.last)


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(0, 2)), max_size=60), st.data())
def test_a_join_at_any_moment_is_gapless_and_without_repeats(
    steps: list[tuple[int, int]], data: st.DataObject
) -> None:
    hub, reader = hub_from_start(), Reader()
    join_at = data.draw(st.integers(0, len(steps)))
    seq, sent = 0, []
    for i in range(len(steps) + 1):
        if i == join_at:
            hub.join(hub.stream(CHANNEL, "A"), reader.out, 500, "new")
        if i < len(steps):
            step, parts = steps[i]
            seq += step
            for part in range(parts + 1):
                assert feed(hub, seq, part)
                sent.append((seq, part))
                if data.draw(st.booleans()):
                    reader.read()
    reader.read()
    assert reader.seqs == sent


@given(st.integers(0, 400), st.integers(0, 400), st.integers(1, 50), st.randoms())
def test_a_resume_from_the_ring_continues_exactly_where_the_client_stood(
    before: int, away: int, limit: int, chance: random.Random
) -> None:
    hub, reader = hub_from_start(), Reader()
    stream = hub.stream(CHANNEL, "A")
    hub.join(stream, reader.out, 500, "new")
    for seq in range(1, before + 1):
        feed(hub, seq)
    reader.read()
    hub.leave(CHANNEL, "A", reader.out)
    for seq in range(before + 1, before + away + 1):
        feed(hub, seq)
    stream, cursor, seq = hub.stream(CHANNEL, "A"), reader.last or (0, 0), before + away
    while reader.out not in stream.listeners:
        assert stream.covers(cursor)
        cursor = hub.follow(stream, reader.out, cursor, limit)
        for _ in range(chance.randint(0, limit - 1)):
            seq += 1
            feed(hub, seq)
    feed(hub, seq + 1)
    reader.read()
    assert [s for s, _ in reader.seqs] == list(range(1, seq + 2))


def test_repeats_of_whole_runs_reach_nobody_and_change_no_chain() -> None:
    hub, reader = hub_from_start(), Reader()
    hub.join(hub.stream(CHANNEL, "A"), reader.out, 10, "new")
    news = [feed(hub, seq) for seq in (1, 2, 3, 1, 2, 3, 4, 2, 3, 4, 5)]
    reader.read()
    assert reader.seqs == [(n, 0) for n in range(1, 6)]
    assert news.count(True) == 5


def test_two_gateways_that_began_at_different_offsets_give_the_same_chain() -> None:
    early, late = hub_from_start(), Hub("test")
    texts: list[list[str]] = [[], []]
    for seq in range(1, 21):
        feed(early, seq * 10)
        if seq > 5:
            feed(late, seq * 10)
    for hub, out in zip((early, late), texts, strict=True):
        out += [text for _, text in hub.stream(CHANNEL, "A").ring]
    assert texts[0][6:] == texts[1][1:]
    assert json.loads(texts[1][0])["prev"] is None
    assert not late.stream(CHANNEL, "A").covers((50, 0))
    assert late.stream(CHANNEL, "A").covers((60, 0))


def test_a_ring_that_let_messages_go_does_not_cover_a_cursor_before_them() -> None:
    hub = hub_from_start()
    for seq in range(1, 10_001):
        feed(hub, seq)
    stream = hub.stream(CHANNEL, "A")
    floor = stream.floor
    assert floor is not None
    assert len(stream.ring) <= 5120
    assert stream.covers(floor)
    assert not stream.covers((floor[0] - 1, 0))
    assert [at[0] for at, _ in stream.newer(floor)] == list(range(floor[0] + 1, 10_001))


@pytest.mark.parametrize(("count", "given"), [(0, []), (1, [2]), (50, [2])])
def test_a_snapshot_has_its_newest_message_though_that_is_larger_than_a_snapshot_may_be(
    count: int, given: list[int]
) -> None:
    hub, out = hub_from_start(), Outbound(lambda: None)
    feed(hub, 1)
    line = payload(2)[:-1] + b',"more":"' + b"x" * 6_000_000 + b'"}'
    ((head, _),), _ = wire.heads(line, frame=False)
    hub.take(TOPIC, 0, head, line)
    hub.join(hub.stream(CHANNEL, "A"), out, count, "new")
    (sync,) = json.loads(out.take(0.0) or "[]")
    assert [m["seq"] for m in sync["items"]] == given


def test_rings_together_stay_under_their_limit() -> None:
    hub = Hub("test", ring_chars=100_000)
    hub.complete = {(TOPIC, 0)}
    for seq in range(1, 20_001):
        line = payload(seq, symbol=f"S{seq % 50}")
        ((head, _),), _ = wire.heads(line, frame=False)
        hub.take(TOPIC, 0, head, line)
    held = sum(stream.chars for stream in hub.streams.values())
    assert held <= 100_000
    assert held == sum(len(t) for s in hub.streams.values() for _, t in s.ring)


def test_the_copies_of_a_broadcast_in_other_partitions_reach_a_client_once() -> None:
    hub, reader = Hub("test"), Outbound(lambda: None)
    hub.complete = {("market", p) for p in range(4)}
    channel = BY_NAME["gap"]
    hub.join(hub.stream(channel, "*BN"), reader, 10, "new")
    for partition, seq in ((2, 5), (0, 5), (2, 6), (1, 5), (3, 5), (0, 6), (1, 6), (3, 6)):
        line = f'{{"type":"gap","symbol":"*","seq":{seq},"venue":"BN"}}'.encode()
        ((head, _),), _ = wire.heads(line, frame=True)
        hub.take("market", partition, head, line)
    messages = json.loads(reader.take(0.0) or "[]")[1:]
    assert [(m["stream"], m["seq"], m["prev"]) for m in messages] == [("*BN", 5, 0), ("*BN", 6, 5)]


def test_a_wildcard_client_joins_a_stream_the_moment_it_begins() -> None:
    hub, out = Hub("test"), Outbound(lambda: None)
    channel = BY_NAME["quote"]
    hub.join_all(channel, out)
    line = b'{"type":"quote","symbol":"NEW","seq":1,"bids":[],"asks":[]}'
    ((head, _),), _ = wire.heads(line, frame=True)
    hub.take("market", 0, head, line)
    sync, data = json.loads(out.take(0.0) or "[]")
    assert (sync["op"], sync["items"]) == ("sync", [])
    assert (data["ch"], data["symbol"]) == ("quote", "NEW")


def test_a_stream_asked_for_but_never_seen_goes_with_its_last_client() -> None:
    hub, out = hub_from_start(), Outbound(lambda: None)
    stream = hub.stream(CHANNEL, "NOBODY")
    hub.join(stream, out, 10, "new")
    hub.leave(CHANNEL, "NOBODY", out)
    assert not hub.streams


@pytest.mark.parametrize("bad", [b"{", b"nonsense", b'{"type":"trade"}', b"\xff\xfe"])
def test_a_bad_line_of_a_frame_is_counted_and_the_others_pass(bad: bytes) -> None:
    good = b'{"type":"trade","symbol":"A","seq":1}'
    found, broken = wire.heads(good + b"\n" + bad + b"\n" + good, frame=True)
    assert (len(found), broken) == (2, 1)
