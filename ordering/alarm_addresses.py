"""Where alarms go: the setting ALARM_URLS, read. Its entries hold passwords and are never shown, only counted."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass

from django.conf import settings

from pos_bridge import alarms

# `slug=mailto://…` is for one restaurant; an Apprise address has a colon before any equals sign.
ENTRY = re.compile(r"(?:(?P<slug>[a-z0-9][a-z0-9-]{0,63})=)?(?P<url>.+)", re.DOTALL)
NOTIFY = [sys.executable, "-m", "ordering.notify"]
# What a child needs of our environment: not our keys, nor the addresses of others.
# fmt: off
KEPT = {
    "PATH", "PYTHONPATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR",
    "http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",
}
# fmt: on


@dataclass(frozen=True)
class Address:
    """`position`: its place in the setting, from 1. `mark`: what the database knows it by."""

    position: int
    slug: str
    url: str
    mark: str


def addresses(slug: str | None) -> list[Address]:
    """Those that a restaurant's alarms go to; with None all of them: the whole installation is everybody's concern."""
    found: dict[str, Address] = {}
    for each in every():
        if slug is None or each.slug in {"", slug}:
            found.setdefault(each.mark, each)
    return list(found.values())


def every() -> list[Address]:
    """Each entry of the setting."""
    found = []
    for position, entry in enumerate(settings.ALARM_URLS, start=1):
        if parts := ENTRY.fullmatch(entry):
            mark = alarms.mark_of(parts["url"])
            found.append(Address(position, parts["slug"] or "", parts["url"], mark))
    return found


def not_understood() -> list[int]:
    """The places of those that Apprise does not understand; a process of its own looks."""
    known = every()
    done = subprocess.run(  # noqa: S603  (ourselves)
        [*NOTIFY, "--understands"],
        input=json.dumps([each.url for each in known]),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=settings.BASE_DIR,
        env=environment(),
        check=True,
    )
    understood = json.loads(done.stdout)
    return [each.position for each, well in zip(known, understood, strict=True) if not well]


def environment() -> dict[str, str]:
    """For such a process."""
    return {name: value for name, value in os.environ.items() if name in KEPT}
