"""Found by reading the delivery against the promises: each fails on the code that it was written for."""

import threading
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from pos_bridge import breaker, delivery, outbox, waiting
from pos_bridge.errors import NotSent
from pos_bridge.models import Register
from pos_bridge.registers.base import Receipt, TillState
from pos_bridge.turns import Comparisons, ListRests
from tests.pos_bridge.conftest import Restaurant
from tests.pos_bridge.steps import State, later, now_is, put, tried
from tests.pos_bridge.toys import toys

__all__ = ["toys"]

pytestmark = pytest.mark.django_db


class Fake:
    """An adapter that is asked without a wire. `takes`: real seconds of a POST."""

    def __init__(self, takes=0.0, outcome=None, can_list_states=True):
        self.can_list_states = can_list_states
        self.takes, self.outcome = takes, outcome
        self.posts, self.lists, self.looked_up, self.checks = [], [], [], 0

    def send(self, number, body):
        threading.Event().wait(self.takes)
        self.posts.append(number)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return Receipt("accepted", "1", 200, "")

    def list_states(self):
        self.lists.append(len(self.posts))
        return {number: TillState("received", "1") for number in self.posts}

    def look_up(self, number):
        self.looked_up.append(number)
        raise NotSent("no_connection")

    def check(self):
        self.checks += 1
        raise NotSent("no_connection")


def test_lists_are_read_while_a_long_queue_is_sent_p1(alice, settings, monkeypatch):
    """A second for each POST, 100 orders that wait: the first is on the till long before the last is sent, and is
    shown as such before 90 s."""
    settings.TIME_DIVISOR = 50
    fake = Fake(takes=1.0 / 50)
    monkeypatch.setattr(delivery, "adapter_for", lambda register: fake)
    for table in range(1, 101):
        alice.order(table=table)
    delivery.serve(alice.register.pk, worker="one", stopping=threading.Event())
    assert len(fake.posts) == 100
    first_that_names_it = min(at for at in fake.lists if at > 0)
    assert first_that_names_it <= 45, f"read after POSTs {fake.lists}"


@pytest.mark.usefixtures("toys")
def test_a_silent_register_is_not_asked_for_each_unclear_order_p12(db, settings, monkeypatch):
    """While it is down: at most two questions a minute, however many orders are unclear."""
    settings.TIME_DIVISOR = 50
    charlie = Restaurant("https://c.example.fr", slug="charlie", kind="toy_looks_up")
    fake = Fake(can_list_states=False)
    monkeypatch.setattr(delivery, "adapter_for", lambda register: fake)
    now = timezone.now()
    for table in range(1, 6):
        put(charlie.order(table=table), State.UNCERTAIN, next_try_at=now, tries=1)
    Register.objects.update(failures=breaker.FAILURES, silent_since=now, next_poll_at=now)
    rests, compared = ListRests(), Comparisons()
    end = now + timedelta(seconds=60 / 50)
    while timezone.now() < end:
        if charlie.register.pk in waiting.registers_to_serve(timezone.now()):
            delivery.serve(
                charlie.register.pk,
                worker="one",
                stopping=threading.Event(),
                patience=2.5,
                rests=rests,
                compared=compared,
            )
        threading.Event().wait(0.01)
    assert len(fake.looked_up) + fake.checks <= 3, (fake.looked_up, fake.checks)


def test_what_waits_for_a_list_keeps_its_table_waiting_no_longer_p7(alice, now):
    """Sent again by a person, old and perhaps sent, it waits until a list is read; where none can be, the table's
    next order waits with it, and is stale with it."""
    first, second = alice.order(table=7), alice.order(table=7)
    old = now - timedelta(seconds=waiting.FRESH + 60)
    put(first, State.UNCERTAIN, tries=1, next_try_at=None, created_at=old, released_at=now)
    assert waiting.is_any_due(alice.register.pk, later(now, 60))
    assert waiting.next_in_turn(alice.register.pk, later(now, 60)) == second


def test_a_double_of_nothing_is_not_believed_the_second_time_either_f60(alice, now):
    """“I have it already” to the first try: the number is somebody else's, however often it is said."""
    addition = alice.order()
    repeat = Receipt("received", "1", 409, "", repeat=True)
    tried(alice, repeat, now)
    assert now_is(addition)[1] == "number_taken"
    again = later(now, 40)
    claim = outbox.claim(alice.register.pk, worker="two", now=again)
    if claim is not None:
        outbox.settle(claim, repeat, now=again, duration=0.1)
    assert now_is(addition)[0] not in {State.ACCEPTED, State.RECEIVED}


@pytest.mark.usefixtures("toys")
def test_a_database_that_hiccups_before_the_socket_leaves_nothing_unclear_p2(db, monkeypatch):
    """The keys could not be read: nothing was sent, so it is sent in a moment and nobody has to look."""
    charlie = Restaurant("https://c.example.fr", slug="charlie", kind="toy_looks_up")
    addition = charlie.order()

    def broken(register):
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(delivery, "adapter_for", broken)
    delivery.send_next(charlie.register.pk, worker="one")
    assert now_is(addition)[0] == State.QUEUED


@pytest.mark.usefixtures("toys")
def test_a_database_that_hiccups_after_an_answer_does_not_lose_the_answer_p2(db, monkeypatch):
    """What the register has said is known to nobody but us: no look at what is next may come between it and the
    patient writing of it."""
    charlie = Restaurant("https://c.example.fr", slug="charlie", kind="toy_looks_up")
    addition = charlie.order()
    fake = Fake(can_list_states=False)
    monkeypatch.setattr(delivery, "adapter_for", lambda register: fake)
    real, hiccups = waiting.next_to_look_up, [OperationalError("the server has gone")]

    def next_to_look_up(*given):
        if fake.posts and hiccups:
            raise hiccups.pop()
        return real(*given)

    monkeypatch.setattr(waiting, "next_to_look_up", next_to_look_up)
    with suppress(OperationalError):  # the worker looks again
        delivery.serve(charlie.register.pk, worker="one", stopping=threading.Event())
    assert len(fake.posts) == 1
    assert now_is(addition)[0] != State.SENDING
