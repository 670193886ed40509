"""SQLite's one writer: who finds it busy gets a turn, or hears that it is locked (F21, F22)."""

import time
from threading import Event, Thread

import pytest
from django.db import OperationalError, connection, transaction

from ordering.models import Restaurant
from tests import factories

# PostgreSQL has many writers: this runs on SQLite's turn alone.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.pure]


@pytest.fixture
def house():
    return factories.restaurant("house")


@pytest.fixture
def busy(house):
    """Somebody writes until the test lets go."""
    locked, let_go = Event(), Event()

    def write() -> None:
        with transaction.atomic():
            Restaurant.objects.filter(pk=house.pk).update(name="theirs")
            locked.set()
            let_go.wait(20)
        connection.close()

    writer = Thread(target=write)
    writer.start()
    locked.wait(20)
    yield let_go
    let_go.set()
    writer.join()


def rename(house):
    return Restaurant.objects.filter(pk=house.pk).update(name="ours")


def rename_at_once(house):
    with transaction.atomic():
        return rename(house)


@pytest.mark.parametrize("write", [rename, rename_at_once])
def test_it_waits_for_its_turn(house, busy, write):
    answer = []

    def wait() -> None:
        answer.append(write(house))
        connection.close()

    waiting = Thread(target=wait)
    waiting.start()
    waiting.join(0.05)
    assert waiting.is_alive()
    busy.set()
    waiting.join(20)
    assert answer == [1]
    assert Restaurant.objects.get().name == "ours"


@pytest.mark.parametrize("write", [rename, rename_at_once])
def test_it_says_that_it_is_locked_when_its_patience_ends(house, busy, write):
    connection.ensure_connection()
    connection.connection.patience = 0.05
    began = time.monotonic()
    with pytest.raises(OperationalError, match="database is locked"):
        write(house)
    assert time.monotonic() - began >= 0.05
    connection.close()
