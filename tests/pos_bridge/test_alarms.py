"""Which alarms there are, when they begin and end, and which are to be sent."""

from datetime import timedelta

import pytest
from django.utils import timezone

from pos_bridge import alarms, numbers, outbox
from pos_bridge.models import Addition, Alarm, Heartbeat, Register, StrangeNumber
from tests.helpers import at_once
from tests.pos_bridge.conftest import Restaurant

State = Addition.State
ON_THE_TABLE = "12"


@pytest.fixture
def alice(db):
    return Restaurant("http://127.0.0.1:9")


def later(seconds):
    """So long after now, with a worker that lives."""
    now = timezone.now() + timedelta(seconds=seconds)
    beat(now)
    return now


def beat(at, kind=Heartbeat.Kind.DELIVER, **fields):
    fields |= {"started_at": at, "beat_at": at}
    Heartbeat.objects.update_or_create(kind=kind, name="made-1", defaults=fields)


def into(addition, state, **fields):
    Addition.objects.filter(pk=addition.pk).update(state=state, **fields)


def keys(now):
    return {trouble.key for trouble in alarms.present(now)}


def reconciled(now):
    alarms.reconcile(now)
    return set(Alarm.objects.filter(over_at=None).values_list("key", flat=True))


def sent(now, restaurant=None):
    """What one who sends everything at once has told: a list of keys for each message."""
    told = []
    for pk in alarms.to_send(now):
        taken = alarms.claim(pk, "watch-1", now)
        for alarm in taken:
            alarm.served = ["a"]
        alarms.settle(taken, {"a"}, now)
        told.append(sorted(alarm.key for alarm in taken))
    return told


# --- Which there are ------------------------------------------------------------------------------


def test_it_is_raised_in_the_second_in_which_the_phone_turns(alice):
    """P9, P10: 45 s after the order, with every worker dead or alive."""
    addition = alice.order(table=12)
    born = addition.created_at - timezone.now()
    assert not keys(later(44.5 + born.total_seconds()))
    (trouble,) = alarms.present(later(45.5))
    assert trouble == alarms.Trouble(
        key=f"addition:{addition.pk}:open",
        reason="not_accepted",
        restaurant_id=alice.restaurant.pk,
        table=ON_THE_TABLE,
        order_number=addition.order.number,
    )


def test_it_names_the_table_as_the_staff_know_it(alice):
    addition = alice.order(table=12)
    table = addition.order.table
    table.label = "Terrasse\r\nBcc: all"
    table.save(update_fields=["label"])
    (trouble,) = alarms.present(later(60))
    assert trouble.table == "12 (Terrasse Bcc: all)"


@pytest.mark.parametrize(
    ("state", "kind", "reason"),
    [
        (State.REFUSED, "refused", "refused"),
        (State.HELD, "held", "stale"),
        (State.HANDLED, "on_till_too", "on_till_too"),
    ],
)
def test_what_needs_a_person_is_an_alarm_at_once(alice, state, kind, reason):
    addition = alice.order()
    into(addition, state, reason=reason)
    (trouble,) = alarms.present(later(0))
    assert (trouble.key, trouble.reason) == (f"addition:{addition.pk}:{kind}", reason)


def test_a_till_that_is_off_is_an_alarm_after_90_seconds_f63(alice):
    addition = alice.order()
    into(addition, State.ACCEPTED, reason="")
    assert not keys(later(85))
    (trouble,) = alarms.present(later(91))
    assert trouble.reason == "not_received"


def test_what_came_hours_late_is_an_alarm_for_an_hour_f63(alice):
    """“Printed 6 hours late”: the party may have gone, and the kitchen cooks."""
    late, soon = alice.order(table=1), alice.order(table=2)
    hours = timezone.now() + timedelta(hours=6, minutes=12, seconds=1)
    into(late, State.RECEIVED, received_at=hours)
    into(soon, State.RECEIVED, received_at=timezone.now() + timedelta(minutes=19))
    beat(hours)
    (trouble,) = alarms.present(hours)
    assert (trouble.key, trouble.reason) == (f"addition:{late.pk}:late", "late:372")
    assert f"addition:{late.pk}:late" not in keys(hours + timedelta(minutes=61))


def test_a_register_that_pauses_is_an_alarm_with_its_reason(alice):
    outbox.pause(alice.register.pk, "keys_refused")
    (trouble,) = alarms.present(later(0))
    assert trouble.key == f"register:{alice.register.pk}:paused:keys_refused"
    assert (trouble.reason, trouble.table) == ("keys_refused", "")
    Register.objects.update(current=False)
    assert not keys(later(0))


def test_a_register_that_is_silent_is_an_alarm_with_orders_or_without(alice):
    since = timezone.now()
    Register.objects.update(failures=5, silent_since=since)
    assert not keys(later(55))
    assert keys(later(61)) == {f"register:{alice.register.pk}:silent"}


