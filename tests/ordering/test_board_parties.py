"""Parties on the board: seated by the staff, left behind, silent, and strangers at one table."""

from datetime import timedelta

import pytest
from django.utils import timezone

from ordering.models import Act, Guest, Table, Visit, new_code
from ordering.services import acts, visits
from pos_bridge.models import Addition
from tests import factories
from tests.ordering.admin_cast import person
from tests.ordering.staff_cast import order, text

pytestmark = pytest.mark.django_db
State = Addition.State
BOARD = "/board/chez-alice/"
TABLE = f"{BOARD}tables/12/"


def post(client, name, **data):
    return text(client.post(f"{TABLE}{name}/", data, follow=True))


def test_it_seats_a_party_whose_phones_are_not_asked_how_many_they_are(a, bob, client):
    assert "Seat a party" in text(client.get(TABLE))
    assert "A party of 4 sits here." in post(client, "seat", covers="4")
    visit = Visit.objects.get()
    assert visit.covers == 4
    guest = visits.join(table=a.tables.get(), secret=new_code(), covers=None)
    assert guest.visit == visit
    assert acts.sentence(Act.objects.get()) == "seated a party of 4"
    assert "Seat a party" not in text(client.get(TABLE))
    assert "A party sits at this table already." in post(client, "seat", covers="2")
    assert Visit.objects.count() == 1


@pytest.mark.parametrize("covers", ["", "0", "31", "x", "²"])
def test_it_seats_no_party_of_nobody(a, bob, client, covers):
    assert "from 1 to 30" in post(client, "seat", covers=covers)
    assert not Visit.objects.exists()


def test_a_party_that_was_left_behind_is_put_before_the_staff_once(a, bob, client):
    """P17: the next party sits there; two who press at once are one, and the second is told."""
    visit = factories.guest(a.tables.get()).visit
    now = timezone.now()
    Visit.objects.update(left_behind_at=now, ended_at=now)
    factories.guest(a.tables.get())
    page = client.get(BOARD)
    assert "The party before has left" in text(page)
    assert f'id="need-left-{visit.pk}"' in page.content.decode()
    assert "Done: it is off this list." in post(client, "left", visit=visit.pk)
    assert "Nothing needs you" in text(client.get(BOARD))
    client.force_login(person("dora", service=[a]))
    said = post(client, "left", visit=visit.pk)
    assert "Somebody has seen to it already; nothing was changed. It was bob, at " in said
    assert Act.objects.count() == 1


def test_a_silent_party_is_gone_unless_something_of_it_is_not_on_the_till(a, bob, client):
    factories.guest(a.tables.get())
    long_ago = timezone.now() - timedelta(days=1)
    Visit.objects.update(opened_at=long_ago, touched_at=long_ago)
    assert 'data-state="free"' in client.get(BOARD).content.decode()
    late = order(a, State.RECEIVED, "", age=5)
    Visit.objects.update(opened_at=long_ago, touched_at=long_ago)
    Visit.objects.exclude(orders=late.order).delete()
    assert 'data-state="free"' in client.get(BOARD).content.decode()
    Addition.objects.update(state=State.ACCEPTED)
    assert 'data-state="sent"' in client.get(BOARD).content.decode()


def test_strangers_at_one_table_are_parties_each(a, bob, client):
    Table.objects.update(shared=True)
    table = a.tables.get()
    for covers in (1, 2):
        visits.join(table=table, secret=new_code(), covers=covers)
    assert "3 covers" in text(client.get(BOARD))
    said = text(client.get(TABLE))
    assert "1 cover, since" in said
    assert "2 covers, since" in said
    assert "Seat a party" not in said


def test_a_table_names_its_guests_and_what_to_correct_on_the_till(a, bob, client):
    sent = order(a, State.RECEIVED, "")
    Guest.objects.update(name="Ana")
    said = post(client, "covers", visit=sent.order.visit_id, covers="5")
    words = (
        f"Order no. {sent.order.number} (number {sent.number} on the register) went with 2 covers"
    )
    assert f"The covers are 5 now. The register gets them with the next order. {words}" in said
    page = text(client.get(TABLE))
    assert words in page
    assert "1 phone , Ana" in page or "1 phone, Ana" in page
