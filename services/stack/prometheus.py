"""
Debian's Prometheus, unpacked into `.local/prometheus`: the server and promtool.

Unpacked, not installed: the package would start a server of its own, on every address.
"""

import shutil
from pathlib import Path
from string import Template
from typing import NamedTuple

from services.stack import tools
from services.stack.locks import locked
from services.stack.places import Report, StackError, silent

_FOLDER = Path(".local") / "prometheus"
# promtool is in the first on Debian 12, and a package of its own from Debian 13 on.
_PACKAGES = {"prometheus": "prometheus", "promtool": "promtool"}


class Programs(NamedTuple):
    """Where the two are."""

    prometheus: Path
    promtool: Path


def installed(root: Path) -> Programs | None:
    """The machine's own, else those that were unpacked into the clone `root`; None: neither."""
    found = [shutil.which(name) or _unpacked(root, name) for name in _PACKAGES]
    return Programs(*map(Path, found)) if all(Path(path).is_file() for path in found) else None


def ensure(root: Path, *, report: Report = silent) -> Programs:
    """
    The same; unpacks them first where they are missing: 19 MB, some seconds. Needs no root.

    Raises:
        StackError: apt is not there, or has no such package; says what to do.
    """
    if found := installed(root):
        return found
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise StackError(
            "prometheus and promtool not found, and this is no Debian: put both on PATH "
            "(https://prometheus.io/download/)"
        )
    with locked(root / ".local" / "prometheus.lock", "Prometheus", report):
        for name, package in _PACKAGES.items():
            if not _unpacked(root, name).is_file():
                _unpack(root, package, report)
    found = installed(root)
    if found is None:
        raise StackError("Debian's packages hold no prometheus and promtool: put both on PATH")
    return found


def configure(home: Path, root: Path, targets: Path) -> Path:
    """
    Write the configuration for processes of this machine; its path.

    Args:
        home: the server's folder; made.
        targets: folder in which processes announce themselves (`Settings.local_dir`/stack/sd).
    """
    home.mkdir(parents=True, exist_ok=True)
    source = root / "deploy" / "prometheus"
    text = Template((source / "local.yml").read_text()).substitute(
        rules=(source / "rules").resolve(), targets=targets.resolve()
    )
    path = home / "prometheus.yml"
    path.write_text(text)
    return path


def command(programs: Programs, config: Path, port: int) -> list[str]:
    """How to start the server on loopback; it keeps a day of samples beside `config`."""
    return [
        str(programs.prometheus),
        f"--config.file={config}",
        f"--storage.tsdb.path={config.parent / 'data'}",
        "--storage.tsdb.retention.time=1d",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=warn",
    ]


def _unpacked(root: Path, name: str) -> Path:
    return root / _FOLDER / "usr" / "bin" / name


def _unpack(root: Path, package: str, report: Report) -> None:
    folder = root / _FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.deb"):
        old.unlink()
    report(f"{package}: fetching Debian's package (once)")
    fetch = ["apt-get", "-q", "download", package]
    try:
        tools.run_short(fetch, cwd=folder, what=f"fetching {package}")
    except StackError:
        # A machine that has never asked for the lists of packages.
        tools.apt(["update"])
        tools.run_short(fetch, cwd=folder, what=f"fetching {package}")
    (archive,) = folder.glob("*.deb")
    tools.run_short(
        ["dpkg-deb", "-x", str(archive), str(folder)], cwd=folder, what=f"unpacking {package}"
    )
    archive.unlink()
