"""Input that the log does not hold any more: refused, never skipped."""

from aiokafka import AIOKafkaConsumer, TopicPartition


class InputExpiredError(LookupError):
    """Some input was deleted by retention before it was read."""


async def check_input(client: AIOKafkaConsumer, topic: str, at: dict[int, int]) -> None:
    """
    See that every partition can be read from where its state stands.

    Args:
        at: partition -> offset of the first record wanted.

    Raises:
        InputExpiredError: saying how many records are lost and what to do.
    """
    tps = [TopicPartition(topic, number) for number in at]
    if not tps:
        return
    first = await client.beginning_offsets(tps)
    end = await client.end_offsets(tps)
    lost = {
        tp.partition: first[tp] - at[tp.partition] for tp in tps if first[tp] > at[tp.partition]
    }
    if lost:
        raise InputExpiredError(
            f"input expired, {sum(lost.values())} records of {topic} lost "
            f"(partition: records {lost}); `vntape accept-loss` starts after the hole and "
            "writes a gap where it was"
        )
    ahead = {tp.partition: at[tp.partition] - end[tp] for tp in tps if at[tp.partition] > end[tp]}
    if ahead:
        raise InputExpiredError(
            f"the state is ahead of {topic} (partition: records {ahead}): this is another log; "
            "drop the tape's snapshots or use a new tape"
        )
