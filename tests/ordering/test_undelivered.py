"""What staff see of what was not delivered, and what came of their click."""

import html
import re
from datetime import timedelta
from threading import Event

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from ordering.models import OrderLine, Table, Visit
from pos_bridge import staff_words, words
from pos_bridge.decisions import Decision
from pos_bridge.models import Addition, AdditionEvent, Attempt, Register
from tests import factories
from tests.helpers import at_once
from tests.ordering.admin_cast import installer, person

pytestmark = pytest.mark.django_db

State, Handled = Addition.State, Addition.Handled
LIST = "/admin/pos_bridge/addition/undelivered/"


def house(slug="chez-alice", number=12, **register):
    made = factories.restaurant(slug)
    factories.register(made, **register)
    factories.table(made, number, label="Terrasse")
    return made


def order(at, state=State.HELD, reason="stale", age=1500, tries=0, **fields):
    """An order of one soup, and what became of it; `tries`: each of them may be on the till."""
    table = at.tables.first()
    made = factories.order(factories.guest(table))
    register = at.registers.get(current=True)
    last = Addition.objects.count()
    addition = made.additions.create(
        register=register, number=5_000 + last, ticket={}, body="{}", state=state, reason=reason,
        tries=tries, **fields,
    )  # fmt: skip
    moment = timezone.now() - timedelta(seconds=age)
    Addition.objects.filter(pk=addition.pk).update(created_at=moment)
    for number in range(tries):
        Attempt.objects.create(
            addition=addition, number=number + 1, worker="w", started_at=moment, outcome="Uncertain",
            reason="no_answer", answer="<script>alert(1)</script>",
        )  # fmt: skip
    addition.refresh_from_db()
    return addition


@pytest.fixture
def a():
    return house()


@pytest.fixture
def bob(a, client):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    user = person("bob", service=[a])
    client.force_login(user)
    return user


def text(response):
    found = html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode()))
    return re.sub(r"\s+", " ", found)


def task(addition):
    return reverse("admin:pos_bridge_addition_decide", args=[addition.pk])


def press(client, addition, decision, *, confirmed=False, **seen):
    """The form as the page held it when the person opened it: `seen` says where that differs from now."""
    data = {"decision": decision, "state": addition.state, "tries": addition.tries, **seen}
    if confirmed:
        data["confirmed"] = "on"
    return text(client.post(task(addition), data, follow=True))


# --- The list -----------------------------------------------------------------------------------


def test_it_says_all_that_a_waiter_needs(a, bob, client):
    """P8, P10, F31: table, order, age, state, why, the diner's words, total, covers, tries; no worker runs."""
    addition = order(a, State.HELD, "stale", age=1505, tries=2)
    page = client.get(LIST)
    said = text(page)
    last = timezone.localtime(Attempt.objects.latest("pk").started_at)
    for part in (
        "Table 12, Terrasse", f"Order {addition.order.number}", "Age 25 min", "Waits for you",
        "it is too old to be sent by itself", "“Not confirmed yet. Please show this card",
        "Total €8.00", "Covers 2", "The table the party is still at the table",
        f"Tries 2, the last at {last:%H:%M}",
        "It is there Send it again I have entered it by hand Nobody wants it any more",
    ):  # fmt: skip
        assert part in said, (part, said)
    assert '<meta http-equiv="refresh" content="7">' in page.content.decode()


def test_a_refusal_is_there_at_once_with_its_reason(a, bob, client):
    """F49, F57: and the diner reads of it too."""
    order(a, State.REFUSED, "refused", age=1, tries=1)
    said = text(client.get(LIST))
    assert "Refused: it is not on the till : the register refused it" in said.replace("\xa0", " ")
    assert "“The till has refused the order”" in said


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
    (State.HANDLED, "on_till_too", 1, "It may be served twice", "surely never sent"),
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


# --- Decisions ----------------------------------------------------------------------------------


def test_it_is_there(a, bob, client):
    addition = order(a, State.UNCERTAIN, "no_answer", tries=1)
    assert "Done: it is noted as being on the till." in press(client, addition, "on_till")
    addition.refresh_from_db()
    assert (addition.state, addition.handled_as) == (State.HANDLED, Handled.ON_TILL)
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_id) == (bob, str(addition.pk))
    assert "noted as being on the till" in str(entry)
    assert "Nothing waits for you" in text(client.get(LIST))


