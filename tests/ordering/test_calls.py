"""A table calls for a person, and is told what was answered. Nothing of it touches the register."""

import io
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from ordering.models import Act, Call, Guest, Visit
from ordering.services import acts, calls, visits
from ordering.services.problems import Refused
from pos_bridge.models import Addition, Attempt
from tests import factories
from tests.helpers import at_once
from tests.ordering.admin_cast import person

pytestmark = pytest.mark.django_db

WAITER, BILL, ALLERGENS, ORDER = Call.Kind
COMING, MINUTES = Call.Answer


@pytest.fixture
def guest():
    return factories.guest(factories.table(factories.restaurant("house"), 7), covers=4)


@pytest.fixture
def dora(guest):
    return person("dora", service=[guest.visit.table.restaurant])


def waiting(guest):
    return [call.kind for call in calls.of_visit(guest.visit, timezone.now())]


def at(call, **ago):
    """It was made, and answered, so long ago."""
    moments = {name: timezone.now() - age for name, age in ago.items()}
    Call.objects.filter(pk=call.pk).update(**moments)
    call.refresh_from_db()


def test_the_same_again_is_the_same_call(guest):
    """One phone or another: nobody is annoyed."""
    first = calls.call(guest=guest, kind=WAITER)
    other = visits.join(table=guest.visit.table, secret="other phone", covers=None)
    assert calls.call(guest=other, kind=WAITER) == first
    assert waiting(guest) == ["waiter"]


def test_the_bill_says_how_they_pay_as_they_said_last(guest):
    """In 1 to as many parts as there are covers."""
    calls.call(guest=guest, kind=BILL, pay="card")
    again = calls.call(guest=guest, kind=BILL, pay="cash", parts=9)
    again.refresh_from_db()
    assert (again.pay, again.parts) == ("cash", 4)
    assert waiting(guest) == ["bill"]


def test_a_question_about_allergens_is_held_against_no_other_call(guest):
    for _ in range(calls.MOST):
        calls.withdraw(call=calls.call(guest=guest, kind=WAITER))
    with pytest.raises(Refused) as refused:
        calls.call(guest=guest, kind=BILL)
    assert "Laissez un instant à l’équipe" in str(refused.value.problems[0])
    calls.call(guest=guest, kind=ALLERGENS)
    assert waiting(guest) == ["allergens"]


def test_it_may_be_called_again_a_while_later(guest):
    for _ in range(calls.MOST):
        made = calls.call(guest=guest, kind=WAITER)
        calls.withdraw(call=made)
        at(made, at=calls.WITHIN)
    assert calls.call(guest=guest, kind=WAITER).answer == ""


def test_whoever_was_coming_and_has_not_come_is_called_anew(guest, dora):
    first = calls.call(guest=guest, kind=WAITER)
    assert calls.answer(call=first, by=dora, answer=COMING)
    assert calls.call(guest=guest, kind=WAITER) == first
    at(first, answered_at=calls.AGAIN_AFTER)
    again = calls.call(guest=guest, kind=WAITER)
    assert again != first
    assert [call.answer for call in calls.of_visit(guest.visit, timezone.now())] == [""]


def test_an_answer_is_given_once_and_may_be_changed_by_who_saw_it(guest, dora):
    """Two waiters at once: the first holds, and the second is told."""
    made = calls.call(guest=guest, kind=WAITER)
    assert calls.answer(call=made, by=dora, answer=MINUTES)
    assert not calls.answer(call=made, by=dora, answer=COMING), "seen without an answer"
    made.refresh_from_db()
    assert calls.answer(call=made, by=dora, answer=COMING)
    made.refresh_from_db()
    assert (made.answer, made.answered_by) == ("coming", dora)


def test_it_is_dealt_with_once(guest, dora):
    made = calls.call(guest=guest, kind=ORDER, order=factories.order(guest))
    assert calls.done(call=made, by=dora)
    assert not calls.done(call=made, by=dora)
    assert not calls.withdraw(call=made)
    assert not calls.answer(call=made, by=dora, answer=COMING)
    assert waiting(guest) == []