def test_strange_numbers_are_one_alarm_however_many_f28(alice):
    for number in (numbers.FIRST + 1, numbers.FIRST + 2):
        StrangeNumber.objects.create(register=alice.register, number=number, seen_at=timezone.now())
    outbox.pause(alice.register.pk, outbox.STRANGE_NUMBERS)
    assert keys(later(0)) == {f"register:{alice.register.pk}:strange_numbers"}
    assert reconciled(later(0)) == {f"register:{alice.register.pk}:strange_numbers"}


def test_numbers_that_end_soon_are_an_alarm_f61(alice):
    Register.objects.update(last_number=numbers.ALARM_AT - 1)
    assert not keys(later(0))
    Register.objects.update(last_number=numbers.ALARM_AT)
    assert keys(later(0)) == {f"register:{alice.register.pk}:numbers_end"}


def test_a_clock_that_jumped_is_an_alarm_for_an_hour_f37(alice):
    now = timezone.now()
    beat(now, jumped_at=now, jumped_by=3600.0)
    assert keys(now) == {"clock"}
    assert keys(later(3500)) == {"clock"}
    assert not keys(later(3700))


def test_a_worker_that_never_started_is_an_alarm_f31(alice):
    assert "deliver" in keys(timezone.now())


@pytest.mark.django_db
def test_nothing_is_missed_where_nothing_is_set_up():
    assert not keys(timezone.now())


def test_a_worker_that_stopped_is_told_of_15_to_45_seconds_after_its_last_beat_p10(alice):
    last = timezone.now()
    beat(last)
    told = [
        age
        for age in range(46)
        if reconciled(last + timedelta(seconds=age)) and sent(last + timedelta(seconds=age))
    ]
    assert len(told) == 1
    assert 15 <= told[0] <= 45


def test_a_worker_that_starts_or_wakes_with_us_is_not_missed(alice):
    beat(timezone.now() - timedelta(hours=9))
    woken = timezone.now()
    assert reconciled(woken) == {"deliver"}
    assert not sent(woken)
    beat(woken + timedelta(seconds=10))
    assert reconciled(woken + timedelta(seconds=12)) == set()
    assert not sent(woken + timedelta(seconds=12))


def test_it_asks_as_many_questions_for_two_hundred_orders_as_for_one(
    alice, django_assert_max_num_queries
):
    for table in range(1, 40):
        alice.order(table=table)
    now = later(60)
    with django_assert_max_num_queries(12):
        assert len(alarms.present(now)) == 39


# --- Told once while it lasts ---------------------------------------------------------------------


def test_it_is_told_once_while_it_lasts(alice):
    addition = alice.order()
    key = f"addition:{addition.pk}:open"
    assert reconciled(later(50)) == {key}
    assert sent(later(50)) == [[key]]
    for state in (State.SENDING, State.UNCERTAIN, State.QUEUED):
        into(addition, state, reason="no_answer")
        assert reconciled(later(200)) == {key}
        assert sent(later(200)) == []


def test_what_it_turns_into_is_another_alarm(alice):
    addition = alice.order()
    reconciled(later(50))
    sent(later(50))
    into(addition, State.REFUSED, reason="refused")
    assert reconciled(later(51)) == {f"addition:{addition.pk}:refused"}
    assert sent(later(51)) == [[f"addition:{addition.pk}:refused"]]


def test_what_comes_back_within_ten_minutes_was_never_over(alice):
    key = f"register:{alice.register.pk}:paused:certificate"
    outbox.pause(alice.register.pk, "certificate")
    reconciled(later(0))
    assert sent(later(0)) == [[key]]
    outbox.resume(register=alice.register)
    assert reconciled(later(30)) == set()
    outbox.pause(alice.register.pk, "certificate")
    assert reconciled(later(600)) == {key}
    assert sent(later(600)) == []
    assert Alarm.objects.count() == 1
    outbox.resume(register=alice.register)
    reconciled(later(700))
    outbox.pause(alice.register.pk, "certificate")
    reconciled(later(1400))
    assert sent(later(1400)) == [[key]]
    assert Alarm.objects.count() == 2


def test_what_was_not_told_before_it_passed_is_told_when_it_comes_back(alice):
    outbox.pause(alice.register.pk, "certificate")
    reconciled(later(0))
    outbox.resume(register=alice.register)
    reconciled(later(1))
    assert sent(later(1)) == []
    outbox.pause(alice.register.pk, "certificate")
    reconciled(later(2))
    assert len(sent(later(2))) == 1


