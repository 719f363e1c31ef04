"""
VNINDEX, VN30 and the indices of HNX and UPCoM, from the desks' own trades.

Value = prior * sum(price * weight) / sum(reference * weight). Weights are listed shares; in
VN30 those of the free float under the cap of 10 %. Groups of desks each count their own
instruments, and what they counted is added up, so the sum does not depend on the groups.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from services.simulator.core.day import INDEX_FROM, INDEX_TO, SESSIONS, SLOT_NS, Exchange, time_of
from services.simulator.core.desk import Desk
from services.simulator.core.message import Message
from services.simulator.core.plan import Plan
from services.simulator.core.transit import LATENCY_NS
from services.simulator.core.universe import INDICES, VN30_PRIOR, Instrument
from services.simulator.core.wire.ssi_v2_forms import bar, enveloped

PRIORS = {"VNINDEX": 1787_45, "VN30": VN30_PRIOR, "HNXIndex": 262_31, "HNXUpcomIndex": 117_52}
"""Hundredths of a point."""
_EXCHANGES: dict[str, Exchange] = {
    "VNINDEX": "HOSE", "VN30": "HOSE", "HNXIndex": "HNX", "HNXUpcomIndex": "UPCOM",
}  # fmt: skip

CAPITAL, EXPECTED, VOLUME, VALUE, AGREED_VOLUME, AGREED_VALUE = range(6)
ADVANCES, DECLINES, UNCHANGED, CEILINGS, FLOORS = range(6, 11)
_COLUMNS = 11
_FIRST, _LAST = INDEX_FROM // SLOT_NS - 1, INDEX_TO // SLOT_NS - 1
Sums = list[int]
"""One number a column, of one index at the end of one slot."""


def weight(instrument: Instrument, index: str) -> int:
    """How often an instrument's price counts in an index, 0 when it is no member."""
    if instrument.exchange != _EXCHANGES[index] or instrument.kind != "stock":
        return 0
    if index == "VN30":
        return instrument.shares * instrument.free_float * instrument.cap // 100_000
    return instrument.shares


class Counter:
    """What one group of desks adds to one index."""

    def __init__(self, index: str, desks: Sequence[Desk]) -> None:
        own = {desk.instrument.number: weight(desk.instrument, index) for desk in desks}
        self._own = {number: each for number, each in own.items() if each}
        self._seen: dict[int, Sums] = {}
        self._sums = [0] * _COLUMNS
        for desk in desks:
            self.count(desk)

    def count(self, desk: Desk) -> None:
        """A desk's figures changed."""
        number = desk.instrument.number
        own = self._own.get(number)
        if own is None:
            return
        now, before = _figures(desk, own), self._seen.get(number)
        sums = self._sums
        for column in range(_COLUMNS):
            sums[column] += now[column] - (before[column] if before else 0)
        self._seen[number] = now

    def sums(self) -> Sums:
        """As they stand."""
        return self._sums.copy()


def _figures(desk: Desk, own: int) -> Sums:
    trading = desk.trading
    last, prices = trading.last, trading.ladder.prices
    reference = desk.instrument.reference
    price = reference if last.price is None else prices[last.price]
    expected = price if trading.expected is None else prices[trading.expected]
    traded = last.price is not None
    return [
        price * own, expected * own, last.total_volume, last.value,
        trading.agreed_volume, trading.agreed_value,
        int(traded and price > reference), int(traded and price < reference),
        int(traded and price == reference),
        int(traded and price == prices[-1]), int(traded and price == prices[0]),
    ]  # fmt: skip


class Value(NamedTuple):
    """An index as it is published: `value` and `expected` in hundredths of a point."""

    value: int
    expected: int | None
    sums: Sums


def bases(plan: Plan) -> dict[str, int]:
    """Of each index the capital at the reference prices, 0 when it has no member."""
    return {
        name: sum(each.reference * weight(each, name) for each in plan.instruments)
        for name in INDICES
    }


def published(index: str, slot: int, sums: Sums, base: int) -> Value:
    """What is said of an index at the end of a slot; expected only while an auction is on."""
    auction = _code(index, slot) in ("ATO", "ATC")
    expected = _value(index, sums[EXPECTED], base) if auction else None
    return Value(_value(index, sums[CAPITAL], base), expected, sums)


