"""
A simulated day through foreign flow, derivatives and the BUSD flow, against the exchange's truth.

Prices, values and sums are those of the truth files. The recording's lines say only what the
truth cannot: when a message came, and which side the vendor published of a print.
"""

import io
import json
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pyarrow.parquet as pq
import pytest
import zstandard

from schemas.basis import Basis
from schemas.busd_forecasts import BusdForecast
from schemas.busd_partials import BusdPartial
from schemas.busd_patterns import BusdPattern
from schemas.foreign_flow import ForeignFlow
from services.analytics.busd_app import build as build_busd
from services.analytics.busd_merge_app import build as build_merge
from services.foreign.app import SERVICE as FOREIGN
from services.runtime.partition import Partition
from services.runtime.settings import Settings
from services.simulator.truth_series import INDICES
from tests.support.index_run import recorded
from tests.support.vn_day_run import Outputs, local_us
from tests.unit.derivatives.support import service as derivatives
from tests.unit.simulator.exchange_day import FRIDAY, plan, truth_day, truth_trades
from tests.unit.simulator.exchange_day import recorded as record

DAY = FRIDAY.isoformat()
SCALE = 0.02
SECOND_NS = 10**9
MIN_VOLUME, WINDOW_S, OCCURRENCES = 200, 300, 5
CUTOFF_S = local_us("14:40:00", DAY) // 10**6


class Heard(NamedTuple):
    """When a message came, ns since the epoch, and what it said."""

    ns: int
    said: dict[str, Any]


class Played:
    """The day: its truth, its lines by plain JSON, and the messages that ingest makes of them."""

    def __init__(self, folder: Path) -> None:
        self.day = truth_day(folder)
        self.prints = truth_trades(folder)
        self.indices = pq.read_table(folder / INDICES).to_pylist()
        self.market = list(recorded(folder / "manifest.json"))
        self._folder = folder

    def lines(self, kind: str) -> Iterator[Heard]:
        """Today's messages of a kind, of a recording's files one after the other."""
        for file in sorted(self._folder.glob("ssi-*.zst")):
            with zstandard.open(file, "rb") as stream:
                for line in io.TextIOWrapper(stream):
                    stamp, _, text = line.partition(" ")
                    said = json.loads(json.loads(text)["Content"])
                    if said["RType"] == kind and said["TradingDate"] == f"{FRIDAY:%d/%m/%Y}":
                        yield Heard(int(stamp), said)

    @cached_property
    def told(self) -> dict[tuple[str, int], Heard]:
        """(symbol, total volume with it) -> the message of a main-board print."""
        every = ((h.said["Symbol"], round(h.said["TotalVol"]), h) for h in self.lines("X-TRADE"))
        found: dict[tuple[str, int], Heard] = {}
        for symbol, total, heard in every:
            if total:
                found.setdefault((symbol, total), heard)
        return found

    @cached_property
    def basis(self) -> list[Basis]:
        return Outputs(derivatives(), self.market).of(Basis)

    @cached_property
    def busd(self) -> Outputs:
        return Outputs(build_busd(Settings()), self.market)


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Without quotes, which no figure here is made of."""
    folder = tmp_path_factory.mktemp("day")
    record(plan(scale=SCALE, channels=frozenset({"F", "X-TRADE", "R", "MI"})), folder)
    return Played(folder)


class Standing(NamedTuple):
    """What a second of a contract must say."""

    future: float | None
    spot: float | None
    kind: str


class Expected:
    """Futures and the index from the truth alone, by when it was told."""

    def __init__(self, day: Played) -> None:
        self.prints: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for each in day.prints:
            symbol = each["symbol"]
            if day.day["symbols"][symbol]["kind"] == "future":
                came = day.told[symbol, each["total_volume"]].ns
                self.prints[symbol].append((came, each["price"]))
        told = [h for h in day.lines("MI") if h.said["IndexId"] == "VN30"]
        true = [row for row in day.indices if row["index"] == "VN30"]
        opens = local_us("09:15:00", DAY) * 1000
        self.spots: list[tuple[int, float, str]] = []
        for heard, row in zip(told, true, strict=True):
            early = row["time_ns"] < opens
            value = row["expected"] if early else row["value"]
            self.spots.append((heard.ns, value, "estimated_ato" if early else "published"))

    def at(self, symbol: str, ns: int) -> Standing:
        """The last of both that came before an instant."""
        prints = self.prints[symbol]
        last = bisect_left(prints, (ns,))
        future = prints[last - 1][1] if last else None
        last = bisect_left(self.spots, (ns,))
        _, spot, kind = self.spots[last - 1] if last else (0, None, "none")
        return Standing(future, spot, kind)


def test_every_row_of_basis_is_the_last_true_print_less_the_last_true_value(day: Played) -> None:
    expected = Expected(day)
    for row in day.basis:
        want = expected.at(row.symbol, row.seq * 1000)
        assert (row.future, row.spot, row.spot_kind) == want, row
        known = want.future is not None and want.spot is not None
        basis = want.future - want.spot if known else None  # type: ignore[operator]
        assert row.basis == (None if basis is None else pytest.approx(basis, abs=1e-6))
    print(f"\n{len(day.basis)} rows, {sum(map(len, expected.prints.values()))} prints")
    assert Counter(row.symbol for row in day.basis).keys() == expected.prints.keys()
    assert len(day.basis) > 4000


def test_no_change_of_a_future_or_of_the_index_is_without_its_row(day: Played) -> None:
    """At every second between the first and the last row of a contract the newest one holds."""
    expected = Expected(day)
    for symbol in expected.prints:
        rows = [row for row in day.basis if row.symbol == symbol]
        for row, later in pairwise(rows):
            for ns in range(row.seq * 1000, later.seq * 1000, SECOND_NS):
                assert expected.at(symbol, ns) == (row.future, row.spot, row.spot_kind)


def test_the_index_is_an_estimate_until_the_first_value_of_continuous_trading(day: Played) -> None:
    def kinds(begin: str, end: str) -> set[str]:
        span = local_us(begin, DAY), local_us(end, DAY)
        return {row.spot_kind for row in day.basis if span[0] < row.seq <= span[1]}

    assert kinds("08:45:00", "09:00:00") == {"none"}
    assert kinds("09:00:01", "09:15:00") == {"estimated_ato"}
    assert kinds("09:15:01", "15:10:00") == {"published"}


class Counted(NamedTuple):
    """A print that counts in the BUSD flow, by the rule's own words; `came` in ns."""

    symbol: str
    second: int
    side: str
    volume: int
    value: int
    occurrences: int
    came: int


