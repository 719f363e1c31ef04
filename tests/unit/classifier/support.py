"""Messages for the classifier's tests: by hand, and of any valid kind."""

from typing import Any

from hypothesis import strategies as st

from schemas.market import BookDelta, Gap, Instrument, MarketMessage, Quote, Status, Trade

HEAD = {"symbol": "X", "feed": "test"}
SECOND = 1_000_000


def quote(seq: int, bid: float | None, ask: float | None, **more: Any) -> Quote:
    bids = [] if bid is None else [(bid, 10)]
    asks = [] if ask is None else [(ask, 10)]
    return Quote(**{**HEAD, "seq": seq, "ts_ms": seq // 1000, "bids": bids, "asks": asks, **more})


def trade(seq: int, price: float, **more: Any) -> Trade:
    stamps = {"seq": seq, "ts_ms": seq // 1000}
    return Trade(**{**HEAD, **stamps, "price": price, "volume": 1, **more})


def instrument(seq: int, **more: Any) -> Instrument:
    about = {"venue": "VN", "exchange": "HOSE", "kind": "stock"}
    return Instrument(**{**HEAD, "seq": seq, "ts_ms": seq // 1000, **about, **more})


def gap(seq: int, cause: str = "disconnect", symbol: str = "X") -> Gap:
    return Gap(
        **{**HEAD, "symbol": symbol},
        seq=seq,
        ts_ms=seq // 1000,
        venue="VN",
        channel="c",
        cause=cause,
        from_ts_ms=0,
        to_ts_ms=1,
    )


PRICES = st.integers(990, 1010).map(float)
VOLUMES = st.sampled_from([0, 1, 100, 0.00001, 10**12])
LEVELS = st.lists(st.tuples(PRICES, VOLUMES), max_size=3)
SIDES = st.sampled_from(["buy", "sell", None])
BOARDS = st.sampled_from(["main", "main", "main", "odd_lot", "put_through"])
PHASES = st.sampled_from(["continuous"] * 5 + ["ato", "atc", "plo", "break", "periodic", "halted"])
SOURCES = st.sampled_from(["exchange", "exchange", "receive"])
CAUSES = st.sampled_from(["disconnect", "update_id", "trade_id", "restart"])


@st.composite
def tapes(draw: st.DrawFn, size: int = 60) -> list[MarketMessage]:
    """Up to `size` messages of one symbol in order of seq, near enough to each other to meet."""
    kinds = draw(st.lists(st.sampled_from("qqqtttttdigs"), max_size=size))
    seq = draw(st.sampled_from([1, 34_200 * SECOND + 7, 1_723_161_256 * SECOND]))
    return [_message(draw, kind, seq := seq + draw(_steps)) for kind in kinds]


_steps = st.sampled_from([1, 3, 400, 1_000, 20_000, 300_000, 90 * SECOND])


def _message(draw: st.DrawFn, kind: str, seq: int) -> MarketMessage:
    source = draw(SOURCES)
    late_ms = draw(st.sampled_from([0, 0, 1, 30, -3])) if source == "exchange" else 0
    head = {**HEAD, "seq": seq, "ts_ms": seq // 1000 - late_ms, "ts_source": source}
    if kind == "q":
        board, phase = draw(BOARDS), draw(PHASES)
        return Quote(**head, bids=draw(LEVELS), asks=draw(LEVELS), board=board, phase=phase)
    if kind == "t":
        return Trade(
            **head,
            price=draw(PRICES),
            volume=draw(VOLUMES),
            vendor_side=draw(SIDES),
            board=draw(BOARDS),
            phase=draw(PHASES),
        )
    if kind == "d":
        # One side at a time: what a crossed update of both means is anybody's guess.
        sides = draw(st.sampled_from([("bids", "asks"), ("asks", "bids")]))
        both = {sides[0]: draw(LEVELS), sides[1]: []}
        return BookDelta(**head, **both, first_id=1, last_id=1, snapshot=draw(st.booleans()))
    if kind == "i":
        limits = draw(st.sampled_from([(None, None), (1010.0, 990.0), (1005.0, None)]))
        return instrument(seq, ceiling=limits[0], floor=limits[1], reference=1000.0)
    if kind == "g":
        return gap(seq, draw(CAUSES))
    return Status(**head, venue="VN", exchange="HOSE", phase="break")
