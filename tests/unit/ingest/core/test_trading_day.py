"""Days of the Vietnamese venue as the engine makes them of reference data and messages."""

from collections.abc import Iterable, Sequence
from datetime import date
from functools import cache
from typing import Any

import msgspec
import pytest

from schemas.control import Reference, Tick
from schemas.market import Gap, Instrument, MarketMessage, Quote, Status, Trade
from services.ingest import reference
from services.ingest.core.engine import Engine
from services.ingest.core.records import Decoded, Raw
from services.ingest.core.registry import FEEDS
from services.ingest.core.vn.reference_data import ReferenceData
from services.ingest.core.vn.schedule import local
from tests.unit.ingest.core.vietnam import REFERENCE_DATA, envelope, quote, status, trade, us

EXCHANGES = ("HOSE", "HNX", "UPCOM", "DERIVATIVES")
HOLIDAY = "2026-09-02"
TICK = msgspec.json.encode(Tick(venue="VN"))


@cache
def data() -> ReferenceData:
    return reference.load(REFERENCE_DATA)


def image(at: int, *more: MarketMessage) -> Raw:
    """The record of reference data with which a day begins at `at`, `more` in it."""
    day, ms_of_day = local(at // 1000)
    found = data().record(day, ms_of_day)
    statuses = [*found.statuses, *(m for m in more if isinstance(m, Status))]
    instruments = [*found.instruments, *(m for m in more if isinstance(m, Instrument))]
    found = msgspec.structs.replace(found, statuses=statuses, instruments=instruments)
    return Raw("VN", at, "ingest", "reference", "VN", msgspec.json.encode(found))


def tick(at: int) -> Raw:
    return Raw("VN", at, "ingest", "tick", "VN", TICK)


def vendor(at: int, message: bytes, feed: str = "ssi") -> Raw:
    _, channel, key, value = FEEDS[feed].route("VN", message)
    return Raw("VN", at, feed, channel, key, value)


def told(engine: Engine, raws: Iterable[Raw]) -> list[tuple[str, str]]:
    """(exchange, phase) of the broadcasts, in order."""
    return [
        (m.exchange, str(m.phase))
        for raw in raws
        for m in engine.decode(raw).messages
        if isinstance(m, Status) and m.symbol == "*"
    ]


def made(done: Decoded, kind: type[Any]) -> Any:
    [found] = [m for m in done.messages if isinstance(m, kind)]
    return found


@pytest.mark.parametrize(
    ("time", "phases"),
    [
        ("08:44:59", ("pre_open", "pre_open", "pre_open", "pre_open")),
        ("08:50:00", ("pre_open", "pre_open", "pre_open", "ato")),
        ("09:05:00", ("ato", "continuous", "continuous", "continuous")),
        ("10:30:00", ("continuous",) * 4),
        ("11:31:00", ("break",) * 4),
        ("13:00:05", ("continuous",) * 4),
        ("14:35:00", ("atc", "atc", "continuous", "atc")),
        ("14:46:00", ("put_through", "plo", "continuous", "closed")),
        ("14:50:00", ("put_through", "plo", "continuous", "closed")),
        ("15:00:00", ("closed",) * 4),
        ("23:59:00", ("closed",) * 4),
    ],
)
def test_a_start_at_any_time_has_the_phases_of_that_time_and_each_later_one_once(
    time: str, phases: Sequence[str]
) -> None:
    engine, at = Engine(["VN"]), us(time)
    assert told(engine, [image(at), tick(at + 1)]) == list(zip(EXCHANGES, phases, strict=True))
    minutes = [tick(us(f"{h:02}:{m:02}:00.5")) for h in range(24) for m in range(60)]
    whole = Engine(["VN"])
    whole.decode(image(us("00:00:00")))
    every = [m for raw in minutes for m in whole.decode(raw).messages if isinstance(m, Status)]
    later = [(m.exchange, m.phase) for m in every if m.ts_ms > at // 1000]
    assert told(engine, [raw for raw in minutes if raw.seq > at]) == later


@pytest.mark.parametrize("day", [HOLIDAY, "2026-07-25", "2026-11-24"])
@pytest.mark.parametrize("first", ["00:00:00", "08:30:00", "09:20:00", "15:30:00", "23:59:00"])
def test_a_holiday_or_weekend_is_closed_whenever_its_first_record_comes(
    day: str, first: str
) -> None:
    """2026-11-24 is a holiday that no source confirms."""
    engine = Engine(["VN"])
    before = us("10:00:00", "2026-07-24" if day == "2026-07-25" else "2026-09-01")
    if day == "2026-11-24":
        before = us("10:00:00", "2026-11-23")
    told(engine, [image(before), tick(before + 1)])
    times = [us(f"{h:02}:{m:02}:30", day) for h in range(24) for m in range(60)]
    at = us(first, day)
    said = told(engine, [image(at), *(tick(t) for t in times if t > at)])
    assert said == [(exchange, "closed") for exchange in EXCHANGES]


def test_the_day_after_a_holiday_begins_before_the_opening() -> None:
    engine = Engine(["VN"])
    told(engine, [image(us("10:00:00", HOLIDAY))])
    said = told(engine, [image(us("08:50:00", "2026-09-03"))])
    assert dict(said)["DERIVATIVES"] == "ato"
    assert dict(said)["HOSE"] == "pre_open"


def test_without_reference_data_a_day_is_one_of_trading_from_monday_to_friday() -> None:
    engine = Engine(["VN"])
    friday = told(engine, [tick(us("08:59:00", "2026-07-24")), tick(us("09:00:01", "2026-07-24"))])
    assert ("HOSE", "ato") in friday
    weekend = [tick(us("09:00:01", f"2026-07-{day}")) for day in (25, 26)]
    assert {phase for _, phase in told(engine, weekend)} == {"closed"}


def test_a_print_of_a_holiday_is_kept_and_closed_unless_the_exchange_says_otherwise() -> None:
    engine, at = Engine(["VN"]), us("10:00:00", HOLIDAY)
    engine.decode(image(at))
    day = {"TradingDate": "02/09/2026", "Time": "10:00:00"}
    first = engine.decode(vendor(at + 1, trade(100, 100, **day)))
    assert made(first, Trade).phase == "closed"
    assert (first.dead, first.dropped) == ([], [])
    engine.decode(vendor(at + 2, status("LO", "10:00:00", TradingDate="02/09/2026")))
    second = engine.decode(vendor(at + 3, trade(100, 200, **day)))
    assert made(second, Trade).phase == "continuous"


def of_symbol(symbol: str, **fields: Any) -> Instrument:
    base = {"feed": "", "seq": 0, "ts_ms": 0, "venue": "VN", "exchange": "HOSE", "kind": "stock"}
    return Instrument(symbol=symbol, **(base | fields))


def said_of(symbol: str, phase: str) -> Status:
    return Status(
        symbol=symbol, feed="", seq=0, ts_ms=0, venue="VN", exchange="HOSE", phase=phase  # type: ignore[arg-type]
    )  # fmt: skip


def test_a_restricted_stock_trades_in_call_auctions_all_day() -> None:
    engine = Engine(["VN"])
    engine.decode(image(us("08:50:00"), said_of("HPG", "periodic")))
    at = us("13:36:00")
    assert made(engine.decode(vendor(at, trade(100, 100))), Trade).phase == "periodic"
    engine.decode(vendor(at + 1, status("LO", "13:36:00")))
    late = engine.decode(vendor(at + 2, quote((21700.0, 100), (21750.0, 100))))
    assert made(late, Quote).phase == "periodic", "the vendor has no code for it"
    engine.decode(vendor(at + 3, status("LO", "13:36:01", code="H")))
    over = {"Time": "13:36:02"}
    halted = engine.decode(vendor(at + 4, quote((21700.0, 200), (21750.0, 100), **over)))
    assert made(halted, Quote).phase == "halted"


@pytest.mark.parametrize(
    "said", [of_symbol("HPG", trading_status="S"), said_of("HPG", "halted")], ids=lambda m: type(m)
)
def test_a_symbol_suspended_by_reference_data_is_halted_until_the_exchange_says_otherwise(
    said: MarketMessage,
) -> None:
    engine, at = Engine(["VN"]), us("13:36:00")
    engine.decode(image(at - 60_000_000, said))
    first = engine.decode(vendor(at, quote((21700.0, 100), (21750.0, 100))))
    assert made(first, Quote).phase == "halted"
    engine.decode(vendor(at + 1, status("LO", "13:36:01")))
    over = {"Time": "13:36:02"}
    second = engine.decode(vendor(at + 2, quote((21700.0, 200), (21750.0, 100), **over)))
    assert made(second, Quote).phase == "continuous"


def test_the_exchange_of_a_symbol_is_the_vendors_then_the_reference_datas() -> None:
    """UPCoM is continuous at 14:35, HOSE in its closing auction."""
    at, late = us("14:35:00"), {"Time": "14:35:00", "MarketId": "", "TradingStatus": "N"}
    unsaid = trade(100, 100, **late, Exchange="")
    said = trade(100, 100, **late, Exchange="HOSE")

    def phase(message: bytes, *known: MarketMessage) -> str:
        engine = Engine(["VN"])
        engine.decode(image(at - 1_000_000, *known))
        return str(made(engine.decode(vendor(at, message)), Trade).phase)

    upcom = of_symbol("HPG", exchange="UPCOM")
    assert phase(unsaid, upcom) == "continuous"
    assert phase(said, upcom) == "atc"
    assert phase(unsaid) == "atc"


def test_the_days_reference_price_judges_the_first_quote() -> None:
    """HPG's of 20 July 2026 is 21,850; a first book at 217,500 is absurd."""
    engine, at = Engine(["VN"]), us("13:36:00")
    engine.decode(image(at - 1))
    wrong = engine.decode(vendor(at, quote((2170.0, 100), (217500.0, 100))))
    assert [d.partition(":")[0] for d in wrong.dead] == ["absurd_price"]
    assert made(engine.decode(vendor(at + 1, quote((21700.0, 100), (21750.0, 9)))), Quote)


@pytest.mark.parametrize(
    ("symbol", "multiplier"), [("41I1GC000", 100_000), ("41B5GC000", 10_000), ("HPG", 1)]
)
def test_the_value_missing_in_a_gap_has_the_contracts_multiplier(
    symbol: str, multiplier: int
) -> None:
    engine, at = Engine(["VN"]), us("13:36:00")
    engine.decode(image(at - 1))
    limits = {"Ceiling": 0, "Floor": 0, "Exchange": "", "MarketId": "", "Symbol": symbol}
    price, value = 2000.0, 2000.0 * multiplier
    for seq, (volume, total) in enumerate([(5, 5), (5, 20)]):
        message = trade(volume, total, price, **limits, TotalVal=total * value)
        done = engine.decode(vendor(at + seq, message))
    assert made(done, Gap).missing_volume == 10
    assert made(done, Gap).missing_value == 10 * value


def test_a_multiplier_in_reference_data_wins_over_the_codes() -> None:
    engine, at = Engine(["VN"]), us("13:36:00")
    known = of_symbol("41I1GC000", exchange="DERIVATIVES", kind="future", multiplier=50_000.0)
    engine.decode(image(at - 1, known))
    limits = {"Ceiling": 0, "Floor": 0, "Symbol": "41I1GC000"}
    message = trade(5, 20, 2000.0, **limits, TotalVal=20 * 2000.0 * 50_000)
    assert made(engine.decode(vendor(at, message)), Gap).missing_value == 15 * 2000 * 50_000


def day_and_next() -> list[Raw]:
    """Two days, the second of which is a holiday by reference data alone."""
    monday, tuesday = us("13:36:00"), us("08:30:00", "2026-07-21")
    found = data().record(date(2026, 7, 21), 30_600_000)
    closed = [msgspec.structs.replace(s, phase="closed") for s in found.statuses]
    off = msgspec.structs.replace(found, trading_day=False, statuses=closed)
    tomorrow = {"TradingDate": "21/07/2026", "Time": "10:00:00"}
    return [
        image(monday, said_of("HPG", "periodic")),
        vendor(monday + 1, trade(100, 100)),
        vendor(monday + 2, quote((21700.0, 100), (21750.0, 100))),
        tick(us("15:00:01")),
        Raw("VN", tuesday, "ingest", "reference", "VN", msgspec.json.encode(off)),
        vendor(us("10:00:01", "2026-07-21"), trade(300, 400, **tomorrow)),
        vendor(us("10:00:02", "2026-07-21"), envelope("F", {"Symbol": "HPG"})),
        image(us("08:50:00", "2026-07-22")),
        tick(us("09:00:01", "2026-07-22")),
    ]


def test_cut_anywhere_and_restored_it_gives_the_same() -> None:
    raws = day_and_next()
    whole = Engine(["VN"])
    wanted = [whole.decode(raw) for raw in raws]
    assert [d.dead for d in wanted if d.dead] == []
    for cut in range(len(raws)):
        first, second = Engine(["VN"]), Engine(["VN"])
        for raw in raws[:cut]:
            first.decode(raw)
        second.restore(msgspec.json.decode(msgspec.json.encode(first.state())))
        assert [second.decode(raw) for raw in raws[cut:]] == wanted[cut:]


def test_at_a_day_roll_chains_facts_and_phases_begin_anew() -> None:
    engine = Engine(["VN"])
    done = [engine.decode(raw) for raw in day_and_next()]
    roll = done[5]
    assert made(roll, Trade).phase == "closed", "no longer periodic, and the day is off"
    gap = made(roll, Gap)
    assert (gap.cause, gap.missing_volume) == ("late_start", 100)


def test_the_trading_day_is_in_the_record() -> None:
    for day, trading in ((date(2026, 7, 20), True), (date(2026, 9, 2), False)):
        record = msgspec.json.decode(msgspec.json.encode(data().record(day)), type=Reference)
        assert record.trading_day is trading
