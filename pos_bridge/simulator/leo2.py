"""A LEO2 register to try and to test with: the relay's HTTP interface, the till behind it, and the judge in front.

It speaks as the vendor's page says and is otherwise built on what docs/registers says is observed or assumed. With
`strict` it refuses any addition that breaks a rule, and names every breach. Without, it is as careless as the real one
was observed to be: it takes what it can parse, an unknown article makes the whole addition vanish behind the relay, and
an article id that is not a number stops the service until `heal()`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pos_bridge.simulator import faults as drawing
from pos_bridge.simulator import leo2_lists, tape
from pos_bridge.simulator.catalogue import Catalogue
from pos_bridge.simulator.exchange import Reply, Request, as_json
from pos_bridge.simulator.leo2_careless import article_ids, as_number, number_in, of_a_stranger
from pos_bridge.simulator.leo2_relay import RECEIVED, Relay, digest
from pos_bridge.simulator.leo2_rules import LAST_NUMBER, Basis, Breach, Verdict, judge
from pos_bridge.simulator.modes import MODES, Scripted, twists
from pos_bridge.simulator.server import SimulatedRegister

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


class Leo2Register(SimulatedRegister):
    """See docs/registers for the protocol, and `SimulatedRegister` for the script.

    `till_delay`: seconds from the relay to the till. `simulated_late`: seconds added to the booking time of what waited
    for a till that was off, so that six hours need not be waited for. `keep_doubles`: numbers are not looked at.
    `list_size`: how many of the latest the lists have; the vendor says "the latest" and no number. `clock`: seconds
    since 1970.

    `running_orders_only`: an addition for a table without a running order is refused. `covers_add_up`: an addition's
    covers are added to the table's. Both can be switched in `settings` while it runs.

    `faults` and `list_faults`: the probability, 0 to 1, with which a delivery or the reading of a list gets one of
    `fault_modes` or `list_fault_modes`, dealt from `seed`. Over a restart on the same ledger the dealing goes on.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        *,
        ledger: str | Path | None = None,
        port: int = 0,
        host: str = "127.0.0.1",
        shop: str = "SHOP1",
        pub_key: str = "KEY1",
        strict: bool = True,
        keep_doubles: bool = False,
        till_delay: float = 0.0,
        simulated_late: float = 0.0,
        scale: float = 1.0,
        list_size: int = 200,
        running_orders_only: bool = False,
        covers_add_up: bool = False,
        seed: int = 0,
        faults: float = 0.0,
        list_faults: float = 0.0,
        fault_modes: Sequence[str] = DELIVERY,
        list_fault_modes: Sequence[str] = READING,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.catalogue = catalogue
        self.strict = strict
        self.keep_doubles = keep_doubles
        self._shop = shop
        self._pub_key = pub_key
        self._list_size = list_size
        self._service_stopped = False
        self._stale: dict[str, dict[int, int]] = {"till": {}, "all": {}}
        self._relay = Relay(
            ledger, till_delay=till_delay, simulated_late=simulated_late, clock=clock
        )
        try:
            own_modes = POST_MODES | leo2_lists.MODES
            dealers = {
                "post": drawing.dealer(seed, "post", faults, fault_modes, MODES | own_modes),
                "list": drawing.dealer(
                    seed, "list", list_faults, list_fault_modes, MODES | own_modes
                ),
            }
            for use, dealer in dealers.items():
                counts = self._relay.counts
                dealer.resume(counts.requests[use], counts.dealt[use])
            super().__init__(
                host=host,
                port=port,
                scale=scale,
                own_modes=own_modes,
                dealers=dealers,
                settings={
                    "running_orders_only": running_orders_only,
                    "covers_add_up": covers_add_up,
                },
            )
        except (OSError, ValueError):
            self._relay.close()
            raise

    def stop(self) -> None:
        super().stop()
        self._relay.close()

    def heal(self) -> None:
        super().heal()
        self._service_stopped = False

    def ledger(self, *, after: int = 0) -> list[dict[str, Any]]:
        """What the till really holds, in booking order, without the first `after`.

        number, body (amounts as Decimal), raw, sha256, taken_at and booked_at (seconds since 1970), state, `late`
        (seconds) where it waited for a till that was off, `foreign` where it was planted as a stranger's.
        """
        return [self._relay.entry(addition) for addition in self._relay.booked(after)]

    def posts(self, *, after: int = 0) -> list[dict[str, Any]]:
        """Every delivery but the first `after`: place, number, sha256, mode, time, ended, booked, what became of it.

        `place` counts from 0. `time` is when it had come whole; `ended` the moment before the end of its answer left,
        or when its connection was gone; absent before (both in seconds since 1970). `drawn` is True or absent.

        `outcome`: booked or stored (on the relay), double, conflict (same number, other content: dropped), vanished,
        refused, denied (shop or key), stopped; absent where the register never worked on it. `conflict` is True or
        absent; `breaches` and `remarks` are lists of sentences, absent where there are none; `reason` is why the till
        took nothing for this table.
        """
        return self._relay.told_posts(after)

    def tables(self) -> list[dict[str, Any]]:
        """Each with number, open (has a running order), locked, covers: those that something is known about."""
        return self._relay.told_tables()

    def set_table(
        self, number: int, *, open: bool | None = None, locked: bool | None = None
    ) -> None:
        if number not in self.catalogue.tables and not self.catalogue.knows_all:
            raise KeyError(f"the till has no table {number}")
        self._relay.set_table(number, open=open, locked=locked)

    def fired(self) -> dict[str, dict[str, int]]:
        return self._relay.fired()

    def set_state(self, number: int, state: int) -> None:
        self._relay.set_state(number, state)

    def close_till(self, shown: int = RECEIVED) -> None:
        """The till is off: the relay takes additions, and lists them with the status `shown` (1 or 0, neither is
        documented) in the list of all."""
        self._relay.close_till(shown)

    def open_till(self) -> None:
        self._relay.open_till()

    def tape(self) -> str:
        booked, waiting = self._relay.how_many()
        return tape.page(
            self.catalogue,
            self.ledger(after=max(booked - tape.LONGEST, 0)),
            booked=booked,
            waiting=waiting,
            refused=self._relay.refused(tape.LONGEST),
        )

    def prepare(self, modes: Sequence[Scripted]) -> None:
        """A stale list is the one of the moment when the mode was asked for, or of the last reading since."""
        if any(scripted.name == "list_stale" for scripted in modes):
            self._stale = {which: self._latest(which) for which in LISTS.values()}

    # The protocol

    def use_of(self, request: Request) -> str | None:
        if request.path != PATH:
            return None
        return "post" if request.method == "POST" else "list"

    def arrived(self, request: Request, scripted: Scripted) -> int:
        number, sha256 = number_in(request.body), digest(request.body)
        return self._relay.arrive(number=number, sha256=sha256, **_words(scripted))

    def ended(self, post: int) -> None:
        self._relay.end(post)

    def fires(self, event: str, scripted: Scripted) -> None:
        self._relay.note({"event": event, **_words(scripted)})

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
        found = {
            "breaches": [str(breach) for breach in verdict.breaches],
            "remarks": verdict.remarks,
        }
        facts: dict[str, Any] = {name: words for name, words in found.items() if words}
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


def _words(scripted: Scripted) -> dict[str, Any]:
    """A mode for the journal."""
    return {"mode": scripted.text} | ({"drawn": True} if scripted.drawn else {})


def _only(request: Request, name: str) -> str | None:
    values = request.query.get(name, [])
    return values[0] if len(values) == 1 else None
