"""Found by trying to break the worker: each once stopped deliveries that had nothing to do with it."""

import logging
import os
import socket
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from cryptography.fernet import Fernet
from django.db import DatabaseError, InternalError, ProgrammingError, connection

from pos_bridge import delivery, outbox, waiting, wake, worker
from pos_bridge.models import Addition, Attempt, Register
from pos_bridge.registers import http
from pos_bridge.turns import ListRests, Turns
from pos_bridge.worker import Worker
from tests.helpers import eventually
from tests.pos_bridge.conftest import Restaurant

State = Addition.State
ROOT = Path(__file__).parents[2]

database = pytest.mark.django_db(transaction=True)
wire = pytest.mark.wire


@pytest.fixture
def working():
    """One worker in a thread; it is stopped at the end."""
    started = []

    def start(**options):
        one = Worker(**options)
        thread = threading.Thread(target=one.run)
        thread.start()
        started.append((one, thread))
        return one

    yield start
    for one, _ in started:
        one.stop()
    for _, thread in started:
        thread.join(20)
        assert not thread.is_alive()


def states(*additions):
    return {Addition.objects.get(pk=addition.pk).state for addition in additions}


# --- Registers that hang --------------------------------------------------------------------------


@pytest.fixture
def hanging():
    """The address of a register that takes a connection and never says a word."""
    with closing(socket.create_server(("127.0.0.1", 0), backlog=4096)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@wire
@database
def test_more_registers_that_hang_than_threads_stop_no_other(leo2, hanging, working, settings):
    settings.TIME_DIVISOR = 5
    many = [Restaurant(hanging, slug=f"hangs-{number}") for number in range(9)]
    for table in range(1, 8):
        for each in many:
            each.order(table=table)
    healthy = Restaurant(leo2.url, slug="healthy")
    working(threads=8)
    # Each has kept a thread waiting once: from then on they are known.
    tried = Attempt.objects.filter(outcome="Uncertain").values("addition__register").distinct()
    eventually(lambda: tried.count() == 9, timeout=60)
    deadline = http.POST_DEADLINE / settings.TIME_DIVISOR
    for table in range(1, 4):
        addition = healthy.order(table=table)
        eventually(lambda a=addition: states(a) == {State.RECEIVED}, timeout=deadline)
    # The others are tried all the same, one POST at a time each.
    again = Attempt.objects.values("addition__register").filter(number=1, outcome="Uncertain")
    eventually(lambda: again.count() >= 9 + 6, timeout=60)


@pytest.mark.pure
def test_slow_registers_come_last_and_leave_threads_to_the_others():
    order = Turns(8)
    assert order.next(range(20), {}, 8) == list(range(8))
    for pk in range(10):
        order.over(pk, slow=True)
    # Ten are slow: healthy ones first, and of the slow as many as may.
    assert order.next(range(12), {}, 8) == [10, 11, 0, 1, 2, 3, 4, 5]
    assert order.next(range(10), {0, 1, 2, 3, 4, 5}, 2) == []
    assert order.next(range(11), {0, 1, 2, 3, 4, 5}, 2) == [10]
    order.over(0, slow=True)
    assert order.next(range(10), {}, 8) == [1, 2, 3, 4, 5, 6]
    order.over(9, slow=False)
    assert order.next(range(10), {}, 8)[0] == 9


@pytest.mark.pure
def test_what_another_worker_has_is_left_to_it_for_a_while(monkeypatch, settings):
    settings.TIME_DIVISOR = 1
    now = [100.0]
    monkeypatch.setattr("pos_bridge.turns.time.monotonic", lambda: now[0])
    order = Turns(8)
    order.leave(2)
    assert order.next(range(4), {}, 8) == [0, 1, 3]
    now[0] += 0.3
    assert order.next(range(4), {}, 8) == [0, 1, 2, 3]


@pytest.mark.pure
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_a_slow_register_has_its_turn_with_few_threads_too(threads):
    order = Turns(threads)
    order.over(5, slow=True)
    assert order.next([5], {}, threads) == [5]


@pytest.mark.pure
def test_there_are_many_threads():
    assert worker.THREADS >= 32


# --- Lists ----------------------------------------------------------------------------------------


@pytest.mark.pure
def test_lists_that_fail_rest_ever_longer(monkeypatch, settings):
    settings.TIME_DIVISOR = 1
    now = [100.0]
    monkeypatch.setattr("pos_bridge.turns.time.monotonic", lambda: now[0])
    rests = ListRests()
    assert rests.left(1) == 0
    for seconds in (5, 10, 20, 30, 30):
        rests.read(1, well=False)
        assert rests.left(1) == seconds
        now[0] += seconds
        assert rests.left(1) == 0
    assert rests.left(2) == 0
    rests.read(1, well=True)
    rests.read(1, well=False)
    assert rests.left(1) == 5


@wire
@database
@pytest.mark.parametrize("lists", ["late_before(10000)", "http500"])
def test_lists_that_fail_hold_no_order_up(leo2, working, settings, caplog, lists):
    """Each order would have them read at once, and the next would wait for that."""
    settings.TIME_DIVISOR = 5
    caplog.set_level(logging.INFO, logger="pos_bridge.delivery")
    leo2.fail_always("ok", list=lists)
    alice = Restaurant(leo2.url)
    working()
    for table in range(1, 16):
        addition = alice.order(table=table)
        eventually(lambda a=addition: states(a) == {State.ACCEPTED}, timeout=10)
    # Three times before the first POST; then they rest for 1, 2, 4 and 6 s here.
    assert 1 <= caplog.text.count("its lists cannot be read") <= 9


@wire
@database
def test_all_that_is_due_is_sent_before_the_lists_are_read(leo2, settings, monkeypatch):
    settings.TIME_DIVISOR = 5
    alice = Restaurant(leo2.url)
    additions = [alice.order(table=table) for table in range(1, 13)]
    seen = []
    real = delivery.read_lists

    def read_lists(*args, anyway=False):
        if not anyway:
            seen.append(states(*additions))
        return real(*args, anyway=anyway)

    monkeypatch.setattr(delivery, "read_lists", read_lists)
    delivery.serve(alice.register.pk, worker="test", stopping=threading.Event())
    assert seen[0] == {State.ACCEPTED}


@wire
@database
def test_keys_that_cannot_be_decrypted_pause_the_register_of_a_list_too(leo2, settings, caplog):
    settings.TIME_DIVISOR = 50
    alice = Restaurant(leo2.url)
    leo2.close_till()
    alice.order()
    delivery.serve(alice.register.pk, worker="test", stopping=threading.Event())
    settings.FIELD_KEYS = [Fernet.generate_key().decode()]
    Register.objects.update(next_poll_at=None)
    ended = threading.Thread(target=lambda: Worker().run(once=True))
    ended.start()
    ended.join(10)
    assert not ended.is_alive()
    register = Register.objects.defer("credentials").get()
    assert register.paused_reason == "keys_unreadable"
    assert "could not be served" not in caplog.text
    assert not any(record.exc_info for record in caplog.records)


# --- The database ---------------------------------------------------------------------------------


@wire
@database
@pytest.mark.parametrize("error", [InternalError, ProgrammingError, DatabaseError])
def test_no_error_of_the_database_ends_the_process(leo2, working, settings, monkeypatch, error):
    settings.TIME_DIVISOR = 10
    failures = iter([error("no")] * 3)

    def failing(real):
        def call(*args, **options):
            for failure in failures:
                raise failure
            return real(*args, **options)

        return call

    monkeypatch.setattr(waiting, "registers_to_serve", failing(waiting.registers_to_serve))
    monkeypatch.setattr(waiting, "anything_open", failing(waiting.anything_open))
    monkeypatch.setattr(outbox, "hold", failing(outbox.hold))
    alice = Restaurant(leo2.url)
    addition = alice.order()
    working()
    eventually(lambda: states(addition) == {State.RECEIVED})
    assert list(failures) == []


@wire
@database
@pytest.mark.parametrize("arguments", [[], ["--once"]])
def test_a_database_without_tables_is_said_in_one_sentence(tmp_path, arguments):
    empty = tmp_path / "empty.sqlite3"
    sqlite3.connect(empty).close()
    ended = subprocess.run(
        [sys.executable, "manage.py", "deliver", *arguments],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": f"sqlite:///{empty}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert "manage.py migrate" in ended.stderr
    assert "Traceback" not in ended.stderr


@database
def test_a_connect_timeout_in_the_settings_is_no_second_one(monkeypatch):
    """DATABASE_URL=…?connect_timeout=10"""
    asked = {}

    def connect(**parameters):
        asked.update(parameters)
        raise psycopg.OperationalError

    monkeypatch.setattr(psycopg, "connect", connect)
    monkeypatch.setattr(
        connection, "get_connection_params", lambda: {"dbname": "x", "connect_timeout": "10"}
    )
    wake._Postgres()
    assert asked == {"dbname": "x", "connect_timeout": "10", "autocommit": True}
