"""Certificates of a test: an authority, and what it signs; made by openssl."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Authority:
    """One that signs; `ca` is the file that clients trust."""

    folder: Path

    @property
    def ca(self) -> Path:
        return self.folder / "ca.pem"

    def sign(self, name: str) -> tuple[Path, Path]:
        """(certificate, key) of a server `name` on this machine."""
        key, certificate = self.folder / f"{name}.key", self.folder / f"{name}.pem"
        extensions = self.folder / "extensions"
        extensions.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        request = self.folder / f"{name}.csr"
        _openssl("req", "-new", *_KEY, "-keyout", key, "-out", request, "-subj", f"/CN={name}")
        _openssl(
            "x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", self.folder / "ca.key",
            "-CAcreateserial", "-days", "2", "-extfile", extensions, "-out", certificate,
        )  # fmt: skip
        return certificate, key


_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


def authority(folder: Path) -> Authority:
    """A new one, with its key in `folder`."""
    folder.mkdir(parents=True)
    made = Authority(folder)
    key = folder / "ca.key"
    _openssl(
        "req", "-x509", *_KEY, "-keyout", key, "-out", made.ca, "-days", "2", "-subj", "/CN=test ca"
    )
    return made


def _openssl(*words: str | Path) -> None:
    if shutil.which("openssl") is None:
        raise RuntimeError("openssl is missing, which makes the tests' certificates")
    done = subprocess.run(["openssl", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
