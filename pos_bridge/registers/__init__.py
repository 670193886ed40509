"""The registers that are spoken. A new one is one new file and one new line here."""

from functools import cache

from django.utils.module_loading import import_string

from pos_bridge.registers.base import Adapter

ADAPTERS = {
    "leo2": "pos_bridge.registers.leo2.Leo2",
}


@cache
def adapter_class(kind: str) -> type[Adapter] | None:
    """The adapter of a kind of register, or None where it is not spoken yet."""
    path = ADAPTERS.get(kind)
    return import_string(path) if path else None


def kinds_that_drop_doubles() -> list[str]:
    """Where the same number may be sent again after an unclear outcome."""
    return [kind for kind in ADAPTERS if (adapter := adapter_class(kind)) and adapter.drops_doubles]


def kinds_that_list_states() -> list[str]:
    """Where a list moves additions on after they were accepted."""
    return [
        kind for kind in ADAPTERS if (adapter := adapter_class(kind)) and adapter.can_list_states
    ]
