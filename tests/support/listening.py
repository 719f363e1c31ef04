"""Where a process listens, by what the kernel says."""

import ipaddress
from pathlib import Path

_LISTEN = "0A"


def addresses_of(pid: int) -> dict[int, str]:
    """Port -> address of every TCP socket that a process listens on."""
    mine = {_target(entry) for entry in Path(f"/proc/{pid}/fd").iterdir()}
    found: dict[int, str] = {}
    for name in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{name}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == _LISTEN and f"socket:[{fields[9]}]" in mine:
                address, _, port = fields[1].partition(":")
                found[int(port, 16)] = _readable(address)
    return found


def is_loopback(address: str) -> bool:
    """Also of an IPv4 address written as one of IPv6."""
    one = ipaddress.ip_address(address)
    mapped = getattr(one, "ipv4_mapped", None)
    return bool((mapped or one).is_loopback)


def _target(entry: Path) -> str:
    try:
        return str(entry.readlink())
    except OSError:  # closed in the meantime
        return ""


def _readable(written: str) -> str:
    """The kernel writes words of 32 bits in the machine's order."""
    words = [bytes.fromhex(written[i : i + 8])[::-1] for i in range(0, len(written), 8)]
    return str(ipaddress.ip_address(b"".join(words)))
