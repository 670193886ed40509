"""The register of a restaurant file. No sentence here holds a key or an address (P18)."""

from collections.abc import Iterator
from typing import Any

from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from ordering.models import Restaurant
from ordering.restaurant_file.mistakes import Mistake, listed, show, wrong
from ordering.restaurant_file.rules import register_id_mistakes
from ordering.restaurant_file.sentences import Sentence, spoken_twice
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
        yield wrong(("register", "base_url"), trouble)
    if kind not in dict(kinds()) or not isinstance(url, str) or not isinstance(given, dict):
        return
    for name in registers.missing_keys(stored.restaurant, kind, url, given):
        yield wrong(
            ("register", "credentials"),
            _("%(name)s is missing; %(kind)s needs %(names)s"),
            name=show(name),
            kind=kind,
            names=listed(registers.credential_names(kind)),
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
        text = _("Another register is in use now; what waits for the one before stays with it.")
        report.notes.append(Sentence(text))


def not_told(restaurant: Restaurant) -> list[Sentence]:
    """A sentence for each thing that the register in use cannot be told (P25)."""
    return spoken_twice(
        lambda: [
            gettext("%(about)s cannot be ordered so: %(why)s")
            % {"about": found.about, "why": f"{found.words}."}
            for found in unsupported.unsupported_in(restaurant)
        ]
    )


def _address_problem(url: str) -> str | None:
    # It is said in English where it is looked for; a mistake says it in the reader's language.
    with translation.override("en"):
        return address.problem(url)
