"""The parties of an evening, a thread for each table: they sit down, choose, send, call, pay, leave; others come."""

import re
import sys
import threading
import time
from collections.abc import Callable
from random import Random

import requests

from tests.evening import crashes
from tests.torture.diners import DONE
from tests.torture.log import Log
from tests.torture.phone import Phone, Sent, form_of
from tests.torture.plan import Plan

NAME = re.compile(r"Gast[0-9]+x[0-9]+x[0-9]+")
# What an open page asks by itself, and after how many seconds each time.
ASKS = re.compile(r'id="live" hx-get="([^"]+)" hx-trigger="every ([0-9]+)s')
ENDED = '<h1 tabindex="-1">Please scan the code on your table again'
CALLS = "calls/"
WAITING = ("not answered yet", "Nobody has answered yet")
ORDER_ASKS = 2.0  # seconds, as the page of an order does in its first minute


class Guest(Phone):
    """A phone of a party, with a nickname that no other has, and a page that is open."""

    patience = 10.0  # as htmx on our pages

    def __init__(
        self, plan: Plan, card: str, name: str, log: Log, draw: Random, ended: threading.Event
    ) -> None:
        super().__init__(plan.web, card, log, draw, ended)
        # A kept connection that the server closes just then would look like an answer that was lost.
        self._session.headers["Connection"] = "close"
        self.name = name
        self.page = ""
        self.answers: list[float] = []  # seconds that each took
        self._part, self._asks, self._every, self._due = "", "", 0.0, 0.0
        self._called: dict[str, float] = {}

    @property
    def party(self) -> str:
        return self.name.rpartition("x")[0]

    def sit_down(self, covers: int) -> None:
        self.join(covers)
        self._tap("cart/line/", name=self.name)
        self.read("cart/")

    def read(self, part: str) -> bool:
        """Open a page of the visit, and leave it open. False where the house has not answered."""
        self._part, self._asks = part, ""
        page = self._get(self._visit + part)
        if page is not None:
            self._show(page.text)
        return page is not None

    def look(self) -> None:
        """What the open page does by itself; one that asks nothing, as when a call was dealt with, is left."""
        if not self._asks and not self.has_left():
            self.read("cart/")
        if not self._asks or time.monotonic() < self._due:
            return
        headers = {"HX-Request": "true", "HX-Current-URL": self._visit + "cart/"}
        page = self._try(
            lambda: self._session.get(self._asks, headers=headers, timeout=self.patience)
        )
        self._due = time.monotonic() + self._every
        if page is not None and page.status_code == 200:
            self._show(page.text)

    def choose(self) -> None:
        for _ in range(self._draw.choice((1, 1, 2))):
            dish = f"plat-{self._draw.randrange(6)}"
            self._tap("add/", product=dish, quantity="1")

    def form(self) -> dict[str, str]:
        """Of the cart as it is now; nothing where it is empty, or the evening is over."""
        while not self.read("cart/"):
            if self._ended.is_set():
                return {}
        return form_of(self.page)

    def filled_form(self) -> dict[str, str]:
        """The same; who finds nothing there, for no answer came to a choice, chooses again."""
        while not (form := self.form()) and not self._ended.is_set():
            self.choose()
        return form

    def send(self, form: dict[str, str]) -> Sent | None:
        return self._send({**form, "whose": "all"})

    def call(self, **wish: str) -> None:
        """The page of the calls stays open until somebody has answered."""
        self._tap("calls/call/", **wish)
        self._called[wish["kind"]] = time.monotonic()
        self._log.write("called", name=self.name, kind=wish["kind"])
        self.read(CALLS)

    def wait_for_who_was_called(self) -> None:
        """Back on that page, where nobody has answered yet."""
        if self._called:
            self.read(CALLS)

    def has_left(self) -> bool:
        return ENDED in self.page

    def try_to_send(self, form: dict[str, str]) -> None:
        """From a page of the meal that is over, with dishes that were in the cart (P17)."""
        answer = self._post(self._visit + "send/", whose="all", **form)
        to = answer.headers.get("Location", "") if answer is not None else ""
        status = answer.status_code if answer is not None else 0
        self._log.write("sent after the end", name=self.name, status=status, to=to)

    def _tap(self, part: str, **fields: str) -> None:
        """A button, and once more where the page says “please try again”: that it does is written down, and judged."""
        while self._post(self._visit + part, **fields) is None:
            if self._ended.is_set():
                return

    def _show(self, text: str) -> None:
        """What stands on the screen now. Names of another party are written down, and what became of a call."""
        self.page = text
        found = ASKS.search(text)
        self._asks = self._web + found[1].replace("&amp;", "&") if found else ""
        self._every = float(found[2]) if found else 0.0
        self._due = time.monotonic() + self._every
        seen = sorted(
            {name for name in NAME.findall(text) if name.rpartition("x")[0] != self.party}
        )
        if seen:
            self._log.write("stranger", name=self.name, seen=seen)
        if self._part == CALLS and not any(words in text for words in WAITING):
            for kind, at in self._called.items():
                self._log.write("answered", name=self.name, kind=kind, after=time.monotonic() - at)
            self._called = {}

    def _try(self, request: Callable[[], requests.Response]) -> requests.Response | None:
        began = time.monotonic()
        answer = super()._try(request)
        if answer is not None:
            self.answers.append(time.monotonic() - began)
        return answer


