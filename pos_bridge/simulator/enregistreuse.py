"""An enregistreuse.fr register to try and to test with: its web services, and the judge in front.

It speaks as the vendor's page says and is otherwise built on what docs/registers says is observed or assumed. With
`strict` it refuses any sale that breaks a rule, and names every breach. Without, it takes what it can parse. It drops
no doubles: two posts are two sales.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack
from urllib.parse import parse_qs

from pos_bridge.simulator import enregistreuse_answers as answers
from pos_bridge.simulator import enregistreuse_lists as pages
from pos_bridge.simulator import enregistreuse_tape
from pos_bridge.simulator import faults as drawing
from pos_bridge.simulator.amounts import euros
from pos_bridge.simulator.catalogue import Catalogue
from pos_bridge.simulator.enregistreuse_form import number_in, sale_of, whole, without_keys
from pos_bridge.simulator.enregistreuse_hook import Hook
from pos_bridge.simulator.enregistreuse_rules import judge
from pos_bridge.simulator.enregistreuse_sums import lines, total
from pos_bridge.simulator.exchange import Reply, Request, as_json
from pos_bridge.simulator.ledger import Common, Kind, RegisterWithLedger
from pos_bridge.simulator.modes import Scripted

__all__ = ["Catalogue", "EnregistreuseRegister"]

FOLDER = "/workers/"
DELIVER = "/workers/webapp.php"
# A sale's state: not validated (payment -2), validated, terminated.
CREATED, VALIDATED, TERMINATED = 0, 1, 9
SALES = {"getPending": {CREATED, VALIDATED}, "getOrders": {TERMINATED}}
HOOKED = {VALIDATED: "validated", TERMINATED: "terminated"}
FIRST_ORDER = 1001

# Not drawn: a refusal that was booked. Nobody on this side of the till could see it.
DELIVERY = (
    *(mode for mode in drawing.DELIVERY if not mode.startswith("json_error_after")),
    *("json_message_before", "answer(result)", "answer(digits)", "refuse(text)"),
)
READING = (*drawing.READING, *pages.DRAWN)
KIND = Kind("enregistreuse.fr", answers.MODES | pages.MODES, DELIVERY, READING, sale_of)


class EnregistreuseRegister(RegisterWithLedger):
    """See docs/registers for the protocol, and `SimulatedRegister` for the script.

    `answer` and `failure`: the shapes of answers.SUCCESSES and answers.FAILURES. `hook`: an address to call for each
    sale validated or terminated; what was called is in `hooked`. `common`: see `Common`.

    A sale's state is 0 not validated, 1 validated, 9 terminated. Assumed: `getPending` has the first two, `getOrders`
    the last.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        *,
        shop: str = "SHOP1",
        key: str = "KEY1",
        answer: str = "success",
        failure: str = "success",
        hook: str | None = None,
        **common: Unpack[Common],
    ) -> None:
        if answer not in answers.SUCCESSES or failure not in answers.FAILURES:
            raise ValueError(f"no answers of the shapes {answer!r} and {failure!r}")
        self._keys = {"idboutique": shop, "key": key}
        self._answer = answer
        self._failure = failure
        self._hook = Hook(hook)
        super().__init__(catalogue, KIND, {}, **common)

    @property
    def hooked(self) -> list[dict[str, Any]]:
        """Every call of the hook, with the status that came back."""
        return list(self._hook.calls)

    def stop(self) -> None:
        super().stop()
        self._hook.close()

    def ledger(self, *, after: int = 0) -> list[dict[str, Any]]:
        """See RegisterWithLedger; also the register's own `order_id` and `internal_id`. Without the keys."""
        return [
            {**entry, "order_id": FIRST_ORDER + place, "internal_id": place + 1}
            for place, entry in enumerate(super().ledger(after=after), start=after)
        ]

    def plain(self, raw: str) -> Any:
        return sale_of(raw)

    def ticket(self, entry: dict[str, Any]) -> str:
        return enregistreuse_tape.ticket(self.catalogue, entry)

    def told(self, request: Request) -> tuple[int | None, bytes]:
        return number_in(_sale(request.body)), without_keys(request.body)

    def set_state(self, number: int, state: int) -> None:
        super().set_state(number, state)
        for entry in self.ledger():
            if entry["number"] == number:
                self._call(entry)

    def close_till(self, shown: int = VALIDATED) -> None:
        raise ValueError("there is no relay before this till: script refuse_conn instead")

    def prepare(self, modes: Sequence[Scripted]) -> None:
        """Nothing of before is shown here."""

    # The protocol

    def use_of(self, request: Request) -> str | None:
        if not request.path.startswith(FOLDER):
            return None
        return "post" if request.method == "POST" else "list"

    def pretend(self, request: Request) -> Reply:
        if request.method != "POST":
            return as_json([])
        with self._relay.lock:
            return answers.success(self._answer, self._next_order())

    def produce(self, request: Request, post: int | None, twist: str, argument: str) -> Reply:
        if request.method == "POST" and request.path == DELIVER:
            with self._relay.lock:
                return self._deliver(request, post, twist, argument)
        name = request.path.removeprefix(FOLDER).removesuffix(".php")
        if request.method == "GET" and name in SALES.keys() | pages.PAGES.keys():
            return self._read(name, request, twist, argument)
        return Reply(404, b"Page inconnue", answers.TEXT)

    def _refused(self, words: str) -> Reply:
        return answers.failure(self._failure, words)

    def _read(self, name: str, request: Request, twist: str, argument: str) -> Reply:
        asked = {key: values for key, values in request.query.items() if key in self._keys}
        if asked != {key: [value] for key, value in self._keys.items()}:
            return self._refused("Boutique ou clef inconnue")
        if request.query.keys() != {*self._keys, "format"} or request.query["format"] != ["json"]:
            return Reply(200, b"Format inconnu", answers.TEXT)
        if name in SALES:
            entries = [each for each in self.ledger() if each["state"] in SALES[name]]
            rows = [pages.sale(self.catalogue, entry) for entry in entries]
        else:
            rows = pages.PAGES[name](self.catalogue)
        return as_json(pages.shaped(rows, twist, argument))

    def _deliver(self, request: Request, post: int | None, twist: str, argument: str) -> Reply:
        raw = without_keys(request.body)
        if not self._may(request.body):
            self._relay.settle(post, outcome="denied")
            return self._refused("Boutique ou clef inconnue")
        verdict = judge(request.body, self.catalogue, request.headers.get("content-type", ""))
        facts: dict[str, Any] = dict(verdict.told())
        sale = _sale(raw)
        reason = self._reason(sale, facts, twist)
        if reason:
            self._relay.settle(post, outcome="refused", **facts)
            return answers.failure(argument if twist == "refuse" else self._failure, reason)
        order = self._next_order()
        state = CREATED if sale.get("payment") == "-2" else VALIDATED
        bent: dict[str, Any] = {
            "table": whole(sale, "idtable"),
            "covers": whole(sale, "numcouverts"),
        }
        try:
            self._relay.take(number_in(sale) or 0, raw, post, state=state, **bent)
        except OSError as error:  # the disk is full: nothing was booked, and the answer says so
            return self._refused(f"Erreur d'écriture : {error.strerror or error}")
        self._relay.settle(post, outcome="booked", **facts)
        self._call(self.ledger(after=order - FIRST_ORDER)[0])
        return answers.success(argument if twist == "answer" else self._answer, order)

    def _reason(self, sale: dict[str, Any], facts: dict[str, Any], twist: str) -> str | None:
        """Why this sale is not taken, in the till's words."""
        if twist == "refuse":
            facts["reason"] = "Caisse fermée"
        elif self.strict and "breaches" in facts:
            return " ; ".join(facts["breaches"])
        elif not sale["items"]:
            facts["reason"] = "Vente illisible"
        else:
            locked = self._relay.tables.refusal(whole(sale, "idtable"), running_orders_only=False)
            facts |= {"reason": locked} if locked else {}
        return facts.get("reason")

    def _next_order(self) -> int:
        return FIRST_ORDER + len(self._relay.additions)

    def _may(self, raw: bytes) -> bool:
        sent = _fields(raw)
        return all(sent.get(name) == [value] for name, value in self._keys.items())

    def _call(self, entry: dict[str, Any]) -> None:
        if entry["state"] in HOOKED:
            self._hook.call(
                type=HOOKED[entry["state"]],
                orderID=entry["order_id"],
                orderInternalID=entry["internal_id"],
                price=euros(total(lines(self.catalogue, entry["body"]))),
            )


def _sale(raw: bytes) -> dict[str, Any]:
    return sale_of(raw.decode("utf-8", "surrogateescape"))


def _fields(raw: bytes) -> dict[str, list[str]]:
    return parse_qs(raw.decode("utf-8", "replace"), keep_blank_values=True)
