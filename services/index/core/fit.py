"""
The weights of an index, learned from what it publishes.

Within a day an index is linear in its members: value / prior - 1 = sum(w * r), where r is
price / reference - 1 of a member and w, its share of the index at the reference prices, sums to
1. Each published value is one equation with rounding as its noise; the weights are its Bayesian
least squares, one equation at a time, so they never know a later value. Plain Python: thirty
members cost a third of a millisecond a value, and no library's choice of kernel changes a bit.
"""

from collections.abc import Sequence
from math import fsum
from operator import mul

import msgspec

SPREAD = 0.03
"""By so much weights differ from those at the start: a thirtieth, of an index of thirty."""
NOISE = 4e-6
"""Of value / prior: rounding to 0.01 of 2,000 points is 1.4e-6, a member's print of the same
second on the wrong side of the published value a few times that."""


class Fit(msgspec.Struct, array_like=True):
    """
    Mutable: weights, their covariance, and the references they belong to.

    Attributes:
        weights: sum 1; of the day whose references are `references`.
        covariance: symmetric; each row sums to 0, as the weights' sum is known.
        samples: published values learned from.
        references: of each member; empty before the first sample.
        seen: the last equation: a member moves now and then, an index is published every 5 s.
    """

    weights: list[float]
    covariance: list[list[float]]
    samples: int = 0
    references: list[float] = []
    seen: tuple[list[float], float] | None = None


def start(weights: Sequence[float]) -> Fit:
    """Before any published value: these weights (sum 1), each known to about `SPREAD`."""
    count, own = len(weights), SPREAD * SPREAD
    rows = [[own * ((i == j) - 1 / count) for j in range(count)] for i in range(count)]
    return Fit(list(weights), rows)


def predicted(fit: Fit, returns: Sequence[float]) -> float:
    """value / prior - 1 of these returns."""
    return fsum(map(mul, fit.weights, returns))


def rebase(fit: Fit, references: Sequence[float]) -> None:
    """Carry the weights over to a day with other references: shares and caps stay."""
    if fit.references and fit.references != list(references):
        moved = [
            w * new / old
            for w, new, old in zip(fit.weights, references, fit.references, strict=True)
        ]
        whole = fsum(moved)
        fit.weights = [w / whole for w in moved]
        fit.seen = None
    fit.references = list(references)


def learn(fit: Fit, returns: list[float], outcome: float) -> None:
    """One published value: `outcome` is value / prior - 1. The same one again teaches nothing."""
    if (returns, outcome) == fit.seen or not any(returns):
        return
    fit.seen = returns, outcome
    rows = fit.covariance
    along = [fsum(map(mul, row, returns)) for row in rows]
    spread = fsum(map(mul, along, returns)) + NOISE * NOISE
    miss = (outcome - predicted(fit, returns)) / spread
    fit.weights = [w + a * miss for w, a in zip(fit.weights, along, strict=True)]
    for row, own in zip(rows, along, strict=True):
        step = own / spread
        row[:] = [each - step * a for each, a in zip(row, along, strict=True)]
    fit.samples += 1
