"""The team's pages: orders that wait for an OK, pauses, the word of the day."""

import re

import pytest

from ordering.models import Act, Restaurant
from ordering.services import presence
from pos_bridge.models import Addition, Register
from tests import factories
from tests.ordering.admin_cast import person
from tests.ordering.board_cast import press
from tests.ordering.diner_phone import Phone, house, words
from tests.ordering.staff_cast import text

pytestmark = pytest.mark.django_db

BOARD = "/board/chez-alice/"
PAUSES = f"{BOARD}pauses/"


@pytest.fixture
def made():
    return house()


@pytest.fixture
def bob(made, client):
    user = person("bob", service=[made])
    client.force_login(user)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return user


@pytest.fixture
def phone(made):
    Restaurant.objects.update(approval="every")
    phone = Phone("en").join(factories.table(made), covers=3)
    phone.add("soupe", quantity="2")
    phone.sent = phone.send()["Location"]
    return phone


def address():
    return f"{BOARD}approvals/{Addition.objects.get().pk}/"


def test_the_board_shows_what_waits_with_what_is_unusual_t35(phone, bob, client):
    """T05, T35: table, covers, total and flags before anybody says OK; once, however long it waits."""
    page = text(client.get(BOARD))
    assert "1 thing needs a person" in page
    for said in (
        "Table 12",
        "Order 1, 3 covers, €16.00",
        "Waits for your OK",
        "First order of the party",
    ):
        assert said in page, said
    Addition.objects.update(created_at="2026-01-01T00:00Z")
    assert "1 thing needs a person" in text(client.get(BOARD))
    page = text(client.get(address()))
    for said in ("Table 12", "3 covers", "€16.00", "2 Soupe", "First order of the party"):
        assert said in page, said


def test_the_phone_waits_without_alarm_and_hears_the_ok(phone, bob, client):
    said = "A member of the team looks at order no. 1 before it goes to the kitchen."
    assert said in words(phone.get(phone.sent))
    assert "Not confirmed" not in words(phone.get(phone.sent))
    assert "hx-get" in phone.get(phone.sent).content.decode()
    done = press(client, f"{address()}approve/")
    assert "Order 1 goes to the register now." in text(done)
    assert Addition.objects.get().state == "queued"
    assert "Being sent" in words(phone.get(phone.sent))
    second = press(client, f"{address()}approve/")
    assert "Somebody has said OK to it already." in text(second)
    assert "Somebody has said OK" in text(client.get(client.get(address())["Location"]))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"reason": "sold_out"}, "Something in it has just run out."),
        ({"text": "Plus de soupe <b>ce soir</b>"}, "Plus de soupe &lt;b&gt;ce soir"),
    ],
)
def test_the_guest_reads_why_it_is_refused(phone, bob, client, data, said):
    answer = press(client, f"{address()}refuse/", data)
    assert "Order 1 is refused, and the guests read why." in text(answer)
    page = phone.get(phone.sent)
    assert said in page.content.decode()
    assert "The team has cancelled this order" in words(page)
    assert "Nothing of it will be served or charged." in words(page)


def test_a_refusal_without_a_reason_is_none(phone, bob, client):
    """It is told what is missing, on the order's own page: it waits as before."""
    for data in (
        {},
        {"reason": "because"},
        {"text": "  "},
        {"reason": "because", "text": "Closed"},
    ):
        page = text(press(client, f"{address()}refuse/", data))
        assert "Nothing was changed: choose a reason that the guests read, or write one." in page
        assert "does not wait" not in page
        assert "It waits for your OK" in page
        assert Addition.objects.get().state == "held", data


def test_an_ok_after_a_change_of_register_does_not_say_that_it_is_sent_f70(phone, bob, client):
    """F70: it is bound to the register of before, and waits for a person once more."""
    Register.objects.update(current=False)
    page = text(press(client, f"{address()}approve/"))
    assert "Order 1 has your OK, and is not sent: the register was changed meanwhile." in page
    assert "goes to the register now" not in page
    assert Addition.objects.get().approved_at is not None


