"""Setting a restaurant's register by hand."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from ordering.models import Restaurant
from ordering.services import carte
from pos_bridge import outbox
from pos_bridge.encryption import Credentials
from pos_bridge.models import Register
from pos_bridge.registers import maker


@dataclass(frozen=True)
class Configured:
    register: Register
    # Whether the orders of before were bound to another one, and stay so.
    another: bool


def credential_names(kind: str) -> tuple[str, ...]:
    """What its maker gives to a restaurant. KeyError where there is no such kind."""
    return maker(kind).credential_names


def find(
    restaurant: Restaurant, kind: str, base_url: str, credentials: Mapping[str, str]
) -> Register | None:
    """The restaurant's record of this till, in use or of before. An empty shop is the one of the register in use.

    One of before is taken up again: a second record would number its additions anew, and the till drops what it has
    seen (P6).
    """
    registers = Register.objects.filter(restaurant=restaurant, kind=kind).order_by("-current", "pk")
    shop_name = maker(kind).shop_name
    shop = credentials.get(shop_name)
    for register in registers:
        same_address = register.base_url.rstrip("/") == base_url.rstrip("/")
        same_shop = register.credentials.get(shop_name) == shop if shop else register.current
        if same_address and same_shop:
            return register
    return None


def till(kind: str, base_url: str, credentials: Mapping[str, str]) -> str:
    """Which till this is, for `Register.till`: the same one for every restaurant that orders on it."""
    shop = credentials.get(maker(kind).shop_name, "")
    return hashlib.sha256("|".join((kind, base_url.rstrip("/"), shop)).encode()).hexdigest()


def missing_keys(
    restaurant: Restaurant | None, kind: str, base_url: str, given: Mapping[str, str]
) -> list[str]:
    """The names of the keys that are neither given nor stored for this very till.

    What is stored counts for no other: a key is never sent to another address than the one that it was typed for.
    """
    typed = {name: value for name, value in given.items() if value != ""}
    known = find(restaurant, kind, base_url, typed) if restaurant else None
    keys = {**(known.credentials if known else {}), **typed}
    return [name for name in credential_names(kind) if not str(keys.get(name, "")).strip()]


def configure(
    *,
    restaurant: Restaurant,
    kind: str,
    base_url: str,
    credentials: Mapping[str, str],
    options: Mapping[str, Any] | None = None,
) -> Configured:
    """Make this the register in use. Keys that are left out stay; another kind, address or shop is another record.

    Whatever nothing could pass for may try again: the pause ends.
    """
    given = {name: value for name, value in credentials.items() if value}
    with transaction.atomic():
        # The cached carte knows whether there is a register to order by.
        carte.changed(restaurant_id=restaurant.pk)
        register = find(restaurant, kind, base_url, given)
        others = Register.objects.filter(restaurant=restaurant, current=True)
        if register is not None:
            others = others.exclude(pk=register.pk)
        another = others.update(current=False) > 0
        if register is None:
            values: dict[str, Any] = {"credentials": Credentials(given), "options": options or {}}
            register = Register.objects.create(
                restaurant=restaurant,
                kind=kind,
                base_url=base_url,
                till=till(kind, base_url, given),
                **values,
            )
            return Configured(register, another)
        register.base_url = base_url
        register.credentials.update(given)
        register.till = till(kind, base_url, register.credentials)
        register.current = True
        if options is not None:
            register.options = dict(options)
        register.save(
            update_fields=[
                "base_url",
                "credentials",
                "till",
                "current",
                "options",
            ]
        )
        outbox.resume(register=register)
        return Configured(register, another)
