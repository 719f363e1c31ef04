"""Prometheus beside a demo: every process of it scraped, the rules evaluated."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from services import stack
from services.demo.beside import running
from services.demo.children import Children
from services.runtime.settings import Settings
from services.stack import ports, prometheus
from services.stack.places import StackError


@contextmanager
def watched(settings: Settings, console: Console) -> Iterator[str | None]:
    """
    The lag exporter and Prometheus, up; gives Prometheus' address. Ends both.

    Without Debian's package and without apt there is none, and the demo goes on: None.
    """
    children = Children(settings)
    children.start("lag")
    try:
        with _server(settings, console) as url:
            yield url
    finally:
        children.stop()


@contextmanager
def _server(settings: Settings, console: Console) -> Iterator[str | None]:
    root = stack.clone_root()
    try:
        programs = prometheus.ensure(root, report=lambda line: console.print(line, highlight=False))
        port = ports.pick_free()
    except StackError as e:
        console.print(f"no Prometheus: {e}", highlight=False)
        yield None
        return
    home = settings.local_dir / settings.stack
    config = prometheus.configure(home / "prometheus", root, home / "sd")
    with running(prometheus.command(programs, config, port), home / "logs" / "prometheus.log"):
        yield f"http://127.0.0.1:{port}"
