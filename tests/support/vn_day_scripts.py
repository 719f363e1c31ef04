"""What happened on the scripted Vietnamese days. Their totals stand in the tests, by hand."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from tests.support.vn_day import Script
from tests.support.vn_day_listing import Listing

HPG = Listing("HPG", "HOSE", 21850.0, 23350.0, 20350.0)
VND = Listing("VND", "HOSE", 20000.0, 21400.0, 18600.0)
QCG = Listing("QCG", "HOSE", 10000.0, 10700.0, 9300.0)
SHS = Listing("SHS", "HNX", 15000.0, 16500.0, 13500.0)
SJE = Listing("SJE", "HNX", 20000.0, 22000.0, 18000.0)
VGI = Listing("VGI", "UPCOM", 60000.0, 69000.0, 51000.0)
FUTURE = Listing("41I1G8000", "DERIVATIVES", 1790.0, 1915.3, 1664.7, 100_000, "future")
VNINDEX, VNINDEX_PRIOR = "VNINDEX", 1787.45
VN30, VN30_PRIOR = "VN30", 1909.23


def seconds(start: str, count: int, step: int = 1) -> list[str]:
    """`count` local times, `step` seconds apart."""
    first = datetime.fromisoformat(f"2026-01-01T{start}")
    return [f"{first + timedelta(seconds=i * step):%H:%M:%S}" for i in range(count)]


def whole_day() -> Script:
    """20 July 2026: ATO to PLO, two stock exchanges and UPCoM, a future, indices, odd lots."""
    s = Script(HPG, SHS, VGI, FUTURE)
    s.day("2026-07-20")
    _opening(s)
    _morning(s)
    _afternoon(s)
    _closing(s)
    return s


def _opening(s: Script) -> None:
    s.expect("08:46:00", "41I1G8000", 1788.0, "ATO")
    s.quote("08:47:00", "41I1G8000", ((1787.8, 12),), ((1788.2, 9),))
    s.trade("09:00:00", "41I1G8000", 1788.0, 50)
    s.status("09:00:00", "HPG", "ATO")
    s.trade("09:00:01", "SHS", 15000, 1000, "BU")
    s.trade("09:00:02", "VGI", 60000, 100, "BU")
    s.quote("09:00:04", "41I1G8000", ((1788.0, 5),), ((1788.5, 8),))
    s.trade("09:00:05", "41I1G8000", 1788.5, 20)
    s.index("09:03:00", VNINDEX, 1787.45, VNINDEX_PRIOR, 0, IndexValEst=1786.5)
    s.expect("09:04:00", "HPG", 21700, "ATO")
    s.open_interest("09:10:00", "41I1G8000", 56_000)
    s.expect("09:14:30", "HPG", 21750, "ATO")
    for volume in (5000, 3000, 2000):
        s.trade("09:15:00", "HPG", 21750, volume)
        s.fill("09:15:00", "HPG", 21750, volume)
    s.status("09:15:00", "HPG", "LO")
    s.quote("09:15:01", "HPG", ((21750, 300), (21700, 900)), ((21800, 4000), (21850, 800)))


def _morning(s: Script) -> None:
    times = iter(seconds("09:15:05", 810, 10))
    values = ((next(times), 1780.00 + i / 100) for i in range(810))
    at = _MORNING
    for time, value in values:
        while at and at[0][0] <= time:
            _tell(s, at[0])
            at = at[1:]
        s.index(time, VNINDEX, round(value, 2), VNINDEX_PRIOR, 1_000_000)
        s.index(time, VN30, 1900.0, VN30_PRIOR, 500_000)
    for event in at:
        _tell(s, event)


_MORNING: list[tuple[str, str, float, int, str | None]] = [
    ("09:15:04", "HPG", 21800, 1000, "BU"),
    ("09:20:10", "HPG", 21750, 500, "SD"),
    ("09:20:15", "foreign", 10_000, 0, None),
    ("09:30:00", "SHS", 15100, 2000, "BU"),
    ("09:30:30", "odd", 21800, 93, None),
    # Every second for ten minutes somebody takes 100.
    *[(time, "HPG", 21800.0, 100, "BU") for time in seconds("09:40:00", 600)],
    ("10:00:00", "41I1G8000", 1786.0, 30, None),
    ("10:05:00", "HPG", 21800, 2000, "BU"),
    ("10:10:00", "HPG", 21800, 400, None),
    ("10:30:00", "SHS", 15000, 1500, "SD"),
    ("11:29:59", "HPG", 21850, 700, "BU"),
    ("11:30:00", "HPG", 21800, 300, "SD"),
    ("11:30:00", "VGI", 61000, 200, "BU"),
]

_AFTERNOON: list[tuple[str, str, float, int, str | None]] = [
    ("13:00:00", "HPG", 21850, 400, "BU"),
    ("13:00:01", "SHS", 15100, 500, "BU"),
    # Every second for five minutes somebody hits 200.
    *[(time, "HPG", 21850.0, 200, "SD") for time in seconds("13:10:00", 300)],
    ("13:30:30", "odd", 21900, 150, None),
    ("13:45:00", "HPG", 21900, 1500, "BU"),
    ("14:29:59", "HPG", 21850, 600, "SD"),
    ("14:29:59", "SHS", 15000, 800, "SD"),
    ("14:30:00", "HPG", 21850, 100, "SD"),
    ("14:35:00", "VGI", 60500, 300, "SD"),
]


def _tell(s: Script, event: tuple[str, str, float, int, str | None]) -> None:
    time, what, price, volume, side = event
    if what == "foreign":
        s.foreign(time, "HPG", int(price), volume)
    elif what == "odd":
        s.odd_lot(time, "HPG", price, volume)
    elif what == "HPG" and side is None:
        s.quote(time, what, ((price - 50, 700),), ((price, 900),))
        s.trade(time, what, price, volume)
    elif what == "41I1G8000":
        s.quote(time, what, ((price, 40),), ((price + 0.2, 10),))
        s.trade(time, what, price, volume)
    else:
        s.trade(time, what, price, volume, side)
        if what == "HPG":
            # The book after the print: what it left of the level that it met.
            bid = price if side == "SD" else price - 50
            s.quote(time, what, ((bid, 1200),), ((bid + 50, 3000 + volume),))
            s.fill(time, what, price, volume)
            s.iboard_trade(time, what, (side or "").lower())


def _afternoon(s: Script) -> None:
    times = seconds("13:00:05", 630, 10)
    at = _AFTERNOON
    for i, time in enumerate(times):
        while at and at[0][0] <= time:
            _tell(s, at[0])
            at = at[1:]
        s.index(time, VNINDEX, round(1790.00 - i / 100, 2), VNINDEX_PRIOR, 2_000_000)
        s.index(time, VN30, 1905.0, VN30_PRIOR, 900_000)


def _closing(s: Script) -> None:
    # The session and the flag are what SSI's real closing print says.
    for volume in (4000, 2500):
        s.trade("14:45:00", "HPG", 21900, volume, "SD", TradingSession="C")
    s.trade("14:45:00", "SHS", 15000, 3000, "SD", TradingSession="C")
    s.trade("14:45:00", "41I1G8000", 1785.0, 40, TradingSession="C")
    s.status("14:45:03", "HPG", "C")
    s.status("14:45:03", "SHS", "C")
    s.foreign("14:50:00", "HPG", 15_000, 12_000)
    s.foreign("14:50:00", "SHS", 400, 100)
    s.trade("14:50:00", "SHS", 15000, 700, "BU")
    s.open_interest("14:55:00", "41I1G8000", 57_500)
    s.trade("14:59:58", "VGI", 60600, 400, "BU")
    s.trade("14:59:59", "SHS", 15000, 300, "SD")
    s.trade("15:00:00", "SHS", 15000, 200)
    s.trade("15:00:00", "VGI", 60600, 500, "SD")
    s.index("15:00:05", VNINDEX, 1784.00, VNINDEX_PRIOR, 2_500_000, TotalQttyPt=50_000.0,
            TotalValuePt=1.1e9)  # fmt: skip
    s.index("15:05:05", VN30, 1906.50, VN30_PRIOR, 990_000, Advances=0, NoChanges=0, Declines=0,
            Ceilings=0, Floors=0, IndexType="")  # fmt: skip


def halted_locked_and_periodic() -> Script:
    """21 July 2026: VND halted 10:15 to 13:30, QCG at its ceiling all day, SJE in call auctions."""
    s = Script(VND, QCG, SJE)
    s.day("2026-07-21")
    events: list[tuple[str, Callable[[str], None]]] = [
        ("09:15:00", lambda t: s.trade(t, "VND", 20000, 1000)),
        ("09:15:00", lambda t: s.trade(t, "QCG", 10700, 50_000)),
        ("09:15:01", lambda t: s.quote(t, "QCG", ((10700, 1_000_000),), ())),
        ("09:15:01", lambda t: s.quote(t, "VND", ((20000, 500),), ((20100, 800),))),
        *((time, _locked_print(s, 999_000 - 1000 * i))
          for i, time in enumerate(seconds("09:30:00", 5, 60))),
        ("10:00:00", lambda t: s.trade(t, "VND", 20100, 500, "BU")),
        ("10:00:00", lambda t: s.status(t, "SJE", "LO", "N")),
        ("10:00:10", lambda t: s.trade(t, "SJE", 20500, 2500, "BU")),
        ("10:15:00", lambda t: s.status(t, "VND", "LO", "H")),
        ("10:20:00", lambda t: s.quote(t, "VND", ((20000, 600),), ((20100, 700),))),
        ("13:05:00", lambda t: s.quote(t, "VND", ((20000, 700),), ((20100, 700),))),
        ("13:30:00", lambda t: s.status(t, "VND", "LO", "N")),
        ("13:30:05", lambda t: s.trade(t, "VND", 19900, 700, "SD")),
        ("14:40:00", lambda t: s.trade(t, "SJE", 20400, 1500, "SD")),
        ("14:45:00", lambda t: s.trade(t, "VND", 19900, 300, "SD", TradingSession="C")),
        ("14:45:00", lambda t: s.trade(t, "QCG", 10700, 20_000, "BU", TradingSession="C")),
    ]  # fmt: skip
    # Index values of every half minute are what passes the exchange's boundaries.
    for time in seconds("08:59:00", 724, 30):
        while events and events[0][0] < time:
            at, happen = events.pop(0)
            happen(at)
        s.index(time, VNINDEX, 1790.0, VNINDEX_PRIOR, 0)
    assert not events
    return s


def _locked_print(s: Script, left: int) -> Callable[[str], None]:
    """1000 at the ceiling; so many are left to buy, and nobody sells."""

    def happen(time: str) -> None:
        s.trade(time, "QCG", 10700, 1000)
        s.quote(time, "QCG", ((10700, left),), ())

    return happen


def flawed() -> Script:
    """22 July 2026: snapshots of the day before, and everything that goes wrong with numbers."""
    s = Script(HPG)
    s.day("2026-07-22")
    stale: dict[str, Any] = {"received": "08:30:00", "TradingDate": "21/07/2026"}
    wrong_day: dict[str, Any] = {
        "TotalVol": 18_000_000.0,
        "TotalVal": 3.933e11,
        "LastPrice": 21850.0,
    }
    s.trade("14:45:00", "HPG", 21850, 0, **stale, **wrong_day, LastVol=100.0)
    s.quote("14:45:03", "HPG", ((21800, 1000),), ((21850, 1000),), **stale)
    s.foreign("15:32:00", "HPG", 0, 0, **stale, BuyVol=900_000.0, SellVol=800_000.0)
    s.trade("09:15:00", "HPG", 21750, 1000)
    s.repeat("09:15:00")
    s.trade("09:16:00", "HPG", 21800, 300, "BU")
    # 600 shares were printed at 21,800 and never came.
    s.trade("09:18:00", "HPG", 21800, 200, "BU", lost=600)
    # A print from before it: its total is lower than what stands.
    old: dict[str, Any] = {"LastPrice": 21800.0, "LastVol": 300.0, "TotalVol": 1300.0}
    s.trade("09:18:30", "HPG", 21800, 0, **old)
    s.foreign("09:19:00", "HPG", 500, 100)
    s.foreign("09:19:30", "HPG", 0, 0, BuyVol=400.0)
    s.foreign("09:20:00", "HPG", 300, 0, CurrentRoom=None)
    text: dict[str, Any] = {
        "LastVol": "400",
        "TotalVol": " 2500 ",
        "LastPrice": "21750.0",
        "AvgPrice": "NaN",
    }
    s.trade("09:21:00", "HPG", 21750, 400, "SD", **text, Isin=None, EstMatchedPrice=None)
    s.quote("09:21:01", "HPG", ((21700, 900),), ((21750, 140),), AskVol1="140", BidPrice3=None)
    s.trade("09:22:00", "HPG", 21700, 100, "SD", LastPrice=float("nan"))
    s.trade("09:23:00", "HPG", 21700, 200, "SD")
    s.index("09:24:00", VNINDEX, 1780.0, VNINDEX_PRIOR, 100)
    s.index("09:24:05", VNINDEX, 17801.0, VNINDEX_PRIOR, 200)
    s.index("09:24:10", VNINDEX, 1781.0, VNINDEX_PRIOR, 300)
    s.wire("09:25:00", b"not JSON at all")
    s.wire("09:25:01", b'{"DataType":"NEWS","Content":"{\\"RType\\":\\"NEWS\\"}"}')
    return s


def late_start() -> Script:
    """23 July 2026: connected at 10:30, five million shares later."""
    s = Script(HPG)
    s.day("2026-07-23")
    s.quote("10:30:00", "HPG", ((21750, 300),), ((21800, 900),))
    s.trade("10:30:01", "HPG", 21800, 100, "BU", lost=5_000_000)
    s.foreign("10:30:02", "HPG", 700_000, 650_000)
    s.trade("10:30:10", "HPG", 21750, 900, "SD")
    s.trade("14:45:00", "HPG", 21750, 4000, "SD", TradingSession="C")
    s.index("14:46:00", VNINDEX, 1790.0, VNINDEX_PRIOR, 0)
    return s


def day_roll() -> Script:
    """Friday 28 August 2026, messages on a Saturday and on a holiday, Thursday 3 September."""
    s = Script(HPG, SHS)
    s.day("2026-08-28")
    s.expect("08:58:00", "HPG", 21700, "ATO")  # nothing trades yet, and no auction is on
    s.trade("09:15:00", "HPG", 21750, 10_000)
    s.trade("10:00:00", "HPG", 21800, 500, "BU")
    s.trade("10:00:00", "SHS", 15100, 200, "BU")
    s.foreign("10:01:00", "HPG", 300, 0)
    s.trade("14:45:00", "HPG", 21900, 2500, "SD", TradingSession="C")
    s.trade("14:50:00", "SHS", 15000, 700)
    s.index("15:00:05", VNINDEX, 1784.0, VNINDEX_PRIOR, 13_000)
    friday: dict[str, Any] = {"TradingDate": "28/08/2026", "LastPrice": 21900.0, "LastVol": 2500.0}
    friday |= {"TotalVol": 13_000.0}
    s.day("2026-08-29")  # a Saturday: a test connection gets Friday's last messages
    s.trade("14:45:00", "HPG", 21900, 0, received="10:00:00", **friday)
    s.day("2026-08-31")  # a Monday off, moved from a Saturday
    s.trade("14:45:00", "HPG", 21900, 0, received="09:30:00", **friday)
    s.index("09:30:05", VNINDEX, 1784.0, 1784.0, 0)
    s.day("2026-09-03")
    s.trade("14:45:00", "HPG", 21900, 0, received="08:30:00", **friday)
    s.index("09:01:00", VNINDEX, 1784.0, 1784.0, 0)
    s.trade("09:15:00", "HPG", 22000, 3000)
    s.trade("10:00:00", "HPG", 21950, 400, "SD")
    s.trade("10:00:00", "SHS", 15200, 100, "BU")
    s.foreign("10:01:00", "HPG", 50, 20)
    s.index("10:02:00", VNINDEX, 1786.0, 1784.0, 3400)
    return s
