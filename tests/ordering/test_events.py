"""What must act once: a table that has paid ends its visit, by one of those who notice."""

import pytest

from ordering.models import Visit
from ordering.services import events, visits
from pos_bridge import outbox
from pos_bridge.models import Addition, AdditionEvent
from tests import factories
from tests.helpers import at_once
from tests.pos_bridge.conftest import Restaurant

State = Addition.State
pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(db):
    return Restaurant("http://127.0.0.1:9")


def to(addition, *states):
    for state in states:
        addition.refresh_from_db()
        assert outbox.move(addition.pk, State(addition.state), state, addition.created_at)


def paid(alice, table=12):
    addition = alice.order(table=table)
    to(addition, State.SENDING, State.RECEIVED, State.SETTLED)
    return addition


def open_events():
    return AdditionEvent.objects.filter(consumed_at=None).count()


def test_a_table_that_has_paid_ends_its_visit(alice):
    visit = paid(alice).order.visit
    assert events.consume() == 1
    visit.refresh_from_db()
    assert visit.ended_at is not None
    assert open_events() == 0
    assert events.consume() == 0


def test_it_waits_for_what_is_still_on_its_way(alice):
    addition = paid(alice)
    other = alice.order()
    version = addition.order.visit.cart_version
    assert events.consume() == 0
    assert open_events() == 1
    assert Visit.objects.get().ended_at is None
    # Nobody's cart is shown anew because we have looked.
    assert Visit.objects.get().cart_version == version
    to(other, State.SENDING, State.RECEIVED, State.SETTLED)
    assert events.consume() == 1
    assert open_events() == 0


def test_it_ends_only_the_visits_that_have_paid(alice):
    paid(alice, table=1)
    alice.order(table=2)
    assert events.consume() == 1
    assert Visit.objects.filter(ended_at=None).get().table.number == 2


def test_an_event_of_a_visit_that_has_ended_is_done_with(alice):
    addition = paid(alice)
    Visit.objects.update(ended_at=addition.created_at)
    assert events.consume() == 0
    assert open_events() == 0


def test_what_was_refused_is_left_for_whoever_gives_portions_back(alice):
    to(alice.order(), State.SENDING, State.REFUSED)
    assert events.consume() == 0
    assert open_events() == 1


@pytest.mark.django_db(transaction=True)
def test_of_several_that_notice_one_ends_it():
    alice = Restaurant("http://127.0.0.1:9")
    for table in range(1, 6):
        paid(alice, table)
    ended = at_once(*[events.consume] * 4)
    assert sum(ended) == 5
    assert Visit.objects.filter(ended_at=None).count() == 0
    assert open_events() == 0


@pytest.mark.django_db(transaction=True)
def test_an_order_that_comes_at_the_same_moment_is_in_a_visit_that_goes_on():
    """P17: either the order was first and the visit goes on, or its phone hears that the visit has ended."""
    alice = Restaurant("http://127.0.0.1:9")
    for table in range(1, 9):
        visit = paid(alice, table).order.visit
        guest = visit.guests.get()

        def order(guest=guest, table=table):
            from django.db import transaction

            with transaction.atomic():
                visits.lock(guest.visit)
                made = factories.order(guest)
                ticket = factories.ticket(table=table)
                return outbox.enqueue(order_id=made.pk, register=alice.register, ticket=ticket)

        ordered, _ = at_once(order, events.consume)
        visit.refresh_from_db()
        assert isinstance(ordered, visits.VisitEnded) == (visit.ended_at is not None)