def published_slots() -> range:
    """The slots at whose end indices are published."""
    return range(_FIRST, _LAST + 1)


def total(parts: Iterable[Sums]) -> Sums:
    """What groups counted, added up."""
    return [sum(column) for column in zip(*parts, strict=True)]


def _value(index: str, capital: int, base: int) -> int:
    """Hundredths of a point, rounded."""
    return (PRIORS[index] * capital * 2 + base) // (base * 2) if base else PRIORS[index]


class Publisher:
    """MI of all indices that have members, every 5 s; B of their growth when it is written."""

    def __init__(self, plan: Plan) -> None:
        self._bases = bases(plan)
        self._date, self._channels = plan.day.written, plan.channels
        self._first = len(plan.instruments)
        self._volumes = dict.fromkeys(INDICES, 0)

    def vn30(self, rows: Mapping[str, Sums]) -> int:
        """VN30 in hundredths of a point."""
        return _value("VN30", rows["VN30"][CAPITAL], self._bases["VN30"])

    def messages(self, slot: int, rows: Mapping[str, Sums]) -> list[Message]:
        """Those of the end of a slot; `rows` are the sums of each index."""
        found: list[Message] = []
        if slot not in published_slots():
            return found
        for place, name in enumerate(INDICES):
            base, sums = self._bases[name], rows[name]
            if not base:
                continue
            end = (slot + 1) * SLOT_NS
            arrival = end + LATENCY_NS + self._first + place
            if "MI" in self._channels:
                text = _message(name, slot, sums, base, self._date)
                found.append(Message(arrival, "MI", name, text))
            grown = sums[VOLUME] - self._volumes[name]
            self._volumes[name] = sums[VOLUME]
            if "B" in self._channels and grown:
                price = _points(_value(name, sums[CAPITAL], base))
                text = bar(name, self._date) % (time_of(end), *[price] * 4, grown)
                found.append(Message(arrival, "B", name, text))
        return found


def _message(index: str, slot: int, sums: Sums, base: int, date: str) -> str:
    end, code = (slot + 1) * SLOT_NS, _code(index, slot)
    now, expected, _ = published(index, slot, sums, base)
    prior = PRIORS[index]
    closed = code == "C"
    # SSI's VN30 has neither breadth nor a type after the close.
    blank = closed and index == "VN30"
    breadth = [0] * 5 if blank else sums[ADVANCES:]
    volume, amount = sums[VOLUME], sums[VALUE]
    exchange = _EXCHANGES[index]
    text = (
        f'{{"IndexId":"{index}","IndexValue":{_points(now)},"PriorIndexValue":{_points(prior)}'
        f',"TradingDate":"{date}","Time":"{time_of(end)}","TotalTrade":0.0'
        f',"TotalQtty":{volume}.0,"TotalValue":{amount}.0,"IndexName":"{index}"'
        f',"Advances":{breadth[0]},"NoChanges":{breadth[2]},"Declines":{breadth[1]}'
        f',"Ceilings":{breadth[3]},"Floors":{breadth[4]}'
        f',"Change":{_points(now - prior)},"RatioChange":{_points(_ratio(now - prior, prior))}'
        f',"TotalQttyPt":{sums[AGREED_VOLUME]}.0,"TotalValuePt":{sums[AGREED_VALUE]}.0'
        f',"Exchange":"{exchange}","AllQty":{volume + sums[AGREED_VOLUME]}.0'
        f',"AllValue":{amount + sums[AGREED_VALUE]}.0,"IndexType":"{"" if blank else "Main"}"'
        f',"TradingSession":"{code}","MarketId":"{exchange}","RType":"MI"'
        ',"TotalQttyOd":0.0,"TotalValueOd":0.0'
    )
    if expected is not None:
        text += f',"IndexValEst":{_points(expected)}'
    return enveloped("MI", text + "}")


def _code(index: str, slot: int) -> str:
    """The session code at the end of a slot."""
    code = "C"
    for start, announced in SESSIONS[_EXCHANGES[index]]:
        code = announced if start <= (slot + 1) * SLOT_NS else code
    return code


def _ratio(change: int, prior: int) -> int:
    """Hundredths of a percent, rounded."""
    return (abs(change) * 20_000 + prior) // (prior * 2) * (1 if change >= 0 else -1)


def _points(hundredths: int) -> str:
    return repr(hundredths / 100)
