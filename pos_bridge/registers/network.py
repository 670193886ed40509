"""Whom an installation may speak to, and how long it waits. Pure: no model, no Django."""

import ipaddress
import re
import socket
from dataclasses import dataclass

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

# Stricter than any parser of addresses, so that no two parsers can read one address differently.
_BASE_URL = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?\.?|\[[0-9a-f:.]+\])"
    r"(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>(?:/[a-z0-9._~-]*)*)",
    re.IGNORECASE | re.ASCII,
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# What is given to anybody in public. The rest of IPv6 is private, outdated (fec0::, ::127.0.0.1), or this Python calls
# it global because it is younger than its list (5f00::/16, 64:ff9b:1::/48).
_UNICAST = ipaddress.ip_network("2000::/3")
_DOCUMENTATION = ipaddress.ip_network("3fff::/20")


@dataclass(frozen=True)
class Place:
    """Where a base address leads. `host` is in small letters, an IPv6 address in brackets."""

    scheme: str
    host: str
    port: int
    path: str


@dataclass(frozen=True)
class Network:
    """What holds for one installation.

    `allowed`: hosts, or host:port, that may be spoken to without HTTPS and on the local network. `networks`: the same
    for every address in them, whichever name leads there. `production`: where it is False, nobody but the allowed is
    spoken to, so that a test installation with a copy of the data cannot reach the real register (T37). `divisor`:
    divides all deadlines.
    """

    allowed: frozenset[str] = frozenset()
    networks: tuple[IPNetwork, ...] = ()
    production: bool = True
    divisor: float = 1.0

    def allows(self, host: str, port: int) -> bool:
        """As it is written. A name in one of the networks is known by its address only: `holds`."""
        if host in self.allowed or f"{host}:{port}" in self.allowed:
            return True
        address = literal(host)
        return address is not None and self.holds(address)

    def holds(self, address: IPAddress) -> bool:
        """Whether an address that a name has led to is in one of the networks."""
        inner = _wrapped(address)
        return any(
            address in each or (inner is not None and inner in each) for each in self.networks
        )


def place(base_url: str) -> Place | None:
    """The parts of a base address, or None where it is not one: no user, no query, no fragment, ASCII only."""
    match = _BASE_URL.fullmatch(base_url)
    if match is None:
        return None
    scheme, host = match["scheme"].lower(), match["host"].lower().rstrip(".")
    port = int(match["port"] or (443 if scheme == "https" else 80))
    return Place(scheme, host, port, match["path"]) if 0 < port < 65536 else None


def subnet(text: str) -> IPNetwork | None:
    """A network as it is written in settings, "192.168.1.0/24", or None where it is none or is the whole world."""
    try:
        found = (
            ipaddress.ip_network(text.replace("[", "").replace("]", "")) if "/" in text else None
        )
    except ValueError:
        return None
    return found if found is not None and found.prefixlen else None


def literal(host: str) -> IPAddress | None:
    """The address that a host is where it is not a name, in every notation that a resolver takes: 127.1,
    0x7f000001, …
    """
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, UnicodeError):
        return None


def is_public(address: IPAddress) -> bool:
    """Not this machine, not a network behind it, not a cloud's metadata; also not wrapped into IPv6."""
    if address.version == 6 and not _is_given(address):
        return False
    inner = _wrapped(address)
    return address.is_global and not address.is_multicast and (inner is None or is_public(inner))


def _is_given(address: IPAddress) -> bool:
    return address in _NAT64 or (address in _UNICAST and address not in _DOCUMENTATION)


def _wrapped(address: IPAddress) -> IPAddress | None:
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
