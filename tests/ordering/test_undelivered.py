"""What staff see of what was not delivered: the list, and the page that says what to look for."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from ordering.models import OrderLine, Table, Visit
from ordering.services import moves, seating
from pos_bridge import staff_words, words
from pos_bridge.decisions import Decision
from pos_bridge.models import Addition, Attempt
from tests import factories
from tests.ordering.admin_cast import installer
from tests.ordering.staff_cast import LIST, order, task, text

pytestmark = pytest.mark.django_db

State, Handled = Addition.State, Addition.Handled


# --- The list -----------------------------------------------------------------------------------


def test_it_says_all_that_a_waiter_needs(a, bob, client):
    """P8, P10, F31: table, order, age, state, why, the diner's words, total, covers, tries; no worker runs."""
    addition = order(a, State.HELD, "stale", age=1505, tries=2)
    page = client.get(LIST)
    said = text(page)
    last = timezone.localtime(Attempt.objects.latest("pk").started_at)
    for part in (
        f"Table 12, Terrasse · Order {addition.order.number}", "Age 25 min", "Waits for you",
        "It is too old to be sent by itself.", "Not confirmed yet. Please show this card",
        "Total €8.00", "Covers 2", "The table the party is still at the table",
        f"Tries 2, the last at {last:%H:%M}",
        "It is there Send it again I have entered it by hand Nobody wants it any more",
    ):  # fmt: skip
        assert part in said, (part, said)
    # With JavaScript it is again.js that looks, and nobody's place on the page is lost (WCAG 2.2.1).
    assert '<noscript><meta http-equiv="refresh" content="7"></noscript>' in page.content.decode()


def test_a_refusal_is_there_at_once_with_its_reason(a, bob, client):
    """F49, F57: and the diner reads of it too."""
    order(a, State.REFUSED, "refused", age=1, tries=1)
    said = text(client.get(LIST))
    assert "Refused: it is not on the till The register refused it." in said
    assert "The diner reads The till has refused the order" in said


def test_the_oldest_comes_first_and_what_is_well_is_not_there(a, bob, client):
    """P9: it turns in the second in which the phone turns."""
    for state, age in ((State.QUEUED, 44), (State.ACCEPTED, 89), (State.RECEIVED, 900)):
        order(a, state, "", age=age)
    order(a, State.HANDLED, "", age=900, handled_as=Handled.BY_HAND)
    assert "Nothing waits for you" in text(client.get(LIST))
    late = [order(a, State.QUEUED, "", age=46), order(a, State.ACCEPTED, "", age=91)]
    found = re.findall(r'id="addition-(\d+)"', client.get(LIST).content.decode())
    assert found == [str(late[1].pk), str(late[0].pk)]


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("age", [5, 46, 91, 1500])
def test_it_shows_what_the_phone_warns_of_and_nothing_else(a, bob, client, state, age):
    """P9: one table for both."""
    addition = order(a, state, "", age=age, handled_as="on_till" if state == State.HANDLED else "")
    warned = words.told(addition, timezone.now()).word in {
        words.Word.NOT_CONFIRMED, words.Word.REFUSED,
    }  # fmt: skip
    assert (f'id="addition-{addition.pk}"' in client.get(LIST).content.decode()) == warned


def test_it_says_what_became_of_the_table(a, bob, client):
    """P8: whether those who ordered are still there."""
    addition = order(a)
    order(a, State.SETTLED, "")
    assert "the table has paid" in text(client.get(LIST))
    Visit.objects.update(ended_at=timezone.now())
    at = f"the party has left at {timezone.localtime():%H:%M}"
    assert at in text(client.get(LIST))
    factories.visit(addition.order.table)
    assert f"{at}, another one sits there now" in text(client.get(LIST))


def test_a_party_that_was_moved_or_joined_has_not_left_f13(a, bob, client):
    """F13: the waiter who brings what was not printed is led to where they sit."""
    visit = order(a).order.visit
    visit.table = factories.table(a, 7)
    visit.save(update_fields=["table"])
    assert "The table the party sits at table 7 now" in text(client.get(LIST))
    into = factories.visit(factories.table(a, 9))
    moves.join(visit=visit, into=into, covers=4, by=bob)
    said = text(client.get(LIST))
    assert "The table the party sits at table 9 now" in said
    assert "left" not in said
    seating.free(visit=into, by=bob)
    assert "The table the party has left at" in text(client.get(LIST))


def test_an_order_from_the_future_has_no_age(a, bob, client):
    """F38: the clock was set back since."""
    order(a, State.QUEUED, "", age=-3600)
    assert "Age unknown: the clock was changed" in text(client.get(LIST))


def test_it_costs_no_query_for_each_order(a, bob, client):
    order(a)
    with CaptureQueriesContext(connection) as one:
        client.get(LIST)
    for _ in range(10):
        order(a)
    with CaptureQueriesContext(connection) as many:
        client.get(LIST)
    assert len(many) == len(one) <= 12


