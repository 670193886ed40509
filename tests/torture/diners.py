"""Many diners: threads of one process that order again and again, and ask after every order until it is on the till."""

import json
import sys
import threading
import time
from random import Random

from tests.torture.log import Log
from tests.torture.phone import Phone, Sent
from tests.torture.plan import Plan

# Of what the page of an order does by itself, quicker, for an evening lasts minutes here: seconds between two looks.
LOOKS = (0.1, 0.2, 0.3, 0.6, 1.0, 1.5, 2.0)
DONE = {"on_till", "passed_on", "handled", "cancelled", "taken_back", "replaced"}
MOST_OPEN = 4  # orders of one diner that are still on their way; then the diner waits


class Quota:
    """How many orders are still to be sent, and from when on the next may be."""

    def __init__(self, orders: int, seconds: float) -> None:
        self._left = orders if orders else sys.maxsize
        self._pause = seconds / orders if orders else 0.0
        self._next_at = time.monotonic()
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Whether an order is due. They are spread over the evening; what came late is made up for."""
        with self._lock:
            if not self._left or time.monotonic() < self._next_at:
                return False
            self._left -= 1
            self._next_at += self._pause
            return True

    @property
    def left(self) -> int:
        return self._left


class Diner:
    """One phone at one table."""

    def __init__(
        self, plan: Plan, place: int, log: Log, quota: Quota, ended: threading.Event
    ) -> None:
        cards = plan.cards[place % len(plan.cards)]
        card = cards[place // len(plan.cards) % len(cards)]
        self._draw = Random(f"{plan.seed} diner {place}")
        self._phone = Phone(plan.web, card, log, self._draw, ended)
        self._quota = quota
        self._ended = ended
        # Each with when it is asked after next, and how often it was.
        self._open: list[tuple[float, int, Sent]] = []
        self._between = quota_pause(plan)

    def dine(self, service_over: threading.Event) -> None:
        self._phone.join()
        next_order = time.monotonic() + self._draw.random() * self._between
        while not self._ended.is_set():
            hungry = not service_over.is_set() and len(self._open) < MOST_OPEN
            if hungry and time.monotonic() >= next_order and self._quota.take():
                if sent := self._phone.order():
                    self._open.append((0.0, 0, sent))
                next_order = time.monotonic() + self._between * (0.5 + self._draw.random())
            self._ask_after()
            if service_over.is_set() and not self._open:
                return
            self._ended.wait(0.02)

    def _ask_after(self) -> None:
        now = time.monotonic()
        for entry in [entry for entry in self._open if entry[0] <= now]:
            self._open.remove(entry)
            _, asked, sent = entry
            self._phone.ask(sent)
            if sent.word == "refused" and self._draw.random() < 0.2:
                self._phone.take_back(sent)
            if sent.word not in DONE:
                wait = LOOKS[min(asked, len(LOOKS) - 1)]
                self._open.append((time.monotonic() + wait, asked + 1, sent))


def quota_pause(plan: Plan) -> float:
    """Seconds between two orders of one diner, so that all together they are done a little before the end."""
    return 0.8 * plan.seconds * plan.diners / plan.orders if plan.orders else 1.0


def main() -> None:
    """Reads "over" from standard input when the service is over, and the end of it when the evening is."""
    plan = Plan.of_this_process()
    log = Log(plan.path, "diners")
    quota = Quota(plan.orders, plan.seconds * 0.95)
    service_over, ended = threading.Event(), threading.Event()
    diners = [Diner(plan, place, log, quota, ended) for place in range(plan.diners)]
    threads = [threading.Thread(target=diner.dine, args=(service_over,)) for diner in diners]
    for thread in threads:
        thread.start()

    def say_how_many_are_left() -> None:
        while not ended.wait(0.2):
            print(json.dumps({"left": quota.left}), flush=True)  # noqa: T201

    threading.Thread(target=say_how_many_are_left, daemon=True).start()
    for line in sys.stdin:
        if line.strip() == "over":
            service_over.set()
    service_over.set()
    ended.set()
    for thread in threads:
        thread.join(20)


if __name__ == "__main__":
    main()
