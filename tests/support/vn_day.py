"""
Whole Vietnamese days as SSI and iBoard would send them, from a script of prints.

It knows the vendors' messages only from their samples and uses nothing of the code under test.
A script states what happened; the cumulative fields (TotalVol, TotalVal, Highest, AvgPrice, R's
volumes) follow here, as they would at the vendor. All numbers are written as floats, as SSI does.
"""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.support.vn_day_listing import Listing, Sums

Levels = tuple[tuple[float, int], ...]
"""(price, volume), best first."""

DELAY_S = 0.2
"""From the exchange's second to the receipt of a message."""


class Script:
    """
    Messages of one or more days; `day` begins each. Call everything in the order of receipt.

    `time` is the exchange's, local "HH:MM:SS"; a message is received DELAY_S later, or at
    `received` (local, of the same day), and never before the one written last. `over` replaces
    fields of the message, for what vendors send wrong; it does not change the sums.
    """

    def __init__(self, *listings: Listing) -> None:
        self.listings = {each.symbol: each for each in listings}
        self._lines: dict[str, list[tuple[int, bytes]]] = {"ssi": [], "iboard": []}
        self._last_us = 0
        self.day("2026-07-20")

    def day(self, date: str) -> None:
        """From here on messages are of this ISO date, and the sums begin anew."""
        self._iso = date
        self._written = "/".join(reversed(date.split("-")))
        self._sums = {symbol: Sums() for symbol in self.listings}

    def trade(
        self,
        time: str,
        symbol: str,
        price: float,
        volume: int,
        side: str | None = None,
        *,
        lost: int = 0,
        received: str = "",
        **over: Any,
    ) -> None:
        """A print; `lost` shares traded before it, at the same price, and were never sent."""
        sums, listing = self._sums[symbol], self.listings[symbol]
        sums.volume += volume + lost
        sums.value += price * (volume + lost) * listing.multiplier
        sums.price, sums.last = price, volume
        sums.highest = max(sums.highest, price)
        sums.lowest = min(sums.lowest or price, price)
        self._send(time, "X-TRADE", self._x_trade(time, symbol, 0.0, side) | over, received)

    def expect(self, time: str, symbol: str, price: float, session: str) -> None:
        """The expected price of an auction changed; nothing traded."""
        content = self._x_trade(time, symbol, price, None)
        self._send(time, "X-TRADE", content | {"TradingSession": session})

    def quote(
        self, time: str, symbol: str, bids: Levels, asks: Levels, *, received: str = "", **over: Any
    ) -> None:
        """The book; levels that are not given are 0.0, as on the wire."""
        listing = self.listings[symbol]
        content: dict[str, Any] = {"TradingDate": self._written, "Time": time}
        content |= {"Exchange": listing.exchange, "Symbol": symbol, "RType": "X-QUOTE"}
        for side, levels in (("Ask", asks), ("Bid", bids)):
            for place, name in enumerate(("Price", "Vol")):
                for i in range(10):
                    number = float(levels[i][place]) if i < len(levels) else 0.0
                    content[f"{side}{name}{i + 1}"] = number
        self._send(time, "X-QUOTE", content | {"TradingSession": "LO"} | over, received)

    def foreign(
        self, time: str, symbol: str, buy: int, sell: int, *, received: str = "", **over: Any
    ) -> None:
        """Foreigners bought and sold so much more; HOSE's values are volume x last price."""
        sums, listing = self._sums[symbol], self.listings[symbol]
        totals = sums.foreign
        totals[0] += buy
        totals[1] += sell
        if listing.exchange == "HOSE":
            totals[2:] = [totals[0] * sums.price, totals[1] * sums.price]
        else:
            totals[2] += buy * sums.price
            totals[3] += sell * sums.price
        content: dict[str, Any] = {
            "RType": "R",
            "TradingDate": self._written,
            "Time": time,
            "Isin": symbol,
        }
        content |= {"Symbol": symbol, "TotalRoom": 1e9, "CurrentRoom": 5e8 - totals[0]}
        names = ("BuyVol", "SellVol", "BuyVal", "SellVal")
        content |= dict(zip(names, totals, strict=True))
        content |= {"MarketId": listing.exchange, "Exchange": listing.exchange}
        self._send(time, "R", content | over, received)

    def odd_lot(self, time: str, symbol: str, price: float, volume: int) -> None:
        """A print of the odd-lot board, with its own book, as SSI's OL: Content is an object."""
        sums, listing = self._sums[symbol], self.listings[symbol]
        sums.odd_volume += volume
        sums.odd_value += price * volume
        content: dict[str, Any] = {
            "RType": "OL",
            "TradingDate": self._written,
            "Time": time,
            "StockNo": 2027,
        }
        content |= {"Symbol": symbol, "Ceiling": listing.ceiling, "Floor": listing.floor}
        content |= {"RefPrice": listing.reference, "Open": price, "High": price, "Low": price}
        # SSI's values have such noise.
        content |= {"LastPrice": price, "LastVol": volume, "TotalVal": sums.odd_value - 0.0028}
        content |= {"TotalVol": sums.odd_volume, "BidPrice1": price - 50, "BidVol1": 110}
        content |= {"AskPrice1": price, "AskVol1": 13, "Exchange": listing.exchange}
        content |= {"TradingSession": "LO", "TradingStatus": "H", "StockType": "Stock"}
        self._write("ssi", time, json.dumps({"DataType": "OL", "Content": content}).encode())

    def index(
        self, time: str, name: str, value: float, prior: float, volume: int, **over: Any
    ) -> None:
        """An index value; `volume` is matched so far."""
        content: dict[str, Any] = {"IndexId": name, "IndexValue": value, "PriorIndexValue": prior}
        content |= {"TradingDate": self._written, "Time": time, "TotalTrade": 0.0}
        content |= {"TotalQtty": float(volume), "TotalValue": volume * 20000.0, "IndexName": name}
        content |= {"Advances": 37, "NoChanges": 33, "Declines": 275, "Ceilings": 0, "Floors": 9}
        content |= {"Change": round(value - prior, 2), "RatioChange": 0.0, "TotalQttyPt": 0.0}
        content |= {"TotalValuePt": 0.0, "Exchange": "HOSE", "AllQty": float(volume)}
        content |= {"AllValue": volume * 20000.0, "IndexType": "Main", "TradingSession": "LO"}
        content |= {"MarketId": "HOSE", "RType": "MI", "TotalQttyOd": 0.0, "TotalValueOd": 0.0}
        self._send(time, "MI", content | over)

    def status(
        self, time: str, symbol: str, session: str, status: str = "N", *, received: str = ""
    ) -> None:
        """F: what the exchange says of a symbol."""
        exchange = self.listings[symbol].exchange
        content: dict[str, Any] = {
            "RType": "F",
            "MarketId": exchange,
            "TradingDate": self._written,
            "Time": time,
        }
        content |= {"Symbol": symbol, "TradingSession": session, "TradingStatus": status}
        self._send(time, "F", content | {"Exchange": exchange, "TradingOlSession": ""}, received)

    def fill(self, time: str, symbol: str, price: float, volume: int) -> None:
        """B: one fill, as beside each X-TRADE."""
        content: dict[str, Any] = {
            "RType": "B",
            "TradingDate": self._written,
            "Time": time,
            "Symbol": symbol,
        }
        content |= dict.fromkeys(("Open", "High", "Low", "Close"), price)
        self._send(time, "B", content | {"Volume": float(volume), "Value": 0.0})

    def iboard_trade(self, time: str, symbol: str, side: str) -> None:
        """iBoard's L# frame of the last print."""
        sums, listing = self._sums[symbol], self.listings[symbol]
        change = sums.price - listing.reference
        fields = ["MAIN", f"L#{symbol}", f"{sums.price:g}", str(sums.last), str(sums.volume), time]
        fields += [f"{listing.reference:g}", side, f"{change:g}", "0", "U", "MAIN"]
        fields.append(str(self._us(time) // 1000 + 21))
        self._write("iboard", time, "|".join(fields).encode())

    def open_interest(self, time: str, symbol: str, value: int) -> None:
        """iBoard's S# frame of a future: 102 fields, of which 58 is its open interest."""
        sums, listing = self._sums[symbol], self.listings[symbol]
        fields = [""] * 102
        prices = (listing.ceiling, listing.floor, listing.reference)
        fields[0:2] = ["MAIN", f"S#{symbol}"]
        fields[45], fields[54], fields[58] = "vnf", str(sums.volume), str(value)
        fields[59:62] = [f"{price:g}" for price in prices]
        fields[66:68] = ["f", "N"]
        fields[101] = str(self._us(time) // 1000)
        self._write("iboard", time, "|".join(fields).encode())

    def repeat(self, time: str) -> None:
        """SSI's last message again, to the letter."""
        self._write("ssi", time, self._lines["ssi"][-1][1])

    def wire(self, received: str, message: bytes) -> None:
        """Any bytes of SSI's, received at a local time."""
        self._write("ssi", received, message, delay_s=0)

    def without(self, kind: str) -> "Script":
        """The same days, as if SSI had never sent messages of a type."""
        other = Script(*self.listings.values())
        head = f'{{"DataType": "{kind}"'.encode()
        head_compact = f'{{"DataType":"{kind}"'.encode()
        for feed, lines in self._lines.items():
            kept = [line for line in lines if not line[1].startswith((head, head_compact))]
            other._lines[feed] = kept
        return other

    def lines(self) -> list[tuple[int, str, bytes]]:
        """(receive time in µs since the epoch, feed, message), in the order of receipt."""
        return sorted(
            ((us, feed, m) for feed, lines in self._lines.items() for us, m in lines),
            key=lambda line: line[0],
        )

    def write(self, folder: Path, name: str) -> Path:
        """A recording with its manifest; the path of the manifest."""
        folder.mkdir(parents=True, exist_ok=True)
        files = []
        for feed, lines in self._lines.items():
            if lines:
                path = f"{name}-{feed}.txt"
                (folder / path).write_bytes(
                    b"".join(b"%d %s\n" % (us * 1000, m) for us, m in lines)
                )
                files.append({"path": path, "feed": feed, "venue": "VN", "format": "ns_line"})
        manifest = {
            "name": name,
            "title": "Scripted days of the Vietnamese exchanges",
            "licence": "made by a script of this repository",
            "source": "tests/support/vn_day.py",
            "files": files,
            "reference": {"source": "script", "instruments": self._entries(), "statuses": []},
        }
        (folder / f"{name}.json").write_text(json.dumps(manifest))
        return folder / f"{name}.json"

    def _entries(self) -> list[dict[str, Any]]:
        return [
            {
                "symbol": each.symbol,
                "exchange": each.exchange,
                "kind": each.kind,
                "lot": 1 if each.kind in ("future", "index") else 100,
                "multiplier": each.multiplier,
                "underlying": "VN30" if each.kind == "future" else None,
                "reference": each.reference,
                "ceiling": each.ceiling,
                "floor": each.floor,
                "source": "script",
            }
            for each in self.listings.values()
        ]

    def _x_trade(self, time: str, symbol: str, expected: float, side: str | None) -> dict[str, Any]:
        sums, listing = self._sums[symbol], self.listings[symbol]
        future = listing.exchange == "DERIVATIVES"
        content: dict[str, Any] = {
            "RType": "X-TRADE",
            "TradingDate": self._written,
            "Time": time,
            "Isin": symbol,
        }
        content |= {"Symbol": symbol, "Ceiling": listing.ceiling, "Floor": listing.floor}
        # Of a future it is VND a contract: the multiplier is in.
        average = round(sums.value / sums.volume, 3) if sums.volume else 0.0
        content |= {"RefPrice": listing.reference, "AvgPrice": average}
        content |= {"PriorVal": listing.reference, "LastPrice": float(sums.price)}
        content |= {"LastVol": float(sums.last), "TotalVal": sums.value}
        content |= {"TotalVol": float(sums.volume), "MarketId": listing.exchange}
        content |= {"Exchange": listing.exchange, "TradingSession": "LO"}
        content |= {"TradingStatus": "Active" if future else "N"}
        content |= {"Change": sums.price - listing.reference, "RatioChange": 0.0}
        content |= {"EstMatchedPrice": expected, "Highest": sums.highest, "Lowest": sums.lowest}
        return content | {"Side": side}

    def _send(self, time: str, kind: str, content: dict[str, Any], received: str = "") -> None:
        text = json.dumps(content, separators=(",", ":"))
        value = json.dumps({"DataType": kind, "Content": text}, separators=(",", ":")).encode()
        if received:
            self._write("ssi", received, value, delay_s=0)
        else:
            self._write("ssi", time, value)

    def _write(self, feed: str, time: str, value: bytes, delay_s: float = DELAY_S) -> None:
        at = self._us(time) + round(delay_s * 1_000_000)
        self._last_us = max(at, self._last_us + 100)
        self._lines[feed].append((self._last_us, value))

    def _us(self, time: str) -> int:
        return round(datetime.fromisoformat(f"{self._iso}T{time}+07:00").timestamp() * 1_000_000)
