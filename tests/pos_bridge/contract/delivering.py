"""From the outbox to the till and back, whatever the kind of register."""

import logging
import threading

import pytest

from pos_bridge.delivery import serve
from pos_bridge.models import Addition, Attempt, Register
from pos_bridge.registers import http
from pos_bridge.ticket import Ticket
from pos_bridge.worker import Worker
from tests.helpers import eventually
from tests.pos_bridge.conftest import Restaurant
from tests.pos_bridge.contract.hooks import CANARY, Hooks

State = Addition.State
THERE = {State.ACCEPTED, State.RECEIVED, State.SETTLED}
LOST_ANSWERS = ("rst_after", "http500_after", "half_json_after", "truncated_after", "empty_after")
NEVER_BOOKED = ("rst_before", "http500_before", "empty_before")


def delivered(test):
    """Marks of each case here; on the class they would be inherited by all others."""
    for mark in (
        pytest.mark.wire,
        pytest.mark.once,  # test_worker.py and test_class_c.py do it on both databases
        pytest.mark.django_db(transaction=True),
        pytest.mark.usefixtures("quick"),
    ):
        test = mark(test)
    return test


class Delivering(Hooks):
    @pytest.fixture
    def quick(self, settings):
        settings.TIME_DIVISOR = 20

    def house(self, register, **fields):
        keys = fields.pop("credentials", self.credentials)
        return Restaurant(
            register.url, kind=self.kind, credentials=keys, options=self.options, **fields
        )

    def order(self, house, register, **fields):
        addition = house.order(**fields)
        self.teach(register, Ticket.from_json(addition.ticket))
        return addition

    @delivered
    def test_an_order_stands_on_the_till_once(self, register):
        house = self.house(register)
        addition = self.order(house, register)
        serve(house.register.pk, worker="test", stopping=threading.Event())
        addition.refresh_from_db()
        assert addition.state in THERE
        (entry,) = register.ledger()
        assert self.is_ours(entry, addition.number, addition.uuid)
        assert self.cents_on_till(entry) == 8_00
        assert addition.attempts.get().outcome in {"accepted", "received"}

    @delivered
    @pytest.mark.parametrize("lost", LOST_ANSWERS + NEVER_BOOKED)
    def test_an_unclear_outcome_never_doubles_an_order_p2_p5(self, register, lost):
        """Where doubles are dropped, the same bytes again; elsewhere a look-up, and then a person, and never a POST."""
        register.script(lost)
        house = self.house(register)
        addition = self.order(house, register)
        worker = Worker()
        thread = threading.Thread(target=worker.run)
        thread.start()
        try:
            booked = lost in LOST_ANSWERS
            if self.adapter_class.drops_doubles or (booked and self.can_find):
                eventually(lambda: self._state(addition) in THERE, timeout=30)
            else:
                eventually(
                    lambda: self._state(addition) in {State.UNCERTAIN, State.HELD}, timeout=30
                )
                if self.can_find:
                    eventually(lambda: sum(register.fired()["list"].values()) > 2, timeout=30)
        finally:
            worker.stop()
            thread.join(10)
        assert len(register.ledger()) == (self.adapter_class.drops_doubles or booked)
        if not self.adapter_class.drops_doubles:
            assert len(register.posts()) == 1
        assert len({post["sha256"] for post in register.posts()}) == 1
        assert register.max_posts_in_flight == 1

    @property
    def can_find(self):
        return self.adapter_class.can_look_up or self.adapter_class.can_list_states

    def _state(self, addition):
        addition.refresh_from_db()
        return addition.state

    @delivered
    @pytest.mark.parametrize(
        "fault", ["ok", "http500_after", "401", "302", "json_error", "half_json"]
    )
    def test_no_key_in_any_log_or_row_p18_t23_t24(self, caplog, fault):
        for name in ("", "django", *http.LOGGERS):
            caplog.set_level(logging.DEBUG, logger=name)
        logging.getLogger("django.db.backends").setLevel(logging.INFO)
        keys = self.with_canary()
        with self.simulator(credentials=keys) as register:
            house = self.house(register, credentials=keys)
            addition = self.order(house, register)
            register.script(fault)
            serve(house.register.pk, worker="test", stopping=threading.Event())
            assert register.posts()
        assert CANARY not in caplog.text
        rows = [Addition.objects.values().get(pk=addition.pk), *Attempt.objects.values()]
        assert CANARY not in str(rows)
        assert CANARY not in repr(Register.objects.get().credentials)
