"""Moving, joining and parting on the board (F13)."""

import pytest
from django.utils import timezone

from ordering.models import Visit
from ordering.services import cart, orders, visits
from ordering.services.pricing import priced
from tests import factories
from tests.ordering.admin_cast import person
from tests.ordering.diner_phone import house
from tests.ordering.staff_cast import text

pytestmark = pytest.mark.django_db

BOARD = "/board/chez-alice/"


@pytest.fixture
def four():
    return factories.table(house(), 4)


@pytest.fixture
def seven(four):
    return factories.table(four.restaurant, 7)


@pytest.fixture
def visit(four):
    return factories.guest(four, covers=3).visit


@pytest.fixture(autouse=True)
def dora(four, client):
    user = person("dora", service=[four.restaurant])
    client.force_login(user)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return user


def page(visit):
    return f"{BOARD}parties/{visit.code}/"


def led(client, answer):
    """The page that it leads to; from the form to the board, where the party has left."""
    while answer.status_code == 303:
        answer = client.get(answer["Location"])
    return answer


def press(client, visit, verb, **data):
    answer = client.post(f"{page(visit)}{verb}/", {"at": "4", **data})
    return text(led(client, answer))


def test_it_offers_the_free_tables_and_the_other_parties(visit, seven, client):
    nine = factories.table(seven.restaurant, 9)
    factories.guest(nine, covers=2)
    factories.table(seven.restaurant, 8, enabled=False)
    assert page(visit) in client.get(f"{BOARD}tables/4/").content.decode()
    html = client.get(page(visit)).content.decode()
    assert 'name="to" value="7"' in html
    assert 'name="to" value="8"' not in html
    assert 'name="to" value="9"' not in html
    assert 'name="covers" value="5"' in html, "both parties' covers together"


def test_it_moves_and_says_what_to_do_on_the_till(visit, seven, client):
    guest = visit.guests.get()
    cart.add(guest=guest, product_key="soupe", quantity=1, chosen=[])
    seen = priced(visit).fingerprint
    order = orders.place(guest=guest, submission_key="a" * 16, seen=seen, language="fr")
    order.additions.update(state="received")
    told = press(client, visit, "move", to="7")
    to_do = (
        f"On the till (LEO2 (LEO2Click)) order {order.number} is on table 4: "
        "move it to table 7 there."
    )
    assert f"The party now sits at table 7. {to_do}" in told
    assert f"To do on the till: {to_do}" in text(client.get(f"{BOARD}tables/7/"))


def test_a_table_that_was_taken_meanwhile_is_said_and_joining_offered(visit, seven, client):
    factories.guest(seven)
    told = press(client, visit, "move", to="7")
    assert "A party sits at table 7 already. Join the two, or choose another table." in told
    assert "Join at table 7" in told
    assert visits.open_visit(visit.table) == visit


def test_it_joins_with_the_covers_that_the_staff_confirm(visit, seven, client):
    into = factories.guest(seven, covers=2).visit
    told = press(client, visit, "join", into=into.code, covers="4")
    assert "The two are one party now, at table 7." in told
    into.refresh_from_db()
    assert (into.covers, into.guests.count()) == (4, 2)


def test_it_parts_the_chosen_phones(visit, seven, client):
    told = press(client, visit, "part", covers="2", guest="1", to="7")
    assert "Some of the party sit at table 7 now." in told
    assert Visit.objects.get(table=seven).guests.count() == 1


def test_who_was_slower_is_told(visit, seven, client):
    nine = factories.table(seven.restaurant, 9)
    press(client, visit, "move", to="7")
    gone = "This party has left meanwhile, or somebody else has moved it. Nothing was changed."
    assert gone in press(client, visit, "move", to="9")
    visits.end(visit=visit)
    assert gone in text(led(client, client.get(page(visit))))
    assert visits.open_visit(nine) is None


@pytest.mark.parametrize(
    ("verb", "data"),
    [
        ("move", {"to": "99"}), ("move", {"to": "seven"}), ("move", {}), ("move", {"to": "4"}),
        ("join", {"into": "nobody", "covers": "2"}), ("join", {"covers": "2"}),
        ("part", {"to": "7", "covers": "3"}), ("part", {"to": "7", "covers": "²"}), ("part", {}),
        ("move", {"to": "9" * 30}),
    ],
)  # fmt: skip
def test_it_changes_nothing_for_a_form_that_it_did_not_make(visit, seven, client, verb, data):
    before = list(Visit.objects.values("table", "covers", "ended_at", "moved_to"))
    answer = client.post(f"{page(visit)}{verb}/", {"at": "4", **data})
    assert answer["Location"] == page(visit)
    assert list(Visit.objects.values("table", "covers", "ended_at", "moved_to")) == before


def test_another_house_s_people_move_nobody(visit, seven, client):
    b = factories.restaurant("chez-charlie")
    factories.table(b, 7)
    client.force_login(person("charlie", manager=[b]))
    assert client.get(page(visit)).status_code == 404
    other = page(visit).replace("chez-alice", "chez-charlie")
    assert client.get(other)["Location"] == "/board/chez-charlie/"
    client.post(f"{other}move/", {"at": "4", "to": "7"})
    assert Visit.objects.get().table.number == 4


def test_a_joined_party_s_orders_stand_on_its_table_s_page(visit, seven, client):
    into = factories.guest(seven, covers=2).visit
    cart.add(guest=visit.guests.get(), product_key="soupe", quantity=1, chosen=[])
    order = orders.place(
        guest=visit.guests.get(), submission_key="a" * 16, seen=priced(visit).fingerprint, language="fr"
    )  # fmt: skip
    order.additions.update(state="received", received_at=timezone.now())
    press(client, visit, "join", into=into.code, covers="5")
    page_of_seven = client.get(f"{BOARD}tables/7/")
    assert str(order) in text(page_of_seven)
    assert "2 phones" in text(page_of_seven)
    assert "On the till, " in text(page_of_seven)
