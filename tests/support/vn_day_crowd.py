"""Two scripted Vietnamese days of many symbols: the load under which services are killed."""

import csv
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.support.stack import ROOT
from tests.support.vn_day import Script
from tests.support.vn_day_listing import Listing
from tests.support.vn_day_scripts import FUTURE, VN30, VN30_PRIOR, VNINDEX, VNINDEX_PRIOR, seconds

DAYS = ("2026-07-16", "2026-07-17")
STEP_S = 61
"""Between bursts: more than a minute, so that a day has some hundred clocks and not 22,500."""


def listings(count: int) -> list[Listing]:
    """`count` made-up stocks, every third of HNX, and a future."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    made = [FUTURE]
    for i in range(count):
        exchange, reference = ("HNX", "HOSE", "HOSE")[i % 3], 20_000.0 + 100 * i
        symbol = f"Z{letters[i // 26]}{letters[i % 26]}"
        made.append(Listing(symbol, exchange, reference, reference + 1400, reference - 1400))
    return made


def crowd(symbols: int = 60, step_s: int = STEP_S) -> Script:
    """
    Both days: auctions, break, PLO; quotes, foreign trading, odd lots, indices.

    In every burst a third of the stocks trade; now and then prints are missing, come twice,
    or are damaged; each morning begins with messages of the day before.
    """
    script = Script(*listings(symbols))
    for number, date in enumerate(DAYS):
        script.day(date)
        _yesterday(script, "15/07/2026" if number == 0 else "16/07/2026")
        bursts = [
            *seconds("08:45:05", 9000 // step_s, step_s),
            # Second by second over the uncross, where an exchange is busiest.
            *seconds("09:15:00", 30),
            *seconds("13:00:01", 7200 // step_s, step_s),
            *seconds("14:45:00", 10),
        ]
        for burst, time in enumerate(sorted(bursts)):
            _burst(script, time, burst + 1000 * number)
        # Rows come with the clock after what they hold, and a clock with a later message.
        script.index("15:05:05", VNINDEX, 1784.0, VNINDEX_PRIOR, 2_000_000)
    return script


def recording(folder: Path, symbols: int = 60, step_s: int = STEP_S) -> Path:
    """The manifest of a crowd's days, in `folder`."""
    return crowd(symbols, step_s).write(folder, "crowd")


def reference_data(folder: Path, symbols: int = 60) -> Path:
    """The repository's reference data with the crowd's stocks and their prices of both days."""
    shutil.copytree(ROOT / "deploy" / "reference-data", folder)
    made = listings(symbols)
    about = [
        {"effective_date": "2026-01-02", "symbol": each.symbol, "exchange": each.exchange,
         "kind": each.kind, "source": "script"}
        for each in made if each.kind == "stock"
    ]  # fmt: skip
    prices = [
        {"effective_date": date, "symbol": each.symbol, "reference": each.reference,
         "ceiling": each.ceiling, "floor": each.floor, "source": "script"}
        for date in DAYS for each in made
    ]  # fmt: skip
    _add(folder / "instruments.csv", about)
    _add(folder / "day-prices.csv", prices)
    return folder


def _add(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Lines stand in the order of their dates."""
    with path.open(newline="") as file:
        known = csv.DictReader(file)
        every = sorted([*known, *rows], key=lambda row: row["effective_date"])
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, known.fieldnames or (), lineterminator="\n")
        writer.writeheader()
        writer.writerows(every)


def _yesterday(s: Script, date: str) -> None:
    for symbol, listing in s.listings.items():
        last: dict[str, Any] = {
            "LastPrice": listing.reference,
            "LastVol": 100.0,
            "TotalVol": 9_000_000.0,
        }
        s.trade("14:45:00", symbol, listing.reference, 0, received="08:30:00",
                TradingDate=date, **last)  # fmt: skip


def _burst(s: Script, time: str, burst: int) -> None:
    for i, listing in enumerate(s.listings.values()):
        if (burst + i) % 3 == 0 and _trades(listing, time):
            _stock(s, listing, time, burst, i)
    s.index(time, VNINDEX, round(1780 + burst / 100, 2), VNINDEX_PRIOR, burst * 1000)
    s.index(time, VN30, round(1900 - burst / 100, 2), VN30_PRIOR, burst * 400)
    if burst % 10 == 0:
        s.wire(time, b'{"DataType":"X-TRADE","Content":"{\\"Symbol\\":\\"ZAA\\"')
        s.open_interest(time, FUTURE.symbol, 50_000 + burst)


def _trades(listing: Listing, time: str) -> bool:
    """Auctions print at their end only: HOSE's opening, all stocks' closing. HNX has a PLO."""
    if time < "09:00:00":
        return listing.kind == "future"
    if time > "14:45:00":
        return listing.exchange == "HNX"
    if listing.exchange == "HOSE" and time < "09:15:00":
        return False
    return not "14:30:00" < time < "14:45:00"


def _stock(s: Script, listing: Listing, time: str, burst: int, i: int) -> None:
    symbol, tick = listing.symbol, 0.1 if listing.kind == "future" else 50.0
    price = round(listing.reference + tick * ((burst * 7 + i * 3) % 9 - 4), 1)
    side = ("BU", "SD", None)[(burst + i // 3) % 3]
    lost = 300 if (burst + i) % 97 == 0 else 0
    s.trade(time, symbol, price, 100 * (1 + (burst + i) % 5), side, lost=lost)
    if (burst + i) % 53 == 0:
        s.repeat(time)
    bid = price if side == "SD" else round(price - tick, 1)
    s.quote(time, symbol, ((bid, 100 * (1 + burst % 7)),), ((round(bid + tick, 1), 500),))
    if burst % 7 == i % 7:
        s.foreign(time, symbol, 100 + i, 10 * (burst % 4))
    if burst % 11 == i % 11:
        s.odd_lot(time, symbol, price, 1 + i)
