"""What a subclass says of its register, and what all cases speak to it with."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any, ClassVar
from uuid import NAMESPACE_OID, UUID, uuid5

import pytest

from pos_bridge.errors import DeliveryError, Misconfigured
from pos_bridge.registers import adapter_class
from pos_bridge.registers.base import Adapter, Receipt
from pos_bridge.registers.network import Network
from pos_bridge.simulator import SimulatedRegister
from pos_bridge.simulator.modes import WRONG_TYPES
from pos_bridge.ticket import Ticket
from tests.pos_bridge.contract.tickets import TICKETS

NUMBER = 217_512_000
CANARY = "canary-5f1d9c"
# Deadlines are divided by this: patient where an answer comes, quick where none does.
PATIENT, QUICK = 3.0, 30.0
SCALE = 0.02  # of the simulator's own waits


@dataclass(frozen=True)
class Outcome:
    """How a try ends, and whether the till has the order all the same. `error` is None for a receipt."""

    error: type[DeliveryError] | None
    reason: str
    booked: bool


class Hooks(ABC):
    """The first part is the register's own: a subclass says it, or keeps what stands here."""

    kind: ClassVar[str]
    credentials: ClassVar[dict[str, str]]
    options: ClassVar[dict[str, Any]] = {}
    # How much a receipt says: "accepted" by a relay, or "received" by the till.
    success: ClassVar[str]
    # The tickets (tickets.TICKETS) that it cannot be told, each with a word of the reason; it is told all others.
    unsupported: ClassVar[dict[str, str]]
    # What its own modes end in, and those of the wire that end otherwise than outcomes.COMMON says.
    outcomes: ClassVar[dict[str, Outcome]] = {}
    # Which wrong types its answers can have (the simulator's `wrong_type`).
    wrong_types: ClassVar[Iterable[str]] = WRONG_TYPES
    # What a key that the register does not know ends in.
    wrong_key: ClassVar[type[DeliveryError]] = Misconfigured
    # How often the till has what was sent twice; a register may drop doubles although nothing documents it.
    doubles_on_till: ClassVar[int | None] = None

    @abstractmethod
    def simulator(self, *, credentials: dict[str, str]) -> SimulatedRegister:
        """A strict register with these keys that knows every id, its waits times SCALE."""

    @abstractmethod
    def cents_on_till(self, entry: dict[str, Any]) -> int:
        """What one entry of the ledger comes to, TTC, added up from its lines by code that is not the adapter's."""

    @abstractmethod
    def place_on_till(self, entry: dict[str, Any]) -> tuple[int, int]:
        """The table and the covers of one entry of the ledger."""

    @abstractmethod
    def says_no_payment(self, entry: dict[str, Any]) -> bool:
        """Whether this entry of the ledger leaves the bill open, and says nothing of a payment (P20)."""

    @abstractmethod
    def spoilt(self, body: str) -> str:
        """The body with a rule broken, so that the register refuses it in its own words."""

    def is_ours(self, entry: dict[str, Any], number: int, uuid: UUID | None) -> bool:
        """Whether an entry of the ledger is the addition with this number; a register may number by itself."""
        return bool(entry["number"] == number)

    def text_on_till(self, entry: dict[str, Any]) -> str:
        """An entry of the ledger as text, its letters unescaped."""
        return str(entry["raw"])

    def refuses(self, said: Ticket) -> bool:
        """Whether a generated ticket is one that this register cannot be told."""
        return any(each.total < 0 for each in said.lines)

    def teach(self, register: SimulatedRegister, said: Ticket) -> None:  # noqa: B027  (most need nothing)
        """Before a ticket is sent: what the till must know to price it by itself."""

    # --- What the cases use ---------------------------------------------------------------------

    @pytest.fixture
    def register(self) -> Iterator[SimulatedRegister]:
        with self.simulator(credentials=self.credentials) as register:
            yield register

    @pytest.fixture
    def adapter(self, register: SimulatedRegister) -> Adapter:
        return self.adapter_at(register.url)

    @property
    def adapter_class(self) -> type[Adapter]:
        found = adapter_class(self.kind)
        assert found is not None
        return found

    def adapter_at(
        self, url: str, *, divisor: float = PATIENT, credentials: dict[str, str] | None = None
    ) -> Adapter:
        local = Network(allowed=frozenset({"127.0.0.1"}), divisor=divisor)
        keys = self.credentials if credentials is None else credentials
        return self.adapter_class(url, keys, self.options, local)

    def build(self, said: Ticket, number: int = NUMBER) -> str:
        """The body, with a UUID of its own for each number where the register wants one."""
        return self.adapter_class.build(said, number, self.options, self.uuid_of(number))

    def uuid_of(self, number: int) -> UUID | None:
        if not self.adapter_class.needs_uuid:
            return None
        return UUID(bytes=uuid5(NAMESPACE_OID, str(number)).bytes, version=4)

    def told_tickets(self) -> list[Ticket]:
        return [said for name, said in TICKETS.items() if name not in self.unsupported]

    def with_canary(self) -> dict[str, str]:
        """The keys, each secret one a word that stands nowhere by chance."""
        secret = {name: f"{CANARY}-{name}" for name in self.adapter_class.secret_names}
        return {**self.credentials, **secret}

    numbers = count(NUMBER + 1)


def tried(adapter: Adapter, body: str, number: int = NUMBER) -> Receipt | DeliveryError:
    """What one try ends in."""
    try:
        return adapter.send(number, body)
    except DeliveryError as error:
        return error
