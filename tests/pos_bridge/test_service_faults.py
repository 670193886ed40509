"""Faults of a service in full swing: a burst, a double, an article that the till does not know, a try that ends the
process.
"""

import os
import subprocess
import sys
import threading
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import timezone

from pos_bridge import delivery, outbox, worker
from pos_bridge.models import Addition, Attempt, Register
from pos_bridge.simulator.catalogue import Article
from pos_bridge.simulator.leo2 import Catalogue, Leo2Register
from pos_bridge.undelivered import undelivered
from pos_bridge.words import Word, told
from tests import factories
from tests.helpers import at_once, eventually
from tests.pos_bridge.conftest import Restaurant
from tests.pos_bridge.steps import State, later, now_is
from tests.pos_bridge.test_deliver import database_url

pytestmark = [pytest.mark.wire, pytest.mark.django_db(transaction=True)]

ROOT = Path(__file__).parents[2]


@pytest.fixture
def _quick(settings):
    settings.TIME_DIVISOR = 50


def deliver(restaurant):
    delivery.serve(restaurant.register.pk, worker="test", stopping=threading.Event())


# --- F39 --------------------------------------------------------------------------------------------


def test_a_burst_of_three_hundred_is_delivered_in_turn_f39(leo2, transactional_db):
    """Ordered by three at once at ten tables, delivered by three workers: each once, each table in its order."""
    alice = Restaurant(leo2.url)
    guests = [factories.guest(factories.table(alice.restaurant, table)) for table in range(1, 11)]

    def orders():
        for number in range(100):
            guest = guests[number % 10]
            with transaction.atomic():
                order = factories.order(guest)
                ticket = factories.ticket(table=guest.visit.table.number, order=order.number)
                outbox.enqueue(order_id=order.pk, register=alice.register, ticket=ticket)
        return "done"

    assert at_once(*[orders] * 3) == ["done"] * 3
    numbers = list(Addition.objects.order_by("number").values_list("number", flat=True))
    assert len(set(numbers)) == 300
    workers = [worker.Worker() for _ in range(3)]
    threads = [threading.Thread(target=one.run) for one in workers]
    for thread in threads:
        thread.start()
    try:
        eventually(lambda: leo2.ledger(after=299), timeout=240)
    finally:
        for one in workers:
            one.stop()
        for thread in threads:
            thread.join(20)
    came = [entry["number"] for entry in leo2.ledger()]
    assert came == numbers, "first come, first served"
    assert leo2.max_posts_in_flight == 1
    assert len(leo2.posts()) == 300
    for table in range(1, 11):
        of_table = [each["number"] for each in leo2.ledger() if each["body"]["table"] == table]
        assert of_table == sorted(of_table)
        assert len(of_table) == 30


# --- F59, F69 ---------------------------------------------------------------------------------------


@pytest.mark.usefixtures("_quick")
def test_a_double_of_ours_is_a_success_and_the_list_confirms_it_f59(chez_alice, leo2):
    leo2.script("dup_known")
    addition = chez_alice.order()
    deliver(chez_alice)
    assert now_is(addition) == (State.RECEIVED, "")
    assert len(leo2.ledger()) == 1


@pytest.fixture
def bistro(tmp_path, transactional_db):
    """A restaurant whose till knows one article, the soup 1001, and tables 1 to 3."""
    soup = {1001: [Article("Soupe", Decimal(10), Decimal("8.00"))]}
    opened = []

    def start(*, strict):
        little = Catalogue(articles=soup, tables={1, 2, 3})
        ledger = tmp_path / "little.jsonl"
        leo2 = Leo2Register(little, ledger=ledger, scale=0.02, strict=strict).__enter__()
        opened.append(leo2)
        return Restaurant(leo2.url), leo2

    yield start
    for leo2 in opened:
        leo2.stop()


def gone_from_the_till(restaurant, table):
    (soup,) = factories.ticket().lines
    return restaurant.order(table=table, lines=(replace(soup, register_id="9999"),))


