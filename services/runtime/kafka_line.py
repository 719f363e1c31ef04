"""
Connections to a broker that tell a lost line as what it is, under uvloop too.

uvloop answers a write to a line that has just been lost with RuntimeError; aiokafka catches
OSError alone (its issue 1038). Its one task that learns where partitions and coordinators are
then ends for good: the client works on with the partitions it has, but it never finds its group
again, and a worker can neither rejoin nor stop.
"""

from typing import Any

from aiokafka import conn
from aiokafka.errors import KafkaConnectionError


class Connection(conn.AIOKafkaConnection):  # type: ignore[misc]  # it has no types
    """aiokafka's, whose requests fail with KafkaConnectionError when the line is lost."""

    def send(self, request: Any, expect_response: bool = True) -> Any:
        """See aiokafka; an awaitable of the response."""
        try:
            return super().send(request, expect_response)
        except RuntimeError as e:
            raise self._lost(e) from e

    def _send_sasl_token(self, payload: bytes, expect_response: bool = True) -> Any:
        try:
            return super()._send_sasl_token(payload, expect_response)
        except RuntimeError as e:
            raise self._lost(e) from e

    def _lost(self, error: RuntimeError) -> KafkaConnectionError:
        self.close(reason=conn.CloseReason.CONNECTION_BROKEN)
        return KafkaConnectionError(f"Connection at {self._host}:{self._port} broken: {error}")


def install() -> None:
    """From now on every client of aiokafka in this process connects so."""
    conn.AIOKafkaConnection = Connection