class TableFor:
    """What happens at one table from seven to midnight. `closing`: nobody sits down or chooses any more."""

    def __init__(
        self, plan: Plan, place: int, log: Log, closing: threading.Event, ended: threading.Event
    ) -> None:
        self._plan, self._place, self._log = plan, place, log
        self._closing, self._ended = closing, ended
        self._draw = Random(f"{plan.seed} table {place}")
        self._card = plan.cards[0][place]
        self.answers: list[float] = []

    def dine(self) -> None:
        self._pause(0.0, min(20.0, self._plan.seconds / 8))  # nobody opens all doors at once
        number = 0
        while not self._closing.is_set():
            number += 1
            party = self._seated(number)
            try:
                self._dine(party)
            finally:
                self.answers += [seconds for guest in party for seconds in guest.answers]

    def _seated(self, number: int) -> list[Guest]:
        """The phones of all tables are spread over them, another way for each party."""
        plan, turn = self._plan, (self._place + number) % self._plan.tables
        size = max(1, plan.phones * (turn + 1) // plan.tables - plan.phones * turn // plan.tables)
        party = [
            Guest(plan, self._card, f"Gast{self._place}x{number}x{place}", self._log, self._draw, self._ended)
            for place in range(size)
        ]  # fmt: skip
        for place, guest in enumerate(party):
            guest.sit_down(size)
            if not place and form_of(guest.page):
                self._log.write("stranger", name=guest.name, seen=["dishes of the party before"])
        self._log.write("seated", table=self._place, party=party[0].party, phones=size)
        return party

    def _dine(self, party: list[Guest]) -> None:
        for rounds in range(self._draw.choice((1, 1, 2))):
            if self._closing.is_set():
                return
            for guest in party:
                guest.choose()
                self._looks(party, 0.5, 1.5)
            if not rounds and self._draw.random() < 0.5:
                party[-1].call(kind="waiter")
            self._send(party)
        if self._closing.is_set():
            return
        # Somebody has chosen something, and the bill comes first.
        party[-1].choose()
        kept = party[-1].form()
        party[-1].wait_for_who_was_called()
        party[0].call(kind="bill", pay="card", parts="1")
        while not party[0].has_left():
            if self._closing.is_set():
                return
            self._looks(party, 0.5, 1.5)
        self._log.write("left", table=self._place, party=party[0].party)
        for guest in party:
            guest.try_to_send(kept or {"submission_key": "k" * 22, "seen": "0" * 64})
            guest.read("cart/")

    def _send(self, party: list[Guest]) -> None:
        """One for all, or two who press at once (F09); then they wait for the till."""
        senders = party[:2] if self._draw.random() < 0.4 else party[:1]
        forms = [guest.filled_form() for guest in senders]
        if self._ended.is_set():
            return
        for guest in senders:
            unseen = [each.name for each in party if each.name not in guest.page]
            if unseen:
                self._log.write("unseen", name=guest.name, unseen=unseen)
        sent: dict[str, Sent | None] = {}

        def press(guest: Guest, form: dict[str, str]) -> None:
            sent[guest.name] = guest.send(form)

        threads = [
            threading.Thread(target=press, args=pair) for pair in zip(senders, forms, strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self._ended.is_set():
            return
        codes = [each.code if each else "" for each in sent.values()]
        self._log.write("pressed", party=party[0].party, codes=codes)
        waiting = [(guest, each) for guest in senders if (each := sent[guest.name])]
        while waiting and not self._ended.is_set():
            for guest, each in waiting:
                guest.ask(each)
            waiting = [(guest, each) for guest, each in waiting if each.word not in DONE]
            self._looks(party, ORDER_ASKS, ORDER_ASKS)
        for guest in senders:
            guest.wait_for_who_was_called()

    def _looks(self, party: list[Guest], least: float, most: float) -> None:
        """All open pages, each at its own pace, and so many seconds."""
        for guest in party:
            guest.look()
        self._pause(least, most)

    def _pause(self, least: float, most: float) -> None:
        self._ended.wait(self._draw.uniform(least, most))


def main() -> None:
    """Until all tables have what they ordered after standard input has said “over”, or until it ends."""
    plan = Plan.of_this_process()
    log = Log(plan.path, "diners")
    crashes.note(log)
    closing, ended = threading.Event(), threading.Event()

    def listen() -> None:
        for _ in sys.stdin:
            log.write("closing")
            closing.set()
        closing.set()
        ended.set()

    threading.Thread(target=listen, daemon=True).start()
    tables = [TableFor(plan, place, log, closing, ended) for place in range(plan.tables)]
    threads = [threading.Thread(target=table.dine) for table in tables]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log.write("took", seconds=sorted(round(each, 4) for table in tables for each in table.answers))


if __name__ == "__main__":
    main()
