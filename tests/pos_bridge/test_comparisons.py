"""P6, F28: the numbers of the register's list against those that were given here; a restored backup, a second
installation.
"""

import threading
from datetime import timedelta

import pytest
from django.core import serializers
from django.utils import timezone

from ordering.models import Order, OrderLine
from ordering.services import registers
from pos_bridge import decisions, delivery, following, numbers, outbox, waiting
from pos_bridge.models import Addition, Attempt, Register, StrangeNumber
from pos_bridge.registers.base import TillState
from pos_bridge.turns import Comparisons
from pos_bridge.words import Word, told
from tests.helpers import eventually
from tests.pos_bridge.conftest import Restaurant
from tests.pos_bridge.steps import ACCEPTED, State, claimed, later, now_is, tried

database = pytest.mark.django_db


def compared(restaurant, states, now):
    return following.compare_numbers(restaurant.register.pk, states, now=now)


def on_the_till(*given, text="1"):
    return {number: TillState("received", text) for number in given}


def ahead(restaurant, by=1000):
    """A number of our range that this installation has not given."""
    return numbers.floor(timezone.now()) + by


@database
def test_it_goes_above_a_number_that_it_never_gave_and_pauses_p6_f28(alice, now, caplog):
    alice.order()
    known = tried(alice, ACCEPTED, now)
    strange = ahead(alice)
    assert compared(alice, on_the_till(known.number, strange, text="9"), now) == [strange]
    alice.register.refresh_from_db()
    assert alice.register.paused_reason == "strange_numbers"
    assert alice.register.last_number == strange
    named = StrangeNumber.objects.get()
    assert (named.number, named.till_state, named.settled_at) == (strange, "9", None)
    assert str(strange) in caplog.text
    # What is ordered meanwhile has a fresh number, and waits.
    addition = alice.order(table=3)
    assert addition.number > strange
    assert claimed(alice, later(now, 5)) is None


@database
def test_it_is_named_once_and_the_pause_ends_by_a_person_alone_f28(alice, now):
    strange = ahead(alice)
    for _ in range(3):
        compared(alice, on_the_till(strange), now)
    assert StrangeNumber.objects.count() == 1
    assert not outbox.resume(register=alice.register)
    outbox.pause(alice.register.pk, "keys_refused")
    following.end_poll(alice.register.pk, now=now, failed=False)
    # Saved in admin: other keys, or nothing at all.
    registers.configure(
        restaurant=alice.restaurant,
        kind="leo2",
        base_url=alice.register.base_url,
        credentials={"pub_key": "KEY2"},
    )
    alice.register.refresh_from_db()
    assert alice.register.paused_reason == "strange_numbers"
    addition = alice.order()
    assert claimed(alice, later(now, 5)) is None
    assert decisions.accept_numbers(alice.register) == 1
    assert decisions.accept_numbers(alice.register) == 0
    assert claimed(alice, later(now, 5)).addition == addition
    # It is known from then on.
    assert compared(alice, on_the_till(strange), later(now, 3600)) == []
    alice.register.refresh_from_db()
    assert alice.register.paused_reason == ""


@database
def test_accepting_numbers_ends_no_other_pause(alice):
    Register.objects.update(paused_reason="keys_refused")
    assert decisions.accept_numbers(alice.register) == 0
    assert Register.objects.get().paused_reason == "keys_refused"


@database
def test_numbers_of_other_software_are_none_of_ours_f66(alice, now):
    alice.order()
    before = Register.objects.get().last_number
    foreign = [1, 12, numbers.FIRST - 1]
    assert compared(alice, on_the_till(*foreign), now) == []
    alice.register.refresh_from_db()
    assert (alice.register.paused_reason, alice.register.last_number) == ("", before)
    assert not StrangeNumber.objects.exists()


@database
def test_the_first_number_of_our_range_counts_f66(alice, now):
    assert compared(alice, on_the_till(numbers.FIRST), now) == [numbers.FIRST]


