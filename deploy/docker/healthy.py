"""
Asks the process of this container whether it is well: exit status 0 when it is.

`healthy.py` asks whether it is ready, `healthy.py live` only whether it is not stalled.
Without a request library, so that asking every 10 s costs next to nothing.
"""

import os
import socket
import sys

_PATH = "/health/live" if sys.argv[1:] == ["live"] else "/health"
_REQUEST = f"GET {_PATH} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode()

with socket.create_connection(
    ("127.0.0.1", int(os.environ.get("VNTAPE_HTTP_PORT", "9464"))), timeout=4
) as connection:
    connection.sendall(_REQUEST)
    answer = b""
    while chunk := connection.recv(4096):
        answer += chunk
head, _, body = answer.partition(b"\r\n\r\n")
sys.stdout.write(body.decode(errors="replace"))
sys.exit(0 if b" 200 " in head.partition(b"\r\n")[0] else 1)