def test_a_register_that_is_down_is_no_storm_of_messages(alice):
    """Sixty tables order in two minutes: the first message at once, then one a minute."""
    additions = [alice.order(table=table) for table in range(1, 61)]
    start = timezone.now() - timedelta(minutes=5)
    for index, addition in enumerate(additions):
        born = start + timedelta(seconds=2 * index)
        into(addition, State.SETTLED, created_at=born)  # not there yet
    messages = {}
    for age in range(40, 240):
        now = start + timedelta(seconds=age)
        Addition.objects.filter(created_at__lte=now).update(state=State.QUEUED)
        beat(now)
        alarms.reconcile(now)
        if told := sent(now):
            messages[age] = told
    assert min(messages) == 45
    assert all(len(told) == 1 for told in messages.values())
    assert len(messages) == 3
    assert sum(len(told[0]) for told in messages.values()) == 60


def test_another_cause_does_not_wait(alice):
    addition = alice.order()
    reconciled(later(50))
    sent(later(50))
    outbox.pause(alice.register.pk, "certificate")
    reconciled(later(51))
    assert sent(later(51)) == [[f"register:{alice.register.pk}:paused:certificate"]]
    assert addition.pk


def test_one_restaurants_alarms_do_not_keep_anothers_waiting(alice):
    bob = Restaurant("http://127.0.0.1:9", slug="chez-bob")
    alice.order()
    reconciled(later(50))
    assert len(sent(later(50))) == 1
    bob.order()
    reconciled(later(51))
    assert len(sent(later(110))) == 1


# --- Sent by one, and again where it failed -------------------------------------------------------


def failed(now, wanted, served=()):
    for pk in alarms.to_send(now):
        taken = alarms.claim(pk, "watch-1", now)
        for alarm in taken:
            alarm.served = sorted({*alarm.served, *served})
        alarms.settle(taken, wanted, now)


def test_what_failed_is_tried_again_as_long_as_it_lasts(alice):
    outbox.pause(alice.register.pk, "certificate")
    reconciled(later(0))
    for age in range(0, 3600, 60):
        failed(later(age), {"a", "b"}, served=["a"])
    alarm = Alarm.objects.get()
    assert (alarm.tries, alarm.sent_at, alarm.served) == (60, None, ["a"])
    outbox.resume(register=alice.register)
    reconciled(later(3600))
    assert alarms.to_send(later(3700)) == []


def test_one_address_that_fails_makes_no_storm_at_the_others(alice):
    """What is new waits for its minute although an older alarm is tried again and again."""
    alice.order(table=1)
    reconciled(later(50))
    failed(later(50), {"a", "b"}, served=["a"])
    new = alice.order(table=2)
    Addition.objects.filter(pk=new.pk).update(created_at=timezone.now() + timedelta(seconds=10))
    reconciled(later(60))
    failed(later(85), {"a", "b"}, served=["a"])
    assert Alarm.objects.get(key=f"addition:{new.pk}:open").tries == 0
    failed(later(111), {"a", "b"}, served=["a"])
    assert Alarm.objects.get(key=f"addition:{new.pk}:open").served == ["a"]


def test_a_watch_that_was_killed_leaves_a_lease_that_runs_out(alice):
    outbox.pause(alice.register.pk, "certificate")
    reconciled(later(0))
    assert alarms.claim(alice.restaurant.pk, "killed", later(0))
    assert alarms.to_send(later(29)) == []
    (again,) = alarms.claim(alice.restaurant.pk, "next", later(31))
    assert again.tries == 2


def test_who_has_lost_the_lease_writes_nothing(alice):
    outbox.pause(alice.register.pk, "certificate")
    reconciled(later(0))
    slow = alarms.claim(alice.restaurant.pk, "slow", later(0))
    quick = alarms.claim(alice.restaurant.pk, "quick", later(31))
    alarms.settle(slow, set(), later(32))
    assert Alarm.objects.get().sent_at is None
    alarms.settle(quick, set(), later(32))
    assert Alarm.objects.get().sent_at is not None


def test_a_due_time_of_a_clock_that_jumped_counts_as_past_f38(alice):
    outbox.pause(alice.register.pk, "certificate")
    reconciled(later(0))
    Alarm.objects.update(next_try_at=timezone.now() + timedelta(hours=1))
    assert len(sent(later(0))) == 1


@pytest.mark.django_db(transaction=True)
def test_two_watches_raise_one_alarm_and_send_it_once():
    alice = Restaurant("http://127.0.0.1:9")
    for table in range(1, 6):
        alice.order(table=table)
    now = later(60)
    assert at_once(*[lambda: alarms.reconcile(now)] * 3).count(None) >= 1
    assert Alarm.objects.count() == 5
    taken = at_once(*[lambda: alarms.claim(alice.restaurant.pk, "watch", now)] * 3)
    assert sorted(len(each) for each in taken) == [0, 0, 5]


def test_it_forgets_what_is_long_over(alice):
    outbox.pause(alice.register.pk, "certificate")
    reconciled(later(0))
    assert alarms.forget(later(91 * 24 * 3600)) == 0
    outbox.resume(register=alice.register)
    reconciled(later(1))
    assert alarms.forget(later(89 * 24 * 3600)) == 0
    assert alarms.forget(later(91 * 24 * 3600)) == 1
