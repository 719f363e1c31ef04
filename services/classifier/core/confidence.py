"""
How often each situation's side is right: the fixed table behind the published `confidence`.

Counted with vendor flags, once, offline, by tests/bench/fit_confidence.py; the classifier never
sees one. Fitted on the Binance captures spot_btcusdt_20240808 and usdm_btcusdt_20240808, shown on
spot_btcusdt_20240809 and cm_btcusd_perp_20240808,
stated against right: 99.8 and 99.8 % of 11,848 prints said to be 0.99 or surer, 98.0 and 98.1 % of
515 from 0.90, 86.8 and 97.1 % of 70 below, which are too few to hold it to (on the captures of the
fit 74.9 and 75.1 % of 494).
The rules were chosen with all four captures in sight, so a capture of another day or symbol may
do somewhat worse. A value is (right + 1/2) / (prints + 1), at most 0.999: prints of one run are
no independent witnesses.
A run has the confidence of the print that it continues.
"""

CONFIDENCE: dict[str, float] = {
    "quote": 0.999,  # 9,093 of 9,093
    "sweep": 0.998,  # 14,107 of 14,137
    "quote moving": 0.996,  # 6,783 of 6,813
    "near": 0.980,  # 409 of 417
    "outside": 0.979,  # 114 of 116
    "tick outside": 0.897,  # 213 of 237
    "outside contrary": 0.793,  # 36 of 45
    "tick behind": 0.581,  # 107 of 184
    "tick lost": 0.534,  # 15 of 28
    # Guesses, not counts: none is in these captures. Their order is all that is claimed.
    "inside": 0.85,
    "inside contrary": 0.65,
    "tick middle": 0.65,
    "tick alone": 0.80,
}
"""Every situation of rules.py to the probability that its side is right."""
