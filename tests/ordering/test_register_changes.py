"""F70: what waits while somebody changes the register; staff see it, and it goes nowhere by itself."""

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.urls import reverse
from django.utils import timezone

from ordering.services import registers
from pos_bridge import outbox
from pos_bridge.models import Addition, Register
from tests import factories
from tests.ordering.admin_cast import person, send
from tests.ordering.staff_cast import LIST, press, task, text

pytestmark = pytest.mark.django_db

State, Handled = Addition.State, Addition.Handled
OLD, NEW = "https://old.example", "https://new.example"
KEYS = {"shop": "SHOP1", "pub_key": "KEY1"}


@pytest.fixture
def house():
    made = factories.restaurant()
    factories.register(made, base_url=OLD, credentials=KEYS)
    return made


@pytest.fixture(autouse=True)
def alice(house, client):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.force_login(person("alice", manager=[house]))


@pytest.fixture
def waiting(house):
    order = factories.order(factories.guest(factories.table(house)))
    register = house.registers.get()
    return outbox.enqueue(order_id=order.pk, register=register, ticket=factories.ticket())


def change_page(register):
    return reverse("admin:pos_bridge_register_change", args=[register.pk])


def test_what_waits_for_the_old_one_is_held_and_sent_anew_by_a_person(house, waiting, client):
    """Another address is another register: nothing goes to it without a click, and then under a number of its own."""
    registers.configure(restaurant=house, kind="leo2", base_url=NEW, credentials=KEYS)
    assert outbox.claim(waiting.register_id, worker="w", now=timezone.now()) is None
    outbox.hold(timezone.now())
    said = text(client.get(LIST))
    assert "Table 12" in said
    assert "Send it anew" in said
    assert "Send it again" not in said
    assert "a register that is no longer in use" in text(client.get(task(waiting)))
    waiting.refresh_from_db()
    assert (waiting.state, waiting.reason) == (State.HELD, "register_changed")
    assert "Done: it is sent anew now." in press(client, waiting, "replace")
    waiting.refresh_from_db()
    assert (waiting.state, waiting.handled_as) == (State.HANDLED, Handled.REPLACED)
    anew = outbox.latest(waiting.order_id)
    assert (anew.register.base_url, anew.state) == (NEW, State.QUEUED)
    assert "Nothing waits for you" in text(client.get(LIST))


def test_back_at_the_old_one_it_may_be_sent_again_under_its_number(house, waiting, client):
    """The change was a slip: its own register is in use again, and under another number it might be booked twice."""
    registers.configure(restaurant=house, kind="leo2", base_url=NEW, credentials=KEYS)
    outbox.hold(timezone.now())
    registers.configure(restaurant=house, kind="leo2", base_url=OLD, credentials=KEYS)
    waiting.refresh_from_db()
    page = text(client.get(task(waiting)))
    assert "Send it again" in page
    assert "Send it anew" not in page
    assert "Done: it is sent again now." in press(client, waiting, "send_again")
    waiting.refresh_from_db()
    assert (waiting.state, waiting.order.additions.count()) == (State.QUEUED, 1)


def test_other_keys_of_the_same_till_are_used_for_what_waits(house, waiting, client):
    register = house.registers.get()
    Register.objects.update(paused_reason="keys_refused")
    assert outbox.claim(register.pk, worker="w", now=timezone.now()) is None
    send(client, change_page(register), leo2_pub_key="KEY2")
    assert Register.objects.count() == 1
    claim = outbox.claim(register.pk, worker="w", now=timezone.now())
    assert claim is not None
    assert claim.addition.pk == waiting.pk
    assert claim.addition.register.credentials["pub_key"] == "KEY2"
    assert claim.addition.body == waiting.body


def test_a_register_that_something_waits_for_is_not_deleted(house, waiting, client):
    register = house.registers.get()
    address = reverse("admin:pos_bridge_register_delete", args=[register.pk])
    client.post(address, {"post": "yes"})
    chosen = {"action": "delete_selected", ACTION_CHECKBOX_NAME: [register.pk], "post": "yes"}
    client.post(reverse("admin:pos_bridge_register_changelist"), chosen)
    assert Register.objects.filter(pk=register.pk).exists()
    waiting.refresh_from_db()
    assert waiting.state == State.QUEUED
