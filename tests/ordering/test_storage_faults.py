"""The database is busy, full or read-only while people order: nothing is half done, and the same form works again."""

import contextlib
import sqlite3
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.db import InternalError, OperationalError, connection, transaction
from django.db.backends.signals import connection_created
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import timezone

from ordering import storage
from ordering.middleware import database_trouble
from ordering.models import CartLine, Order, Product, Visit
from pos_bridge import delivery
from pos_bridge.models import Addition, Attempt, Register
from tests import factories
from tests.helpers import at_once
from tests.ordering.diner_phone import Phone, house, words
from tests.ordering.test_restart import House, filled_cart, post
from tests.pos_bridge.conftest import Restaurant
from tests.pos_bridge.conftest import leo2 as leo2


def sqlite_only(test):
    """Of a fault that only SQLite has."""
    return pytest.mark.pure(pytest.mark.django_db(transaction=True)(test))


def field(name, page):
    return page.partition(f'name="{name}" value="')[2].partition('"')[0]


# --- Busy -----------------------------------------------------------------------------------------


@pytest.mark.pure
@pytest.mark.wire
def test_it_says_that_nothing_was_sent_while_another_process_writes_f21(tmp_path):
    """F21: longer than we wait. Reading goes on, and the page's own form sends the order afterwards."""
    running = House(tmp_path)
    running.start(SQLITE_TIMEOUT="0.2")
    try:
        phone, visit, form = filled_cart(running)
        with contextlib.closing(sqlite3.connect(running.database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            answer = post(phone, visit + "send/", **form)
            assert (answer.status_code, answer.headers["X-Nothing-Sent"]) == (503, "1")
            assert "Rien n’a été envoyé" in answer.text
            assert {name: field(name, answer.text) for name in form} == form
            assert phone.get(visit).status_code == 200
            other.execute("ROLLBACK")
        assert running.rows() == []
        assert post(phone, visit + "send/", **form).status_code == 303
        assert len(running.rows()) == 1
    finally:
        running.kill()


@sqlite_only
def test_a_turn_is_never_lost_between_reading_and_writing_f22():
    """F22: many read, then write what they read; nobody is refused, and no change is lost."""
    factories.visit(factories.table(factories.restaurant()), covers=1)

    def read_then_write():
        for _ in range(10):
            with transaction.atomic():
                covers = Visit.objects.get().covers
                Visit.objects.update(covers=covers + 1)

    assert at_once(*[read_then_write] * 6) == [None] * 6
    assert Visit.objects.get().covers == 61


# --- Full -----------------------------------------------------------------------------------------


@pytest.fixture
def full_disk():
    """A switch: on, SQLite finds no page more on its disk. Its own limit answers as the disk would."""
    most = []

    def limit(connection, **_):
        for pages in most:
            connection.cursor().execute(f"PRAGMA max_page_count = {pages}")

    def switch(*, on):
        connection.close()
        most.clear()
        with connection.cursor() as cursor:
            if on:
                cursor.execute("VACUUM")  # so that no page is half empty or free
                most.append(cursor.execute("PRAGMA page_count").fetchone()[0])
        connection.close()

    connection_created.connect(limit)
    yield switch
    most.clear()
    connection_created.disconnect(limit)
    connection.close()


@sqlite_only
def test_a_full_disk_confirms_nothing_and_the_carte_stays_f23(full_disk):
    """F23: 503, nothing sent, everything readable; with room again the same form is one order."""
    phone = Phone().join(factories.table(house()), 3)
    phone.add("soupe")
    Product.objects.filter(key="soupe").update(
        name={"fr": "Soupe" * 2000}
    )  # more than a page holds
    form = phone.form()
    full_disk(on=True)
    answer = phone.send(form)
    assert (answer.status_code, answer["X-Nothing-Sent"]) == (503, "1")
    assert "Rien n’a été envoyé" in words(answer)
    assert field("submission_key", answer.content.decode()) == form["submission_key"]
    assert not Order.objects.exists()
    assert not Addition.objects.exists()
    assert CartLine.objects.get().quantity == 1
    for page in ("", "cart/"):
        assert "Soupe" in words(phone.get(phone.visit + page))
    full_disk(on=False)
    assert phone.send(form).status_code == 303
    assert phone.send(form).status_code == 303
    assert Order.objects.count() == 1


@sqlite_only
@pytest.mark.wire
def test_what_cannot_be_written_first_is_not_posted_f23(full_disk, leo2):
    """F23: before a socket opens it is on the disk that it may have been sent. With room again it goes out, once."""
    chez_alice = Restaurant(leo2.url)
    addition = chez_alice.order()
    full_disk(on=True)

    def fill():
        for number in range(1000, 3000):  # whatever room is left for one more
            Attempt.objects.create(
                addition_id=addition.pk, number=number, worker="w", started_at=timezone.now()
            )

    def serve():
        delivery.serve(chez_alice.register.pk, worker="a-worker", stopping=Event())

    for write in (fill, serve):
        with pytest.raises(OperationalError, match="full"):
            write()
    assert leo2.posts() == []
    assert Addition.objects.get().state == Addition.State.QUEUED
    assert Register.objects.get().lease_owner == ""
    full_disk(on=False)
    Attempt.objects.all().delete()
    serve()
    assert [post["number"] for post in leo2.posts()] == [addition.number]


@pytest.mark.pure
@pytest.mark.wire
def test_reading_needs_no_room_that_it_has_not_got_f23(tmp_path):
    """F23: the two files that even a reader needs stay between requests; on a full disk they could not be made."""
    running = House(tmp_path)
    running.start(workers=1)
    try:
        phone, visit, _ = filled_cart(running)
        assert phone.get(visit).status_code == 200
        assert phone.get(running.address + "/nowhere/").status_code == 404  # the other is over now
        for end in ("-wal", "-shm"):
            assert running.database.with_name(running.database.name + end).exists()
    finally:
        running.kill()


# --- Read-only ------------------------------------------------------------------------------------


@sqlite_only
def test_a_file_that_has_become_read_only_confirms_nothing_f27():
    """F27: what SQLite answers then is 503, nothing sent, everything readable."""
    phone = Phone().join(factories.table(house()), 3)
    phone.add("soupe")
    form = phone.form()

    def only_read(connection, **_):
        connection.cursor().execute("PRAGMA query_only = ON")

    connection.close()
    connection_created.connect(only_read)
    try:
        answer = phone.send(form)
        assert (answer.status_code, answer["X-Nothing-Sent"]) == (503, "1")
        assert phone.get(phone.visit).status_code == 200
    finally:
        connection_created.disconnect(only_read)
        connection.close()
    assert not Order.objects.exists()
    assert phone.send(form).status_code == 303


@pytest.mark.django_db
def test_a_server_that_has_become_a_standby_confirms_nothing_f27():
    """F27: PostgreSQL's words for it, which Django does not count among those of a database in trouble."""
    request = RequestFactory().post("/v/AAAAAAAAAAAAAAAAAAAAAA/send/", {"submission_key": "k"})
    middleware = database_trouble(lambda _request: HttpResponse())
    away = InternalError("cannot execute INSERT in a read-only transaction")
    answer = middleware.process_exception(request, away)
    assert answer is not None
    assert (answer.status_code, answer["X-Nothing-Sent"]) == (503, "1")
    assert middleware.process_exception(request, InternalError("something else")) is None


@pytest.mark.django_db(transaction=True)
def test_many_may_ask_at_once():
    """F27: each of a server's threads asks; none meets another's look before it has begun."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(16) as threads:
            found = list(threads.map(lambda _: storage.trouble(), range(120)))
    finally:
        sys.setswitchinterval(interval)
    assert found == [None] * 120
