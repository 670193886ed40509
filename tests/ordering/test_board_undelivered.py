"""What was not delivered, decided on the board."""

import pytest
from django.db import OperationalError

from ordering.models import Act
from ordering.services import acts
from pos_bridge.models import Addition
from tests import factories
from tests.ordering.admin_cast import person
from tests.ordering.staff_cast import order, text

pytestmark = pytest.mark.django_db
State = Addition.State
BOARD = "/board/chez-alice/"


def press(client, addition, decision, **more):
    data = {"decision": decision, "state": addition.state, "tries": addition.tries, **more}
    return text(client.post(f"{BOARD}orders/{addition.pk}/decide/", data, follow=True))


@pytest.mark.parametrize(
    ("state", "reason", "age", "words"),
    [
        (State.QUEUED, "", 60, "Waits to be sent"),
        (State.ACCEPTED, "", 100, "In the till’s queue, not on the till"),
        (State.UNCERTAIN, "no_answer", 60, "May be on the till"),
        (State.REFUSED, "refused", 1, "Refused: it is not on the till"),
        (State.HELD, "stale", 1500, "Waits for you"),
    ],
)
def test_it_says_all_that_a_waiter_needs(a, bob, client, state, reason, age, words):
    """P8, P10: table, order, age, state, what was ordered, and whether the party is still there; no worker runs."""
    addition = order(a, state, reason, age=age)
    said = text(client.get(BOARD))
    for part in (
        "1 thing needs a person", "Table 12, Terrasse", words, str(addition.order),
        "2 covers, €8.00, the party is still at the table", "1 Soupe 1001", "It is there"
        if state != State.QUEUED else "I have entered it by hand",
    ):  # fmt: skip
        assert part in said, (part, said)


def test_a_button_leads_to_the_order_s_own_page_and_does_it_there(a, bob, client):
    addition = order(a)
    link = f"{BOARD}orders/{addition.pk}/"
    page = client.get(BOARD).content.decode()
    assert f'href="{link}#by_hand"' in page
    assert (
        f'href="{BOARD}orders/{addition.order.code}/card/"' in page
    )  # the waiter card, to type from
    assert "look for these lines, €8.00 together" in text(client.get(link))
    assert "Done: it is noted as entered by hand" in press(client, addition, "by_hand")
    addition.refresh_from_db()
    assert addition.handled_as == Addition.Handled.BY_HAND
    act = Act.objects.get()
    said = f"entered order {addition.order.number} by hand"
    assert (act.person, act.table, acts.sentence(act)) == (bob, addition.order.table, said)


def test_nothing_is_decided_that_cannot_be_kept(a, bob, client, monkeypatch):
    """Who did it is written in the transaction of what they did."""

    def full(**_fields):
        raise OperationalError("database or disk is full")

    addition = order(a)
    monkeypatch.setattr(acts, "record", full)
    data = {"decision": "by_hand", "state": addition.state, "tries": 0}
    answer = client.post(f"{BOARD}orders/{addition.pk}/decide/", data)
    assert answer.status_code == 503
    addition.refresh_from_db()
    assert addition.state == State.HELD


def test_a_colleague_was_faster_and_is_named(a, bob, client):
    addition = order(a)
    press(client, addition, "by_hand")
    client.force_login(person("dora", service=[a]))
    said = press(client, addition, "cancelled")
    assert "Meanwhile somebody has dealt with it (entered by hand); nothing was changed." in said
    assert "It was bob, at " in said
    assert Act.objects.count() == 1


def test_what_could_do_harm_wants_a_tick(a, bob, client):
    addition = order(a, tries=1)
    assert "tick the sentence first" in press(client, addition, "send_again")
    addition.refresh_from_db()
    assert addition.state == State.HELD
    assert not Act.objects.exists()


def test_who_comes_too_late_is_led_back(a, bob, client):
    addition = order(a, State.RECEIVED, "")
    said = text(client.get(f"{BOARD}orders/{addition.pk}/", follow=True))
    assert "is on this list no more: on the till." in said


def test_it_decides_nothing_of_another_house(a, bob, client):
    other = factories.restaurant("chez-charlie")
    factories.register(other)
    factories.table(other, 7)
    foreign = order(other)
    data = {"decision": "by_hand", "state": foreign.state, "tries": 0}
    for house_of in ("chez-alice", "chez-charlie"):
        page = f"/board/{house_of}/orders/{foreign.pk}/"
        assert client.get(page).status_code == 404
        assert client.post(f"{page}decide/", data).status_code == 404
    foreign.refresh_from_db()
    assert foreign.state == State.HELD
    assert "1 thing" not in text(client.get(BOARD))


@pytest.mark.parametrize(
    "form", [{}, {"decision": "by_hand"}, {"decision": "x", "state": "held", "tries": 0}]
)
def test_a_form_that_is_none_changes_nothing(a, bob, client, form):
    addition = order(a)
    assert client.post(f"{BOARD}orders/{addition.pk}/decide/", form).status_code == 404
    addition.refresh_from_db()
    assert addition.state == State.HELD
