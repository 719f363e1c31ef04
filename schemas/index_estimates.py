"""`index-estimates`: an index recomputed from its members' trades, beside what is published."""

from typing import Literal

from schemas.base import Derived, Phase

WeightsSource = Literal["file", "fitted", "equal"]
"""file: shares and free float of the dated reference data. fitted: learned from values published
before. equal: nothing is known yet, all members count alike."""


class IndexEstimate(Derived, frozen=True, kw_only=True, gc=False, tag="index_estimate"):
    """
    One index at one second; points, unless said otherwise. At most one a second, when it changed.

    The estimate is prior * (1 + sum(weight * (price / reference - 1))), a member that has not
    traded today at its reference. Null is unknown, never 0.

    Attributes:
        symbol: the index's id.
        seq: of the venue's clock that closed the second: it holds all messages before it.
        ts_ms: `seq // 1000`: not the exchange's time.
        day: trading day, ISO, UTC+7.
        value: the estimate by the last trades; null while `prior` or a reference is unknown.
        expected_value: in an auction the same by its expected prices, else null.
        prior: the value published of the day before.
        published, published_ts_ms: the last published value of the day, and its exchange time.
        published_expected: what the exchange expected of the auction with it.
        phase: with it.
        error: estimate - published at the same exchange time: by trades stamped before
            `error_ts_ms`, with weights that had not seen this value. Two seconds after it, when
            late prints are in.
        error_percent: that in % of the published value.
        error_ts_ms: exchange time of the published value that `error` is of.
        weights_source: see `WeightsSource`.
        fitted_from: how many published values the weights were learned from.
        effective_date: of the basket, ISO.
        members: of the basket.
        traded: members that traded today.
        without_reference: members whose reference price nobody has said today.
    """

    day: str
    value: float | None
    expected_value: float | None
    prior: float | None
    published: float | None
    published_ts_ms: int | None
    published_expected: float | None
    phase: Phase | None
    error: float | None
    error_percent: float | None
    error_ts_ms: int | None
    weights_source: WeightsSource
    fitted_from: int
    effective_date: str
    members: int
    traded: int
    without_reference: int
