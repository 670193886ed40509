"""P21, T36: what “Your data” says is kept, how long, and by whom; and that it is deleted then."""

import io
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.utils import timezone

from ordering.env import env_days
from ordering.models import Act, Call, CartLine, Guest, Order, OrderLine, Restaurant, Visit
from ordering.restaurant_file import check
from ordering.services import acts, calls, orders, retention, visits
from ordering.services.transfer import export_restaurant, import_restaurant
from ordering.watch import Watch
from pos_bridge import following
from pos_bridge.models import Addition, Attempt, StrangeNumber
from pos_bridge.registers.base import TillState
from tests import factories
from tests.ordering.admin_cast import errors, page, person, send
from tests.ordering.diner_phone import Phone, house, words
from tests.ordering.test_restaurant_file_mistakes import said, small

pytestmark = pytest.mark.django_db

State = Addition.State
KEPT = 30
DATA = "/r/chez-alice/data/"
CONTACT = "Bistrot SARL, 3 rue des Lilas, 75019 Paris, rgpd@chez-alice.example"


@pytest.fixture
def alice():
    return house()


@pytest.fixture
def phone(alice):
    """It has sent a soup, and left a tart in its cart."""
    phone = Phone().join(factories.table(alice))
    phone.add("soupe")
    phone.send()
    phone.add("tarte")
    return phone


def ago(days):
    return timezone.now() - timedelta(days=days)


def happened(days, state=State.RECEIVED, ended=True, **fields):
    """All that there is, so many days earlier."""
    Addition.objects.update(state=state, created_at=ago(days), **fields)
    Order.objects.update(created_at=ago(days), day=ago(days).date())
    Visit.objects.update(opened_at=ago(days), ended_at=ago(days) if ended else None)
    Attempt.objects.create(
        addition=Addition.objects.get(), number=1, worker="w", started_at=ago(days)
    )


def purge(**options):
    out = io.StringIO()
    call_command("purge", stdout=out, **options)
    return out.getvalue()


# --- What is said ---------------------------------------------------------------------------------


def test_it_says_how_long_and_who_answers_p21(alice, client, settings):
    settings.KEEP_DAYS, settings.KEEP_ADDRESSES_DAYS = 60, 14
    told = words(client.get(DATA + "?lang=en"))
    assert "at a table: 60 days, longer only while" in told
    assert "Network addresses: 14 days at most." in told
    assert "Ask the team" in told
    Restaurant.objects.update(contact=CONTACT)
    told = words(client.get(DATA + "?lang=en"))
    assert f"To write to: {CONTACT}" in told
    assert "Ask the team" not in told
    assert client.get(DATA)["Cache-Control"] == "public, max-age=60"


def test_who_answers_is_in_the_file_and_in_admin(client):
    data = {**small(), "contact": CONTACT}
    assert check(data) == []
    import_restaurant(data=data)
    made = Restaurant.objects.get()
    assert made.contact == CONTACT
    assert export_restaurant(made)["contact"] == CONTACT
    import_restaurant(data=small())
    assert "contact" not in export_restaurant(Restaurant.objects.get())
    assert "it has 301 characters; at most 300" in said({**small(), "contact": "x" * 301})[0]
    assert "must stand on one line" in said({**small(), "contact": "a\nb"})[0]
    assert "only blanks" in said({**small(), "contact": "  "})[0]
    client.force_login(person("alice", manager=[made]))
    address = page(Restaurant, "change", made.pk)
    assert send(client, address, contact=CONTACT).status_code == 302
    made.refresh_from_db()
    assert made.contact == CONTACT
    assert "contact" in errors(send(client, address, contact="x" * 301))


@pytest.mark.pure
@pytest.mark.parametrize("value", ["0", "-1", "1.5", "nan", "inf"])
def test_days_are_whole_days(value, monkeypatch):
    monkeypatch.setenv("KEEP_DAYS", value)
    with pytest.raises(ImproperlyConfigured, match=r"KEEP_DAYS is '.*': write whole days"):
        env_days("KEEP_DAYS", 90)
    monkeypatch.setenv("KEEP_DAYS", "30")
    assert env_days("KEEP_DAYS", 90) == 30


@pytest.mark.pure
def test_the_files_for_logs_forget_after_as_many_days_t36():
    """We write no log file: what keeps our lines must forget them."""
    system = Path(settings.BASE_DIR, "docs", "system")
    assert f"MaxRetentionSec={KEPT}day" in (system / "journald@tablee.conf").read_text()
    rotated = (system / "logrotate-tablee").read_text()
    assert f"maxage {KEPT}" in rotated
    assert f"rotate {KEPT - 1}\n" in rotated  # and the one that is written now
    handlers: Any = settings.LOGGING["handlers"]
    assert [each["class"] for each in handlers.values()] == ["logging.StreamHandler"]


@pytest.mark.pure
def test_no_column_asks_who_a_guest_is_p21():
    """A nickname at most, and that ends with the visit."""
    personal = re.compile(r"mail|phone|(first|last|full)_name|birth|address|agent|^ip|_ip$")
    for model in (Visit, Guest, CartLine, Order, OrderLine):
        for field in model._meta.concrete_fields:
            assert not personal.search(field.name), f"{model.__name__}.{field.name}"
    names = {field.name for field in Guest._meta.concrete_fields if "name" in field.name}
    assert names <= {retention.NICKNAME}


# --- What is deleted ------------------------------------------------------------------------------


