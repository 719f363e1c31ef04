"""A live ingest in a process of its own, and a program that sends it lines."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.eventually import eventually_sync
from tests.support.ingest import IngestProcess

ASK_EVERY = 50
"""Messages between two questions how many were taken."""


def binance_trades(start: int = 1) -> Iterator[bytes]:
    """Spot trades whose ids follow each other, for ever, of eight symbols in turn."""
    number = start
    while True:
        symbol = f"S{number % 8}USDT"
        head = f'{{"stream":"{symbol.lower()}@trade","data":{{"e":"trade","E":1723161601438,'
        body = f'"s":"{symbol}","t":{1000 + number // 8},"p":"100.5","q":"0.5",'
        yield (head + body + '"T":1723161601437,"m":true,"M":true}}').encode()
        number += 1


def live(
    tape: str, kafka: str, folder: Path, *options: str, listen: str = "binance@BN:0", **env: str
) -> IngestProcess:
    """`vntape run ingest --listen`; `env` as VNTAPE_ settings without the prefix."""
    settings = tuple((f"VNTAPE_{name.upper()}", value) for name, value in env.items())
    return IngestProcess(
        tape, None, kafka, folder, options=("--listen", listen, *options), settings=settings
    )


def port_of(run: IngestProcess, feed: str = "binance") -> int:
    """Where it takes lines; 0 while it takes none."""
    return int(run.health().get("live", {}).get("ports", {}).get(feed, 0))


def listening(run: IngestProcess, feed: str = "binance") -> int:
    """The same, waited for."""
    return eventually_sync(lambda: port_of(run, feed), 20)


@dataclass
class Sender:
    """
    Sends lines at a pace in a thread of its own, to whoever listens, and never sends one twice.

    Attributes:
        port: where to connect; asked again whenever the connection is gone.
        sent: every line that left, in order; some of a broken connection may have arrived.
        taken: those that ingest said are safe.
        slowest_s: the longest that one send took.
    """

    lines: Iterator[bytes]
    port: Callable[[], int]
    per_second: int
    sent: list[bytes] = field(default_factory=list)
    taken: set[bytes] = field(default_factory=set)
    refused: int = 0
    slowest_s: float = 0.0
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Sender":
        self._thread = threading.Thread(target=self._run, name="sender")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Send no more; returns when the last answer is there."""
        self._stop.set()
        self._thread.join(30)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with socket.create_connection(("127.0.0.1", self.port()), 2) as connection:
                    self._talk(connection)
            except OSError:
                time.sleep(0.05)

    def _talk(self, connection: socket.socket) -> None:
        connection.settimeout(5)
        mine: list[bytes] = []
        answers = connection.makefile("rb")
        known = 0
        while not self._stop.is_set():
            began = time.monotonic()
            some = [next(self.lines) for _ in range(ASK_EVERY)]
            mine += some
            self.sent += some
            connection.sendall(b"".join(line + b"\n" for line in some) + b"\n")
            self.slowest_s = max(self.slowest_s, time.monotonic() - began)
            answer = answers.readline()
            if not answer.endswith(b"\n"):
                return
            _, taken, _, lost = answer.split()
            # Each question's messages came as one: all taken, or none.
            if int(taken) + int(lost) == len(mine) and int(taken) - known == len(some):
                self.taken.update(some)
            self.refused += len(some) - (int(taken) - known)
            known = int(taken)
            time.sleep(max(0.0, began + ASK_EVERY / self.per_second - time.monotonic()))