def test_it_keeps_what_the_staff_did_and_nothing_of_the_guest(guest, dora):
    made = calls.call(guest=guest, kind=ALLERGENS)
    calls.answer(call=made, by=dora, answer=COMING)
    calls.done(call=made, by=dora)
    kept = Act.objects.order_by("pk")
    assert [(act.person, act.table, acts.sentence(act)) for act in kept] == [
        (dora, guest.visit.table, "a répondu à un appel : quelqu’un arrive"),
        (dora, guest.visit.table, "s’est occupé d’un appel"),
    ]
    assert [act.details for act in kept] == [{}, {}]


def test_no_field_of_a_call_takes_a_word_of_a_diner():
    """P21: a call about an allergy is a call; what it is about is said at the table."""
    texts = {
        field.name: field
        for field in Call._meta.concrete_fields
        if field.get_internal_type() in {"CharField", "TextField", "JSONField"}
    }
    assert texts.keys() == {"code", "kind", "pay", "answer", "asker"}  # the last: a hash
    assert all(texts[name].choices for name in ("kind", "pay", "answer"))


def test_it_is_gone_with_its_party_and_after_some_hours(guest):
    made = calls.call(guest=guest, kind=WAITER)
    at(made, at=calls.UNANSWERED_FOR)
    assert waiting(guest) == []
    calls.call(guest=guest, kind=WAITER)
    house = guest.visit.table.restaurant
    assert len(calls.of_house(house, timezone.now())) == 1
    visits.end(visit=guest.visit)
    assert calls.of_house(house, timezone.now()) == []


def test_after_three_minutes_without_an_answer_it_says_so(guest, dora):
    made = calls.call(guest=guest, kind=WAITER)
    later = timezone.now() + calls.ALONE_AFTER
    assert not calls.is_alone(made, timezone.now())
    assert calls.is_alone(made, later)
    calls.answer(call=made, by=dora, answer=MINUTES)
    made.refresh_from_db()
    assert not calls.is_alone(made, later)


def test_a_call_never_touches_the_register(guest, dora, django_assert_max_num_queries):
    """With a dead register, ordering switched off, and after last orders."""
    house = guest.visit.table.restaurant
    factories.register(house, silent_since=timezone.now() - timedelta(hours=1), failures=99)
    house.ordering, house.hours = False, []
    house.save(update_fields=["ordering", "hours"])
    with django_assert_max_num_queries(9):
        made = calls.call(guest=guest, kind=BILL, pay="card")
    assert calls.answer(call=made, by=dora, answer=COMING)
    assert not Addition.objects.exists()
    assert not Attempt.objects.exists()


def test_a_party_that_has_left_calls_nobody(guest):
    visits.end(visit=guest.visit)
    with pytest.raises(visits.VisitEnded):
        calls.call(guest=guest, kind=WAITER)
    assert not Call.objects.exists()


def test_a_phone_that_joined_no_party_asks_about_allergens(guest):
    table = guest.visit.table
    first = calls.ask(table=table, secret="one")
    assert calls.ask(table=table, secret="one") == first
    assert (first.visit, first.place, first.kind) == (None, table, "allergens")
    assert calls.of_phone(table, "one", timezone.now()) == [first]
    assert calls.of_phone(table, "two", timezone.now()) == []
    second = calls.ask(table=table, secret="two")
    assert second != first
    assert calls.of_phone(table, "two", timezone.now()) == [second]
    assert waiting(guest) == []


@pytest.mark.django_db(transaction=True)
def test_phones_that_call_at_once_call_once():
    table = factories.table(factories.restaurant("house"), 7)
    guests = [factories.guest(table, covers=4) for _ in range(3)]
    made = at_once(
        *[lambda guest=guest: calls.call(guest=guest, kind=WAITER) for guest in guests],
        *[lambda: calls.ask(table=table, secret="one") for _ in range(3)],
    )
    assert all(isinstance(call, Call) for call in made), made
    assert (Guest.objects.count(), Visit.objects.count()) == (3, 1)
    assert sorted(Call.objects.values_list("kind", flat=True)) == ["allergens", "waiter"]


def test_it_is_deleted_after_ninety_days(guest):
    """P26."""
    old, new = (calls.call(guest=guest, kind=kind) for kind in (WAITER, BILL))
    at(old, at=timedelta(days=91))
    call_command("purge", stdout=io.StringIO())
    assert list(Call.objects.all()) == [new]