def test_it_deletes_an_order_with_all_that_belongs_to_it_p21(phone):
    happened(89)
    purge()
    assert Order.objects.exists()
    happened_again = Order.objects.update(created_at=ago(91))
    Visit.objects.update(ended_at=ago(91))
    assert happened_again == 1
    told = purge()
    assert "orders older than 90 days: 1 deleted" in told
    assert "visits older than 90 days: 1 deleted" in told
    for model in (Order, OrderLine, Addition, Attempt, Visit, Guest, CartLine):
        assert not model.objects.exists(), model


@pytest.mark.parametrize("state", retention.OPEN)
def test_it_keeps_what_waits_for_anybody_whatever_its_age(phone, state):
    happened(400, state)
    purge()
    assert Addition.objects.get().state == state
    assert OrderLine.objects.exists()
    assert Visit.objects.exists()


def test_it_keeps_what_may_be_on_the_till_twice_and_whose_party_is_still_there(phone):
    happened(400, State.HANDLED, reason="on_till_too", handled_as="by_hand")
    purge()
    assert Order.objects.exists()
    Addition.objects.update(reason="")
    Visit.objects.update(ended_at=None)
    purge()
    assert Order.objects.exists()
    Visit.objects.update(ended_at=ago(400))
    purge()
    assert not Order.objects.exists()


def test_a_cart_that_was_not_sent_is_gone_the_day_after_p21(phone):
    Visit.objects.update(opened_at=ago(3))
    purge()
    assert CartLine.objects.count() == 1  # they are still choosing
    Visit.objects.update(ended_at=ago(0.9))
    purge()
    assert CartLine.objects.count() == 1
    Visit.objects.update(ended_at=ago(1.1))
    assert "carts that were not sent older than 1 days: 1 deleted" in purge()
    assert not CartLine.objects.exists()
    assert Order.objects.exists()


def test_a_visit_without_an_order_goes_with_its_guests(alice):
    Phone().join(factories.table(alice, 13))
    visits.end(visit=Visit.objects.get())
    Visit.objects.update(ended_at=ago(89))
    purge()
    assert Guest.objects.exists()
    assert "visits older than 30 days: 1 deleted" in purge(days=30)
    assert not Guest.objects.exists()


def test_calls_go_after_as_many_days_also_those_of_no_party(alice):
    calls.ask(table=factories.table(alice, 13), secret="asker")
    Call.objects.update(at=ago(89))
    purge()
    assert Call.objects.exists()
    Call.objects.update(at=ago(91))
    assert "calls older than 90 days: 1 deleted" in purge()


def test_what_people_of_the_house_did_goes_after_as_many_days(alice):
    acts.record(by=person("bob"), restaurant=alice, what="table_freed")
    Act.objects.update(at=ago(91))
    acts.record(by=None, restaurant=alice, what="table_freed")
    purge()
    assert Act.objects.get().person is None


def test_addresses_go_after_thirty_days_t36(client):
    assert settings.KEEP_ADDRESSES_DAYS == KEPT
    client.post("/admin/login/", {"username": "alice", "password": "x"})
    attempt = AccessAttempt.objects.get()
    assert attempt.ip_address == "127.0.0.1"
    AccessAttempt.objects.update(attempt_time=ago(29))
    purge()
    assert AccessAttempt.objects.exists()
    purge(address_days=28)
    assert not AccessAttempt.objects.exists()
    Session.objects.create(session_key="old", session_data="", expire_date=ago(1))
    Session.objects.create(session_key="new", session_data="", expire_date=ago(-1))
    purge()
    assert Session.objects.get().session_key == "new"


def test_watch_does_it_each_day_a_batch_at_a_look(phone, monkeypatch):
    """P21: whoever forgets the timer breaks no promise. Alarms wait for none of it."""
    monkeypatch.setattr(retention, "ORDERS", 1)
    for _ in range(2):
        factories.order(Guest.objects.get())
    happened(91)
    watch, now = Watch(), timezone.now()
    left = set()
    for _ in range(40):
        before = Order.objects.count()
        watch.look(now)
        assert before - Order.objects.count() <= 1
        left.add(Order.objects.count())
    assert left == {3, 2, 1, 0}
    assert not Visit.objects.exists()


# --- Numbers --------------------------------------------------------------------------------------


def test_no_number_is_given_twice_after_the_purge_p6(phone, alice):
    register = alice.registers.get()
    Addition.objects.update(number=2_000_000)
    register.last_number = 2_000_000_0
    register.save()
    happened(91)
    purge()
    assert not Addition.objects.exists()
    again = Phone().join(alice.tables.get())
    again.add("soupe")
    again.send()
    assert Addition.objects.get().number > 20_000_000


def test_a_number_that_was_purged_is_nobody_else_s_p6(phone, alice):
    """The till still lists it: without this, the register would pause for a number of ours."""
    register, number = alice.registers.get(), Addition.objects.get().number
    happened(91)
    purge()
    listed = {number: TillState("settled", "9"), number - 5: TillState("settled", "9")}
    assert following.compare_numbers(register.pk, listed, now=timezone.now()) == []
    listed = {number + 1: TillState("settled", "9")}
    assert following.compare_numbers(register.pk, listed, now=timezone.now()) == [number + 1]
    assert StrangeNumber.objects.get().number == number + 1
    # Of those that a person has accepted it is the same, when they are gone.
    StrangeNumber.objects.update(settled_at=ago(91))
    purge()
    assert not StrangeNumber.objects.exists()
    assert following.compare_numbers(register.pk, listed, now=timezone.now()) == []


def test_a_table_orders_on_after_its_old_orders_are_gone(phone, alice):
    happened(91)
    purge()
    again = Phone().join(alice.tables.get())
    again.add("soupe")
    assert again.get(again.send()["Location"]).status_code == 200
    assert orders.sent(Visit.objects.get())
