"""Whether the offsets in the database fit the log."""

Place = tuple[str, int]
"""A topic's name without the tape, and a partition."""


class OutsideLogError(Exception):
    """A stored offset does not fit the log; the text says what was lost and what to do."""


class HoleError(Exception):
    """A record is not the next one of its partition: something between was skipped."""

    def __init__(self, topic: str, partition: int, expected: int, offset: int) -> None:
        super().__init__(f"{topic}[{partition}]: expected offset {expected}, got {offset}")
        self.at = (topic, partition, expected)


def check(place: Place, at: int, first: int, end: int) -> None:
    """
    The log holds offsets `first` to `end` - 1; `at` is the next one to store.

    Raises:
        OutsideLogError: it is before the first or after the end.
    """
    topic, partition = place
    if at < first:
        raise OutsideLogError(
            f"{topic}[{partition}]: the next record to store is {at}, but the log begins at "
            f"{first}: {first - at} records were deleted before they were stored. "
            "`vntape accept-loss` writes a gap and goes on"
        )
    if at > end:
        raise OutsideLogError(
            f"{topic}[{partition}]: {at} records are stored, but the log ends at {end}: it is "
            "another topic of the same name, or the broker lost its end. Use a fresh tape"
        )
