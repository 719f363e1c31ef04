"""Nothing listens beyond this machine unless somebody says so."""

import os
import re

from prometheus_client import CollectorRegistry

from services.runtime import http
from services.runtime.health import Health
from services.runtime.settings import Settings
from services.runtime.settings_load import load
from tests.support.listening import addresses_of, is_loopback
from tests.support.stack import ROOT

EVERYWHERE = re.compile(r"""["'](0\.0\.0\.0|::)["']""")


async def test_figures_and_health_are_on_loopback_and_nothing_else_is_opened() -> None:
    """By the kernel's list of sockets; and where the setting says, when it says so."""
    settings = load({})
    before = set(addresses_of(os.getpid()))
    runner, port = await http.serve(CollectorRegistry(), Health(), 0, settings.http_host)
    try:
        opened = {p: a for p, a in addresses_of(os.getpid()).items() if p not in before}
        assert opened == {port: "127.0.0.1"}
    finally:
        await runner.cleanup()
    runner, port = await http.serve(CollectorRegistry(), Health(), 0, "0.0.0.0")
    try:
        assert addresses_of(os.getpid())[port] == "0.0.0.0"
        assert not is_loopback("0.0.0.0")
        assert is_loopback("::ffff:127.0.0.1")
    finally:
        await runner.cleanup()


def test_every_address_to_listen_on_is_loopback_unless_set() -> None:
    hosts = {name: f.default for name, f in Settings.model_fields.items() if name.endswith("_host")}
    assert hosts == {"http_host": "127.0.0.1", "gateway_host": "127.0.0.1"}


def test_no_code_says_everywhere_but_where_it_compares() -> None:
    """An address of all interfaces is written in one place of the services: a comparison."""
    found = {
        str(path.relative_to(ROOT)): line.strip()
        for path in (ROOT / "services").rglob("*.py")
        for line in path.read_text().splitlines()
        if EVERYWHERE.search(line)
    }
    assert found.keys() == {"services/gateway/rest.py"}, found
    for template in (ROOT / "deploy/local").iterdir():
        assert not EVERYWHERE.search(template.read_text()), template
