"""A Tiller register to try and to test with: `POST /api/orders`, the reading of an order, and the judge in front.

It speaks as the vendor's page says and is otherwise built on what docs/registers says is observed or assumed; the page
shows no answer at all. With `strict` it refuses any order that breaks a rule, and names every breach. Without, it takes
what it can parse.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from pos_bridge.simulator import faults as drawing
from pos_bridge.simulator import tape, tiller_tape
from pos_bridge.simulator.catalogue import Catalogue
from pos_bridge.simulator.exchange import Reply, Request, as_json
from pos_bridge.simulator.modes import MODES, Scripted, twists
from pos_bridge.simulator.relay import RECEIVED, Addition, digest
from pos_bridge.simulator.server import SimulatedRegister
from pos_bridge.simulator.tiller_rules import TOKENS, judge
from pos_bridge.simulator.tiller_till import (
    STATES,
    Till,
    carelessly,
    external_id_in,
    number_in,
    without_tokens,
)
from pos_bridge.simulator.verdict import Basis, Breach, Verdict

__all__ = ["Catalogue", "TillerRegister"]

PATH = "/api/orders"
PAGE_SIZE = 50

# What only this register can do: book and answer as to a double; refuse as a double what it does not have; forget ids.
POST_MODES = twists("post", dup_known="", dup_unknown="", forget_ids="0")
# What is drawn of these. Ids are forgotten when no machine sends them again any more (20 minutes). Not drawn:
# dup_unknown, since nobody on this side of the till could see that such an order is lost.
DELIVERY = (*drawing.DELIVERY, "dup_known", "forget_ids(1200)")


class TillerRegister(SimulatedRegister):
    """See docs/registers for the protocol, and `SimulatedRegister` for the script.

    `till_delay`: seconds from Tiller's server to the till. `keep_doubles`: external ids are not looked at, and a repeat
    is booked again. `clock`: seconds since 1970.

    `doubles_named`: a repeat is refused with 400 and an error that names the external id, not with 409.
    `tokens_expired`: both tokens are refused. Both can be switched in `settings` while it runs.

    `faults` and `list_faults`: the probability, 0 to 1, with which a delivery or a reading gets one of `fault_modes` or
    `list_fault_modes`, dealt from `seed`. Over a restart on the same ledger the dealing goes on.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        *,
        ledger: str | Path | None = None,
        port: int = 0,
        host: str = "127.0.0.1",
        restaurant_token: str = "SHOP1",  # noqa: S107  (made up)
        provider_token: str = "KEY1",  # noqa: S107
        strict: bool = True,
        keep_doubles: bool = False,
        doubles_named: bool = False,
        tokens_expired: bool = False,
        till_delay: float = 0.0,
        simulated_late: float = 0.0,
        scale: float = 1.0,
        seed: int = 0,
        faults: float = 0.0,
        list_faults: float = 0.0,
        fault_modes: Sequence[str] = DELIVERY,
        list_fault_modes: Sequence[str] = drawing.READING,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.catalogue = catalogue
        self.strict = strict
        self.keep_doubles = keep_doubles
        self._tokens = {"restaurant_token": restaurant_token, "provider_token": provider_token}
        self._till = Till(ledger, till_delay=till_delay, simulated_late=simulated_late, clock=clock)
        try:
            known = MODES | POST_MODES
            dealers = {
                "post": drawing.dealer(seed, "post", faults, fault_modes, known),
                "list": drawing.dealer(seed, "list", list_faults, list_fault_modes, known),
            }
            for use, dealer in dealers.items():
                counts = self._till.counts
                dealer.resume(counts.requests[use], counts.dealt[use])
            super().__init__(
                host=host,
                port=port,
                scale=scale,
                own_modes=POST_MODES,
                dealers=dealers,
                settings={"doubles_named": doubles_named, "tokens_expired": tokens_expired},
            )
        except (OSError, ValueError):
            self._till.close()
            raise

    def stop(self) -> None:
        super().stop()
        self._till.close()

    def ledger(self, *, after: int = 0) -> list[dict[str, Any]]:
        """What the till really holds, in booking order, without the first `after`.

        number (the sender's), id (the register's own), external_id, body (amounts as Decimal), raw and its sha256,
        both without the tokens, taken_at and booked_at (seconds since 1970), state, `late` (seconds) where it waited
        for a till that was off.
        """
        return [self._till.entry(order) for order in self._till.booked(after)]

    def posts(self, *, after: int = 0) -> list[dict[str, Any]]:
        """Every delivery but the first `after`: place, number, external_id, sha256 (of the body without the tokens),
        mode, time, ended, booked, what became of it; `id` where it got one.

        `outcome`: booked, stored (Tiller's server has it), double, conflict (same external id, other content), refused,
        denied (tokens); absent where the register never worked on it. See Leo2Register.posts for the rest.
        """
        return self._till.told_posts(after)

    def tables(self) -> list[dict[str, Any]]:
        """Each with number, open (has an order), locked, covers: those that something is known about."""
        return self._till.told_tables()

    def set_table(
        self, number: int, *, open: bool | None = None, locked: bool | None = None
    ) -> None:
        if number not in self.catalogue.tables and not self.catalogue.knows_all:
            raise KeyError(f"the till has no table {number}")
        self._till.set_table(number, open=open, locked=locked)

    def fired(self) -> dict[str, dict[str, int]]:
        return self._till.fired()

    def set_state(self, number: int, state: int) -> None:
        """By the sender's number; 1 and 2 IN_PROGRESS, 4 CANCELED, 9 CLOSED."""
        if state not in STATES:
            raise ValueError(f"a state is one of {', '.join(map(str, STATES))}, not {state!r}")
        self._till.set_state(number, state)

    def close_till(self) -> None:
        """The till is off: Tiller's server takes orders all the same."""
        self._till.close_till(RECEIVED)

    def open_till(self) -> None:
        self._till.open_till()

    def tape(self) -> str:
        booked, waiting = self._till.how_many()
        return tape.page(
            "Caisse simulée Tiller",
            partial(tiller_tape.ticket, self.catalogue),
            self.ledger(after=max(booked - tape.LONGEST, 0)),
            booked=booked,
            waiting=waiting,
            refused=self._till.refused(tape.LONGEST),
            words=tiller_tape.WORDS,
        )

    def prepare(self, modes: Sequence[Scripted]) -> None:
        """Nothing is remembered for later."""

    # The protocol

    def use_of(self, request: Request) -> str | None:
        if request.path != PATH and not request.path.startswith(f"{PATH}/"):
            return None
        return "post" if request.method == "POST" else "list"

    def arrived(self, request: Request, scripted: Scripted) -> int:
        sha256 = digest(without_tokens(request.body))
        return self._till.arrive(
            number=number_in(request.body, "number"),
            external_id=external_id_in(request.body),
            sha256=sha256,
            **_words(scripted),
        )

    def ended(self, post: int) -> None:
        self._till.end(post)

    def fires(self, event: str, scripted: Scripted) -> None:
        self._till.note({"event": event, **_words(scripted)})

    def pretend(self, request: Request) -> Reply:
        if request.method == "GET":
            return as_json([])
        return as_json(self._told(self._till.next_id, request.body, RECEIVED))

    def produce(self, request: Request, post: int | None, twist: str, argument: str) -> Reply:
        if not self._may(request):
            self._till.settle(post, outcome="denied")
            return as_json({"error": "Token expiré ou inconnu"}, 403)
        try:
            if request.method == "POST" and request.path == PATH:
                with self._till.lock:
                    return self._deliver(request, post, twist, argument)
            if request.method == "GET":
                return self._read(request)
        except OSError as error:  # the disk is full: nothing was booked, and the answer says so
            return as_json({"error": f"Erreur d'écriture : {error.strerror or error}"}, 500)
        return as_json({"error": "Requête inconnue"}, 404)

    def _may(self, request: Request) -> bool:
        given: dict[str, Any] = (
            carelessly(request.body)
            if request.method == "POST"
            else {name: _only(request, name) for name in TOKENS}
        )
        right = all(given.get(name) == token for name, token in self._tokens.items())
        return right and not self.settings["tokens_expired"]

    def _read(self, request: Request) -> Reply:
        """One order by the register's own id, or the latest."""
        said = request.path.removeprefix(PATH).removeprefix("/")
        if not said:
            most = min(int(_only(request, "maxResults") or PAGE_SIZE), PAGE_SIZE)
            latest = self._till.additions[-most:] if most > 0 else []
            return as_json([self._order(order) for order in latest])
        order = self._till.order(int(said)) if said.isascii() and said.isdigit() else None
        if order is None:
            return as_json({"error": f"Commande {said[:40]} inconnue"}, 404)
        return as_json(self._order(order))

    def _order(self, order: Addition) -> dict[str, Any]:
        raw = order.raw.encode("utf-8", "surrogateescape")
        return self._told(self._till.own_id(order), raw, order.state)

    def _told(self, own_id: int, raw: bytes, state: int) -> dict[str, Any]:
        """An order as the register tells it: what was sent, its own id, its own status."""
        body = {key: value for key, value in carelessly(raw).items() if key not in TOKENS}
        return {"id": own_id, **body, "status": STATES[state]}

    def _deliver(self, request: Request, post: int | None, twist: str, argument: str) -> Reply:
        raw = without_tokens(request.body)
        external_id = external_id_in(raw)
        verdict = self._verdict(request)
        found = {
            "breaches": [str(breach) for breach in verdict.breaches],
            "remarks": verdict.remarks,
        }
        facts: dict[str, Any] = {name: words for name, words in found.items() if words}
        memory = float(argument) * self._scale if twist == "forget_ids" else None
        known = self._till.known_as(external_id, younger_than=memory)
        if known and not self.keep_doubles:
            conflict = known.sha256 != digest(raw)
            facts |= (
                {"outcome": "conflict", "conflict": True} if conflict else {"outcome": "double"}
            )
            self._till.settle(post, **facts)
            return self._double(external_id)
        if twist == "dup_unknown":
            return self._double(external_id)
        if not carelessly(raw) or (self.strict and verdict.breaches):
            self._till.settle(post, outcome="refused", **facts)
            breaches = facts.get("breaches", ["Commande illisible"])
            return as_json({"error": " ; ".join(breaches)}, 400)
        table = number_in(raw, "tableId")
        reason = self._till.tables.refusal(table, running_orders_only=False)
        if reason and self._till.till_is_open:
            self._till.settle(post, outcome="refused", reason=reason, **facts)
            return as_json({"error": reason}, 400)
        own_id, covers = self._till.next_id, number_in(raw, "nbCustomers")
        self._till.take(number_in(raw, "number") or 0, raw, post, table=table, covers=covers)
        outcome = "booked" if self._till.till_is_open else "stored"
        self._till.settle(post, outcome=outcome, id=own_id, **facts)
        if twist == "dup_known":
            return self._double(external_id)
        return as_json(self._told(own_id, raw, RECEIVED))

    def _double(self, external_id: str | None) -> Reply:
        """What a repeat is answered: not on the page, so there are two ways (and `keep_doubles`)."""
        if self.settings["doubles_named"]:
            return as_json({"error": f"externalId {external_id} : valeur déjà utilisée"}, 400)
        return as_json({"error": "Une commande existe déjà"}, 409)

    def _verdict(self, request: Request) -> Verdict:
        verdict = judge(request.body, self.catalogue)
        content_type = request.headers.get("content-type", "")
        kind, _, charset = content_type.partition(";")
        if kind.strip().lower() != "application/json" or (
            charset and charset.strip().lower() != "charset=utf-8"
        ):
            text = f"doit être application/json, c'est {content_type!r}"
            verdict.breaches.append(Breach("Content-Type", text, Basis.ASSUMED))
        for name in request.query:
            verdict.breaches.append(Breach(f"?{name}", "rien dans l'adresse", Basis.PROMISED))
        return verdict


def _words(scripted: Scripted) -> dict[str, Any]:
    """A mode for the journal."""
    return {"mode": scripted.text} | ({"drawn": True} if scripted.drawn else {})


def _only(request: Request, name: str) -> str | None:
    values = request.query.get(name, [])
    return values[0] if len(values) == 1 else None
