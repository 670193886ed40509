"""The registers that are spoken. A new one is one new file and one new line here."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Protocol

from django.utils.module_loading import import_string

from pos_bridge import address
from pos_bridge.registers.base import Adapter

ADAPTERS = {
    "leo2": "pos_bridge.registers.leo2.Leo2",
    "enregistreuse": "pos_bridge.registers.enregistreuse.Enregistreuse",
    "tiller": "pos_bridge.registers.tiller.Tiller",
}


@cache
def adapter_class(kind: str) -> type[Adapter] | None:
    """The adapter of a kind of register, or None where it is not spoken yet."""
    path = ADAPTERS.get(kind)
    return import_string(path) if path else None


def maker(kind: str) -> type[Adapter]:
    """The adapter of a kind that is spoken, which says its label and its keys. KeyError where it is not."""
    found = adapter_class(kind)
    if found is None:
        raise KeyError(kind)
    return found


def kinds() -> list[tuple[str, str]]:
    """Every kind of register with the name that people know it by: the choices of a form."""
    return [(kind, maker(kind).label) for kind in ADAPTERS]


def kinds_that_drop_doubles() -> list[str]:
    """Where the same number may be sent again after an unclear outcome."""
    return [kind for kind in ADAPTERS if (adapter := adapter_class(kind)) and adapter.drops_doubles]


def kinds_that_list_states() -> list[str]:
    """Where a list moves additions on after they were accepted."""
    return [
        kind for kind in ADAPTERS if (adapter := adapter_class(kind)) and adapter.can_list_states
    ]


def kinds_that_look_up() -> list[str]:
    """Where one addition can be asked for by its number."""
    return [kind for kind in ADAPTERS if (adapter := adapter_class(kind)) and adapter.can_look_up]


class Configured(Protocol):
    """A register as it is configured: a row of models.Register, or a form's values before they are saved."""

    kind: Any
    base_url: Any
    credentials: Any
    options: Any


def adapter_for(register: Configured) -> Adapter | None:
    """Ready to speak to this register; None where its kind is not spoken yet. Its `check()` tries the connection.

    Raises ImproperlyConfigured where the register's keys cannot be decrypted.
    """
    adapter = adapter_class(register.kind)
    if adapter is None:
        return None
    keys: Mapping[str, str] = dict(register.credentials)
    return adapter(register.base_url, keys, register.options, address.network())
