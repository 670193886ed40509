"""The phone calls for a person: without a script too, and told live what was answered."""

import re

import pytest
from django.utils import timezone

from ordering.models import Call, Order, Visit
from ordering.services import calls
from pos_bridge.models import Addition
from tests import factories
from tests.ordering.admin_cast import person
from tests.ordering.diner_phone import HTMX, Phone, house, value_of, words

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


def post(phone, address, data=None):
    """A form, and the page that it leads to."""
    answer = phone.post(address, data or {})
    return phone.get(answer["Location"]) if answer.status_code == 303 else answer


def call(phone, kind="waiter", **more):
    return post(phone, f"{phone.visit}calls/call/", {"kind": kind, **more})


def looks(page):
    """Where the page looks for news."""
    found = re.search(r'id="live" hx-get="([^"]+)"', page)
    assert found
    return found[1]


def test_one_tap_away_from_the_carte_the_cart_and_the_order(phone):
    phone.add("soupe")
    order = phone.send()["Location"]
    for page in (phone.visit, f"{phone.visit}cart/", order):
        assert f'href="{phone.visit}calls/"' in phone.get(page).content.decode(), page


def test_it_calls_a_waiter_and_says_what_was_answered(phone, dora):
    shown = words(call(phone))
    made = Call.objects.get()
    clock = timezone.localtime(made.at).strftime("%H:%M")
    assert f"Called at {clock}, not answered yet" in shown
    calls.answer(call=made, by=dora, answer=Call.Answer.COMING)
    assert "Someone is coming, " in words(phone.get(f"{phone.visit}calls/"))


def test_it_is_told_live_and_only_what_is_new(phone, dora):
    """F20: nothing where nothing has changed, and what is new for the ear too."""
    page = call(phone).content.decode()
    look = looks(page)
    assert phone.get(look, headers=HTMX).status_code == 204
    calls.answer(call=Call.objects.get(), by=dora, answer=Call.Answer.MINUTES)
    part = phone.get(look, headers=HTMX).content.decode()
    assert "<html" not in part
    assert re.search(r'id="said" hx-swap-oob="innerHTML">A waiter: In a few minutes, \d', part)
    again = looks(part)
    calls.done(call=Call.objects.get(), by=dora)
    last = phone.get(again, headers=HTMX).content.decode()
    assert "You are waiting for nobody." in last
    assert "hx-get" not in last, "whoever waits for nobody asks nothing"


def test_without_an_answer_it_says_to_speak_to_a_waiter(phone):
    call(phone)
    Call.objects.update(at=timezone.now() - calls.ALONE_AFTER)
    assert "Nobody has answered yet. Please speak to a waiter." in words(
        phone.get(f"{phone.visit}calls/")
    )


def test_the_bill_is_asked_for_in_parts_without_a_script(phone):
    stepped = call(phone, "bill", parts="1", step="1").content.decode()
    assert 'name="parts" value="2"' in stepped
    assert not Call.objects.exists()
    assert "By card, in 3 parts" in words(call(phone, "bill", parts="3", pay="card"))
    made = Call.objects.get()
    assert (made.kind, made.pay, made.parts) == ("bill", "card", 3)


@pytest.mark.parametrize(
    "bad",
    [
        {"kind": "fire"}, {"kind": "bill", "pay": "gold"}, {"kind": "bill", "parts": "2.5"},
        {"kind": "order", "order": "12"}, {},
    ],
)  # fmt: skip
def test_it_takes_nothing_that_the_page_does_not_ask(phone, bad):
    assert phone.post(f"{phone.visit}calls/call/", bad).status_code == 422
    assert not Call.objects.exists()


def test_it_says_kindly_when_it_was_too_often(phone):
    for _ in range(calls.MOST):
        call(phone)
        page = phone.get(f"{phone.visit}calls/").content.decode()
        phone.post(f"{phone.visit}calls/withdraw/", {"call": value_of("call", page)})
    assert Call.objects.filter(closed_at=None).count() == 0
    refused = call(phone)
    assert refused.status_code == 422
    assert "Please give the team a moment, or speak to a waiter." in words(refused)


