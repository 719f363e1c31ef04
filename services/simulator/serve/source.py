"""The day's messages as a process of its own makes them, a few slots ahead of who takes them."""

import asyncio
import multiprocessing
import signal
from collections import Counter
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec

from services.simulator import truth
from services.simulator.core.exchange import Exchange
from services.simulator.core.message import Message
from services.simulator.core.plan import Plan

_END = b""
_messages = msgspec.msgpack.Decoder(list[Message])


class SourceError(RuntimeError):
    """The process that makes the messages ended too early."""


def _make(plan: Plan, out: Path | None, pipe: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started it says when it ends
    exchange = Exchange(plan)
    counts: Counter[str] = Counter()
    try:
        for messages in exchange.slots():
            counts.update([message.channel for message in messages])
            pipe.send_bytes(msgspec.msgpack.encode(messages))
        if out is not None:
            entries = [truth.entry(desk) for desk in exchange.desks()]
            truth.write(plan, entries, counts, out, exchange.rows())
        pipe.send_bytes(_END)
    except BrokenPipeError:
        return


async def slots(plan: Plan, out: Path | None) -> AsyncGenerator[list[Message], None]:
    """
    The messages slot by slot, from 08:00 to the end of the day; at the end the truth of the day
    is written into `out`. The process waits when nobody takes its messages.

    Raises:
        SourceError: the process died.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_make, args=(plan, out, theirs), daemon=True)
    process.start()
    theirs.close()
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1, "exchange") as thread:
        try:
            while True:
                try:
                    packed = await loop.run_in_executor(thread, ours.recv_bytes)
                except EOFError as e:
                    process.join(1)
                    raise SourceError(
                        f"the process of the exchange ended (exit code {process.exitcode})"
                    ) from e
                if packed == _END:
                    break
                yield await loop.run_in_executor(thread, _messages.decode, packed)
        finally:
            process.kill()
            process.join()
            ours.close()
