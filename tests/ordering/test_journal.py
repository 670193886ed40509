"""T22: everything that a person does is kept, and a manager reads it."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from ordering.models import Act, Restaurant, Table
from ordering.services import acts
from tests import factories
from tests.ordering.admin_cast import page, person, send
from tests.ordering.staff_cast import text

pytestmark = pytest.mark.django_db

JOURNAL = "/board/chez-alice/journal/"


@pytest.fixture
def a():
    return factories.restaurant()


@pytest.fixture
def alice(a, client):
    user = person("alice", manager=[a])
    client.force_login(user)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return user


def did(restaurant, who, what="table_freed", ago=timedelta(), **fields):
    act = acts.record(by=who, restaurant=restaurant, what=what, **fields)
    Act.objects.filter(pk=act.pk).update(at=timezone.now() - ago)
    return act


def test_it_says_who_did_what_where_the_latest_first(a, alice, client):
    bob = person("bob", service=[a])
    bob.first_name, bob.last_name = "Bob", "Martin"
    bob.save()
    did(a, bob, table=factories.table(a, 12), ago=timedelta(seconds=2))
    did(a, alice, "codes_renewed", count=4, ago=timedelta(seconds=1))
    did(a, None)
    did(factories.restaurant("chez-charlie"), alice, "cards_printed", count=99)
    shown = text(client.get(JOURNAL))
    assert "alice Renewed the codes of tables: 4" in shown
    assert "Bob Martin 12 Freed the table" in shown
    assert shown.index("— Freed") < shown.index("alice Renewed") < shown.index("Bob Martin")
    assert "99" not in shown


def test_a_day_is_chosen(a, alice, client):
    did(a, alice, ago=timedelta(days=2))
    assert "Nothing was done on this day." in text(client.get(JOURNAL))
    days = [(timezone.now() - timedelta(days=back)).date() for back in (1, 2, 3)]
    found = ["Freed the table" in text(client.get(f"{JOURNAL}?day={day}")) for day in days]
    assert sum(found) == 1
    assert client.get(f"{JOURNAL}?day=x").status_code == 404


def test_it_is_for_managers(a, client):
    client.force_login(person("bob", service=[a]))
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    answer = client.get(JOURNAL)
    assert answer.status_code == 403
    assert "This page is for managers" in text(answer)
    assert "Journal" not in text(client.get("/board/chez-alice/service/"))


def test_it_costs_the_same_for_many(a, alice, client, django_assert_max_num_queries):
    for number in range(1, 20):
        did(a, alice, table=factories.table(a, number))
    with django_assert_max_num_queries(6):
        client.get(JOURNAL)


def test_what_is_configured_is_kept_by_admin_with_who_and_when(a, alice, client):
    table = factories.table(a, 7)
    send(client, page(Restaurant, "change", a.pk), name="Chez Alice et Bob")
    send(client, page(Table, "change", table.pk), label="Fenêtre")
    client.post(page(Table, "delete", table.pk), {"post": "yes"})
    kept = LogEntry.objects.filter(user=alice).order_by("pk")
    assert [str(each.content_type and each.content_type.model) for each in kept] == [
        "restaurant",
        "table",
        "table",
    ]
    assert "name" in kept[0].change_message.lower()
