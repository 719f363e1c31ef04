"""
Answers of SSI FastConnect v2's REST, /api/v2/Market/: envelopes, pages, limits, and its quirks
(numbers are strings; IntradayOhlc's Value is the close, its Time the bar's last trade's).

What no document tells is marked: there the answer is a guess.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from services.simulator.core.plan import Plan
from services.simulator.core.prices import limits
from services.simulator.core.universe import INDICES, Instrument
from services.simulator.serve import securities
from services.simulator.serve.day_so_far import DaySoFar

Row = dict[str, Any]
Params = Mapping[str, str]
"""Query parameters, names in small letters without `lookupRequest.`."""

_SIZES = (10, 20, 50, 100, 500, 1000)
_LAST_PAGE = 10
_RANGE_DAYS = 30
_BAD_DATES = "Date time format dd/MM/yyyy and ('from date' <= 'to date') < now , max range 30 days"


class Refusal(Exception):
    """The request is refused with SSI's error envelope; the text is its message."""


def parameters(query: Mapping[str, str]) -> dict[str, str]:
    """Of a query, with either way to name them."""
    return {name.lower().removeprefix("lookuprequest."): value for name, value in query.items()}


def envelope(rows: Sequence[Row], params: Params) -> Row:
    """
    One page of the rows.

    Raises:
        Refusal: pageIndex or pageSize is not one that SSI has.
    """
    index, size = (
        _number(params.get(name, ""), usual) for name, usual in (("pageindex", 1), ("pagesize", 10))
    )
    if not 1 <= index <= _LAST_PAGE:
        raise Refusal(f"pageIndex must be from 1 to {_LAST_PAGE}")
    if size not in _SIZES:
        raise Refusal(f"pageSize must be one of {', '.join(map(str, _SIZES))}")
    page = list(rows[(index - 1) * size : index * size])
    return {"data": page, "message": "Success", "status": "Success", "totalRecord": len(rows)}


def refused(message: str) -> Row:
    """SSI's error envelope."""
    return {"data": None, "message": message, "status": "Error", "totalRecord": 0}


class Answers:
    """The rows of each request, of one day's market."""

    def __init__(self, plan: Plan, so_far: DaySoFar) -> None:
        self._plan, self._so_far = plan, so_far
        self._known = {each.symbol: each for each in plan.instruments}
        self.requests: dict[str, Callable[[Params], list[Row]]] = {
            "securities": lambda asked: securities.listed(plan, asked.get("market", "")),
            "securitiesdetails": lambda asked: securities.details(
                plan, asked.get("market", ""), asked.get("symbol", "")
            ),
            "indexcomponents": lambda asked: securities.components(
                plan, asked.get("indexcode", "")
            ),
            "indexlist": lambda asked: securities.indices(asked.get("exchange", "")),
            "dailyohlc": self._daily,
            "intradayohlc": self._intraday,
            "dailyindex": self._index,
            "dailystockprice": self._stock_prices,
        }

    def _daily(self, asked: Params) -> list[Row]:
        found = []
        for instrument, figures in self._figures(asked):
            closes = (figures["LastPrice"],) * 4
            today = figures["TradingDate"] == self._plan.day.written
            bars = list(self._so_far.bars(instrument.symbol, 24 * 60)) if today else []
            prices = bars[0][1:5] if bars else closes
            found.append({
                "Symbol": instrument.symbol,
                "Market": securities.market(instrument),
                "TradingDate": figures["TradingDate"],
                "Time": None,
                **_prices(prices),
                "Volume": _written(figures["TotalVol"]),
                "Value": _written(figures["TotalVal"]),
            })  # fmt: skip
        return _ordered(found, asked)

    def _intraday(self, asked: Params) -> list[Row]:
        first, last = self._range(asked)
        symbol = asked.get("symbol", "").upper()
        minutes = _number(asked.get("resolution", ""), 1)
        if minutes < 1:
            raise Refusal("resolution must be at least 1")
        if not first <= self._plan.day.date <= last:
            return []
        found = [
            {
                "Symbol": symbol,
                "Value": _written(bar.close),
                "TradingDate": self._plan.day.written,
                "Time": bar.time,
                **_prices(bar[1:5]),
                "Volume": _written(bar.volume),
            }
            for bar in self._so_far.bars(symbol, minutes)
        ]
        return _ordered(found, asked)

    def _index(self, asked: Params) -> list[Row]:
        first, last = self._range(asked)
        if not first <= self._plan.day.date <= last:
            return []
        wanted = asked.get("indexid", "").upper()
        found = []
        for name in INDICES:
            said = self._so_far.content("MI", name)
            if said and wanted in ("", name.upper()):
                found.append({
                    "IndexId": name,
                    **{
                        field: _written(value) if isinstance(value, (int, float)) else value
                        for field, value in said.items()
                        if field not in ("IndexId", "RType", "MarketId")
                    },
                })  # fmt: skip
        return found

    def _stock_prices(self, asked: Params) -> list[Row]:
        return [
            securities.day_price(
                instrument, figures, self._so_far.content("R", instrument.symbol),
                _limits(instrument), self._day_prices(instrument, figures),
            )
            for instrument, figures in self._figures(asked)
        ]  # fmt: skip

    def _day_prices(self, instrument: Instrument, figures: Row) -> tuple[float, ...]:
        if figures["TradingDate"] != self._plan.day.written:
            return (figures["LastPrice"],) * 4
        for bar in self._so_far.bars(instrument.symbol, 24 * 60):
            return bar[1:5]
        return (0.0,) * 4

    def _figures(self, asked: Params) -> list[tuple[Instrument, Row]]:
        """The last figures of each instrument asked for, when they are of the days asked for."""
        first, last = self._range(asked)
        symbol, wanted = asked.get("symbol", "").upper(), asked.get("market", "").upper()
        found = []
        for instrument in self._plan.instruments:
            if symbol not in ("", instrument.symbol):
                continue
            if wanted not in ("", securities.market(instrument)):
                continue
            said = self._so_far.content("X-TRADE", instrument.symbol)
            if said and first <= _date(said["TradingDate"]) <= last:
                found.append((instrument, said))
        return found

    def _range(self, asked: Params) -> tuple[date, date]:
        today = self._plan.day.date
        try:
            first, last = (
                _date(asked[name]) if asked.get(name) else today for name in ("fromdate", "todate")
            )
        except ValueError as e:
            raise Refusal(_BAD_DATES) from e
        if not first <= last <= today or last - first > timedelta(days=_RANGE_DAYS):
            raise Refusal(_BAD_DATES)
        return first, last


def _number(written: str, usual: int) -> int:
    if not written:
        return usual
    try:
        return int(written)
    except ValueError as e:
        raise Refusal(f"must be a number, was {written!r}") from e


def _date(written: str) -> date:
    return datetime.strptime(written, "%d/%m/%Y").date()  # noqa: DTZ007  # a date has no zone


def _written(value: float) -> str:
    return f"{value:g}" if value != int(value) else str(int(value))


def _prices(values: Sequence[float]) -> Row:
    return dict(zip(("Open", "High", "Low", "Close"), map(_written, values), strict=True))


def _limits(about: Instrument) -> tuple[int, int]:
    return limits(about.reference, about.exchange, about.kind, about.band)


def _ordered(rows: list[Row], asked: Params) -> list[Row]:
    """Newest first unless `ascending` says otherwise."""
    return rows if asked.get("ascending", "").lower() == "true" else rows[::-1]
