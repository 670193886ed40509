"""A LEO2 register to try and to test with: the relay's HTTP interface, the till behind it, and the judge in front.

It speaks as the vendor's page says and is otherwise built on what docs/registers says is observed or assumed. With
`strict` it refuses any addition that breaks a rule, and names every breach. Without, it is as careless as the real one
was observed to be: it takes what it can parse, an unknown article makes the whole addition vanish behind the relay, and
an article id that is not a number stops the service until `heal()`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Unpack

from pos_bridge.simulator import faults as drawing
from pos_bridge.simulator import leo2_lists, leo2_tape
from pos_bridge.simulator.catalogue import Catalogue
from pos_bridge.simulator.exchange import Reply, Request, as_json
from pos_bridge.simulator.ledger import Common, Kind, RegisterWithLedger
from pos_bridge.simulator.leo2_careless import article_ids, as_number, number_in, of_a_stranger
from pos_bridge.simulator.leo2_rules import LAST_NUMBER, judge
from pos_bridge.simulator.modes import Scripted, twists
from pos_bridge.simulator.relay import RECEIVED, digest
from pos_bridge.simulator.verdict import Basis, Breach, Verdict

__all__ = ["Catalogue", "Leo2Register"]

PATH = "/api.php"
DELIVER = "atoo_post_table"
LISTS = {"atoo_statelist_table": "till", "atoo_statelist_table_all": "all"}

# What only this register can do: with the double, with its memory of numbers, with the way from relay to till.
POST_MODES = twists(
    "post", dup_known="", dup_unknown="", forget_ids="0", store_only="1", clamp31=""
)
# What is drawn of these. Numbers are forgotten when no machine sends them again any more (20 minutes). Not drawn:
# dup_unknown, since nobody on this side of the till could see that such an order is lost.
DELIVERY = (*drawing.DELIVERY, "dup_known", "forget_ids(1200)", "store_only", "clamp31")
READING = (*drawing.READING, *leo2_lists.DRAWN)


def _body(raw: str) -> Any:
    """An addition, amounts as Decimal; None where it cannot be read."""
    try:
        return json.loads(raw, parse_float=Decimal)
    except (RecursionError, ValueError):
        return None


KIND = Kind("LEO2", POST_MODES | leo2_lists.MODES, DELIVERY, READING, _body)


class Leo2Register(RegisterWithLedger):
    """See docs/registers for the protocol, and `SimulatedRegister` for the script.

    `till_delay`: seconds from the relay to the till. `simulated_late`: seconds added to the booking time of what waited
    for a till that was off, so that six hours need not be waited for. `keep_doubles`: numbers are not looked at.
    `list_size`: how many of the latest the lists have; the vendor says "the latest" and no number.

    `running_orders_only`: an addition for a table without a running order is refused. `covers_add_up`: an addition's
    covers are added to the table's. Both can be switched in `settings` while it runs.

    `common`: see `Common`.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        *,
        shop: str = "SHOP1",
        pub_key: str = "KEY1",
        keep_doubles: bool = False,
        till_delay: float = 0.0,
        simulated_late: float = 0.0,
        list_size: int = 200,
        running_orders_only: bool = False,
        covers_add_up: bool = False,
        **common: Unpack[Common],
    ) -> None:
        self.keep_doubles = keep_doubles
        self._shop = shop
        self._pub_key = pub_key
        self._list_size = list_size
        self._service_stopped = False
        self._stale: dict[str, dict[int, int]] = {"till": {}, "all": {}}
        super().__init__(
            catalogue,
            KIND,
            {"running_orders_only": running_orders_only, "covers_add_up": covers_add_up},
            till_delay=till_delay,
            simulated_late=simulated_late,
            **common,
        )

    def heal(self) -> None:
        super().heal()
        self._service_stopped = False

    def prepare(self, modes: Sequence[Scripted]) -> None:
        """A stale list is the one of the moment when the mode was asked for, or of the last reading since."""
        if any(scripted.name == "list_stale" for scripted in modes):
            self._stale = {which: self._latest(which) for which in LISTS.values()}

    # The protocol

    def use_of(self, request: Request) -> str | None:
        if request.path != PATH:
            return None
        return "post" if request.method == "POST" else "list"

    def ticket(self, entry: dict[str, Any]) -> str:
        return leo2_tape.ticket(self.catalogue, entry)

    def told(self, request: Request) -> tuple[int | None, bytes]:
        return number_in(request.body), request.body

    def pretend(self, request: Request) -> Reply:
        return as_json({"id": number_in(request.body), "state": RECEIVED})

    def produce(self, request: Request, post: int | None, twist: str, argument: str) -> Reply:
        if not self._may(request):
            self._relay.settle(post, outcome="denied")
            return as_json({"error": "Magasin ou clef API inconnus"}, 401)
        if self._service_stopped:
            self._relay.settle(post, outcome="stopped")
            return as_json({"error": "Service de la caisse à l'arrêt"}, 500)
        method = _only(request, "method")
        try:
            if request.method == "POST" and method == DELIVER:
                with self._relay.lock:
                    return self._deliver(request, post, twist, argument)
            if request.method == "GET" and method in LISTS:
                return self._list(LISTS[method], twist, argument)
        except OSError as error:  # the disk is full: nothing was booked, and the answer says so
            return as_json({"error": f"Erreur d'écriture : {error.strerror or error}"}, 500)
        return as_json({"error": "Requête inconnue"}, 404)

    def _may(self, request: Request) -> bool:
        return _only(request, "shop") == self._shop and _only(request, "pub_key") == self._pub_key

    def _list(self, which: str, twist: str, argument: str) -> Reply:
        latest, stale = self._latest(which), self._stale[which]
        if twist != "list_stale":
            self._stale[which] = latest
        return leo2_lists.reply(latest, stale, twist, argument)

    def _latest(self, which: str) -> dict[int, int]:
        read = self._relay.list_of_till if which == "till" else self._relay.list_of_all
        return read(self._list_size)

    def _deliver(self, request: Request, post: int | None, twist: str, argument: str) -> Reply:
        raw, number = request.body, number_in(request.body)
        if twist == "clamp31" and number is not None:
            number = min(number, LAST_NUMBER)
        verdict = self._verdict(request, clamped=twist == "clamp31")
        facts: dict[str, Any] = dict(verdict.told())
        if twist == "dup_unknown" and number is not None:
            self._relay.take(number, of_a_stranger(number), None, foreign=True)
        answer = as_json({"id": number, "state": RECEIVED})
        memory = float(argument) * self._scale if twist == "forget_ids" else None
        known = self._relay.known(number, younger_than=memory)
        if known and not self.keep_doubles:
            conflict = known.sha256 != digest(raw)
            facts |= (
                {"outcome": "conflict", "conflict": True} if conflict else {"outcome": "double"}
            )
            self._relay.settle(post, **facts)
            return answer
        if self.strict and verdict.breaches:
            self._relay.settle(post, outcome="refused", **facts)
            return as_json({"id": number, "state": 4, "error": " ; ".join(facts["breaches"])})
        if number is None:
            self._relay.settle(post, outcome="refused", **facts)
            return as_json({"id": None, "state": 4, "error": "Commande illisible"})
        # Where the till is off, nobody asks it about its tables.
        if self._relay.till_is_open and twist != "store_only":
            reason = self._relay.tables.refusal(
                number_in(raw, "table"), running_orders_only=self.settings["running_orders_only"]
            )
            if reason:
                self._relay.settle(post, outcome="refused", reason=reason, **facts)
                return as_json({"id": number, "state": 4, "error": reason})
        return self._take(number, raw, post, facts, twist, argument) or answer

    def _take(
        self,
        number: int,
        raw: bytes,
        post: int | None,
        facts: dict[str, Any],
        twist: str,
        argument: str,
    ) -> Reply | None:
        """Have the relay take it; an answer only where that is not the ordinary one."""
        ids = article_ids(raw)
        if any(as_number(each) is None for each in ids):
            self._service_stopped = True
            self._relay.settle(post, outcome="stopped", **facts)
            return as_json({"error": "Service de la caisse à l'arrêt"}, 500)
        unknown = any(as_number(each) not in self.catalogue.articles for each in ids)
        vanished = unknown and not self.catalogue.knows_all
        stored = twist == "store_only" or not self._relay.till_is_open
        bent: dict[str, Any] = {
            "table": number_in(raw, "table"),
            "covers": number_in(raw, "nbCouverts"),
            "adds_up": self.settings["covers_add_up"],
        }
        if twist == "store_only":
            bent["shown"] = int(float(argument))
        self._relay.take(number, raw, post, till_has_it=not stored, vanished=vanished, **bent)
        facts["outcome"] = "vanished" if vanished else "stored" if stored else "booked"
        self._relay.settle(post, **facts)
        if twist == "dup_known":  # the same again, so that the answer is the one to a double
            if self.keep_doubles:
                self._relay.take(number, raw, post)
            self._relay.settle(post, outcome="double")
        return None

    def _verdict(self, request: Request, *, clamped: bool) -> Verdict:
        verdict = judge(request.body, self.catalogue)
        if clamped:
            verdict.breaches = [each for each in verdict.breaches if each.path != "id"]
        content_type = request.headers.get("content-type", "")
        kind, _, charset = content_type.partition(";")
        if kind.strip().lower() != "application/json" or (
            charset and charset.strip().lower() != "charset=utf-8"
        ):
            text = f"doit être application/json, c'est {content_type!r}"
            verdict.breaches.append(Breach("Content-Type", text, Basis.ASSUMED))
        expected = {"module": ["atoo_shop"], "type": ["table"], "method": [DELIVER]}
        for name, value in expected.items():
            if request.query.get(name) != value:
                verdict.breaches.append(Breach(f"?{name}", f"doit être {value[0]}, une fois"))
        for name in request.query.keys() - expected.keys() - {"shop", "pub_key"}:
            verdict.breaches.append(Breach(f"?{name}", "paramètre inconnu"))
        return verdict


def _only(request: Request, name: str) -> str | None:
    values = request.query.get(name, [])
    return values[0] if len(values) == 1 else None
