"""Records of synthetic trades with their places, for a pump that is fed without a broker."""

from tests.support.load import PARTITIONS
from tests.support.trades import framed, messages


def numbered(count: int, frame: int = 40) -> list[tuple[int, int, bytes]]:
    """(partition, offset, record) of synthetic trades."""
    at = dict.fromkeys(range(PARTITIONS), 0)
    out = []
    for partition, record in framed(messages(count, 60, 7), PARTITIONS, frame):
        out.append((partition, at[partition], record))
        at[partition] += 1
    return out


def of(records: list[tuple[int, int, bytes]], partition: int) -> list[bytes]:
    return [value for number, _, value in records if number == partition]