@database
@pytest.mark.parametrize("number", [numbers.ALARM_AT, 2**31 - 1, 2**31, 10**18])
def test_a_number_near_the_end_does_not_use_up_ours_f61(alice, now, number):
    """A dead clock elsewhere, or a register that counts otherwise: named, and our own go on from where they were."""
    assert compared(alice, on_the_till(number), now) == [number]
    alice.register.refresh_from_db()
    assert alice.register.last_number < numbers.ALARM_AT
    assert alice.register.paused_reason == "strange_numbers"
    decisions.accept_numbers(alice.register)
    assert alice.order().number < numbers.ALARM_AT


@database
def test_restaurants_of_one_till_know_each_other_s_numbers_p6(alice, now):
    charlie = Restaurant(alice.register.base_url, slug="chez-charlie")
    Register.objects.update(till="the same")
    theirs = charlie.order()
    assert compared(alice, on_the_till(theirs.number), now) == []
    strange = ahead(alice)
    assert compared(alice, on_the_till(theirs.number, strange), now) == [strange]
    last = set(Register.objects.values_list("last_number", flat=True))
    assert last == {strange}, "both go above it"
    assert compared(charlie, on_the_till(strange), now) == [], "named once"


@database
def test_another_till_s_numbers_are_strange_here(alice, now):
    charlie = Restaurant("https://other.example.fr", slug="chez-charlie")
    theirs = charlie.order()
    assert compared(alice, on_the_till(theirs.number), now) == [theirs.number]


@database
def test_a_till_under_a_new_address_is_no_second_installation_f70(alice, now):
    """The same till, configured anew: its list names what the record of before has sent."""
    alice.order()
    sent = tried(alice, ACCEPTED, now)
    configured = registers.configure(
        restaurant=alice.restaurant,
        kind="leo2",
        base_url="https://caisse2.example.fr",
        credentials={"shop": "SHOP1", "pub_key": "KEY1"},
    )
    assert configured.another
    new = configured.register
    assert following.compare_numbers(new.pk, on_the_till(sent.number), now=now) == []
    new.refresh_from_db()
    assert (new.paused_reason, new.last_number) == ("", sent.number)


@database
def test_many_numbers_are_compared_in_few_queries(alice, now, django_assert_max_num_queries):
    alice.order()
    first = ahead(alice)
    with django_assert_max_num_queries(25):
        assert len(compared(alice, on_the_till(*range(first, first + 1200)), now)) == 1200


# --- A restored backup, from order to till ---------------------------------------------------------


def deliver(restaurant):
    """A process that has just started: it has compared nothing yet."""
    delivery.serve(restaurant.register.pk, worker="new", stopping=threading.Event())


def backup():
    rows = [*Register.objects.all(), *Order.objects.all(), *OrderLine.objects.all()]
    rows += [*Addition.objects.all(), *Attempt.objects.all()]
    return serializers.serialize("json", rows)


def restore(text):
    Attempt.objects.all().delete()
    StrangeNumber.objects.all().delete()
    Addition.objects.all().delete()
    OrderLine.objects.all().delete()
    Order.objects.all().delete()
    for row in serializers.deserialize("json", text):
        row.save()