def test_it_shows_a_hundred_and_counts_the_rest(a, bob, client, monkeypatch):
    """An outage of an evening: the page stays small, and the oldest are on it."""
    monkeypatch.setattr("ordering.admin.undelivered.SHOWN", 2)
    oldest = [order(a, age=age) for age in (3000, 2000, 1900, 1800)][:2]
    page = client.get(LIST)
    assert re.findall(r'id="addition-(\d+)"', page.content.decode()) == [
        str(addition.pk) for addition in oldest
    ]
    assert "And 2 more, which are newer." in text(page)


def test_what_came_of_a_click_can_be_read(a, bob, client):
    addition = order(a)
    data = {"decision": "by_hand", "state": addition.state, "tries": 0}
    page = client.post(task(addition), data, follow=True).content.decode()
    assert '<meta http-equiv="refresh" content="20">' in page


def test_the_index_leads_to_it(a, bob, client):
    """F60, P10: and the banner says how many there are, on every page."""
    order(a)
    order(a, State.REFUSED, "refused")
    page = client.get(reverse("admin:index"))
    assert page.content.decode().count(f'href="{LIST}"') == 2
    assert "2 orders are not delivered." in text(page)
    assert "2 orders are not delivered." in text(client.get("/admin/ordering/table/"))


# --- What to look for ---------------------------------------------------------------------------


def test_it_says_what_to_look_for_on_the_till(a, bob, client):
    addition = order(a, State.UNCERTAIN, "no_answer", tries=1)
    OrderLine.objects.update(quantity=2)
    said = text(client.get(task(addition)))
    at = timezone.localtime(addition.order.created_at)
    assert f"On the till, table 12: look for these lines, €8.00 together, at about {at:%H:%M}." in (
        said
    )
    assert "2 Soupe 1001" in said
    assert f"Its number on the register: {addition.number}." in said


QUEUE = "It is in the till’s queue: do not enter it again without cancelling it there."
SITUATIONS = [
    # state, reason, tries, what is said, and what is not
    (State.ACCEPTED, "", 1, QUEUE, "surely never sent"),  # F63
    (State.QUEUED, "no_connection", 0, "It was surely never sent", "may be on the till already"),
    (State.QUEUED, "", 1, "It may be on the till already", "surely never sent"),
    (State.UNCERTAIN, "no_answer", 1, "which the till books only once", "surely never sent"),
    (State.HELD, "stale", 0, "Ask the table whether it is still wanted", "on the till already"),
    (State.HELD, "stale", 1, "It may be on the till already", "surely never sent"),
    (State.HELD, "number_taken", 0, "stands on the till for another order", "already"),  # F60
    (State.HELD, "register_changed", 0, "a register that is no longer in use", "already"),  # F70
    (State.HELD, "refused_late", 2, "after a try of which nobody knows", "surely never sent"),
    (State.HELD, "crashes", 3, "It may be on the till already", "surely never sent"),
    (State.REFUSED, "refused", 1, "The till has refused it, and the diner was told.", "already"),
    (State.HANDLED, "on_till_too", 1, "dealt with it (entered by hand)", "surely never sent"),
]


@pytest.mark.parametrize(("state", "reason", "tries", "there", "absent"), SITUATIONS)
def test_it_says_what_is_the_matter(a, bob, client, state, reason, tries, there, absent):
    """F49, F57, F60, F63, F70: each with the words for it."""
    handled_as = "by_hand" if state == State.HANDLED else ""
    addition = order(a, state, reason, tries=tries, handled_as=handled_as)
    said = text(client.get(task(addition))).partition("What to do")[2]
    assert there in said
    assert absent not in said


def test_a_register_that_books_doubles_gets_a_person(a, bob, client, monkeypatch):
    monkeypatch.setattr("pos_bridge.registers.leo2.Leo2.drops_doubles", False)
    addition = order(a, State.UNCERTAIN, "no_answer", age=1, tries=1)
    said = text(client.get(task(addition)))
    assert "This register would book it twice" in said
    assert "It is there" in said
    assert "Send it again" in said


def test_every_state_and_decision_has_its_words():
    assert set(staff_words.STATES) == set(State)
    for table in (staff_words.BUTTONS, staff_words.EXPLAINED, staff_words.DONE):
        assert set(table) == set(Decision)


def test_the_register_s_raw_text_is_for_the_installer_and_escaped(a, bob, client):
    """T14, P19."""
    addition = order(a, State.HELD, "refused_late", tries=1, detail="<script>alert(2)</script>")
    assert "alert(" not in client.get(task(addition)).content.decode()
    assert "alert(" not in client.get(LIST).content.decode()
    client.force_login(installer())
    page = client.get(task(addition)).content.decode()
    assert "&lt;script&gt;alert(2)" in page
    assert "<script>alert(" not in page


def test_hostile_names_are_only_text(a, bob, client):
    """T14."""
    payload = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    addition = order(a)
    OrderLine.objects.update(name={"fr": payload}, register_id=payload[:64])
    Table.objects.update(label=payload)
    a.name = payload
    a.save(update_fields=["name"])
    for address in (LIST, task(addition)):
        found = client.get(address).content.decode()
        assert "<script>alert" not in found
        assert "<img src=x" not in found
