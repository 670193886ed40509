"""Which addresses a register may have (P25, T25), and whom this installation speaks to (T37).

Over HTTPS, any public host. A host of settings.REGISTER_HOSTS_ALLOWED ("192.168.1.20", "127.0.0.1:9500") may
be spoken to without HTTPS and on the local network, and so may every address of a network that stands there
("192.168.1.0/24"), whichever name leads to it. An installation whose own BASE_URL is not HTTPS is not in
production: whatever registers its database names (a copy of the real one, perhaps), it speaks to those hosts
and to no other. The address may be saved there all the same, so that a restaurant's file can be tried out;
the register then pauses with the reason "not_in_production" instead of sending.

The same is judged again when something is sent, on what the name resolves to (registers/http.py).
"""

from django.conf import settings
from django.utils.translation import gettext as _

from pos_bridge.registers.network import Network, is_public, literal, place, subnet


def network() -> Network:
    """What the settings say, for the adapters, which know no Django."""
    return Network(
        allowed=frozenset(host.lower() for host in settings.REGISTER_HOSTS_ALLOWED),
        networks=tuple(filter(None, map(subnet, settings.REGISTER_HOSTS_ALLOWED))),
        production=settings.HTTPS,
        divisor=settings.TIME_DIVISOR,
    )


def problem(base_url: str) -> str | None:
    """Why a register cannot have this address, in the reader's language, or None."""
    where = place(base_url)
    if where is None:
        return _(
            "This is not the address of a register: write https://, the host, and a path if there is one, "
            "without a user, a question mark or a #."
        )
    here, address = network(), literal(where.host)
    if here.allows(where.host, where.port):
        return None
    is_local_name = where.host.rpartition(".")[2] == "localhost"
    if here.networks and address is None and not is_local_name:
        return None  # the name is judged by the address that it leads to, when it is spoken to
    if where.scheme != "https":
        return _(
            "Only https:// is allowed: the register's key is part of each request. For a register in the "
            "restaurant's own network, whoever runs this installation adds its host to REGISTER_HOSTS_ALLOWED."
        )
    if is_local_name or (address and not is_public(address)):
        return _(
            "This address is in this machine or its own network. If the register stands there, whoever runs this "
            "installation adds its host to REGISTER_HOSTS_ALLOWED."
        )
    return None
