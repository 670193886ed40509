"""P1, P17: who ends a party that has paid must not end it under an order that was just sent (PostgreSQL alone)."""

import threading
from contextlib import suppress

import pytest
from django.db import connection, transaction

from ordering.models import Visit
from ordering.services import seating, visits
from ordering.services.problems import Refused
from pos_bridge.models import Addition
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("how", ["join", "seat"])
def test_a_party_is_not_ended_under_an_order_that_was_just_sent(
    how, monkeypatch, django_user_model
):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    table = factories.table(factories.restaurant())
    guest = factories.guest(table)
    register = factories.register(table.restaurant)
    paid = factories.order(guest)
    Addition.objects.create(
        order=paid, register=register, number=1, ticket={}, body="", state="settled"
    )
    really = visits.has_ended

    def order_meanwhile():
        try:
            with transaction.atomic():
                visits.lock_for(guest)
                order = factories.order(guest)
                Addition.objects.create(
                    order=order, register=register, number=2, ticket={}, body="", state="queued"
                )
        finally:
            connection.close()

    def has_ended(visit):
        found = really(visit)
        if visit.pk == guest.visit_id and not Addition.objects.filter(number=2).exists():
            thread = threading.Thread(target=order_meanwhile)
            thread.start()
            thread.join()
        return found

    monkeypatch.setattr(visits, "has_ended", has_ended)
    with suppress(visits.CoversNeeded, visits.VisitEnded, visits.WhichParty, Refused):
        if how == "join":
            visits.join(table=table, secret="another", covers=2)
        else:
            seating.seat(table=table, covers=2, by=django_user_model.objects.create(username="x"))
    assert Visit.objects.get(pk=guest.visit_id).ended_at is None
