"""The log that a worker reads: where it ends, and that it is still the same."""

from typing import Any

from aiokafka import TopicPartition


class AnotherLogError(LookupError):
    """The topic was made anew under the worker: it ends before what was read of it."""


class InputLog:
    """One topic, asked through a consumer of the worker's own."""

    def __init__(self, reader: Any, topic: str) -> None:
        self._reader, self._topic = reader, topic
        self._read: dict[int, int] = {}

    def was_read(self, offsets: dict[int, int]) -> None:
        """
        Remember how far partitions were read, also those that others get now.

        Their log ends nowhere before that, either.
        """
        self._read |= offsets

    async def waiting(self, offsets: dict[int, int]) -> int:
        """
        Records behind these places; `offsets` is partition -> the next one to read.

        Raises:
            AnotherLogError: the log ends before something that was read.
            KafkaError, OSError, TimeoutError: the broker does not say.
        """
        self.was_read(offsets)
        read = dict(self._read)
        if not read:
            return 0
        found = await self._reader.end_offsets([TopicPartition(self._topic, n) for n in read])
        ends = {tp.partition: at for tp, at in found.items()}
        if before := {number: at for number, at in ends.items() if at < read[number]}:
            raise AnotherLogError(f"it ends at {before}")
        return sum(ends[number] - at for number, at in offsets.items())
