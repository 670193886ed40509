"""The contract of an adapter, and everything mechanical that adapters share. What happens on the wire is in
http.py.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal
from uuid import UUID, uuid4

from pos_bridge.errors import DeliveryError, Misconfigured, Rejected, Uncertain
from pos_bridge.registers import http
from pos_bridge.registers.http import Answer
from pos_bridge.registers.network import Network, literal, place
from pos_bridge.registers.secret import Secret, hide
from pos_bridge.ticket import Ticket


@dataclass(frozen=True)
class Receipt:
    """A strict success answer. `accepted`: the relay has it. `received`: the till has it.

    `repeat`: it says that it has this addition already, which is believed after an earlier try that may have
    brought it, and after no other.
    """

    state: Literal["accepted", "received"]
    till_state: str = ""
    http_status: int | None = None
    answer: str = ""
    repeat: bool = False


@dataclass(frozen=True)
class TillState:
    """What a register's list says of an addition. `state` is None where we do not know the register's word for it."""

    state: Literal["accepted", "received", "settled", "refused"] | None
    text: str


@dataclass(frozen=True)
class CataloguePrice:
    """An article as the register lists it. `price` is cents TTC of one, None where the list does not say."""

    name: str
    price: int | None = None


class Adapter(ABC):
    """Speaks one kind of register. Knows no model: it builds a body from a ticket, sends it, and returns or raises."""

    # The maker's or the product's name, as people know it.
    label: ClassVar[str]
    # What a restaurant should know before it chooses this kind, as a translated text; "" where that is nothing.
    note: ClassVar[Any] = ""
    # Sending the same number again books nothing twice.
    drops_doubles: ClassVar[bool]
    # An addition can be looked up by its number; one that is not found proves nothing.
    can_look_up: ClassVar[bool]
    # There is a list that moves additions on after they were accepted.
    can_list_states: ClassVar[bool]
    # It lists its articles, so that ids and prices can be compared before service (F69).
    can_list_catalogue: ClassVar[bool] = False
    # An addition has a UUID of its own there beside its number.
    needs_uuid: ClassVar[bool] = False
    # Names of the keys that the vendor gives to a restaurant, each required.
    credential_names: ClassVar[tuple[str, ...]]
    # Those of them that nobody may see. The others are names, such as a shop's id: it may be “1”, and so may a state.
    secret_names: ClassVar[tuple[str, ...]]
    # Which of them says which shop it is: another shop is another register (F70).
    shop_name: ClassVar[str]

    def __init__(
        self,
        base_url: str,
        credentials: Mapping[str, str],
        options: Mapping[str, Any],
        network: Network | None = None,
    ) -> None:
        """`network`: whom this installation may speak to; without it, public addresses over HTTPS."""
        self.base_url = base_url
        self.credentials = credentials
        self.options = options
        self.network = network or Network()

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
    def build(
        cls, ticket: Ticket, number: int, options: Mapping[str, Any], uuid: UUID | None = None
    ) -> str:
        """The exact body without credentials; `uuid` where the register `needs_uuid`. Pure. Raises Unsupported."""

    @classmethod
    def try_on(cls, ticket: Ticket, options: Mapping[str, Any]) -> None:
        """Builds what is never sent, to see whether this could be told. Raises Unsupported."""
        cls.build(ticket, 1, options, uuid4() if cls.needs_uuid else None)

    @abstractmethod
    def send(self, number: int, body: str) -> Receipt:
        """Sends once. Raises NotSent, Uncertain, Rejected or Misconfigured."""

    @abstractmethod
    def list_states(self) -> dict[int, TillState]:
        """The latest additions that the register names. Absence proves nothing. Raises DeliveryError."""

    def look_up(self, number: int) -> TillState | None:
        """What became of one addition, asked for where `can_look_up`. None: not found, which proves nothing. Raises
        DeliveryError.
        """
        raise NotImplementedError(f"{type(self).__name__} says that it can look up, and does not")

    def list_catalogue(self) -> dict[str, CataloguePrice]:
        """What the register sells, by its ids as a carte writes them, asked for where `can_list_catalogue`. An article
        that is not in it is not on the register; a list that may lack some is no catalogue. Raises DeliveryError.
        """
        raise NotImplementedError(
            f"{type(self).__name__} says that it lists articles, and does not"
        )

    @abstractmethod
    def check(self) -> None:
        """Speaks to the register without booking anything. Raises DeliveryError."""

    def post(self, url: Secret, body: bytes | Secret, content_type: str) -> Answer:
        """Posts once, on a connection of its own; a body that holds a key is a Secret. Raises NotSent, Uncertain or
        Misconfigured.
        """
        return self._exchange(
            "POST", url, deadline=http.POST_DEADLINE, body=body, content_type=content_type
        )

    def get(self, url: Secret) -> Answer:
        """Reads, on a connection of its own. Raises NotSent, Uncertain or Misconfigured."""
        return self._exchange("GET", url, deadline=http.READ_DEADLINE, largest=http.LARGEST_LIST)

    def _exchange(self, method: str, url: Secret, **options: Any) -> Answer:
        self._check_address()
        try:
            return http.exchange(method, url, self.network, **options)
        except DeliveryError as error:
            error.answer = self.scrub(error.answer)
            raise

    def _check_address(self) -> None:
        """What was refused when the register was saved may stand in the database all the same. Raises
        Misconfigured.
        """
        where = place(self.base_url)
        if where is None:
            raise Misconfigured("address_invalid")
        if self.network.allows(where.host, where.port):
            return
        if self.network.networks and literal(where.host) is None:
            return  # a name is judged by the address that it leads to (http.py)
        if not self.network.production:
            raise Misconfigured("not_in_production")
        if where.scheme != "https":
            raise Misconfigured("address_refused")

    def scrub(self, text: str) -> str:
        """The text without our keys: a register may repeat the address that it was asked by. For what people read,
        never for a word that we interpret.
        """
        for name in self.secret_names:
            text = hide(text, name, self.credentials.get(name, ""))
        return text

    def refusal(self, reason: str, detail: str, answer: Answer) -> Rejected:
        """The register has read this order and refuses it; `detail` is its own words."""
        return Rejected(reason, self.scrub(detail), **self._told(answer))

    def unclear(self, reason: str, answer: Answer) -> Uncertain:
        """The till may have it, or not."""
        return Uncertain(reason, **self._told(answer))

    def receipt(
        self, state: Literal["accepted", "received"], till_state: str, answer: Answer
    ) -> Receipt:
        """The register has it: `accepted` by a relay, or `received` by the till."""
        return Receipt(state, till_state, **self._told(answer))

    def _told(self, answer: Answer) -> dict[str, Any]:
        text = self.scrub(answer.body.decode("utf-8", "replace"))
        return {"http_status": answer.status, "answer": text}
