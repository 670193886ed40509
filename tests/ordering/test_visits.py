"""A party begins with the first answer to the covers and ends when it has paid."""

import pytest
from django.db import IntegrityError, transaction

from ordering.models import Guest, Visit
from ordering.services import visits
from pos_bridge.models import Addition, AdditionEvent
from tests import factories
from tests.helpers import at_once

pytestmark = pytest.mark.django_db


def addition(order, register, state, number=1, **fields):
    return Addition.objects.create(
        order=order, register=register, number=number, ticket={}, body="{}", state=state, **fields
    )


def test_it_needs_the_covers_once():
    table = factories.table()
    with pytest.raises(visits.CoversNeeded):
        visits.join(table=table, secret="a", covers=None)
    first = visits.join(table=table, secret="a", covers=3)
    second = visits.join(table=table, secret="b", covers=None)
    assert first.visit == second.visit
    assert [first.number, second.number] == [1, 2]


def test_it_keeps_a_phone_the_guest_that_it_is():
    table = factories.table()
    assert visits.join(table=table, secret="a", covers=3) == visits.join(
        table=table, secret="a", covers=None
    )
    assert Guest.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_it_opens_one_visit_for_two_phones_at_once():
    """F18: the first value holds."""
    table = factories.table()
    guests = at_once(
        *[
            lambda number=number: visits.join(
                table=table, secret=f"phone {number}", covers=number + 1
            )
            for number in range(8)
        ]
    )
    assert Visit.objects.count() == 1
    assert sorted(guest.number for guest in guests) == list(range(1, 9))


def test_the_database_refuses_no_covers():
    """F18: also where no form stood in between."""
    with pytest.raises(IntegrityError), transaction.atomic():
        Visit.objects.create(table=factories.table(), covers=0)


def test_it_is_over_when_the_register_says_settled():
    """The next phone starts a new visit, and the event is consumed once."""
    guest = factories.guest(factories.table())
    till = factories.register(guest.visit.table.restaurant)
    paid = addition(factories.order(guest), till, "settled")
    event = AdditionEvent.objects.create(addition=paid, kind="settled")
    assert visits.open_visit(guest.visit.table) is None
    later = visits.join(table=guest.visit.table, secret="new party", covers=4)
    assert later.visit != guest.visit
    guest.visit.refresh_from_db()
    event.refresh_from_db()
    assert guest.visit.ended_at is not None
    assert event.consumed_at is not None


@pytest.mark.parametrize(
    "state", ["queued", "sending", "accepted", "received", "uncertain", "held"]
)
def test_it_is_not_over_while_another_order_is_unsettled(state):
    guest = factories.guest(factories.table())
    till = factories.register(guest.visit.table.restaurant)
    addition(factories.order(guest), till, "settled", number=1)
    addition(factories.order(guest), till, state, number=2)
    assert visits.open_visit(guest.visit.table) == guest.visit


def test_it_counts_only_the_last_addition_of_an_order():
    guest = factories.guest(factories.table())
    till = factories.register(guest.visit.table.restaurant)
    order = factories.order(guest)
    addition(order, till, "handled", number=1, handled_as="replaced")
    addition(order, till, "settled", number=2, position=2)
    assert visits.is_over(guest.visit)


def test_a_refused_order_does_not_keep_the_table():
    """T20: it is surely not on the till, and the next party must not be let into this one's visit."""
    guest = factories.guest(factories.table())
    till = factories.register(guest.visit.table.restaurant)
    addition(factories.order(guest), till, "settled", number=1)
    addition(factories.order(guest), till, "refused", number=2)
    assert visits.open_visit(guest.visit.table) is None


@pytest.mark.django_db(transaction=True)
def test_it_joins_while_the_visit_ends_in_that_moment():
    table = factories.table()
    for _ in range(5):
        visit = visits.join(table=table, secret="a", covers=2).visit
        joined, *_ = at_once(
            lambda: visits.join(table=table, secret="b", covers=3),
            lambda visit=visit: visits.end(visit=visit),
        )
        assert isinstance(joined, Guest)