def test_what_a_waiter_has_typed_already_is_not_sent_as_well(phone, bob, client):
    """F71: the guests are told that the team has their order, and nothing is given back."""
    page = client.get(address()).content.decode()
    form = page[: page.index('id="by-hand"')].rpartition("<form")[2]
    assert 'name="decision" value="by_hand"' in form
    seen = Addition.objects.get()
    data = {"decision": "by_hand", "state": seen.state, "tries": seen.tries}
    client.post(f"{BOARD}orders/{seen.pk}/decide/", data)
    seen.refresh_from_db()
    assert (seen.state, seen.handled_as) == ("handled", "by_hand")
    assert "The team has your order" in words(phone.get(phone.sent))
    assert Act.objects.get().what == "order_by_hand"


def test_another_house_answers_nothing(phone, client):
    other = factories.restaurant("chez-charlie")
    client.force_login(person("charlie", manager=[other]))
    pk = Addition.objects.get().pk
    for slug in ("chez-alice", "chez-charlie"):
        for verb in ("approve/", "refuse/"):
            answer = client.post(f"/board/{slug}/approvals/{pk}/{verb}", {"reason": "mistake"})
            assert answer.status_code == 404
    assert Addition.objects.get().state == "held"


def test_a_pause_is_made_and_ended_on_its_page(made, bob, client):
    table = factories.table(made, zone="Terrasse")
    data = {"place": "zone:Terrasse", "minutes": "30", "ready": "private"}
    page = press(client, f"{PAUSES}pause/", data)
    assert "Paused until" in text(page)
    assert "We have a private party." in text(page)
    phone = Phone("en")
    phone.scan(table)
    assert "We have a private party." in words(phone.get("/r/chez-alice/"))
    page = press(client, f"{PAUSES}resume/", {"place": "zone:Terrasse"})
    assert "The pause is over." in text(page)
    page = press(client, f"{PAUSES}resume/", {"place": "zone:Terrasse"})
    assert "It was over already." in text(page)
    assert {act.person for act in Act.objects.all()} == {bob}


@pytest.mark.parametrize(
    "data", [{}, {"place": "zone:Mars", "minutes": "15"}, {"place": "house", "minutes": "x"}]
)
def test_it_pauses_nothing_by_a_strange_form(made, bob, client, data):
    page = press(client, f"{PAUSES}pause/", data)
    assert "Nothing was changed: please choose again." in text(page)
    assert Restaurant.objects.get().pauses == []


def test_slower_is_set_on_the_same_page(made, bob, client):
    client.post(f"{PAUSES}slow/", {"waiting": "25", "per_minute": "5"})
    found = Restaurant.objects.get()
    assert (found.waiting_minutes, found.slow_per_minute) == (25, 5)
    client.post(f"{PAUSES}slow/", {"waiting": "0", "per_minute": ""})
    found = Restaurant.objects.get()
    assert (found.waiting_minutes, found.slow_per_minute) == (0, None)


def test_the_board_says_what_was_stopped_by_hand(made, bob, client):
    """F72: who forgets a pause loses an evening; the room is where everybody looks."""
    assert 'class="health wait halt"' not in client.get(BOARD).content.decode()
    press(client, f"{PAUSES}pause/", {"place": "house", "minutes": "15"})
    press(client, f"{PAUSES}pause/", {"place": "category:carte", "minutes": "tomorrow"})
    press(client, f"{PAUSES}slow/", {"waiting": "0", "per_minute": "3"})
    page = client.get(BOARD)
    said = text(page)
    assert re.search(r"No orders by phone until \d\d:\d\d: The whole house", said)
    assert "No orders by phone until tomorrow: Category: " in said
    assert "Slowed down: at most 3 orders a minute" in said
    assert f'id="halt-1" href="{PAUSES}"' in page.content.decode()
    press(client, f"{PAUSES}resume/", {"place": "house"})
    assert "The whole house" not in text(client.get(BOARD))
    Restaurant.objects.update(ordering=False)
    assert "switched off for the whole house" in text(client.get(BOARD))


def test_the_word_of_the_day_stands_there_and_is_renewed(made, bob, client):
    assert "Word of the day" not in text(client.get(PAUSES))
    Restaurant.objects.update(word_of_the_day="kept")
    before = presence.word_now(Restaurant.objects.get())
    assert before in text(client.get(PAUSES))
    client.post(f"{PAUSES}word/")
    after = presence.word_now(Restaurant.objects.get())
    assert after != before
    assert after in text(client.get(PAUSES))
