"""What stands above every page of admin as long as something is wrong."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from ordering.admin import banner
from pos_bridge.heartbeat import Kind
from pos_bridge.models import Heartbeat, Register
from tests import factories
from tests.ordering.admin_cast import installer, person, request_by

pytestmark = pytest.mark.django_db


@pytest.fixture
def house():
    made = factories.restaurant()
    factories.register(made)
    return made


@pytest.fixture
def bob(house, client):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    user = person("bob", service=[house])
    client.force_login(user)
    return user


def beat(kind, ago=0.0, **fields):
    moment = timezone.now() - timedelta(seconds=ago)
    Heartbeat.objects.update_or_create(
        kind=kind, name="one", defaults={"started_at": moment, "beat_at": moment, **fields}
    )


def said(client):
    return client.get(reverse("admin:ordering_table_changelist")).content.decode()


def test_it_is_quiet_when_all_is_well(bob, client):
    beat(Kind.DELIVER)
    assert 'id="banner"' not in said(client)


def test_it_says_that_nothing_delivers(bob, client):
    """P10, F31: never started, and silent for more than 15 s."""
    assert "the delivery process (manage.py deliver) is not running." in said(client)
    beat(Kind.DELIVER, ago=14)
    assert "not being delivered" not in said(client)
    beat(Kind.DELIVER, ago=16)
    last = timezone.localtime(Heartbeat.objects.get().beat_at)
    page = said(client)
    assert "Orders are not being delivered" in page
    assert "was last heard of at" in page
    assert f"{last:%M}" in page.partition("was last heard of at")[2][:20]


def test_it_says_that_no_alarm_is_sent(bob, client):
    beat(Kind.DELIVER)
    beat(Kind.WATCH, ago=16)
    assert "No alarms are being sent" in said(client)
    beat(Kind.WATCH)
    assert 'id="banner"' not in said(client)


@pytest.mark.parametrize(("by", "words"), [(3600, "+1 h 00 min"), (-300, "−5 min")])
def test_it_says_that_the_clock_was_changed(bob, client, by, words):
    """F37: «horloge»."""
    beat(Kind.DELIVER, jumped_at=timezone.now(), jumped_by=by)
    assert f"The clock of this machine was changed by {words} at" in said(client)
    Heartbeat.objects.update(jumped_at=timezone.now() - timedelta(hours=2))
    assert 'id="banner"' not in said(client)


def test_it_says_that_a_register_pauses_or_is_silent(bob, client):
    beat(Kind.DELIVER)
    Register.objects.update(paused_reason="keys_refused")
    assert "takes no orders: the register refuses its keys." in said(client)
    # Who may mend it is led there; whoever serves has no such page.
    mend = f'<a href="{reverse("admin:pos_bridge_register_change", args=[Register.objects.get().pk])}">'
    assert mend not in said(client)
    manager = Client(headers={"Accept-Language": "en"})
    manager.force_login(person("alice", manager=[Register.objects.get().restaurant]))
    assert mend in said(manager)
    long_ago = timezone.now() - timedelta(minutes=5)
    Register.objects.update(paused_reason="", failures=5, silent_since=long_ago)
    assert "has not answered since" in said(client)
    Register.objects.update(failures=0, silent_since=None)
    assert 'id="banner"' not in said(client)


def test_it_speaks_of_nobody_else_s_register(bob, client):
    beat(Kind.DELIVER)
    other = factories.restaurant("chez-charlie")
    factories.register(other, paused_reason="keys_refused")
    assert 'id="banner"' not in said(client)
    client.force_login(installer())
    assert "Chez Charlie" in said(client)


def test_it_is_for_those_who_serve(house):
    stranger = Client()
    assert 'id="banner"' not in stranger.get(reverse("admin:login")).content.decode()
    stranger.force_login(person("eve"))
    assert 'id="banner"' not in stranger.get(reverse("admin:index")).content.decode()


def test_it_costs_few_queries(house, bob):
    for number in range(5):
        factories.register(factories.restaurant(f"chez-{number}"), paused_reason="keys_refused")
    for user in (bob, installer()):
        with CaptureQueriesContext(connection) as queries:
            banner.warnings(request_by(user), timezone.now())
        assert len(queries) <= 9, [query["sql"][:90] for query in queries]