def test_no_other_party_sees_or_withdraws_it(phone, table):
    """P16: a call is its party's."""
    call(phone)
    made = Call.objects.get()
    other = Phone("en").join(factories.table(table.restaurant, 13))
    other.post(f"{other.visit}calls/withdraw/", {"call": made.code})
    made.refresh_from_db()
    assert made.closed_at is None
    assert other.get(f"{phone.visit}calls/").status_code == 403
    assert made.code not in other.get(f"{other.visit}calls/").content.decode()


def test_a_mind_that_changed_calls_a_waiter_and_cancels_nothing(phone):
    phone.add("soupe")
    address = phone.send()["Location"]
    order = Order.objects.get()
    page = phone.get(address).content.decode()
    assert "Changed your mind? Ask a waiter" in page
    assert f'name="order" value="{order.code}"' in page
    before = Addition.objects.values().get()
    shown = words(call(phone, "order", order=order.code))
    assert f"You changed your mind about order no. {order.number}" in shown
    assert Addition.objects.values().get() == before
    assert Call.objects.get().order == order


def test_a_mind_is_changed_about_one_s_own_orders_alone(phone, table):
    other = Phone().join(factories.table(table.restaurant, 13))
    other.add("soupe")
    other.send()
    assert call(phone, "order", order=Order.objects.get().code).status_code == 404
    assert not Call.objects.exists()


def test_it_works_when_nothing_can_be_ordered(phone, table):
    """After last orders, with ordering off, and with no register that answers."""
    table.restaurant.ordering, table.restaurant.hours = False, []
    table.restaurant.save(update_fields=["ordering", "hours"])
    table.restaurant.registers.update(silent_since=timezone.now(), failures=99)
    assert f'href="{phone.visit}calls/"' in phone.get(phone.visit).content.decode()
    assert "not answered yet" in words(call(phone))


def test_a_phone_that_joined_nobody_asks_about_allergens(table):
    """P22: a scan is enough, and it opens no visit."""
    phone = Phone("en")
    phone.scan(table)
    assert 'href="/r/chez-alice/calls/"' in phone.get("/r/chez-alice/carte/").content.decode()
    shown = words(post(phone, "/r/chez-alice/calls/ask/"))
    assert "not answered yet" in shown
    assert "By card" not in shown
    made = Call.objects.get()
    assert (made.table, made.visit, made.kind) == (table, None, "allergens")
    assert not Visit.objects.exists()
    assert Phone().post("/r/chez-alice/calls/ask/")["Location"] == "/r/chez-alice/carte/"


def test_what_a_phone_has_asked_is_shown_to_no_other_one_t20(table):
    """T20, P17: the next party at the table reads nothing of somebody's allergies; the phone itself does, also after
    another scan.
    """
    phone, later = Phone("en"), Phone("en")
    for each in (phone, later):
        each.scan(table)
    post(phone, "/r/chez-alice/calls/ask/")
    assert "not answered yet" not in words(later.get("/r/chez-alice/calls/"))
    phone.scan(table)
    assert "not answered yet" in words(phone.get("/r/chez-alice/calls/"))
    assert "not answered yet" in words(post(later, "/r/chez-alice/calls/ask/"))


@pytest.mark.parametrize("kind", ["waiter", "bill", "allergens"])
def test_only_a_mind_that_changed_is_about_an_order(phone, kind):
    """A form that nobody was given has an answer, and is not told to the team as something else."""
    phone.add("soupe")
    phone.send()
    order = Order.objects.get()
    call(phone, kind, order=order.code)
    assert Call.objects.get(kind=kind).order is None
    call(phone, "order", order=order.code)
    assert Call.objects.get(kind="order").order == order
