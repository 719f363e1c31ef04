"""A Grafana with our provisioning: what it must be told, and where one is installed."""

import shutil
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from services.runtime import roles
from services.runtime.settings import Settings

_HOMES = ("/usr/share/grafana", "/opt/homebrew/opt/grafana/share/grafana")


def variables(settings: Settings, folder: Path, prometheus: str) -> dict[str, str]:
    """
    The variables of provisioning and grafana.ini: the database, as the role that reads, the
    dashboards below `folder`, and the address of Prometheus.

    Raises:
        SettingsError: there is no login for the reader.
    """
    parts = conninfo_to_dict(roles.url(settings, roles.READER))
    return {
        "WALLS_DASHBOARDS": str(folder / "dashboards"),
        "WALLS_DB_HOST": str(parts.get("host") or "127.0.0.1"),
        "WALLS_DB_PORT": str(parts.get("port") or 5432),
        "WALLS_DB_NAME": str(parts.get("dbname") or "postgres"),
        "WALLS_DB_USER": str(parts.get("user") or roles.READER),
        "WALLS_DB_PASSWORD": str(parts.get("password") or ""),
        "WALLS_DB_SSLMODE": str(parts.get("sslmode") or "disable"),
        "WALLS_DB_CA": str(parts.get("sslrootcert") or ""),
        "WALLS_PROMETHEUS_URL": prometheus,
    }


def command(folder: Path, data: Path, port: int) -> list[str] | None:
    """
    Words that start the installed Grafana on loopback; None where there is none.

    `folder` is ours with provisioning, `data` is for what it keeps.
    """
    program = shutil.which("grafana") or shutil.which("grafana-server")
    if program is None:
        return None
    home = next((home for home in _HOMES if Path(home).is_dir()), None)
    return [
        program,
        *(["server"] if Path(program).name == "grafana" else []),
        *(["--homepath", home] if home else []),
        "--config",
        str(folder / "grafana.ini"),
        f"cfg:server.http_port={port}",
        f"cfg:paths.provisioning={folder / 'provisioning'}",
        f"cfg:paths.data={data}",
        f"cfg:paths.logs={data / 'logs'}",
    ]
