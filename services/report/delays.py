"""How long a tick takes, stage by stage, from the append times of the topics."""

from collections.abc import Mapping, Sequence

from schemas.keys import venue_of
from services.report.facts import Tape

Received = dict[tuple[str, int], float]
"""(symbol, seq) of a classified trade -> unix seconds when a client read it."""

STAGES = ("raw → market", "market → classified", "classified → client", "tick → client")


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0..1) of the sorted values lie; they must not be empty."""
    return values[min(len(values) - 1, int(share * len(values)))]


def stages(tape: Tape, received: Received, paced_from: Mapping[str, int]) -> dict[str, list[float]]:
    """
    Stage -> sorted milliseconds of every classified trade of the paced part.

    Times of topics are the broker's append times (whole ms); a trade counts when the client
    received it live.

    Args:
        paced_from: venue -> seq at which real-time playing began.
    """
    out: dict[str, list[float]] = {name: [] for name in STAGES}
    for (symbol, seq), received_s in received.items():
        venue = venue_of(symbol)
        if seq < paced_from.get(venue, 2**62) or (symbol, seq) not in tape.classified_ms:
            continue
        raw = tape.raw.appended_ms(venue, seq)
        market, classified = tape.market_ms[symbol, seq], tape.classified_ms[symbol, seq]
        client = received_s * 1000
        for name, value in zip(
            STAGES,
            (market - raw, classified - market, client - classified, client - raw),
            strict=True,
        ):
            out[name].append(max(0.0, value))
    return {name: sorted(values) for name, values in out.items()}


def by_stage(tape: Tape) -> dict[str, list[float]]:
    """Sorted milliseconds of all classified trades of a tape, without a client."""
    out: dict[str, list[float]] = {name: [] for name in STAGES[:2]}
    for (symbol, seq), classified in tape.classified_ms.items():
        market = tape.market_ms[symbol, seq]
        out[STAGES[0]].append(float(market - tape.raw.appended_ms(venue_of(symbol), seq)))
        out[STAGES[1]].append(float(classified - market))
    return {name: sorted(values) for name, values in out.items()}
