"""Who writes what: chosen on the tape, changed without a volume counted twice or lost."""

import json
from collections.abc import Mapping

import pytest

from schemas.control import Sources
from schemas.market import Day, Gap, Trade
from services.ingest.core.engine import Engine
from services.ingest.core.records import Decoded, Raw
from services.ingest.core.vn import sources
from services.ingest.core.vn.desk import Desk
from services.ingest.feeds.chosen import record
from tests.unit.ingest.core.support import messages
from tests.unit.ingest.core.test_iboard_decoder import l_frame
from tests.unit.ingest.core.vietnam import NOON, envelope, ms, raws, trade

ON_IBOARD = {"trade": "iboard:L"}
Line = tuple[str, bytes] | Mapping[str, str]


def both(lines: list[Line], cut: bool = False) -> list[Decoded]:
    """Decode (feed, message) and choices in order, 10 ms apart; `cut`: restored before each."""
    engine, done = Engine(["VN"]), []
    for n, line in enumerate(lines):
        at = NOON + n * 10_000
        if isinstance(line, tuple):
            (raw,) = raws([(at, *line)])
        else:
            made = record(line, at)
            raw = Raw("VN", at, made.feed, made.channel, made.key, made.value)
        if cut:
            state = json.loads(json.dumps(engine.state()))
            engine = Engine(["VN"])
            engine.restore(state)
        done.append(engine.decode(raw))
    return done


def x(volume: int, total: int) -> Line:
    return "ssi", trade(volume, total)


def lot(volume: int, total: int) -> Line:
    return "iboard", l_frame(volume, total, f2="21750").encode()


def trades(done: list[Decoded]) -> list[Trade]:
    return [m for m in messages(done) if isinstance(m, Trade)]


def gaps(done: list[Decoded]) -> list[Gap]:
    return [m for m in messages(done) if isinstance(m, Gap)]


def test_every_channel_of_one_stock_at_once_counts_its_volume_once() -> None:
    """X-TRADE, X, B, OL and L# tell of the same prints: one trade each, and no odd lot in it."""
    lines: list[Line] = [x(0, 0)]
    total = 0
    for volume in (100, 200, 200, 300):
        total += volume
        content = json.loads(json.loads(trade(volume, total))["Content"])
        fill = dict.fromkeys(("Open", "High", "Low", "Close"), 21750.0)
        fill |= {"Symbol": "HPG", "Time": "13:36:00", "TradingDate": "20/07/2026"}
        odd = {"Symbol": "HPG", "TradingDate": "20/07/2026", "Time": "13:36:00"}
        lines += [
            lot(volume, total),
            ("ssi", envelope("B", fill | {"Volume": float(volume)})),
            x(volume, total),
            ("ssi", envelope("X", content)),
            ("ssi", envelope("OL", odd | {"TotalVol": float(total // 100), "LastVol": 1.0})),
        ]
    for choice in ({}, {"trade": "ssi:X"}, {"trade": "ssi:B"}, ON_IBOARD):
        done = both([choice, *lines])
        assert [d.dead for d in done if d.dead] == []
        assert sum(t.volume for t in trades(done)) == total, choice
        assert len(trades(done)) == 4
        assert len({t.feed for t in trades(done)}) == 1
        odd_lots = [m.odd_lot_volume for m in messages(done) if isinstance(m, Day)]
        assert [v for v in odd_lots if v] == [1, 3, 5, 8]
        assert gaps(done) == []


@pytest.mark.parametrize("cut", [False, True])
def test_at_a_change_the_chain_goes_on_exactly(cut: bool) -> None:
    """What was counted is dropped, what nobody told is a gap, and a change back is no other."""
    done = both(
        [
            x(0, 0), x(100, 100), lot(100, 100), x(200, 300),
            ON_IBOARD,
            lot(200, 300), x(100, 400), lot(100, 500),
            {},
            x(100, 500), x(50, 550), lot(50, 550),
        ],
        cut,
    )  # fmt: skip
    assert [(t.feed, t.volume) for t in trades(done)] == [
        ("ssi", 100), ("ssi", 200), ("iboard", 100), ("ssi", 50),
    ]  # fmt: skip
    assert [d.dropped for d in done[5:7]] == [["duplicate"], ["no_volume"]]
    assert done[9].dropped == ["duplicate"]
    change, missed, back = gaps(done)
    assert (change.cause, change.feed, change.channel) == ("source_change", "ssi", "vn.X-TRADE")
    assert (change.from_ts_ms, change.to_ts_ms) == (NOON // 1000 + 30, NOON // 1000 + 40)
    assert (missed.cause, missed.missing_volume) == ("volume_chain", 100)
    assert (back.cause, back.feed, back.channel) == ("source_change", "iboard", "vn.L")
    assert (back.from_ts_ms, back.to_ts_ms) == (NOON // 1000 + 70, NOON // 1000 + 80)
    told = sum(t.volume for t in trades(done)) + sum(g.missing_volume or 0 for g in gaps(done))
    assert told == 550 == trades(done)[-1].total_volume


def test_a_choice_that_changes_nothing_gives_nothing() -> None:
    done = both([{}, x(100, 100), {}, {"trade": "ssi:X-TRADE"}, ON_IBOARD, ON_IBOARD])
    assert [messages([d]) for d in (done[0], done[2], done[3], done[5])] == [[], [], [], []]


def test_a_source_that_was_never_heard_leaves_no_gap() -> None:
    assert messages(both([ON_IBOARD])) == []


def test_a_choice_of_what_there_is_not_is_dead_and_changes_nothing() -> None:
    done = both([{"trade": "ssi:OL"}, x(100, 100)])
    assert done[0].dead
    assert done[0].dead[0].startswith("malformed: sources: trade cannot come from 'ssi:OL'")
    assert len(trades(done)) == 1


def test_a_venue_with_one_source_refuses_a_choice() -> None:
    value = json.dumps({"type": "sources", "venue": "BN"}).encode()
    done = Engine(["BN"]).decode(Raw("BN", NOON, "ingest", "sources", "BN", value))
    assert done.dead[0].startswith("malformed: BN has one source")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("trade", "KIND=FEED:CHANNEL"),
        ("trade=iboard:L,trade=ssi:X", "each kind once"),
        ("trades=iboard:L", "there are trade, auction"),
        ("trade=iboard:S", "only from ssi:X-TRADE, ssi:X, ssi:B, ssi3:trade, iboard:L"),
        ("trade=", "only from"),
    ],
)
def test_a_wrong_setting_is_refused_with_what_is_allowed(text: str, said: str) -> None:
    with pytest.raises(sources.BadChoice, match=said):
        sources.named(text)


def test_a_setting_is_read_with_spaces_and_nothing_is_no_choice() -> None:
    assert sources.named(" trade = iboard:L , quote=iboard:S,") == {
        "trade": "iboard:L", "quote": "iboard:S",
    }  # fmt: skip
    assert sources.named("") == {}


def test_what_is_usual_is_allowed() -> None:
    for kind, (feed, channel) in sources.PRIMARY.items():
        assert f"{feed}:{channel}" in sources.ALLOWED[kind]
    assert Desk().sources(sources.PRIMARY) == sources.PRIMARY
    assert Sources(venue="VN").choice == {}
    assert ms("13:36:00") == NOON // 1000 - 500
