"""The contract of an adapter, and everything mechanical: `requests` is used here and nowhere else."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from pos_bridge.ticket import Ticket


@dataclass(frozen=True)
class Receipt:
    """A strict success answer. `accepted`: the relay has it. `received`: the till has it."""

    state: Literal["accepted", "received"]
    till_state: str = ""
    http_status: int | None = None
    answer: str = ""


@dataclass(frozen=True)
class TillState:
    """What a register's list says of an addition. `state` is None where we do not know the register's word for it."""

    state: Literal["accepted", "received", "settled", "refused"] | None
    text: str


class Adapter(ABC):
    """Speaks one kind of register. Knows no model: it builds a body from a ticket, sends it, and returns or raises."""

    # Sending the same number again books nothing twice.
    drops_doubles: ClassVar[bool]
    # An addition can be looked up by its number; one that is not found proves nothing.
    can_look_up: ClassVar[bool]
    # There is a list that moves additions on after they were accepted.
    can_list_states: ClassVar[bool]
    # Names of the keys that the vendor gives to a restaurant, each required.
    credential_names: ClassVar[tuple[str, ...]]

    def __init__(
        self, base_url: str, credentials: Mapping[str, str], options: Mapping[str, Any]
    ) -> None:
        self.base_url = base_url
        self.credentials = credentials
        self.options = options

    @classmethod
    def id_problem(cls, register_id: str) -> str | None:
        """Why this cannot be an id on such a register, in English words, or None."""
        return (
            None
            if register_id.isascii() and register_id.isdigit()
            else "only ASCII digits are an id on this register"
        )

    @classmethod
    @abstractmethod
    def build(cls, ticket: Ticket, number: int, options: Mapping[str, Any]) -> str:
        """The exact body without credentials. Pure. Raises Unsupported."""

    @abstractmethod
    def send(self, number: int, body: str) -> Receipt:
        """Sends once. Raises NotSent, Uncertain, Rejected or Misconfigured."""

    @abstractmethod
    def list_states(self) -> dict[int, TillState]:
        """The latest additions that the register names. Absence proves nothing. Raises DeliveryError."""

    @abstractmethod
    def check(self) -> None:
        """Speaks to the register without booking anything. Raises DeliveryError."""
