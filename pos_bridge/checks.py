"""System checks of the bridge: a wrong setting is said in words before service starts."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from pos_bridge.registers import http, line
from pos_bridge.registers.network import place, subnet
from pos_bridge.waiting import LEASE


@register(Tags.security)
def hosts_can_be_read(**_: Any) -> list[CheckMessage]:
    """A host that is written otherwise allows nothing, and nobody would know why."""
    return [
        Error(
            f"REGISTER_HOSTS_ALLOWED: {host!r} is neither a host nor a network.",
            hint="Write hosts, each perhaps with a port, or networks, and commas between: "
            '"192.168.1.20,127.0.0.1:9500,10.0.0.0/24".',
            id="pos_bridge.E001",
        )
        for host in settings.REGISTER_HOSTS_ALLOWED
        if subnet(host) is None and ((where := place(f"http://{host}")) is None or where.path)
    ]


@register()
def time_can_be_divided(**_: Any) -> list[CheckMessage]:
    if settings.TIME_DIVISOR > 0:
        return []
    return [
        Error(
            f"TIME_DIVISOR is {settings.TIME_DIVISOR:g}: every deadline is divided by it.",
            hint="Leave it out: 1 is right for everything but tests.",
            id="pos_bridge.E002",
        )
    ]


@register(deploy=True)
def time_is_not_shortened(**_: Any) -> list[CheckMessage]:
    if settings.TIME_DIVISOR <= 1:
        return []
    return [
        Warning(
            f"TIME_DIVISOR is {settings.TIME_DIVISOR:g}: registers get too little time to answer.",
            hint="Leave it out: it is for tests.",
            id="pos_bridge.W001",
        )
    ]


@register()
def a_lease_outlasts_a_post(**_: Any) -> list[CheckMessage]:
    """Else a second worker would send what the first still waits for."""
    if LEASE > http.POST_DEADLINE + line.CONNECT_TIMEOUT:
        return []
    return [
        Error(
            f"A lease of {LEASE:g} s does not outlast a POST of {http.POST_DEADLINE:g} s.",
            id="pos_bridge.E003",
        )
    ]
