"""Prints of Vietnamese symbols into `trade` messages, with the gaps that they show."""

from typing import NamedTuple

from schemas.base import Side
from schemas.market import Gap, Trade
from services.ingest.core.feed import Output, refuse
from services.ingest.core.records import Raw
from services.ingest.core.vn.chains import NOTHING_YET, VolumeChain
from services.ingest.core.vn.phases import opening_ms, trade_phase
from services.ingest.core.vn.subject import Subject
from services.ingest.core.vn.times import midnight

NO_VOLUME = "no_volume"
"""Drop: a message in which nothing traded and nothing else changed."""

QUIET = frozenset({"duplicate", NO_VOLUME})
"""Verdicts on a message that may still say something else than a trade."""


class Print(NamedTuple):
    """One print; `total` and `value` are the day's after it, None where unknown."""

    price: float
    volume: int
    total: int | None
    value: float | None
    side: Side | None


def tell_trade(raw: Raw, out: Output, about: Subject, new: Print) -> str:
    """
    Give the `trade` message of a print, after a `gap` when prints before it are missing.

    Returns:
        The verdict: `new`; one of `QUIET`, which is the caller's to count; or one that is
        counted or dead-lettered already.
    """
    if new.total is None:
        out.messages.append(_trade(raw, out, about, new))
        return "new"
    at, state = about.at, about.state
    chain = state.trade
    if chain is None or chain.day != at.day:
        chain = VolumeChain(at.day, 0, 0.0, NOTHING_YET)
    if new.volume == 0 or new.total == 0:
        if new.total == 0 and chain.ts_ms == NOTHING_YET:
            # Nothing has traded today, so nothing was missed before the first print.
            chain.ts_ms = at.ts_ms
            state.trade = chain
            about.keep()
        return NO_VOLUME
    verdict = chain.judge(new.total, new.price, new.volume, at.ts_ms)
    if verdict == "new":
        _tell_gap(raw, out, about, chain, new, new.total)
        value = -1.0 if new.value is None else new.value
        chain.accept(new.total, value, at.ts_ms, new.price, new.volume)
        out.messages.append(_trade(raw, out, about, new))
    elif verdict not in QUIET:
        what = f"{about.symbol}: volume {new.volume}, of the day {new.total} after {chain.total}"
        refuse(out, verdict, what)
    # A refused print leaves its mark too: five that agree are believed.
    state.trade = chain
    about.keep()
    return verdict


def _trade(raw: Raw, out: Output, about: Subject, new: Print) -> Trade:
    at = about.at
    return Trade(
        symbol=about.symbol,
        feed=raw.feed,
        seq=out.next_seq(),
        ts_ms=at.ts_ms,
        ts_source=at.source,
        price=new.price,
        volume=new.volume,
        total_volume=new.total,
        total_value=new.value,
        phase=trade_phase(about.state.phase, about.hours, at),
        vendor_side=new.side,
    )


def _tell_gap(
    raw: Raw, out: Output, about: Subject, chain: VolumeChain, new: Print, total: int
) -> None:
    missing = total - chain.total - new.volume
    if missing == 0:
        return
    at = about.at
    late = chain.ts_ms == NOTHING_YET
    since = midnight(at.day) + opening_ms(about.exchange) if late else chain.ts_ms
    value = None
    if missing > 0 and new.value is not None and chain.value >= 0:
        own = new.price * new.volume * about.multiplier
        value = max(0.0, float(round(new.value - chain.value - own)))
    out.messages.append(
        Gap(
            symbol=about.symbol,
            feed=raw.feed,
            seq=out.next_seq(),
            ts_ms=at.ts_ms,
            ts_source=at.source,
            venue=raw.venue,
            channel=raw.channel,
            cause="late_start" if late else "volume_chain",
            from_ts_ms=min(since, at.ts_ms),
            to_ts_ms=at.ts_ms,
            # After trades were cancelled nobody knows.
            missing_volume=missing if missing > 0 else None,
            missing_value=value,
        )
    )
