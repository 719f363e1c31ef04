"""An address the gateway cannot have: one sentence that names the setting, and exit status 78."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest


def refusal(folder: Path, host: str, port: int) -> list[str]:
    """What the gateway says when it ends by itself, by lines; it never gets as far as Kafka."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("VNTAPE_")} | {
        "VNTAPE_KAFKA": "127.0.0.1:1",
        "VNTAPE_LOCAL_DIR": str(folder),
        "VNTAPE_GATEWAY_HOST": host,
        "VNTAPE_GATEWAY_PORT": str(port),
    }
    arguments = [sys.executable, "-m", "services.cli", "run", "gateway"]
    ended = subprocess.run(arguments, env=env, capture_output=True, text=True, timeout=30)
    assert ended.returncode == 78, ended.stderr
    return ended.stderr.splitlines()


@pytest.mark.parametrize("host", ["256.1.1.1", "192.0.2.1", "a..b", "::2"])
def test_a_host_that_is_not_ours_is_refused_by_the_name_of_its_setting(
    tmp_path: Path, host: str
) -> None:
    (sentence,) = refusal(tmp_path, host, 0)
    assert sentence.startswith(f"Error: the gateway cannot listen on {host}:0 (")
    assert "set VNTAPE_GATEWAY_HOST to" in sentence
    assert "VNTAPE_GATEWAY_PORT" not in sentence


def test_a_port_that_is_taken_is_refused_by_the_name_of_its_setting(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        (sentence,) = refusal(tmp_path, "127.0.0.1", port)
    assert sentence.startswith(f"Error: the gateway cannot listen on 127.0.0.1:{port} (")
    assert "set VNTAPE_GATEWAY_PORT to" in sentence
    assert "VNTAPE_GATEWAY_HOST" not in sentence