@pytest.mark.usefixtures("_quick")
def test_an_article_that_the_till_does_not_know_is_refused_and_the_others_go_on_f69(bistro):
    alice, leo2 = bistro(strict=True)
    before, unknown, after = (
        alice.order(table=1),
        gone_from_the_till(alice, table=2),
        alice.order(table=3),
    )
    deliver(alice)
    assert now_is(unknown) == (State.REFUSED, "refused")
    assert "9999" in Addition.objects.get(pk=unknown.pk).detail
    assert [entry["number"] for entry in leo2.ledger()] == [before.number, after.number]
    assert {now_is(before)[0], now_is(after)[0]} == {State.RECEIVED}
    assert undelivered(timezone.now()).get() == unknown


def test_an_order_that_vanishes_behind_the_relay_is_not_calm_for_long_f69(bistro):
    """As the real one was observed to do: the answer is a success, and the till never hears of it."""
    alice, leo2 = bistro(strict=False)
    unknown, after = gone_from_the_till(alice, table=2), alice.order(table=3)
    deliver(alice)
    assert now_is(unknown)[0] == State.ACCEPTED
    assert now_is(after)[0] == State.RECEIVED
    assert [entry["number"] for entry in leo2.ledger()] == [after.number]
    found = Addition.objects.select_related("register").get(pk=unknown.pk)
    for seconds, word in ((89, Word.SENDING), (90, Word.NOT_CONFIRMED), (6000, Word.NOT_CONFIRMED)):
        at = later(unknown.created_at, seconds)
        assert told(found, at).word == word
        assert undelivered(at).filter(pk=unknown.pk).exists() == (word == Word.NOT_CONFIRMED)
    assert len(leo2.posts()) == 2, "it is not sent again: the relay would drop it"


# --- F36 --------------------------------------------------------------------------------------------

POISON = """
import os, sys
import django
django.setup()
from pos_bridge.registers.leo2 import Leo2
real = Leo2.send
def send(self, number, body):
    if number == int(os.environ["POISON"]):
        os._exit(139)
    return real(self, number, body)
Leo2.send = send
from django.core.management import call_command
call_command("deliver")
"""


def test_an_order_that_ends_the_process_each_time_is_held_and_others_go_on_f36(chez_alice, leo2):
    """As a library that is written in C would: no exception, no last word."""
    poison, *others = [chez_alice.order(table=table) for table in range(1, 5)]
    ends = []
    for _ in range(8):
        process = subprocess.Popen(
            [sys.executable, "-c", POISON],
            cwd=ROOT,
            env={
                **os.environ,
                "DATABASE_URL": database_url(),
                "TIME_DIVISOR": "20",
                "POISON": str(poison.number),
            },
            stderr=subprocess.DEVNULL,
        )
        try:
            eventually(
                lambda p=process: p.poll() is not None or now_is(poison)[0] == State.HELD,
                timeout=60,
            )
            if process.poll() is None:
                eventually(lambda: all(now_is(each)[0] == State.RECEIVED for each in others), 30)
                break
            ends.append(process.returncode)
        finally:
            process.kill()
            process.wait()
    assert now_is(poison) == (State.HELD, "crashes")
    assert ends == [139] * 3
    outcomes = Attempt.objects.filter(addition=poison).values_list("outcome", flat=True)
    assert list(outcomes) == ["lost"] * 3
    assert sorted(entry["number"] for entry in leo2.ledger()) == [each.number for each in others]


# --- T26 --------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("_quick")
def test_a_register_without_tls_outside_the_house_gets_no_key_t26(settings, chez_alice, leo2):
    """Whoever sits in between would read it, and answer in the register's name."""
    settings.REGISTER_HOSTS_ALLOWED = []
    settings.HTTPS = True
    addition = chez_alice.order()
    deliver(chez_alice)
    assert leo2.posts() == []
    assert now_is(addition)[0] == State.QUEUED
    paused = Register.objects.get().paused_reason
    assert paused in {"address_refused", "not_in_production"}
    late = later(addition.created_at, 45)
    assert undelivered(late).filter(pk=addition.pk).exists()
    found = Addition.objects.select_related("register").get(pk=addition.pk)
    assert told(found, late).word == Word.NOT_CONFIRMED
