"""
Answers of v3's REST, /api/v3/data/: bars, master data, indices, securities.

As in real replies: bars are stamped at their start, newest first, empty ones absent, numbers are
strings, `value` is close x volume; an empty answer is `{"code": 204}`.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from services.simulator.core.indices import weight
from services.simulator.core.plan import Plan
from services.simulator.core.prices import TENTHS, limits
from services.simulator.core.universe import INDICES, Instrument
from services.simulator.serve import securities
from services.simulator.serve.day_so_far import DaySoFar
from services.simulator.serve.v3 import frames
from services.simulator.serve.v3.topics import BOARDS

Row = dict[str, Any]
Asked = Mapping[str, str]
Answer = Row | list[Row]
EMPTY: Row = {"code": 204, "msg": "No content"}
_FRAMES = {"1m": 1, "3m": 3, "5m": 5, "15m": 15, "1h": 60, "1d": 24 * 60}
_INDEX_BOARDS = dict(zip(INDICES, ("HOSE", "HOSE", "HNX", "UPCOM"), strict=True))
_TYPES = {"stock": "ST", "etf": "EF", "cw": "CW", "future": "FU"}


class Refusal(Exception):
    """The request is wrong; `code` is SSI's."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


class Answers:
    """Of one day's market; each raises Refusal for what it cannot understand."""

    def __init__(self, plan: Plan, so_far: DaySoFar) -> None:
        self._plan, self._so_far = plan, so_far
        self._known = {each.symbol: each for each in plan.instruments}
        self._today = f"{plan.day.date:%Y/%m/%d}"
        self.requests: dict[str, Callable[[Asked], Answer]] = {
            "ohlc": self._ohlc,
            "masterdata": self._master,
            "indexlist": self._indices,
            "indexsummary": self._index_summary,
            "securitiesbyboard": self._securities,
            "securitiessummary": self._summaries,
        }

    def _ohlc(self, asked: Asked) -> Answer:
        minutes = _FRAMES.get(asked.get("timeFrame", ""))
        if minutes is None:
            raise Refusal(400210, f"timeFrame must be one of {', '.join(_FRAMES)}")
        first, last = (_moment(asked.get(name, "")) for name in ("from", "to"))
        symbol, rows = asked.get("symbol", "").upper(), list[Row]()
        for bar in self._so_far.bars(symbol, minutes):
            minute = int(bar.time[:2]) * 60 + int(bar.time[3:5])
            minute -= minute % minutes
            start = f"{self._today} {minute // 60:02}:{minute % 60:02}:00"
            if first <= datetime.strptime(start, _FORM) <= last:  # noqa: DTZ007  # local, as asked
                rows.append({
                    "symbol": symbol, "tradingDate": start, **_priced(bar[1:5]),
                    "volume": str(bar.volume), "value": _text(bar.close * bar.volume),
                })  # fmt: skip
        page = _page(rows[::-1], asked)
        return page if page["data"] else EMPTY

    def _master(self, asked: Asked) -> Answer:
        if not self._covers(asked):
            return EMPTY
        rows = []
        for about in self._plan.instruments:
            unit = _unit(about)
            bounds = limits(about.reference, about.exchange, about.kind, about.band)
            rows.append({
                "board": BOARDS[about.exchange], "symbol": about.symbol,
                "tradingDate": self._today, "ceiling": _text(max(bounds) / unit),
                "floor": _text(min(bounds) / unit), "refPrice": _text(about.reference / unit),
            })  # fmt: skip
        return _page(rows, asked)

    def _indices(self, asked: Asked) -> Answer:
        board = asked.get("board", "").upper()
        found = [
            {"index": name, "indexName": name, "board": own}
            for name, own in _INDEX_BOARDS.items()
            if board in ("", own)
        ]
        return found or EMPTY

    def _index_summary(self, asked: Asked) -> Answer:
        wanted, board = asked.get("index", "").upper(), asked.get("board", "").upper()
        day = asked.get("tradingDate", "").replace("-", "/")
        if day not in ("", self._today):
            return EMPTY
        found = []
        for name, own in _INDEX_BOARDS.items():
            said = self._so_far.content("MI", name)
            if said and wanted in ("", name.upper()) and board in ("", own):
                row = frames.summary(said)
                found.append({key: _written(value) for key, value in row.items()})
        return found or EMPTY

    def _securities(self, asked: Asked) -> Answer:
        found = [
            {
                "symbol": about.symbol,
                "board": BOARDS[about.exchange],
                "index": asked.get("index", ""),
                "symbolNameVi": f"Cổ phiếu {about.symbol}",
                "symbolNameEn": f"{about.symbol} (simulated)",
                "lotSize": str(about.lot),
                "maturityDate": "" if about.expiry is None else f"{about.expiry:%Y/%m/%d}",
                "firstTradingDate": "",
                "lastTradingDate": "" if about.expiry is None else f"{about.expiry:%Y/%m/%d}",
                "cwUnderlyingSymbol": about.leads if about.kind == "cw" else "",
                "listedShare": str(about.shares),
                "stockType": _TYPES[about.kind],
            }
            for about in self._chosen(asked)
        ]
        return found or EMPTY

    def _summaries(self, asked: Asked) -> Answer:
        if bool(asked.get("symbol")) == bool(asked.get("index")):
            raise Refusal(400100, "exactly one of symbol and index is needed")
        rows = [self._summary(each) for each in self._chosen(asked)] if self._covers(asked) else []
        page = _page([row for row in rows if row], asked)
        return page if page["data"] else EMPTY

    def _summary(self, about: Instrument) -> Row:
        said = self._so_far.content("X-TRADE", about.symbol)
        if not said or said["TradingDate"] != self._plan.day.written:
            return {}
        foreign = self._so_far.content("R", about.symbol)
        prices = next(self._so_far.bars(about.symbol, 24 * 60), (0.0,) * 5)[1:5]
        figures = {
            "priceChange": said["Change"], "priceChangePercentage": said["RatioChange"],
            "average": said["AvgPrice"], "totalMatch": said["TotalVol"],
            "totalMatchValue": said["TotalVal"], "totalForeignBuy": foreign.get("BuyVol", 0),
            "totalForeignBuyValue": foreign.get("BuyVal", 0),
            "totalForeignSell": foreign.get("SellVol", 0),
            "totalForeignSellValue": foreign.get("SellVal", 0),
            "remainForeignRoom": foreign.get("CurrentRoom", 0),
            "totalForeignRoom": foreign.get("TotalRoom", 0),
            "openInterest": self._so_far.open_interest(about.symbol),
        }  # fmt: skip
        return {
            "symbol": about.symbol, "tradingDate": self._today, **_priced(prices),
            **{name: _text(value) for name, value in figures.items()},
        }  # fmt: skip

    def _chosen(self, asked: Asked) -> list[Instrument]:
        symbol, board, index = (asked.get(key, "").upper() for key in ("symbol", "board", "index"))
        names = [name for name in INDICES if name.upper() == index]
        return [
            each
            for each in self._plan.instruments
            if symbol in ("", each.symbol)
            and board in ("", securities.market(each), each.exchange)
            and (not index or any(weight(each, name) for name in names))
        ]

    def _covers(self, asked: Asked) -> bool:
        today = self._plan.day.date
        days = [_moment(asked[name]).date() for name in ("from", "to") if asked.get(name)]
        bounds: Sequence[date] = days or [today]
        return min(bounds) <= today <= max(bounds)


