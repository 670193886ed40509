"""Tables that call stand on the board until somebody has dealt with them."""

import re

import pytest
from django.utils import timezone, translation

from ordering.board.calls import needs
from ordering.models import Act, Call
from ordering.services import calls, moves
from tests import factories
from tests.ordering.admin_cast import person
from tests.ordering.staff_cast import text

pytestmark = pytest.mark.django_db

BOARD = "/board/chez-alice/"
HTMX = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{BOARD}"}


@pytest.fixture
def guest(a):
    return factories.guest(a.tables.get(), covers=4)


@pytest.fixture
def dora(a, client):
    user = person("dora", service=[a])
    client.force_login(user)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return user


def press(client, call, answer, **seen):
    data = {"call": call.code, "answer": answer, "seen": call.answer, **seen}
    return text(client.get(client.post(f"{BOARD}call/", data)["Location"]))


def test_it_says_who_calls_for_what_and_rings(guest, dora, client):
    """F72: loud until it is answered."""
    calls.call(guest=guest, kind=Call.Kind.BILL, pay="card", parts=2)
    order = factories.order(guest)
    calls.call(guest=guest, kind=Call.Kind.ORDER, order=order)
    page = client.get(BOARD)
    shown = text(page)
    assert "2 things need a person" in shown
    assert "The bill, by card, 2 parts" in shown
    assert f"They have changed their mind about order {order.number}" in shown
    assert page.content.decode().count("data-loud") == 2


def test_an_answer_is_told_and_rings_no_more(guest, dora, client):
    made = calls.call(guest=guest, kind=Call.Kind.WAITER)
    said = press(client, made, "coming")
    assert "Table 12 is told that someone is coming." in said
    assert "Answered by dora at " in said
    assert "data-loud" not in client.get(BOARD).content.decode()
    made.refresh_from_db()
    assert "Table 12: dealt with. " in press(client, made, "done")
    assert "Nothing needs you" in text(client.get(BOARD))
    assert [act.what for act in Act.objects.order_by("pk")] == ["call_coming", "call_done"]


def test_the_slower_of_two_is_told(guest, dora, client):
    made = calls.call(guest=guest, kind=Call.Kind.WAITER)
    calls.answer(call=made, by=dora, answer=Call.Answer.MINUTES)
    slow = "Meanwhile somebody else has answered table 12. Nothing was changed."
    assert slow in press(client, made, "coming", seen="")
    made.refresh_from_db()
    assert made.answer == "minutes"
    calls.withdraw(call=made)
    assert slow in press(client, made, "done")


@pytest.mark.parametrize("bad", [{"answer": "never"}, {"call": "x"}, {"call": "a\0" * 12}])
def test_it_takes_no_other_answer(guest, dora, client, bad):
    made = calls.call(guest=guest, kind=Call.Kind.WAITER)
    data = {"call": made.code, "answer": "coming", "seen": "", **bad}
    assert "There is no such call." in text(
        client.get(client.post(f"{BOARD}call/", data)["Location"])
    )
    made.refresh_from_db()
    assert made.answer == ""


def test_another_house_s_people_neither_see_nor_answer_it(guest, dora, client):
    made = calls.call(guest=guest, kind=Call.Kind.WAITER)
    b = factories.restaurant("chez-charlie")
    client.force_login(person("charlie", manager=[b]))
    data = {"call": made.code, "answer": "done", "seen": ""}
    assert client.post(f"{BOARD}call/", data).status_code == 404
    client.post("/board/chez-charlie/call/", data)
    made.refresh_from_db()
    assert made.closed_at is None
    assert made.code not in client.get("/board/chez-charlie/").content.decode()


def test_a_button_of_the_table_s_page_stays_there(guest, dora, client):
    made = calls.call(guest=guest, kind=Call.Kind.WAITER)
    here = f"{BOARD}tables/12/"
    headers = {**HTMX, "HX-Current-URL": f"http://testserver{here}"}
    data = {"call": made.code, "answer": "coming", "seen": ""}
    assert client.post(f"{BOARD}call/", data, headers=headers)["Location"] == here
    away = {**HTMX, "HX-Current-URL": "http://testserver/elsewhere/"}
    assert client.post(f"{BOARD}call/", data, headers=away)["Location"] == BOARD


def test_it_follows_the_party(guest, dora, a):
    order = factories.order(guest)
    calls.call(guest=guest, kind=Call.Kind.ORDER, order=order)
    seven = factories.table(a, 7)
    moves.move(visit=guest.visit, to_table=seven, by=dora)
    with translation.override("en"):
        [need] = needs(a, timezone.now())
    assert need.table == seven
    assert "On the till it is on table 12." in need.reason


def test_all_tables_cost_as_many_queries_as_one(a, dora, django_assert_num_queries):
    for number in range(20, 26):
        guest = factories.guest(factories.table(a, number))
        calls.call(guest=guest, kind=Call.Kind.ORDER, order=factories.order(guest))
    Call.objects.update(answer="coming", answered_at=timezone.now(), answered_by=dora)
    with django_assert_num_queries(1):
        assert len(needs(a, timezone.now())) == 6
    assert re.search("dora", needs(a, timezone.now())[0].reason[-1])
