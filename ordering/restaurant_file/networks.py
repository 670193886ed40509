"""The house's networks: how people write them, how they are stored, and what is wrong with them in a file."""

import ipaddress
from collections.abc import Iterable, Iterator

from django.utils.translation import gettext_noop as _

from .mistakes import Mistake, show, wrong


def network_of(text: str) -> str | None:
    """A network as it is stored, "203.0.113.0/24", of an address or a network as people write it; None of neither."""
    try:
        return str(ipaddress.ip_network(text.strip(), strict=False))
    except ValueError:
        return None


def network_mistakes(networks: Iterable[str]) -> Iterator[Mistake]:
    """Those that look like networks and are none, or are not as they are stored."""
    for index, network in enumerate(networks):
        wanted = network_of(network)
        if "/" in network and wanted != network:
            text = _("%(value)s is not a network")
            if wanted:
                text = _("%(value)s is not a network; write %(wanted)s")
            where = ("who_may_order", "networks", index)
            yield wrong(where, text, value=show(network), wanted=show(wanted))
