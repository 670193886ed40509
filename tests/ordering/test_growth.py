"""What an evening costs does not grow with the evenings past: no page of the diner or of the board, and no look of a
worker or of the watch, reads a table whole that keeps every order there ever was.
"""

import re
from contextlib import contextmanager

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from ordering.models import Order, OrderLine, Visit
from ordering.services import drafts, events, visits
from pos_bridge import alarms, delivery, outbox, waiting
from pos_bridge.models import Addition, AdditionEvent, Attempt
from pos_bridge.turns import Comparisons, ListRests
from tests.bench import past
from tests.ordering import admin_cast, diner_phone

PAST = 20_000  # orders, of 5,000 parties
KEPT = {
    model._meta.db_table for model in (Order, OrderLine, Visit, Addition, Attempt, AdditionEvent)
}
# Indexes of the few rows that something is still to be done about: to read such a one whole is what it is for.
OF_FEW = (
    "addition_to_send|addition_to_follow|addition_undelivered|addition_on_till_too|addition_event_to_consume"
    "|visit_open|visit_one_open_party_per_table|visit_joined|visit_left_behind"
)


@pytest.fixture
def old_house(db, settings):
    settings.GUEST_SEND_INTERVAL = 0
    house = diner_phone.house(limit_orders_per_hour=99, limit_amount_per_table=900_00)
    phone = diner_phone.Phone().join(table(house, 1))
    phone.add("soupe")
    phone.send()
    past.write(PAST)
    return house


def table(house, number):
    return house.tables.get_or_create(number=number)[0]


def party(house, number):
    """At that table, with an order that waits for the register, one that a person must look at, and a dish chosen."""
    phone = diner_phone.Phone().join(table(house, number))
    for _ in range(2):
        phone.add("soupe")
        phone.send()
    visit = Visit.objects.get(code=phone.visit.split("/")[-2])
    held = Addition.objects.filter(order__visit=visit).earliest("pk")
    Addition.objects.filter(pk=held.pk).update(state=Addition.State.HELD, reason="stale")
    phone.add("tarte")
    return visit


def waiter_of(house):
    client = Client()
    client.force_login(admin_cast.person("bob", service=[house]))
    return client


@contextmanager
def tables_read_whole():
    """Gives a list, in which afterwards each statement stands that read a table whole, with the plan that says so."""
    asked, found = {}, []

    def note(execute, sql, params, many, context):
        if not many and re.match(r"\(?(SELECT|UPDATE|DELETE)", sql):
            asked.setdefault(sql, params)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield found
    found += [
        f"{line}: {sql}"
        for sql, params in asked.items()
        for line in plan(sql, params)
        if is_whole(line, sql)
    ]


def plan(sql, params):
    how = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
    with connection.cursor() as cursor:
        cursor.execute(f"{how} {sql}", params)
        return [row[-1] for row in cursor.fetchall()]


def is_whole(line, sql):
    """Also where only the house's rows are read, of all its years. SQLite names a table by its alias."""
    read = re.search(r"\b(?:SCAN|Seq Scan on) (\w+)", line) or re.search(
        r"SEARCH (\w+) USING .*INDEX \w+ \((?:register|restaurant|table)_id=\?\)$", line
    )
    if not read or re.search(rf"INDEX (?:{OF_FEW})\b", line):
        return False
    names = [read[1], *re.findall(rf'"(\w+)" {read[1]}\b', sql)]
    return any(name in KEPT for name in names)


def test_a_diner_s_evening(old_house):
    phone = diner_phone.Phone()
    with tables_read_whole() as read:
        phone.join(table(old_house, 2))
        phone.add("soupe", htmx=True)
        phone.get(phone.visit)
        sent = phone.send()
        assert sent.status_code == 303
        phone.get(sent["Location"])
        phone.get(f"{phone.visit}orders/")
        phone.add("tarte")
        diner_phone.Phone().join(table(old_house, 2))
        assert phone.send().status_code == 303
        phone.scan(table(old_house, 2))
    assert not read


def test_an_order_that_waits_for_the_team(old_house):
    old_house.approval = "first"
    old_house.save()
    phone = diner_phone.Phone().join(table(old_house, 2))
    phone.add("soupe")
    with tables_read_whole() as read:
        assert phone.send().status_code == 303
        phone.get(f"{phone.visit}orders/")
    addition = Addition.objects.get(state=Addition.State.HELD)
    waiter = waiter_of(old_house)
    address = reverse("board:approve", args=[old_house.slug, addition.pk])
    with tables_read_whole() as read_by_the_team:
        assert waiter.post(address).status_code == 303
    assert not read + read_by_the_team


@pytest.mark.parametrize("page", ["board", "service", "pauses", "carte"])
def test_a_page_of_the_board(old_house, page):
    party(old_house, 2)
    waiter = waiter_of(old_house)
    with tables_read_whole() as read:
        answer = waiter.get(reverse(f"board:{page}", args=[old_house.slug]))
    assert answer.status_code == 200
    assert not read


def test_a_table_and_a_party_on_the_board(old_house):
    visit = party(old_house, 2)
    waiter = waiter_of(old_house)
    with tables_read_whole() as read:
        waiter.get(reverse("board:table", args=[old_house.slug, 2]))
        waiter.get(reverse("board:why", args=[old_house.slug, 2]))
        waiter.get(reverse("board:table_card", args=[old_house.slug, 2]))
        waiter.get(reverse("board:moves", args=[old_house.slug, visit.code]))
        held = visit.orders.earliest("pk").additions.get()
        assert waiter.get(reverse("board:task", args=[old_house.slug, held.pk])).status_code == 200
        waiter.post(reverse("board:free", args=[old_house.slug, 2]), {"visit": str(visit.pk)})
    assert not read


def test_a_turn_of_the_worker(old_house):
    visit = party(old_house, 2)
    register = old_house.registers.get().pk
    now = timezone.now()
    with tables_read_whole() as read:
        outbox.hold(now)
        outbox.recover(register, now)
        assert waiting.registers_to_serve(now) == [register]
        waiting.anything_open(now)
        delivery.send_next(register, worker="w")
        delivery.look_up_next(register)
        delivery.read_lists(register, ListRests(), Comparisons(), anyway=True)
    assert visit.orders.get(number=3).additions.get().tries == 1
    assert not read


def test_a_look_of_the_watch(old_house):
    party(old_house, 2)
    now = timezone.now()
    with tables_read_whole() as read:
        alarms.reconcile(now, drafts.alarmed(now))
        alarms.to_send(now)
        events.consume()
        visits.end_silent()
    assert not read
