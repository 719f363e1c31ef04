"""What the board remembers of one venue in one partition."""

import msgspec

from schemas.base import Level, Phase, Volume
from schemas.market import InstrumentKind


class Figures(msgspec.Struct, array_like=True):
    """What is known of one symbol on one day; fields as in `BoardRow`. A new day has new ones."""

    trading_status: str | None = None
    reference: float | None = None
    ceiling: float | None = None
    floor: float | None = None
    bids: list[Level] | None = None
    asks: list[Level] | None = None
    auction_bid_volume: Volume | None = None
    auction_ask_volume: Volume | None = None
    last: float | None = None
    last_volume: Volume | None = None
    last_ts_ms: int | None = None
    total_volume: Volume | None = None
    total_value: float | None = None
    open: float | None = None
    high: float | None = None
    low: float | None = None
    expected_price: float | None = None
    expected_volume: Volume | None = None
    expected_phase: Phase | None = None
    foreign_buy_volume: int | None = None
    foreign_sell_volume: int | None = None
    foreign_buy_value: float | None = None
    foreign_sell_value: float | None = None
    foreign_room: int | None = None
    put_through_volume: Volume | None = None
    odd_lot_volume: Volume | None = None
    open_interest: int | None = None


class SymbolState(msgspec.Struct, array_like=True):
    """
    Mutable state of one symbol.

    Attributes:
        day: local day of `figures`, see `schemas.days`.
        feed: of its last message.
        multiplier: None before an instrument, and for an inverse contract, whose value is not
            price x volume.
        own_phase: the phase said of this symbol alone, while it stands over the exchange's.
        periodic: it was said today to trade in call auctions, whatever others do.
        shown: digest of the last row published.
    """

    name: str
    day: int
    feed: str
    exchange: str | None = None
    kind: InstrumentKind | None = None
    multiplier: float | None = None
    own_phase: Phase | None = None
    periodic: bool = False
    figures: Figures = msgspec.field(default_factory=Figures)
    shown: bytes = b""


class VenueState(msgspec.Struct, array_like=True):
    """
    Mutable state of a venue, as far as one partition holds it; `step` alone changes it.

    Attributes:
        phases: exchange -> the phase that was broadcast last.
        symbols: by name, in the order in which they came.
        changed: names of those that a message has touched since the last clock.
    """

    venue: str
    phases: dict[str, Phase] = {}
    symbols: dict[str, SymbolState] = {}
    changed: dict[str, None] = {}


def initial(venue: str) -> VenueState:
    """The state before any message of the venue."""
    return VenueState(venue)