def counted(day: Played) -> list[Counted]:
    """Each print of the HOSE's main board beside all earlier ones of its stock and volume."""
    earlier: dict[tuple[str, int], list[int]] = defaultdict(list)
    found = []
    for each in day.prints:
        symbol, volume, second = each["symbol"], each["volume"], each["time_ns"] // SECOND_NS
        about = day.day["symbols"][symbol]
        if about["exchange"] != "HOSE" or each["total_volume"] is None:
            continue
        came, said = day.told[symbol, each["total_volume"]]
        side = {"BU": "buy", "SD": "sell", None: None}[said["Side"]]
        if side is None or volume < MIN_VOLUME or second >= CUTOFF_S:
            continue
        seconds = earlier[symbol, volume]
        seconds.append(second)
        times = sum(second - WINDOW_S <= other <= second for other in seconds)
        if times >= OCCURRENCES:
            value = round(each["price"] * volume)
            found.append(Counted(symbol, second, side, volume, value, times, came))
    return found


def test_busd_patterns_are_those_of_the_rule_by_brute_force(day: Played) -> None:
    want = counted(day)
    patterns = sorted(day.busd.of(BusdPattern), key=lambda p: p.seq)
    got = [
        (p.symbol, p.ts_ms // 1000, p.side, p.volume, p.value, p.occurrences) for p in patterns
    ]  # fmt: skip
    assert sorted(got) == sorted(each[:-1] for each in want)
    print(f"\n{len(want)} of {len(day.prints)} prints count")
    assert len(want) > 100
    sums: Counter[tuple[str, str]] = Counter()
    for p in patterns:
        sums[p.symbol, p.side] += p.value
        bu, sd = sums[p.symbol, "buy"], sums[p.symbol, "sell"]
        assert (p.bu, p.sd, p.busd) == (bu / 1e9, sd / 1e9, (bu - sd) / 1e9)


def test_the_busd_flow_of_the_market_is_at_every_row_what_counted_until_then(day: Played) -> None:
    want, found = counted(day), list[bytes]()
    merge = Partition(build_merge(Settings()), {BusdForecast: lambda _, v: found.append(v)}, [])
    for offset, partial in enumerate(sorted(day.busd.of(BusdPartial), key=lambda p: p.seq)):
        merge.run(offset, [partial])
    for row in (msgspec.json.decode(value, type=BusdForecast) for value in found):
        until = [each for each in want if each.came < row.seq * 1000]
        bought = sum(each.value for each in until if each.side == "buy")
        sold = sum(each.value for each in until if each.side == "sell")
        assert (row.trades, row.bu_current, row.sd_current, row.busd_current) == (
            len(until), bought / 1e9, sold / 1e9, (bought - sold) / 1e9
        )  # fmt: skip
    assert row.trades == len(want)
    assert len(found) > 250


def test_the_last_row_of_foreign_flow_is_the_true_total_of_the_day(day: Played) -> None:
    """Values of the HOSE are volume x last price as the vendor has them: within 1 %."""
    last = {row.symbol: row for row in Outputs(FOREIGN, day.market).of(ForeignFlow)}
    true = {name: each["foreign"] for name, each in day.day["symbols"].items()}
    assert last.keys() == {heard.said["Symbol"] for heard in day.lines("R")}
    for silent in true.keys() - last.keys():
        assert true[silent]["buy_volume"] == true[silent]["sell_volume"] == 0
    for name, row in last.items():
        bought, sold = true[name]["buy_volume"], true[name]["sell_volume"]
        assert (row.buy_volume, row.sell_volume, row.net_volume) == (bought, sold, bought - sold)
        values = (true[name]["buy_value"], true[name]["sell_value"])
        near = 0.0 if row.value_basis == "vendor" else 0.01
        assert (row.buy_value, row.sell_value) == pytest.approx(values, rel=near)
    assert {row.value_basis for row in last.values()} == {"vendor", "price_times_volume"}
