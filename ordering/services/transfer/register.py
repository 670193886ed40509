"""The register of a restaurant file. No sentence here holds a key or an address (P18)."""

from collections.abc import Iterator, Mapping
from typing import Any

from ordering.models import Restaurant
from ordering.restaurant_file.mistakes import Mistake, listed, show
from pos_bridge.encryption import Credentials
from pos_bridge.models import Register
from pos_bridge.registers import adapter_class

from .report import Report
from .stored import Stored

# Of the kinds that are not spoken yet (restaurant.schema.json); an adapter names its own.
NAMES = {
    "leo2": ("shop", "pub_key"),
    "enregistreuse": ("idboutique", "key"),
    "tiller": ("restaurant_token", "provider_token"),
}
# Which of the keys says which shop it is. Another shop is another register (F70).
SHOP = {"leo2": "shop", "enregistreuse": "idboutique", "tiller": "restaurant_token"}


def credential_names(kind: str) -> tuple[str, ...]:
    adapter = adapter_class(kind)
    return adapter.credential_names if adapter else NAMES[kind]


def register_mistakes(data: dict[str, Any], stored: Stored) -> Iterator[Mistake]:
    """What is wrong with the register, also in the light of the one that is stored."""
    wanted = data.get("register")
    if not isinstance(wanted, dict):
        return
    kind, address = wanted.get("kind"), wanted.get("base_url")
    if isinstance(address, str) and (trouble := _address_problem(address)):
        yield Mistake(("register", "base_url"), trouble)
    given = wanted.get("credentials")
    if not (isinstance(kind, str) and kind in NAMES and isinstance(address, str)):
        return
    if not isinstance(given, dict):
        return
    # What is not a text there, the schema has named.
    known = _merged(wanted, find(wanted, stored.registers))
    names = credential_names(kind)
    for name in names:
        if not str(known.get(name, "")).strip():
            yield Mistake(
                ("register", "credentials"),
                f"{show(name)} is missing; {kind} needs {listed(names)}",
            )


def set_register(
    wanted: dict[str, Any], restaurant: Restaurant, stored: Stored, report: Report
) -> None:
    """Make the register of the file the one in use, without touching what waits for another."""
    counts = report.counts["register"]
    register = find(wanted, stored.registers)
    values = {
        "base_url": wanted["base_url"],
        "credentials": _merged(wanted, register),
        "options": wanted.get("options", {}),
        "current": True,
    }
    before = stored.register
    if before is not None and before != register:
        before.current = False
        before.save(update_fields=["current"])
        report.notes.append(
            "Another register is in use now; what waits for the one before stays with it."
        )
    if register is None:
        Register.objects.create(
            restaurant=restaurant, kind=wanted["kind"], paused_reason="", **values
        )
        counts.created += 1
        return
    changed = [name for name, value in values.items() if getattr(register, name) != value]
    if not changed:
        counts.unchanged += 1
        return
    for name in changed:
        setattr(register, name, values[name])
    # Somebody has changed something: what was held because nothing could pass may try again.
    register.paused_reason = ""
    register.save(update_fields=[*changed, "paused_reason"])
    counts.updated += 1


def find(wanted: dict[str, Any], registers: list[Register]) -> Register | None:
    """The stored register of the same kind, address and shop. One of before is taken up again: a till that numbers
    its additions anew under a second record could be sent a number twice."""
    shop_name = SHOP.get(wanted["kind"], "")
    shop = wanted["credentials"].get(shop_name) or None
    for register in registers:
        if (
            register.kind == wanted["kind"]
            and register.base_url.rstrip("/") == wanted["base_url"].rstrip("/")
            and shop in (None, register.credentials.get(shop_name))
        ):
            return register
    return None


def _merged(wanted: dict[str, Any], register: Register | None) -> Credentials:
    """The keys to store: those that the file leaves out stay, where it is the same register."""
    kept: Mapping[str, str] = register.credentials if register else {}
    given = {name: value for name, value in wanted["credentials"].items() if value != ""}
    return Credentials({**kept, **given})


def _address_problem(address: str) -> str | None:
    try:
        from pos_bridge.address import problem
    except ModuleNotFoundError:
        return None
    found: str | None = problem(address)
    return found
