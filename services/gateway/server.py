"""The HTTP server: uvicorn on a socket of ours, with a way to cut a client that does not read."""

import asyncio
import contextlib
import errno
import socket
from collections.abc import Iterator
from typing import Any

import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from services.gateway.session import MAX_FRAME_IN
from services.runtime.settings import SettingsError

UNSENT_BYTES = 16_384
"""Unsent bytes in the kernel per client: the default lets megabytes pile up before `send` waits."""
ABORT = "vntape.abort"


class StreamProtocol(WebSocketsSansIOProtocol):
    """Uvicorn's, with `scope["extensions"][ABORT]`: cuts the socket without flushing it."""

    async def run_asgi(self) -> None:
        self.transport.set_write_buffer_limits(high=UNSENT_BYTES)
        extensions: dict[str, Any] = self.scope["extensions"]
        extensions[ABORT] = self.transport.abort
        await super().run_asgi()


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the process's business."""
        yield


def listen(host: str, port: int) -> socket.socket:
    """
    A listening socket; its connections inherit the small unsent limit.

    Raises:
        SettingsError: the address is taken or not ours; the text says which variable to set.
    """
    s = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "TCP_NOTSENT_LOWAT"):
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)
    try:
        s.bind((host, port))
        s.listen(2048)
    except (OSError, UnicodeError) as e:  # UnicodeError: a name no resolver could be asked for
        s.close()
        raise SettingsError(_cannot_listen(host, port, e)) from e
    return s


def _cannot_listen(host: str, port: int, error: OSError | UnicodeError) -> str:
    reason = (isinstance(error, OSError) and error.strerror) or str(error)
    if isinstance(error, OSError) and error.errno in (errno.EADDRINUSE, errno.EACCES):
        todo = "set VNTAPE_GATEWAY_PORT to another port, or to 0 for a free one"
    else:
        todo = "set VNTAPE_GATEWAY_HOST to an address of this machine, such as 127.0.0.1"
    return f"the gateway cannot listen on {host}:{port} ({reason}); {todo}"


async def serve(app: Any, sock: socket.socket, stopping: asyncio.Event) -> None:
    """Serve until `stopping` is set, then close clients with 1012."""
    config = uvicorn.Config(
        app,
        http="httptools",
        ws=StreamProtocol,
        ws_max_size=MAX_FRAME_IN,
        ws_per_message_deflate=False,
        ws_ping_interval=20,
        ws_ping_timeout=20,
        timeout_graceful_shutdown=3,
        log_config=None,
        log_level="warning",
        access_log=False,
        lifespan="off",
        server_header=False,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[sock]))
    wish = asyncio.create_task(stopping.wait())
    await asyncio.wait({task, wish}, return_when=asyncio.FIRST_COMPLETED)
    wish.cancel()
    server.should_exit = True
    await task
