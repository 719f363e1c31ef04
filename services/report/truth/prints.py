"""Prints, session-flow and auctions of one symbol against the truth."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from services.report.truth.kept import Kept, Row
from services.report.truth.sides import Sides
from services.report.truth.told import Print

PARTS = ("buy", "sell", "neutral", "unknown")
Pairs = list[tuple[Print, Kept]]


def paired(true: Sequence[Print], kept: Sequence[Kept]) -> Pairs:
    """The prints that both have, by the volume of the day with each, in the truth's order."""
    by_total = {each.total: each for each in kept}
    return [(each, by_total[each.total]) for each in true if each.total in by_total]


def faults_of_prints(true: Sequence[Print], kept: Sequence[Kept], pairs: Pairs) -> Iterator[str]:
    """What is missing, too much, other than it was, or in another order."""
    if lost := len(true) - len(pairs):
        found = {each.total for _, each in pairs}
        first = next(each for each in true if each.total not in found)
        yield f"{lost:,} prints are missing, the first that of {first.volume:,} at {first.price:g}"
    if more := len(kept) - len(pairs):
        yield f"{more:,} prints never happened"
    other = [
        (t, k) for t, k in pairs if (t.price, t.volume, t.phase) != (k.price, k.volume, k.phase)
    ]
    if other:
        t, k = other[0]
        yield (
            f"{len(other):,} prints differ, the first was {t.volume:,} at {t.price:g} in "
            f"{t.phase}, the tape has {k.volume:,.12g} at {k.price:g} in {k.phase}"
        )
    totals = [each.total for each in kept]
    if totals != sorted(totals):
        yield "the prints are not in the order of matching"


def value_of(prints: Sequence[Kept], multiplier: int) -> int:
    """VND of prints."""
    return round(sum(each.price * each.volume for each in prints) * multiplier)


def faults_of_sums(
    prints: Sequence[Kept], sums: Mapping[str, Any], multiplier: int
) -> Iterator[str]:
    """Volume and value of the day."""
    volume, value = sum(each.volume for each in prints), value_of(prints, multiplier)
    if volume != sums["total_volume"]:
        yield f"volume {volume:,.12g} is not {sums['total_volume']:,}"
    if value != sums["total_value"]:
        yield f"value {value:,} is not {sums['total_value']:,}"


def faults_of_auctions(
    pairs: Pairs, true: Sequence[Print], told: Mapping[str, list[float]],
    kept: Mapping[str, list[float]], sampled: bool,
) -> Iterator[str]:  # fmt: skip
    """
    Price and volume of each uncross, and the estimates before it, all of them in order.

    Args:
        told, kept: phase -> expected prices.
        sampled: the tape's source does not tell every estimate: the last one counts.
    """
    for phase in ("ato", "atc"):
        wanted = (
            {t.price for t in true if t.phase == phase},
            sum(t.volume for t in true if t.phase == phase),
        )
        found = (
            {k.price for t, k in pairs if t.phase == phase},
            sum(k.volume for t, k in pairs if t.phase == phase),
        )
        if found != wanted:
            yield f"{phase} uncrossed {wanted[1]:,} at {_prices(wanted[0])}, the tape has {found}"
        estimates, mine = told.get(phase, []), kept.get(phase, [])
        if sampled:
            estimates, mine = estimates[-1:], mine[-1:]
        if mine != estimates:
            at = next((n for n, (a, b) in enumerate(zip(mine, estimates, strict=False)) if a != b),
                      min(len(mine), len(estimates)))  # fmt: skip
            yield (
                f"{phase} had {len(estimates):,} estimates, the tape {len(mine):,}; "
                f"they part at number {at + 1}"
            )


def _prices(prices: set[float]) -> str:
    return ", ".join(f"{price:g}" for price in sorted(prices)) or "none"


def faults_of_flow(
    pairs: Pairs, sums: Mapping[str, Any], multiplier: int, flow: Mapping[str, Row]
) -> Iterator[str]:
    """
    Every phase has the true prints at the sides that the tape gives them, and the day the true
    total, with nothing unknown that has a side.
    """
    wanted: dict[str, dict[str, list[float]]] = defaultdict(
        lambda: {part: [0, 0, 0] for part in PARTS}
    )
    for true, kept in pairs:
        for phase in (true.phase, "day"):
            part = wanted[phase][kept.side]
            part[0] += true.volume
            part[1] += true.price * true.volume * multiplier
            part[2] += 1
    if set(wanted) != set(flow):
        yield f"session-flow has the phases {_names(flow)}, prints were in {_names(wanted)}"
    for phase in sorted(set(wanted) & set(flow)):
        row = flow[phase]
        for name, (volume, value, count) in wanted[phase].items():
            said = row[f"{name}_volume"], row[f"{name}_count"]
            # Nobody can say the value of what is unknown.
            exact = name == "unknown" or round(row[f"{name}_value"] or 0) == round(value)
            if said != (volume, count) or not exact:
                yield f"session-flow's {name} of {phase} is {said}, not {(volume, count)}"
    if day := flow.get("day"):
        total = day["total_volume"], round(day["total_value"] or 0)
        if total != (sums["total_volume"], sums["total_value"]) or day["unexplained_volume"]:
            yield f"session-flow's total of the day is {total}"


def _names(phases: Mapping[str, Any]) -> str:
    return ", ".join(sorted(phases)) or "none"


def sides_of(pairs: Pairs) -> Sides:
    """The sides of all prints of a symbol."""
    sides = Sides()
    for true, kept in pairs:
        sides.add(true, kept)
    return sides
