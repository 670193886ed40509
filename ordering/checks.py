"""What is wrong with an installation, in words, before it serves anybody."""

from collections.abc import Sequence
from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from ordering import alarm_addresses, storage
from ordering.env import host_of, is_private

SHORTEST_TOKEN = 20


@register("tablee")
def check_base_url(**_kwargs: Any) -> Sequence[CheckMessage]:
    """The address on the cards: whole, over HTTPS where others can reach it, and one that this server answers to."""
    host = host_of(settings.BASE_URL)
    if not host or not settings.BASE_URL.startswith(("http://", "https://")):
        return [
            Error(
                f"BASE_URL is {settings.BASE_URL!r}, which is not a web address.",
                hint="It is printed on every card. Write it whole: BASE_URL=https://carte.example.fr",
                id="ordering.E001",
            )
        ]
    found: list[CheckMessage] = []
    if not settings.HTTPS and not is_private(host):
        found.append(
            Error(
                f"BASE_URL {settings.BASE_URL} is not HTTPS.",
                hint="Orders and the staff's passwords would travel in the clear. Set BASE_URL=https://…",
                id="ordering.E002",
            )
        )
    if not _answers_to(host):
        found.append(
            Error(
                f"The host of BASE_URL ({host}) is not one of ALLOWED_HOSTS ({', '.join(settings.ALLOWED_HOSTS)}).",
                hint="Every printed card would lead to an error. Add it to ALLOWED_HOSTS.",
                id="ordering.E003",
            )
        )
    return found


@register("tablee")
def check_hosts(**_kwargs: Any) -> Sequence[CheckMessage]:
    """ALLOWED_HOSTS names hosts; a star would believe any Host header (T27)."""
    if any(host.startswith("*") for host in settings.ALLOWED_HOSTS):
        return [
            Error(
                "ALLOWED_HOSTS holds a star.",
                hint="Name the hosts, comma between them.",
                id="ordering.E004",
            )
        ]
    return []


@register("tablee")
def check_debug(**_kwargs: Any) -> Sequence[CheckMessage]:
    """DEBUG shows the inside of the program to whoever makes an error (T33)."""
    if settings.DEBUG and not settings.LOCAL:
        return [
            Error(
                "DEBUG is on where others can reach this server.",
                hint="Remove DEBUG=1.",
                id="ordering.E005",
            ),
        ]
    return []


@register("tablee")
def check_field_keys(**_kwargs: Any) -> Sequence[CheckMessage]:
    """Each of FIELD_KEYS is a Fernet key."""
    for position, key in enumerate(settings.FIELD_KEYS):
        try:
            Fernet(key)
        except ValueError:
            return [
                Error(
                    f"FIELD_KEYS: key {position + 1} is not a Fernet key.",
                    hint="Make one with: .venv/bin/python -c "
                    '"from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"',
                    id="ordering.E006",
                )
            ]
    return []


@register("tablee")
def check_proxy(**_kwargs: Any) -> Sequence[CheckMessage]:
    """HTTPS without a proxy of ours is unusual: gunicorn is started without a certificate here."""
    if settings.HTTPS and not settings.PROXIES:
        return [
            Warning(
                "BASE_URL is HTTPS and PROXIES is 0, so the proxy's X-Forwarded-Proto is not believed.",
                hint="Behind nginx or Caddy set PROXIES=1, else every page redirects to itself.",
                id="ordering.W001",
            )
        ]
    return []


@register(Tags.database)
def check_durable(databases: Sequence[str] | None = None, **_kwargs: Any) -> Sequence[CheckMessage]:
    """Nothing that is confirmed is lost: asked by `check --database default`, `migrate` and `deliver` (P3, F27)."""
    return storage.durable(thorough=True) if "default" in (databases or ()) else []


@register(Tags.database, deploy=True)
def check_ready(databases: Sequence[str] | None = None, **_kwargs: Any) -> Sequence[CheckMessage]:
    """The tables are there. Not asked by `migrate`, which makes them; by `check --deploy --database default`."""
    return storage.ready() if "default" in (databases or ()) else []


@register("tablee", deploy=True)
def check_alarm_urls(**_kwargs: Any) -> Sequence[CheckMessage]:
    """Each entry of ALARM_URLS is an address that Apprise understands. They hold passwords: shown by their place.

    A warning: orders are delivered all the same, also where a newer Apprise has given up a service. It takes a second,
    so that only `check --deploy` and `watch` ask it.
    """
    wrong = alarm_addresses.not_understood() if settings.ALARM_URLS else []
    if not wrong:
        return []
    return [
        Warning(
            f"ALARM_URLS: Apprise does not understand entry {', '.join(map(str, wrong))}.",
            hint="White space stands between entries; inside one, write a space as %20. docs/alarms.md has examples.",
            id="ordering.W041",
        )
    ]


@register("tablee")
def check_health_token(**_kwargs: Any) -> Sequence[CheckMessage]:
    """Whoever guesses HEALTH_TOKEN sees how busy every restaurant is."""
    if settings.HEALTH_TOKEN and len(settings.HEALTH_TOKEN) < SHORTEST_TOKEN:
        return [
            Error(
                f"HEALTH_TOKEN has fewer than {SHORTEST_TOKEN} characters.",
                hint='Make one with: .venv/bin/python -c "import secrets; print(secrets.token_urlsafe())"',
                id="ordering.E042",
            )
        ]
    return []


def _answers_to(host: str) -> bool:
    return any(
        host == allowed.strip("[]") or (allowed.startswith(".") and f".{host}".endswith(allowed))
        for allowed in settings.ALLOWED_HOSTS
    )
