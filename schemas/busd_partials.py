"""`busd-partials`: what counted of one partition of `market` in one second, for the merge."""

from schemas.base import Derived, Venue


class BusdPartial(Derived, frozen=True, kw_only=True, gc=False, tag="busd_partial"):
    """
    At every clock of VN one of each partition, an empty one too: so the merge knows that the
    partition has passed the second. `symbol` is `VN.` and the partition's number.

    Attributes:
        seq: the clock's: it holds all that came since the one before.
        bought, sold: value that counted, VND; trades: how many.
    """

    venue: Venue
    partition: int
    bought: int
    sold: int
    trades: int
