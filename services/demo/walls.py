"""Grafana beside a demo, where one is installed: the walls on the demo's own tapes."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from services import stack
from services.demo.beside import running
from services.runtime.settings import Settings
from services.stack import ports
from services.walls import server

_NO_PROMETHEUS = "http://127.0.0.1:9090"


@contextmanager
def hung(settings: Settings, console: Console, prometheus: str | None) -> Iterator[str | None]:
    """
    Grafana with our provisioning, up; gives its address, and ends it.

    Where none is installed it says how else to see the walls, and the demo goes on: None. The
    reader's login must be there: `vntape migrate` made it.
    """
    folder = stack.clone_root() / "grafana"
    data = settings.local_dir / settings.stack / "grafana"
    port = ports.pick_free()
    words = server.command(folder, data, port)
    if words is None:
        console.print(
            "walls       no grafana-server here: `docker compose --profile observability up "
            "grafana`, or your own: grafana/README.md",
            highlight=False,
        )
        yield None
        return
    environment = os.environ | server.variables(settings, folder, prometheus or _NO_PROMETHEUS)
    with running(words, data / "output.log", environment):
        yield f"http://127.0.0.1:{port}"
