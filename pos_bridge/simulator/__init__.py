"""Registers to try and to test with: real HTTP servers that speak a vendor's protocol and can be told to fail.

Nothing here is shared with the adapters that they judge.
"""

from collections.abc import Callable
from importlib import import_module

from pos_bridge.simulator.catalogue import Catalogue
from pos_bridge.simulator.server import SimulatedRegister

__all__ = ["REGISTERS", "Catalogue", "SimulatedRegister", "register_class"]

# kind -> class, imported when it is asked for
REGISTERS = {
    "leo2": "pos_bridge.simulator.leo2.Leo2Register",
    "enregistreuse": "pos_bridge.simulator.enregistreuse.EnregistreuseRegister",
    "tiller": "pos_bridge.simulator.tiller.TillerRegister",
}


def register_class(kind: str) -> Callable[..., SimulatedRegister]:
    """The simulator of this kind of register; KeyError for one that there is not."""
    module, _, name = REGISTERS[kind].rpartition(".")
    found: Callable[..., SimulatedRegister] = getattr(import_module(module), name)
    return found
