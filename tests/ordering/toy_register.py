"""A register that is made up: it speaks like LEO2, drops no doubles, looks up one addition, and lists its catalogue."""

from pos_bridge.registers import ADAPTERS, adapter_class
from pos_bridge.registers.leo2 import Leo2


class Toy(Leo2):
    drops_doubles = False
    can_look_up = True
    can_list_states = False


def use(monkeypatch, kind="enregistreuse", adapter=Toy):
    """Have this kind of register spoken by the adapter until the test is over."""
    monkeypatch.setitem(ADAPTERS, kind, f"{adapter.__module__}.{adapter.__qualname__}")
    adapter_class.cache_clear()