@pytest.mark.wire
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("passed", [0, 60])
def test_after_a_restored_backup_nothing_is_lost_and_nothing_doubled_p6_f28(
    chez_alice, leo2, settings, monkeypatch, passed
):
    """Seconds from the last forgotten order to the first new one; with none its number is one of theirs, and a person
    decides.
    """
    settings.TIME_DIVISOR = 50
    first = chez_alice.order(table=1)
    deliver(chez_alice)
    kept = backup()
    forgotten = [chez_alice.order(table=table).number for table in (2, 3)]
    deliver(chez_alice)
    assert len(leo2.ledger()) == 3
    restore(kept)
    monkeypatch.setattr(numbers, "EPOCH", numbers.EPOCH - timedelta(seconds=passed))
    chez_alice.register.refresh_from_db()
    assert chez_alice.register.last_number == first.number, "the backup is of before"

    fresh = chez_alice.order(table=4)
    deliver(chez_alice)
    # Nothing was sent: the additions that the backup did not know are named, and a person looks.
    assert len(leo2.posts()) == 3
    named = set(StrangeNumber.objects.filter(settled_at=None).values_list("number", flat=True))
    assert named == set(forgotten) - {fresh.number}
    chez_alice.register.refresh_from_db()
    assert chez_alice.register.paused_reason == "strange_numbers"
    assert chez_alice.register.last_number >= max(forgotten)
    if fresh.number in forgotten:
        assert now_is(fresh) == (State.HELD, "number_taken")
        assert told(Addition.objects.get(pk=fresh.pk), timezone.now()).word == Word.NOT_CONFIRMED
        fresh = chez_alice.order(table=4)
    assert fresh.number > max(forgotten)
    decisions.accept_numbers(chez_alice.register)

    def there():
        Register.objects.update(next_poll_at=None)
        deliver(chez_alice)
        return now_is(fresh)[0] == State.RECEIVED

    eventually(there)
    ledger = leo2.ledger()
    assert [entry["body"]["table"] for entry in ledger] == [1, 2, 3, 4]
    assert len({entry["number"] for entry in ledger}) == 4
    assert not any(post.get("conflict") for post in leo2.posts()), "no number was used twice"


@pytest.mark.wire
@pytest.mark.django_db(transaction=True)
def test_a_number_that_was_taken_is_never_called_received_f60(chez_alice, leo2, settings):
    """F60 with a real list: a stranger has the number, and we have not sent it."""
    settings.TIME_DIVISOR = 50
    addition = chez_alice.order()
    leo2._relay.take(addition.number, b"{}", None, foreign=True)
    deliver(chez_alice)
    assert now_is(addition) == (State.HELD, "number_taken")
    assert leo2.posts() == []
    assert decisions.possible(Addition.objects.get(pk=addition.pk)) == [
        decisions.Decision.ON_TILL,
        decisions.Decision.BY_HAND,
        decisions.Decision.CANCELLED,
        decisions.Decision.REPLACE,
    ]


@pytest.mark.wire
@pytest.mark.django_db(transaction=True)
def test_a_list_that_cannot_be_read_holds_no_order_up_for_long_f28_f65(chez_alice, leo2, settings):
    settings.TIME_DIVISOR = 50
    leo2.fail_always(list="http500")
    addition = chez_alice.order()
    compared_here = Comparisons()

    def sent():
        delivery.serve(
            chez_alice.register.pk,
            worker="test",
            stopping=threading.Event(),
            compared=compared_here,
        )
        return leo2.ledger()

    eventually(sent)
    assert now_is(addition)[0] == State.ACCEPTED


@database
def test_it_is_compared_anew_after_an_hour_f28(monkeypatch, settings):
    settings.TIME_DIVISOR = 1
    clock = [1000.0]
    monkeypatch.setattr("pos_bridge.turns.time.monotonic", lambda: clock[0])
    one = Comparisons()
    assert one.due(1)
    one.done(1)
    clock[0] += 3599
    assert not one.due(1)
    clock[0] += 1
    assert one.due(1)


@database
def test_an_order_placed_in_the_second_of_a_comparison_is_above_it_p6(alice, now):
    """The list names a number of now + 10 s; what is ordered in that very second is not given it again."""
    strange = ahead(alice, by=10)
    compared(alice, on_the_till(strange), now)
    given = [alice.order(table=table).number for table in range(1, 4)]
    assert given == [strange + 1, strange + 2, strange + 3]
    assert waiting.registers_to_serve(now + timedelta(seconds=1)) == []
