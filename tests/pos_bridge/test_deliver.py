"""manage.py deliver as a real process: killed at every point of a delivery, paused, stopped, started again."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection

from pos_bridge.models import Addition, Attempt
from tests.helpers import eventually

State = Addition.State

pytestmark = [pytest.mark.wire, pytest.mark.django_db(transaction=True)]

ROOT = Path(__file__).parents[2]


@pytest.fixture
def chez_alice(leo2, transactional_db):
    from tests.pos_bridge.conftest import Restaurant

    return Restaurant(leo2.url)


def database_url():
    """The tests' own database, for another process."""
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{database['NAME']}"
    user = f"{quote(database['USER'])}:{quote(database['PASSWORD'])}"
    return f"postgresql://{user}@{database['HOST']}:{database['PORT']}/{database['NAME']}"


@pytest.fixture
def deliver(tmp_path):
    """Start workers; whatever still runs at the end is killed. All waits are a twentieth: a lease lasts 1.25 s."""
    processes = []
    log = (tmp_path / "deliver.log").open("wb")

    def start(*arguments):
        process = subprocess.Popen(
            [sys.executable, "manage.py", "deliver", *arguments],
            cwd=ROOT,
            env={**os.environ, "DATABASE_URL": database_url(), "TIME_DIVISOR": "20"},
            stdout=log,
            stderr=log,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.kill()
        process.wait()
    log.close()
    assert "KEY1" not in (tmp_path / "deliver.log").read_text()


def state(addition):
    return Addition.objects.values_list("state", flat=True).get(pk=addition.pk)


def is_tried():
    return Attempt.objects.filter(outcome="").exists()


def once_on_the_till(leo2, *additions):
    def condition():
        return all(state(each) == State.RECEIVED for each in additions)

    eventually(condition, timeout=30)
    assert sorted(entry["number"] for entry in leo2.ledger()) == [each.number for each in additions]
    assert len({post["sha256"] for post in leo2.posts()}) == len(additions)
    assert leo2.max_posts_in_flight <= 1


def test_it_delivers_what_was_ordered_before_and_after_its_start(chez_alice, leo2, deliver):
    before = chez_alice.order(table=1)
    deliver()
    once_on_the_till(leo2, before)
    once_on_the_till(leo2, before, chez_alice.order(table=2))


def test_once_delivers_what_is_due_and_ends(chez_alice, leo2, deliver):
    additions = [chez_alice.order(table=table) for table in range(1, 6)]
    assert deliver("--once").wait(30) == 0
    once_on_the_till(leo2, *additions)
    assert deliver("--once").wait(30) == 0


def test_killed_before_the_post_it_is_there_once_after_a_restart_f33(chez_alice, leo2, deliver):
    leo2.fail_always("blackhole")
    addition = chez_alice.order()
    killed = deliver()
    eventually(is_tried)
    killed.kill()
    killed.wait()
    assert leo2.posts() == []
    leo2.heal()
    deliver()
    once_on_the_till(leo2, addition)


def test_killed_between_post_and_commit_it_is_there_once_after_a_restart_f34(
    chez_alice, leo2, deliver
):
    leo2.script("late_after(30)")
    addition = chez_alice.order()
    killed = deliver()
    eventually(lambda: leo2.ledger())
    killed.kill()
    killed.wait()
    assert state(addition) == State.SENDING
    deliver()
    once_on_the_till(leo2, addition)
    assert "lost" in Attempt.objects.values_list("outcome", flat=True)


def test_killed_after_the_commit_it_is_there_once_after_a_restart(chez_alice, leo2, deliver):
    leo2.fail_always(list="http500")
    addition = chez_alice.order()
    killed = deliver()
    eventually(lambda: state(addition) == State.ACCEPTED)
    killed.kill()
    killed.wait()
    leo2.heal()
    deliver()
    once_on_the_till(leo2, addition)
    assert len(leo2.posts()) == 1


def test_killed_again_and_again_every_order_is_there_once(chez_alice, leo2, deliver):
    """P2, P11, F34: whatever moment each kill hits."""
    leo2.script(*["late_after(5)", "ok", "rst_after", "ok_slow(5)", "hangup_before"] * 4)
    additions = [chez_alice.order(table=table) for table in range(1, 13)]
    for kills in range(1, 6):
        process = deliver()
        eventually(lambda least=kills * 2: len(leo2.posts()) >= least, timeout=20)
        process.kill()
        process.wait()
    deliver()
    once_on_the_till(leo2, *additions)


def test_a_worker_that_slept_through_its_lease_harms_nothing_f35(chez_alice, leo2, deliver):
    leo2.script("late_after(30)")
    addition = chez_alice.order()
    zombie = deliver()
    eventually(lambda: leo2.ledger())
    zombie.send_signal(signal.SIGSTOP)
    deliver()
    once_on_the_till(leo2, addition)
    zombie.send_signal(signal.SIGCONT)
    other = chez_alice.order(table=2)
    once_on_the_till(leo2, addition, other)
    # Where it slept for longer than the watchdog waits, it was ended as it woke (F40).
    assert zombie.poll() in {None, 1}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_finishes_what_is_in_flight_f41(chez_alice, leo2, deliver, number):
    leo2.script("late_after(20)")
    first, second = chez_alice.order(table=1), chez_alice.order(table=2)
    process = deliver()
    eventually(lambda: leo2.ledger())
    process.send_signal(number)
    assert process.wait(15) == 0
    assert state(first) == State.ACCEPTED
    assert state(second) == State.QUEUED
    assert len(leo2.posts()) == 1


def test_told_to_stop_while_it_rests_it_stops_at_once(chez_alice, leo2, deliver):
    addition = chez_alice.order()
    process = deliver()
    once_on_the_till(leo2, addition)
    process.terminate()
    assert process.wait(2) == 0