def test_by_hand_beats_the_queue(a, bob, client):
    """F71: what was entered by hand is not sent any more."""
    addition = order(a, State.QUEUED, "", age=60)
    assert "Done: it is noted as entered by hand" in press(client, addition, "by_hand")
    addition.refresh_from_db()
    assert (addition.state, addition.next_try_at) == (State.HANDLED, None)


def test_it_waits_for_what_is_in_flight_and_says_so(a, bob, client, settings):
    """F71."""
    settings.TIME_DIVISOR = 100
    addition = order(a, State.SENDING, "", age=60, lease_owner="w")
    said = press(client, addition, "by_hand")
    assert "It is being sent this very moment; wait a few seconds and look again." in said
    addition.refresh_from_db()
    assert addition.state == State.SENDING
    assert not LogEntry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_it_holds_if_nothing_came_of_what_was_in_flight(a, bob, client):
    """F71: the click waits, and wins when the try surely has not reached the till."""
    addition = order(a, State.SENDING, "", age=60, lease_owner="w")
    asked = Event()

    def click():
        def watch(execute, sql, params, many, context):
            result = execute(sql, params, many, context)
            if '"pos_bridge_addition"."state"' in sql and "SELECT" in sql:
                asked.set()
            return result

        with connection.execute_wrapper(watch):
            return press(client, addition, "by_hand")

    def come_back():
        assert asked.wait(10)
        row = Addition.objects.filter(pk=addition.pk, state=State.SENDING)
        return row.update(state=State.QUEUED, lease_owner="")

    said, _ = at_once(click, come_back)
    assert "Done: it is noted as entered by hand" in said
    addition.refresh_from_db()
    assert (addition.state, addition.handled_as) == (State.HANDLED, Handled.BY_HAND)


def test_who_comes_second_is_told(a, bob, client):
    """The worker was faster: nothing is changed, and it is said what has become of it."""
    addition = order(a, State.QUEUED, "", age=60)
    at = timezone.now()
    Addition.objects.update(state=State.RECEIVED, received_at=at)
    said = press(client, addition, "by_hand")
    local = timezone.localtime(at)
    assert f"Meanwhile it has been received by the till at {local:%H:%M}; nothing was changed" in (
        said
    )
    addition.refresh_from_db()
    assert (addition.state, addition.handled_as) == (State.RECEIVED, "")
    assert not LogEntry.objects.exists()


def test_what_has_changed_since_is_decided_anew(a, bob, client):
    """Surely not sent when the page was opened, and perhaps there now: the same click would mean another thing."""
    addition = order(a, State.QUEUED, "", age=60)
    Addition.objects.update(state=State.UNCERTAIN)
    said = press(client, addition, "by_hand")
    assert "Meanwhile it is another: may be on the till. Nothing was changed." in said
    addition.refresh_from_db()
    assert addition.state == State.UNCERTAIN


def test_a_colleague_was_faster(a, bob, client):
    addition = order(a)
    Addition.objects.update(state=State.HANDLED, handled_as=Handled.CANCELLED)
    said = press(client, addition, "by_hand")
    assert "Meanwhile somebody has dealt with it (cancelled); nothing was changed." in said


def test_it_is_sent_again_only_by_who_has_looked(a, bob, client):
    """F62: what may be there is not sent again by a slip of the finger."""
    addition = order(a, State.HELD, "stale", tries=1)
    page = client.get(task(addition)).content.decode()
    sentence = "I have looked on the till: it is not there. Else it would be served twice."
    assert sentence in page
    said = press(client, addition, "send_again")
    assert f"tick the sentence first: “{sentence}”" in said
    addition.refresh_from_db()
    assert addition.state == State.HELD
    assert "Done: it is sent again now" in press(client, addition, "send_again", confirmed=True)
    addition.refresh_from_db()
    assert addition.state == State.UNCERTAIN
    assert addition.released_at is not None


def test_what_was_surely_never_sent_needs_no_such_sentence(a, bob, client):
    addition = order(a, State.HELD, "stale")
    assert 'name="confirmed"' not in client.get(task(addition)).content.decode()
    assert "Done: it is sent again now" in press(client, addition, "send_again")
    addition.refresh_from_db()
    assert addition.state == State.QUEUED


def test_what_is_in_the_till_s_queue_is_cancelled_there_first(a, bob, client):
    """F63."""
    addition = order(a, State.ACCEPTED, "", tries=1)
    assert "I have cancelled it in the till’s queue" in press(client, addition, "by_hand")
    addition.refresh_from_db()
    assert addition.state == State.ACCEPTED
    assert "Done" in press(client, addition, "by_hand", confirmed=True)


