"""What a person decides about what was not delivered: it wins or loses, and they are told (F71)."""

from threading import Event

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from pos_bridge.decisions import Decision
from pos_bridge.models import Addition, AdditionEvent, Register
from tests.helpers import at_once
from tests.ordering.admin_cast import installer, person
from tests.ordering.staff_cast import LIST, house, order, press, task, text

pytestmark = pytest.mark.django_db

State, Handled = Addition.State, Addition.Handled


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


@pytest.mark.django_db(transaction=True)
def test_it_waits_without_a_transaction(a, bob, client, settings):
    """F71: SQLite has one lock for all writers, and what is waited for has to be written too."""
    settings.TIME_DIVISOR = 100
    addition = order(a, State.SENDING, "", age=60, lease_owner="w")
    locked = []

    def watch(execute, sql, params, many, context):
        if sql.startswith('SELECT "pos_bridge_addition"."state"'):
            locked.append(connection.in_atomic_block)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        press(client, addition, "cancelled")
    assert locked
    assert not any(locked)


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
    assert f"Table 99, Terrasse · {addition.order} Chez Charlie" in said
    assert "Chez Alice" in said
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
