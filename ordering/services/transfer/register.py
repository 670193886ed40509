"""The register of a restaurant file. No sentence here holds a key or an address (P18)."""

from collections.abc import Iterator
from typing import Any

from django.utils import translation

from ordering.models import Restaurant
from ordering.restaurant_file.mistakes import Mistake, listed, show
from ordering.restaurant_file.rules import register_id_mistakes
from ordering.services import registers, unsupported
from pos_bridge import address
from pos_bridge.registers import kinds

from .report import Report
from .stored import Stored


def register_mistakes(data: dict[str, Any], stored: Stored) -> Iterator[Mistake]:
    """What is wrong with the register, also in the light of the one that is stored."""
    wanted = data.get("register")
    if "register" not in data and stored.register is not None:
        yield from register_id_mistakes(data, stored.register.kind)
    if not isinstance(wanted, dict):
        return
    kind, url, given = (wanted.get(name) for name in ("kind", "base_url", "credentials"))
    if isinstance(url, str) and (trouble := _address_problem(url)):
        yield Mistake(("register", "base_url"), trouble)
    if kind not in dict(kinds()) or not isinstance(url, str) or not isinstance(given, dict):
        return
    for name in registers.missing_keys(stored.restaurant, kind, url, given):
        yield Mistake(
            ("register", "credentials"),
            f"{show(name)} is missing; {kind} needs {listed(registers.credential_names(kind))}",
        )


def set_register(wanted: dict[str, Any], restaurant: Restaurant, report: Report) -> None:
    """Make the register of the file the one in use, without touching what waits for another."""
    counts = report.counts["register"]
    given = {name: value for name, value in wanted["credentials"].items() if value != ""}
    register = registers.find(restaurant, wanted["kind"], wanted["base_url"], given)
    if register is None:
        counts.created += 1
    elif (
        register.current
        and register.base_url == wanted["base_url"]
        and {**register.credentials, **given} == dict(register.credentials)
        and register.options == wanted.get("options", {})
    ):
        # Configuring it would end a pause, and nobody has mended anything.
        counts.unchanged += 1
        return
    else:
        counts.updated += 1
    configured = registers.configure(
        restaurant=restaurant,
        kind=wanted["kind"],
        base_url=wanted["base_url"],
        credentials=wanted["credentials"],
        options=wanted.get("options", {}),
    )
    if configured.another:
        report.notes.append(
            "Another register is in use now; what waits for the one before stays with it."
        )


def not_told(restaurant: Restaurant) -> list[str]:
    """A sentence for each thing that the register in use cannot be told (P25)."""
    with translation.override("en"):
        return [
            f"{found.about} cannot be ordered so: {found.words}."
            for found in unsupported.unsupported_in(restaurant)
        ]


def _address_problem(url: str) -> str | None:
    # Whatever language the command runs in, an import speaks English.
    with translation.override("en"):
        return address.problem(url)
