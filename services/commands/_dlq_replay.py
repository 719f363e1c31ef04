"""
Putting a dead letter back through its service, where that breaks no law of order.

A stream's messages are read in the order of `(seq, part)` and what is not newer is a repeat
(design §2). So a message put into its topic again changes nothing for a service that has passed
its place; only who keeps rows by key, the writer, still takes it. And a step's or a decoder's
result would stand at the wrong place: such a day is computed again, on a tape of its own.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from schemas import frames, keys
from schemas.topic import Topic
from services.commands._dlq_letters import Letter
from services.commands._dlq_verdicts import Verdicts
from services.runtime import kafka
from services.runtime.outbox import Outboxes
from services.runtime.settings import Settings

AGAIN = "compute the day again on a tape of its own (`vntape replay`), with what was mended"


@dataclass(slots=True)
class Plan:
    """
    What is to be done.

    Attributes:
        append: letters whose line goes into its topic again, with the partition.
        tell: channel -> ids of alerts to be told again, with their letters.
        refused: a letter, and why it stays.
    """

    append: list[tuple[Letter, Topic, int]] = field(default_factory=list)
    tell: defaultdict[str, list[Letter]] = field(default_factory=lambda: defaultdict(list))
    refused: list[tuple[Letter, str]] = field(default_factory=list)


def plan(letters: Sequence[Letter], tape: str) -> Plan:
    """Which of them can go back, and how; pure."""
    found = Plan()
    for letter in letters:
        topic = letter.topic_on(tape)
        if letter.service == "delivery" and letter.code == "undeliverable":
            channel = letter.reason.split(":")[1].strip()
            found.tell[channel].append(letter)
        elif letter.service != "writer":
            found.refused.append((letter, _why_not(letter)))
        elif topic is None or not letter.origin.get("partition", "-").isdecimal():
            found.refused.append((letter, "it does not say where it stood"))
        elif topic.compacted:
            why = f"{topic.name} keeps the last record of a key: an old one would take its place"
            found.refused.append((letter, why))
        elif not is_message(topic, letter.value):
            found.refused.append((letter, f"it is still no message of {topic.name}"))
        else:
            found.append.append((letter, topic, int(letter.origin["partition"])))
    return found


def is_message(topic: Topic, value: bytes) -> bool:
    """Whether this version can read it."""
    try:
        if topic.codec == "frames":
            return len(frames.messages(value)) == 1
        if topic.codec == "json":
            msgspec.json.decode(value, type=topic.value)
            return True
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return False


def _why_not(letter: Letter) -> str:
    if letter.service == "ingest":
        return f"its record stands in the raw topic, behind it the tape goes on: {AGAIN}"
    if letter.service == "delivery":
        return "no alert: the rule that wrote it is of another version"
    return f"{letter.service} has passed its place, and would not look at it: {AGAIN}"


async def carry_out(found: Plan, settings: Settings, verdicts: Verdicts) -> int:
    """
    Do it, and record it; returns how many letters went back.

    Appended lines are on the broker before the verdicts are: a crash between repeats a line,
    which changes nothing.
    """
    if found.append:
        await _append(found.append, settings)
    gone = [letter.number for letter, _, _ in found.append]
    for channel, letters in found.tell.items():
        verdicts.tell_again(channel, [letter.key for letter in letters])
        gone += [letter.number for letter in letters]
    verdicts.record(gone, "replayed", "vntape dlq replay")
    return len(gone)


async def _append(lines: Sequence[tuple[Letter, Topic, int]], settings: Settings) -> None:
    producer = kafka.producer(str(settings.kafka), "vntape-dlq")
    await producer.start()
    try:
        outboxes = Outboxes(producer)
        for letter, topic, partition in lines:
            box = outboxes.get(topic.on(settings.tape), partition)
            if topic.codec == "frames":
                box.append(None, letter.value)
            else:
                head = msgspec.json.decode(letter.value, type=_Head)
                key = keys.routing_key(head.symbol).encode()
                box.append(key, letter.value, [("schema", topic.name.encode())])
        await outboxes.stop()
    finally:
        await producer.stop()


class _Head(msgspec.Struct):
    symbol: str