_FORM = "%Y/%m/%d %H:%M:%S"


def _moment(written: str) -> datetime:
    text = written.strip().replace("-", "/")
    try:
        return datetime.strptime(text if " " in text else f"{text} 00:00:00", _FORM)  # noqa: DTZ007
    except ValueError as e:
        raise Refusal(400100, f"must be like 2026/11/20 09:00:00, was {written!r}") from e


def _page(rows: Sequence[Row], asked: Asked) -> Row:
    try:
        index, size = int(asked.get("pageIndex", 1)), int(asked.get("pageSize", 10))
    except ValueError as e:
        raise Refusal(400100, "pageIndex and pageSize must be numbers") from e
    if index < 1 or size < 1:
        raise Refusal(400100, "pageIndex and pageSize must be at least 1")
    return {
        "pageSize": size, "pageIndex": index, "pagesCount": -(-len(rows) // size),
        "data": list(rows[(index - 1) * size : index * size]),
    }  # fmt: skip


def _unit(about: Instrument) -> int:
    return TENTHS if about.kind == "future" else 1


def _priced(prices: Sequence[float]) -> Row:
    return dict(zip(("open", "high", "low", "close"), map(_text, prices), strict=True))


def _text(value: float) -> str:
    return str(frames.number(value))


def _written(value: Any) -> Any:
    return _text(value) if isinstance(value, (int, float)) else value