def test_no_diner_is_told_that_nothing_comes_while_it_may_be_there(a, bob, client):
    addition = order(a, State.UNCERTAIN, "no_answer", tries=1)
    assert "It is not on the till, or I have cancelled it there." in press(
        client, addition, "cancelled"
    )
    addition.refresh_from_db()
    assert addition.state == State.UNCERTAIN


@pytest.mark.parametrize(
    ("state", "reason"), [(State.HELD, "number_taken"), (State.REFUSED, "refused")]
)
def test_it_is_sent_anew_under_another_number(a, bob, client, state, reason):
    """F60, F57: by a person's click alone."""
    addition = order(a, state, reason)
    page = text(client.get(task(addition)))
    assert "Send it anew" in page
    assert "Send it again" not in page
    assert "Done: it is sent anew now" in press(client, addition, "replace")
    first, second = addition.order.additions.order_by("position")
    assert (first.handled_as, second.state) == (Handled.REPLACED, State.QUEUED)
    assert second.number != first.number


def test_it_says_why_it_cannot_be_sent_anew(a, bob, client):
    addition = order(a, State.REFUSED, "refused")
    Register.objects.update(current=False)
    assert "Nothing was changed. Orders by phone are not set up yet." in press(
        client, addition, "replace"
    )
    addition.refresh_from_db()
    assert addition.state == State.REFUSED


def test_what_stands_there_twice_is_seen_to(a, bob, client):
    addition = order(a, State.HANDLED, "on_till_too", handled_as=Handled.BY_HAND)
    assert "Done: it is off this list." in press(client, addition, "seen")
    assert "Nothing waits for you" in text(client.get(LIST))


def test_a_task_that_is_no_more_leads_back_to_the_list(a, bob, client):
    addition = order(a, State.RECEIVED, "")
    page = client.get(task(addition), follow=True)
    assert page.redirect_chain[0][0] == LIST
    assert f"Order {addition.order.number} at table 12 is on this list no more: on the till." in (
        text(page)
    )


@pytest.mark.parametrize(
    "form", [{}, {"decision": "x"}, {"decision": "on_till", "state": "nowhere", "tries": "1"}]
)
def test_a_form_that_is_none_changes_nothing(a, bob, client, form):
    addition = order(a)
    assert client.post(task(addition), form).status_code == 404
    addition.refresh_from_db()
    assert addition.state == State.HELD


# --- Whose it is --------------------------------------------------------------------------------


def test_who_serves_elsewhere_sees_and_decides_nothing(a, bob, client):
    """T22: by no address of another restaurant's addition."""
    other = house("chez-charlie", 99)
    addition = order(other, State.UNCERTAIN, "no_answer", tries=1)
    assert "Table 99" not in text(client.get(LIST))
    assert "not delivered" not in text(client.get(LIST))
    assert client.get(task(addition)).status_code == 404
    for decision in Decision:
        data = {"decision": decision, "state": addition.state, "tries": 1, "confirmed": "on"}
        assert client.post(task(addition), data).status_code == 404
    assert Addition.objects.filter(pk=addition.pk, state=State.UNCERTAIN).exists()
    assert Addition.objects.count() == 1
    assert not AdditionEvent.objects.exists()


@pytest.mark.parametrize("role", ["service", "manager"])
def test_every_member_decides_at_home(a, client, role):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.force_login(person("dora", **{role: [a]}))
    assert "Done" in press(client, order(a), "by_hand")


def test_the_installer_sees_all_and_decides(a, client):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.force_login(installer())
    other = house("chez-charlie", 99)
    order(a)
    addition = order(other)
    said = text(client.get(LIST))
    assert "Table 99, Terrasse Chez Charlie" in said
    assert "Table 12, Terrasse Chez Alice" in said
    assert "Done" in press(client, addition, "cancelled")


def test_staff_without_a_restaurant_and_strangers_see_nothing(a, client):
    addition = order(a)
    assert client.get(LIST).status_code == 302
    assert client.post(task(addition), {"decision": "by_hand"}).status_code == 302
    client.force_login(person("eve"))
    assert client.get(LIST).status_code == 403
    assert client.get(task(addition)).status_code == 404
    index = client.get(reverse("admin:index")).content.decode()
    assert LIST not in index
    assert 'id="banner"' not in index
