"""`busd-patterns`: trades of the HOSE that repeat, as the BUSD flow counts them."""

from schemas.base import Derived, Side, Venue


class BusdPattern(Derived, frozen=True, kw_only=True, gc=False, tag="busd_pattern"):
    """
    A trade that counts: one of at least so many of its stock and volume in a window.

    Only trades of the HOSE's main board with the vendor's side and the exchange's time are
    looked at, of the least volume or more, before the cutoff (settings). Of a run of equal
    trades the first ones are never counted, nor added later. `seq` and `ts_ms` are the trade's.

    Attributes:
        side: the vendor's: buy is "bu", sell is "sd".
        price: VND; value: price x volume, VND.
        occurrences: trades of this stock and volume in the window that ends at this one, itself
            and those before it; at least the setting.
        bu, sd: what has counted of the stock today, this one in it, billions of VND; busd is
            their difference.
    """

    venue: Venue
    side: Side
    price: float
    volume: int
    value: int
    occurrences: int
    bu: float
    sd: float
    busd: float
