"""The contract: what every adapter is held to, against its simulated register over real sockets.

A subclass names the kind, its keys, its simulator and what the register says of itself (contract/hooks.py), and
inherits every case. test_contract_leo2.py is the example; docs/adding_a_register.md leads through a new one.
"""

from tests.pos_bridge.contract.building import Building
from tests.pos_bridge.contract.delivering import Delivering
from tests.pos_bridge.contract.hostile import Hostile
from tests.pos_bridge.contract.outcomes import Trying
from tests.pos_bridge.contract.reading import Reading

__all__ = ["RegisterContract"]


class RegisterContract(Building, Trying, Reading, Hostile, Delivering):
    """Not collected by itself: its name does not begin with Test."""
