"""P10: who lives is written down by those who live; F37, F38: a clock that jumps is seen."""

from datetime import timedelta

import pytest
from django.utils import timezone

from pos_bridge import heartbeat
from pos_bridge.heartbeat import Kind, Pulse, health, jump
from pos_bridge.models import Heartbeat
from tests.pos_bridge.steps import later

pytestmark = pytest.mark.django_db


@pytest.fixture
def stopwatch(monkeypatch):
    """The machine's stop-watch, which no clock changes."""
    seconds = [1000.0]
    monkeypatch.setattr("pos_bridge.heartbeat.time.monotonic", lambda: seconds[0])

    def run(amount):
        seconds[0] += amount

    return run


@pytest.fixture
def start():
    return timezone.now()


def test_a_process_that_has_stopped_beating_is_dead_after_fifteen_seconds_p10(start, stopwatch):
    pulse = Pulse(Kind.DELIVER, "one")
    assert not health(Kind.DELIVER, start).alive
    assert pulse.beat(start)
    for seconds, alive in ((0, True), (14.9, True), (15, False), (86_400, False)):
        assert health(Kind.DELIVER, later(start, seconds)).alive is alive
    assert health(Kind.DELIVER, later(start, 60)).last_at == start
    assert health(Kind.WATCH, start) == heartbeat.Health(False, None)


def test_it_writes_every_five_seconds_however_often_it_is_called(
    start, stopwatch, django_assert_num_queries
):
    pulse = Pulse(Kind.DELIVER, "one")
    pulse.beat(start)
    with django_assert_num_queries(0):
        for _ in range(10):
            assert not pulse.beat(start)
    stopwatch(5)
    assert pulse.beat(later(start, 5))
    assert health(Kind.DELIVER, later(start, 19)).alive


def test_one_of_many_is_enough_and_one_that_ends_is_not_missed(start, stopwatch):
    one, two = Pulse(Kind.DELIVER, "one"), Pulse(Kind.DELIVER, "two")
    one.beat(start)
    two.beat(start)
    one.stop()
    assert list(Heartbeat.objects.values_list("name", flat=True)) == ["two"]
    assert health(Kind.DELIVER, start).alive
    two.stop()
    assert health(Kind.DELIVER, start) == heartbeat.Health(False, None)


@pytest.mark.parametrize("by", [3600, -3600, 31, -31, 90 * 86_400])
def test_a_clock_that_jumps_is_seen_and_said_f37_f38(start, stopwatch, caplog, by):
    pulse = Pulse(Kind.DELIVER, "one")
    pulse.beat(start)
    stopwatch(5)
    jumped = later(start, 5 + by)
    assert pulse.beat(jumped)
    seen = jump(jumped)
    assert seen is not None
    assert round(seen.jumped_by) == by
    assert "clock has jumped" in caplog.text
    assert health(Kind.DELIVER, jumped).alive
    assert jump(jumped + timedelta(minutes=59)) is not None
    assert jump(jumped + timedelta(minutes=61)) is None
    # Once: from here the clock is as good as any.
    stopwatch(5)
    pulse.beat(later(jumped, 5))
    assert Heartbeat.objects.get().jumped_at == jumped


@pytest.mark.parametrize("by", [-20, 20])
def test_a_clock_that_is_set_right_by_a_little_is_no_jump(start, stopwatch, by):
    pulse = Pulse(Kind.DELIVER, "one")
    pulse.beat(start)
    stopwatch(5)
    pulse.beat(later(start, 5 + by))
    assert jump(later(start, 5)) is None


def test_a_process_that_slept_has_no_jumped_clock_f35(start, stopwatch):
    """SIGSTOP: clock and stop-watch have both gone on."""
    pulse = Pulse(Kind.DELIVER, "one")
    pulse.beat(start)
    stopwatch(600)
    pulse.beat(later(start, 600))
    assert jump(later(start, 600)) is None
    assert health(Kind.DELIVER, later(start, 600)).alive


def test_a_beat_from_the_future_says_nothing_f38(start, stopwatch):
    """Written before the clock was set back: whoever wrote it may have died since."""
    Pulse(Kind.DELIVER, "one").beat(later(start, 3600))
    assert not health(Kind.DELIVER, start).alive


def test_a_process_whose_row_has_gone_writes_another_f28(start, stopwatch):
    """A backup was restored under it, or a process whose clock was a day ahead has tidied up."""
    pulse = Pulse(Kind.DELIVER, "one")
    pulse.beat(start)
    Heartbeat.objects.all().delete()
    stopwatch(5)
    assert pulse.beat(later(start, 5))
    assert health(Kind.DELIVER, later(start, 5)).alive


def test_those_that_ended_without_a_word_are_forgotten_after_a_day(start, stopwatch):
    Pulse(Kind.DELIVER, "killed").beat(start)
    Pulse(Kind.WATCH, "watch").beat(start)
    Pulse(Kind.DELIVER, "next").beat(later(start, 86_000))
    assert Heartbeat.objects.filter(name="killed").exists()
    Pulse(Kind.DELIVER, "next").beat(later(start, 86_401))
    assert set(Heartbeat.objects.values_list("name", flat=True)) == {"next", "watch"}


def test_one_that_is_started_again_under_its_name_begins_anew(start, stopwatch):
    Pulse(Kind.DELIVER, "host-1").beat(start)
    Pulse(Kind.DELIVER, "host-1").beat(later(start, 60))
    assert Heartbeat.objects.get().started_at == later(start, 60)


def test_the_name_tells_processes_apart_and_fits():
    assert 0 < len(heartbeat.process_name()) <= 64


def test_a_divisor_shortens_it(start, stopwatch, settings):
    settings.TIME_DIVISOR = 10
    pulse = Pulse(Kind.DELIVER, "one")
    pulse.beat(start)
    assert not health(Kind.DELIVER, later(start, 1.5)).alive
    stopwatch(0.5)
    assert pulse.beat(later(start, 0.5))
