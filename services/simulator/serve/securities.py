"""What SSI's REST tells of instruments and indices; all values are strings, as there."""

from collections.abc import Sequence
from typing import Any

from services.simulator.core import futures
from services.simulator.core.indices import weight
from services.simulator.core.plan import Plan
from services.simulator.core.prices import TENTHS
from services.simulator.core.universe import INDICES, Instrument

Row = dict[str, Any]
_MARKETS = {"HOSE": "HOSE", "HNX": "HNX", "UPCOM": "UPCOM", "DERIVATIVES": "DER"}
_TYPES = {"stock": "ST", "etf": "EF", "cw": "CW", "future": "FU"}
_INDEX_EXCHANGES = dict(zip(INDICES, ("HOSE", "HOSE", "HNX", "UPCOM"), strict=True))


def market(about: Instrument) -> str:
    """HOSE, HNX, UPCOM or DER."""
    return _MARKETS[about.exchange]


def listed(plan: Plan, wanted: str) -> list[Row]:
    """Securities of a market, of all when `wanted` is empty."""
    return [
        {
            "Market": market(each),
            "Symbol": each.symbol,
            "StockName": f"Cổ phiếu {each.symbol}",
            "StockEnName": f"{each.symbol} (simulated)",
        }
        for each in plan.instruments
        if wanted.upper() in ("", market(each))
    ]


def details(plan: Plan, wanted: str, symbol: str) -> list[Row]:
    """SecuritiesDetails: one block a security."""
    return [
        {
            "RType": "y",
            "ReportDate": plan.day.written,
            "TotalNoSym": "1",
            "RepeatedInfo": [_detail(each)],
        }
        for each in plan.instruments
        if wanted.upper() in ("", market(each)) and symbol.upper() in ("", each.symbol)
    ]


def _detail(about: Instrument) -> Row:
    future = about.kind == "future"
    expiry = "" if about.expiry is None else f"{about.expiry:%d/%m/%Y}"
    steps = {f"Tick{what}{n}": None for n in range(1, 5) for what in ("Price", "Increment")}
    return {
        "Isin": about.symbol,
        "Symbol": about.symbol,
        "SymbolName": f"Cổ phiếu {about.symbol}",
        "SymbolEngName": f"{about.symbol} (simulated)",
        "SecType": _TYPES[about.kind],
        "MarketId": market(about),
        "Exchange": market(about),
        "Issuer": "",
        "LotSize": str(about.lot),
        "IssueDate": "",
        "MaturityDate": expiry,
        "FirstTradingDate": "",
        "LastTradingDate": expiry,
        "ContractMultiplier": str(futures.MULTIPLIER) if future else "0",
        "SettlMethod": "C" if future else "",
        "Underlying": about.leads,
        "PutOrCall": "C" if about.kind == "cw" else "",
        "ExercisePrice": "0",
        "ExerciseStyle": "",
        "ExcerciseRatio": "",
        "ListedShare": str(about.shares),
        **steps,
    }


def components(plan: Plan, code: str) -> list[Row]:
    """IndexComponents of an index, of all when `code` is empty."""
    found = []
    for name in INDICES:
        members = [each for each in plan.instruments if weight(each, name)]
        if code.upper() not in ("", name.upper()) or not members:
            continue
        found.append({
            "IndexCode": name,
            "IndexName": name,
            "Exchange": _INDEX_EXCHANGES[name],
            "TotalSymbolNo": str(len(members)),
            "IndexComponent": [
                {"Isin": each.symbol, "StockSymbol": each.symbol} for each in members
            ],
        })  # fmt: skip
    return found


def indices(exchange: str) -> list[Row]:
    """IndexList of an exchange, of all when it is empty."""
    return [
        {"IndexCode": name, "IndexName": name, "Exchange": own}
        for name, own in _INDEX_EXCHANGES.items()
        if exchange.upper() in ("", own)
    ]


def day_price(
    about: Instrument, figures: Row, foreign: Row, bounds: tuple[int, int],
    prices: Sequence[float],
) -> Row:  # fmt: skip
    """
    DailyStockPrice of a symbol: its last X-TRADE and R contents, ceiling and floor in the
    ladder's units, and open, high, low and close. Orders are not counted here: those are 0.
    """
    unit = TENTHS if about.kind == "future" else 1
    last = figures["LastPrice"]
    bought, sold = foreign.get("BuyVol", 0), foreign.get("SellVol", 0)
    paid, got = foreign.get("BuyVal", 0), foreign.get("SellVal", 0)
    row = {
        "PriceChange": figures["Change"], "PerPriceChange": figures["RatioChange"],
        "CeilingPrice": max(bounds) / unit, "FloorPrice": min(bounds) / unit,
        "RefPrice": figures["RefPrice"], "OpenPrice": prices[0], "HighestPrice": prices[1],
        "LowestPrice": prices[2], "ClosePrice": last, "AveragePrice": figures["AvgPrice"],
        "ClosePriceAdjusted": last, "TotalMatchVol": figures["TotalVol"],
        "TotalMatchVal": figures["TotalVal"], "TotalDealVal": 0, "TotalDealVol": 0,
        "ForeignBuyVolTotal": bought, "ForeignCurrentRoom": foreign.get("CurrentRoom", 0),
        "ForeignSellVolTotal": sold, "ForeignBuyValTotal": paid, "ForeignSellValTotal": got,
        "TotalBuyTrade": 0, "TotalBuyTradeVol": 0, "TotalSellTrade": 0, "TotalSellTradeVol": 0,
        "NetBuySellVol": bought - sold, "NetBuySellVal": paid - got,
        "TotalTradedVol": figures["TotalVol"], "TotalTradedValue": figures["TotalVal"],
    }  # fmt: skip
    return {
        "TradingDate": figures["TradingDate"],
        **{name: _written(value) for name, value in row.items()},
        "Symbol": about.symbol,
        "Time": None,
    }


def _written(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)
