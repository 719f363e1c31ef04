"""Ports are free when chosen, and a taken one is named with its holder and its setting."""

import os
import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from services.stack import StackError, ports


@pytest.fixture(params=["127.0.0.1", "0.0.0.0"])
def taken(request: pytest.FixtureRequest) -> Iterator[int]:
    with closing(socket.socket()) as server:
        server.bind((request.param, 0))
        server.listen()
        yield server.getsockname()[1]


def test_a_port_somebody_listens_on_is_not_free(taken: int) -> None:
    assert not ports.is_free(taken)


def test_a_picked_port_is_free_and_none_of_those_to_avoid() -> None:
    port = ports.pick_free()
    assert ports.is_free(port)
    everything_else = set(range(20000, 32000)) - {port}
    assert ports.pick_free(everything_else) == port


def test_the_refusal_names_port_holder_and_setting(taken: int) -> None:
    with pytest.raises(StackError) as caught:
        ports.require_free(taken, "Kafka", "VNTAPE_KAFKA_PORT")
    for part in (str(taken), "Kafka", "VNTAPE_KAFKA_PORT", f"pid {os.getpid()}"):
        assert part in str(caught.value)
