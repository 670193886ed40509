"""Numbers that a register lists and that were never given here: a person looks, and orders go on above them (F28)."""

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django.utils import timezone

from pos_bridge import following, numbers, outbox
from pos_bridge.models import Register, StrangeNumber
from pos_bridge.registers.base import TillState
from tests import factories
from tests.ordering.admin_cast import installer, person

pytestmark = pytest.mark.django_db

FIRST = numbers.floor(timezone.now()) + 100


@pytest.fixture
def house():
    made = factories.restaurant()
    factories.register(made)
    return made


@pytest.fixture
def register(house, client):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.force_login(person("alice", manager=[house]))
    return house.registers.get()


def lists(register, *found):
    states = {number: TillState("settled", "<b>9</b>") for number in found}
    following.compare_numbers(register.pk, states, now=timezone.now())


def page(register):
    return reverse("admin:pos_bridge_register_change", args=[register.pk])


def accept(client, register, highest):
    address = reverse("admin:pos_bridge_register_numbers", args=[register.pk])
    return client.post(address, {"highest": highest}, follow=True)


def test_it_names_them_and_says_what_to_do(register, client):
    """F28, T14: number and state, the register's own word as text."""
    lists(register, FIRST, FIRST + 1)
    found = client.get(page(register)).content.decode()
    assert "This register lists 2 additions that this installation does not know" in found
    assert f"<td>{FIRST}</td><td>&lt;b&gt;9&lt;/b&gt;</td>" in found
    for words in ("Was a backup restored?", "a second installation", "the clock"):
        assert words in found


def test_it_goes_on_above_them(house, register, client):
    lists(register, FIRST, FIRST + 7)
    register.refresh_from_db()
    assert register.paused_reason == outbox.STRANGE_NUMBERS
    said = accept(client, register, FIRST + 7).content.decode()
    assert f"2 numbers were looked at: orders go on above {FIRST + 7}." in said
    assert 'id="strange"' not in said
    register.refresh_from_db()
    assert register.paused_reason == ""
    assert LogEntry.objects.get().object_id == str(register.pk)
    order = factories.order(factories.guest(factories.table(house)))
    addition = outbox.enqueue(order_id=order.pk, register=register, ticket=factories.ticket())
    assert addition.number > FIRST + 7


def test_it_goes_on_pausing_for_what_nobody_has_seen(register, client):
    """Another came while the page was open."""
    lists(register, FIRST)
    client.get(page(register))
    lists(register, FIRST + 1)
    accept(client, register, FIRST)
    register.refresh_from_db()
    assert register.paused_reason == outbox.STRANGE_NUMBERS
    assert StrangeNumber.objects.get(settled_at=None).number == FIRST + 1


@pytest.mark.parametrize("who", ["service", "elsewhere"])
def test_who_may_not_configure_it_accepts_nothing(house, register, client, who):
    """T22."""
    lists(register, FIRST)
    other = factories.restaurant("chez-charlie")
    client.force_login(
        person("bob", service=[house]) if who == "service" else person("eve", manager=[other])
    )
    assert accept(client, register, FIRST).status_code == 404
    assert "does not know" not in client.get(page(register), follow=True).content.decode()
    assert StrangeNumber.objects.filter(settled_at=None).exists()


def test_the_installer_accepts_and_nothing_else_than_a_post_does(register, client):
    lists(register, FIRST)
    client.force_login(installer())
    address = reverse("admin:pos_bridge_register_numbers", args=[register.pk])
    assert client.get(address).status_code == 404
    assert client.post(address, {"highest": "x"}).status_code == 404
    assert StrangeNumber.objects.filter(settled_at=None).exists()
    accept(client, register, FIRST)
    assert not StrangeNumber.objects.filter(settled_at=None).exists()


def test_it_says_since_when_the_register_does_not_answer(register, client):
    """F64."""
    assert "tries in a row" not in client.get(page(register)).content.decode()
    Register.objects.update(failures=5, silent_since=timezone.now(), paused_reason="keys_refused")
    found = client.get(page(register)).content.decode()
    assert "5 tries in a row, since" in found
    assert "the register refuses its keys" in found
    listed = client.get(reverse("admin:pos_bridge_register_changelist")).content.decode()
    assert "5 tries in a row, since" in listed
