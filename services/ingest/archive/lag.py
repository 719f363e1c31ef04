"""How far a recorder is behind, and what to do before Kafka deletes what it has not read. Pure."""

ALARM_SHARE = 0.5
"""Of the retention: as long again is left to act."""


def age_s(oldest_us: int | None, now_us: int) -> float:
    """Age of the oldest raw record that is not in the archive; 0 when all are."""
    return 0.0 if oldest_us is None else max(0.0, (now_us - oldest_us) / 1_000_000)


def alarm(lag_s: float, retention_s: float) -> str | None:
    """A sentence for the operator when half of the retention is used up, else None."""
    if lag_s < ALARM_SHARE * retention_s:
        return None
    left_h = max(0.0, retention_s - lag_s) / 3600
    return (
        f"{lag_s / 3600:.0f} h behind, and Kafka deletes raw records after "
        f"{retention_s / 3600:.0f} h: {left_h:.0f} h are left. See that the archive's disk is "
        "neither full nor slow; if that does not help in time, keep raw topics longer: "
        "kafka-configs.sh --alter --add-config retention.ms=… of each"
    )
