"""The phones of a party that the staff have led to another table (F13)."""

import pytest
from django.utils import translation
from django.utils.translation import gettext

from ordering.models import Order, Visit
from ordering.services import moves
from pos_bridge.models import Addition
from tests import factories
from tests.ordering.admin_cast import person
from tests.ordering.diner_phone import HTMX, Phone, house, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def table():
    return factories.table(house())


@pytest.fixture
def phone(table):
    return Phone("en").join(table, covers=3)


@pytest.fixture
def dora(table):
    return person("dora", service=[table.restaurant])


def test_the_table_stands_large_where_it_is_confirmed(phone):
    """F13: whoever holds the card of another table sees it before they send."""
    stranger = Phone("en")
    stranger.scan(Visit.objects.get().table)
    for page in (phone.cart(), stranger.get("/r/chez-alice/").content.decode()):
        assert '<p class="where"><span>Table</span> <b>12</b></p>' in page
        assert "Table 12 is not yours? Scan the code in front of you." in page


def moved(phone, to, dora):
    moves.move(visit=Visit.objects.select_related("table__restaurant").get(), to_table=to, by=dora)


def test_a_moved_phone_is_told_once_and_writes_nothing(phone, table, dora):
    """F13."""
    phone.add("soupe")
    moved(phone, factories.table(table.restaurant, 7), dora)
    told = words(phone.get(f"{phone.visit}cart/"))
    assert "You now sit at table 7." in told
    assert "Table 7 is not yours?" in told
    assert "You now sit" not in words(phone.get(f"{phone.visit}cart/"))


def test_a_cart_that_was_open_during_the_move_is_asked_again(phone, table, dora):
    """F13: nothing is sent to a table that nobody confirmed."""
    phone.add("soupe")
    form = phone.form()
    moved(phone, factories.table(table.restaurant, 7), dora)
    answer = phone.send(form)
    assert answer.status_code == 422
    assert "You now sit at table 7." in words(answer)
    assert not Order.objects.exists()
    phone.send()
    assert Order.objects.get().table.number == 7


def test_a_joined_phone_is_led_to_its_party(phone, table, dora):
    """By its next request, whatever it was; a form is shown again and not carried out."""
    phone.add("soupe")
    form = phone.form()
    other = Phone("en").join(factories.table(table.restaurant, 7))
    old, new = (
        Visit.objects.select_related("table__restaurant").get(code=at.visit[3:-1])
        for at in (phone, other)
    )
    moves.join(visit=old, into=new, covers=5, by=dora)
    assert phone.get(f"{phone.visit}p/tarte/?x=1")["Location"] == f"{other.visit}p/tarte/?x=1"
    assert phone.get(f"{phone.visit}cart/", headers=HTMX)["HX-Redirect"] == f"{other.visit}cart/"
    assert phone.send(form)["Location"] == f"{other.visit}cart/"
    assert not Order.objects.exists()
    shown = words(phone.get(f"{phone.visit}cart/", follow=True))
    assert "You now sit at table 7." in shown
    assert "Soupe (en)" in shown
    assert other.get(phone.visit).status_code == 403, "it never was of that party"


def test_a_parted_phone_takes_its_order_s_page_along(phone, table, dora):
    """What was sent stays at its own address, and its page leads on to where the phone sits now."""
    phone.add("soupe")
    order = phone.send()["Location"]
    parted = moves.part(
        visit=Visit.objects.select_related("table__restaurant").get(), guests=["1"], covers=1,
        to_table=factories.table(table.restaurant, 7), by=dora,
    )  # fmt: skip
    page = phone.get(order)
    assert "Table 12, 3 covers" in words(page)
    assert "You now sit at table 7." in words(page)
    assert f'href="/v/{parted.code}/"' in page.content.decode()


def test_the_waiter_s_card_says_where_they_sit_now(phone, table, dora):
    """The till is told of table 12, and the plates go to table 7."""
    phone.add("soupe")
    order = phone.send()["Location"]
    Addition.objects.update(state="held", reason="stale")
    assert " 7 " not in words(phone.get(order))
    moved(phone, factories.table(table.restaurant, 7), dora)
    with translation.override("fr"):  # the house's language
        said = gettext("The party sits at table %(number)s now.") % {"number": 7}
    assert said in words(phone.get(order))
