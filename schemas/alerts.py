"""`alerts`: what a rule of the analytics service found, one message a finding."""

from typing import Literal

from schemas.base import BROADCAST, Derived, Venue

Severity = Literal["info", "warning", "critical"]

AlertSide = Literal["up", "down"]
"""Which threshold was passed: the upper or the lower one."""


class Alert(Derived, frozen=True, kw_only=True, gc=False, tag="alert"):
    """
    A rule of deploy/alerts.yaml holds for a symbol.

    The stream is (`rule`, `symbol`): each rule reads one topic, so each stream has one input.
    An alert of a whole venue has the symbol "*" and comes in every partition, like its cause.

    Attributes:
        seq: of the message that fired the rule; `ts_ms`: of the same message.
        day: local day of `seq`, ISO (VN: UTC+7; crypto: UTC).
        rule: id of the rule in the file; `kind`: what kind of rule it is.
        topic: where the message stood that fired it.
        side: null for events, which have no threshold on two sides.
        text_vi, text_en: one sentence for people, without symbol and time of day.
        numbers: the figures that fired it, by name; units are those of the field of that name.
        dedupe_key: the same for all alerts of one matter: rule, symbol, side and day. A receiver
            that shows what stands now keeps one a key; what is one delivery is `alert_id`.
    """

    venue: Venue
    day: str
    rule: str
    kind: str
    severity: Severity
    topic: str
    side: AlertSide | None
    text_vi: str
    text_en: str
    numbers: dict[str, int | float]
    dedupe_key: str


def alert_id(tape: str, alert: Alert) -> str:
    """
    The name of one alert, the same however often it is read: who takes each id once has it once.

    As `live/large-trade/HPG/1784512800000001/0`; a venue's is named `*VN`.
    """
    symbol = f"{BROADCAST}{alert.venue}" if alert.symbol == BROADCAST else alert.symbol
    return f"{tape}/{alert.rule}/{symbol}/{alert.seq}/{alert.part}"
