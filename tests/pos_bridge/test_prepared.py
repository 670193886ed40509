"""SQL that is written once asks for what was meant each time."""

from contextlib import suppress
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Count, F
from django.db.transaction import TransactionManagementError
from django.utils import timezone

from ordering import access
from ordering.models import Guest, Order
from pos_bridge import waiting
from pos_bridge.models import Register, StrangeNumber
from pos_bridge.prepared import Prepared, PreparedInsert, PreparedUpdate
from tests import factories

DAY = timedelta(days=1)

pytestmark = pytest.mark.django_db

by_hash = Prepared(
    lambda *hashes: Guest.objects.select_related("visit__table").filter(secret_hash__in=hashes)
)


@pytest.fixture
def guests():
    visit = factories.visit(factories.table(factories.restaurant()))
    return [
        Guest.objects.create(visit=visit, secret_hash=f"{number}", number=number)
        for number in (1, 2)
    ]


def test_it_finds_the_row_as_the_query_does(guests, django_assert_num_queries):
    for guest in guests:
        with django_assert_num_queries(1):
            found = by_hash.first(guest.secret_hash)
            assert found
            assert found.visit.table.number == guest.visit.table.number
        assert {**vars(found), "_state": None} == {
            **vars(Guest.objects.select_related("visit__table").get(pk=guest.pk)), "_state": None,
        }  # fmt: skip
        assert not found._state.adding


def test_it_finds_nothing_where_there_is_nothing(guests):
    assert by_hash.first("9") is None


def test_any_number_of_texts_may_be_asked_for(guests):
    """A key of before and a new one: two hashes of one code."""
    assert by_hash.first("8", "9") is None
    assert by_hash.first("8", "2") == guests[1]


def test_a_text_asks_for_itself_and_for_nothing_else(guests):
    assert access._guest.first("' OR 1=1 --", "x") is None


registers_late_by = Prepared(
    lambda pk, now: Register.objects.filter(
        pk__gte=pk, next_poll_at__gt=now - timedelta(seconds=30), next_poll_at__lte=now + DAY
    )
)


def test_a_time_is_what_it_is_now_and_not_when_it_was_written_out(django_assert_num_queries):
    """And one moved by a duration is moved by as much."""
    now = timezone.now()
    register = factories.register(factories.restaurant())
    for late, found in ((29, True), (31, False), (-23 * 3600, True), (-25 * 3600, False)):
        Register.objects.update(next_poll_at=now - timedelta(seconds=late))
        for away in (timedelta(0), DAY, -400 * DAY):
            Register.objects.update(next_poll_at=now + away - timedelta(seconds=late))
            with django_assert_num_queries(1):
                assert registers_late_by.exists(register.pk, now + away) is found
            assert not registers_late_by.exists(register.pk + 1, now + away)


def test_a_column_is_read_to_its_end():
    made = [factories.register(factories.restaurant(slug=slug)).pk for slug in ("a", "b")]
    all_of = Prepared(
        lambda pk: Register.objects.filter(pk__gte=pk).order_by("pk").values_list("pk", flat=True)
    )
    assert all_of.column(made[0]) == made
    assert all_of.column(made[1]) == made[1:]


def test_all_rows_come_in_their_order_with_what_is_counted_beside_them(guests):
    every = Prepared(
        lambda visit: (
            Guest.objects.filter(visit=visit)
            .select_related("visit")
            .annotate(twice=F("number") * 2)
            .order_by("-number")
        )
    )
    found = every.all(guests[0].visit_id)
    assert [(each, each.visit.covers, each.twice) for each in found] == [
        (guests[1], 2, 4),
        (guests[0], 2, 2),
    ]
    assert every.all(guests[0].visit_id + 1) == []


def test_rows_of_a_day_are_counted():
    day = date(2026, 11, 26)
    order = factories.order(factories.guest(factories.table()), day=day)
    counted = Prepared(
        lambda restaurant, of: (
            Order.objects.filter(restaurant=restaurant, day=of)
            .order_by()
            .values("day")
            .annotate(orders=Count("pk"))
            .values_list("orders", "restaurant__slug")
        )
    )
    assert counted.values(order.restaurant_id, day) == [(1, order.restaurant.slug)]
    assert counted.values(order.restaurant_id, day + DAY) == []


rename = PreparedUpdate(
    lambda pk, name, now: Guest.objects.filter(pk=pk).order_by("number"),
    lambda pk, name, now: {"name": name, "number": F("number") + 10, "word_at": now - DAY},
)


def test_an_update_writes_what_is_given_and_says_how_many_rows(guests, django_assert_num_queries):
    now = timezone.now()
    with django_assert_num_queries(2):
        assert rename.update(guests[0].pk, "Zoé", now) == 1
        assert rename.update(guests[1].pk, "'; --", now + DAY) == 1
    assert rename.update(0, "", now) == 0
    assert list(Guest.objects.order_by("number").values_list("name", "number", "word_at")) == [
        ("Zoé", 11, now - DAY),
        ("'; --", 12, now),
    ]


def test_a_row_is_inserted_as_it_is_made(django_assert_num_queries):
    made = PreparedInsert(
        lambda register, number, now: StrangeNumber(
            register_id=register, number=number, seen_at=now
        )
    )
    register, now = factories.register(factories.restaurant()), timezone.now()
    with django_assert_num_queries(2):
        keys = [made.insert(register.pk, number, now) for number in (7, 8)]
    found = StrangeNumber.objects.in_bulk(keys)
    assert [(each.number, each.register, each.seen_at) for each in found.values()] == [
        (7, register, now),
        (8, register, now),
    ]
    assert found[keys[0]].till_state == ""
    assert found[keys[0]].settled_at is None


def test_a_column_that_fills_itself_in_is_not_frozen(guests):
    joined = PreparedInsert(lambda visit: Guest(visit_id=visit, number=9, secret_hash="9"))
    with pytest.raises(ValueError, match="first row"):
        joined.insert(guests[0].visit_id)


def test_an_update_that_fails_lets_nothing_of_its_transaction_stand(guests):
    same_number = PreparedUpdate(
        lambda pk: Guest.objects.filter(pk=pk), lambda pk: {"number": guests[1].number}
    )
    with transaction.atomic(), suppress(IntegrityError):
        same_number.update(guests[0].pk)
        pytest.fail("two guests have one number")
    with transaction.atomic():
        with suppress(IntegrityError):
            same_number.update(guests[0].pk)
        with pytest.raises(TransactionManagementError):
            Guest.objects.count()


def test_a_number_that_a_column_cannot_hold_is_no_silent_nothing(guests):
    """What stands for a number while the SQL is written is larger than a small column of PostgreSQL."""
    small = Prepared(lambda number: Guest.objects.filter(number=number))
    if connection.vendor == "sqlite":
        assert small.first(1) == guests[0]
        return
    with pytest.raises(ValueError, match="range"):
        small.first(1)


def test_what_stands_in_no_parameter_as_it_is_given_is_a_mistake_said_aloud(guests):
    """A text inside a pattern: what stands for it would be asked for, for ever, and nothing found."""
    tapped = Prepared(lambda pk, tap: Guest.objects.filter(pk=pk, taps__contains=tap))
    with pytest.raises(ValueError, match="as it is given"):
        tapped.exists(guests[0].pk, "abc")


def test_a_sum_with_what_is_given_is_not_another_of_the_given(guests):
    next_to = Prepared(lambda pk, more: Guest.objects.filter(pk__lt=pk + 1, pk__gte=more))
    with pytest.raises(ValueError, match="as it is given"):
        next_to.exists(guests[0].pk, guests[0].pk)


def test_a_bound_that_no_small_column_can_pass_is_not_dropped(guests):
    """On PostgreSQL “less than two thousand million” is true of every small number, and Django leaves it out."""
    below = Prepared(lambda number: Guest.objects.filter(number__lt=number))
    if connection.vendor == "sqlite":
        assert not below.exists(1)
        return
    with pytest.raises(ValueError, match="as it is given"):
        below.exists(1)


def test_what_cannot_be_is_not_asked_for(django_assert_num_queries):
    """No kind of register is of that sort."""
    none = Prepared(lambda now: Register.objects.filter(kind__in=[], next_poll_at=now))
    with django_assert_num_queries(0):
        assert not none.exists(timezone.now())
        assert none.first(timezone.now()) is None
        assert none.column(timezone.now()) == []
        assert none.all(timezone.now()) == []


def test_it_is_written_anew_where_something_else_decides():
    factories.register(factories.restaurant())
    kinds = ["tiller"]
    of_kinds = Prepared(lambda: Register.objects.filter(kind__in=kinds), lambda: tuple(kinds))
    assert not of_kinds.exists()
    kinds.append("leo2")
    assert of_kinds.exists()


@pytest.mark.parametrize("divisor", [1, 20])
def test_the_workers_ask_what_was_meant_whatever_the_divisor(settings, divisor):
    """Durations are divided by a setting, which is no part of what a query is given."""
    settings.TIME_DIVISOR = divisor
    now = timezone.now()
    register = factories.register(factories.restaurant())
    Register.objects.update(lease_owner="x", lease_until=now + timedelta(seconds=3))
    assert waiting.is_served(register.pk, now) is (divisor == 1)


def test_postgresql_plans_once_what_is_asked_again(guests):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite keeps what it has compiled by itself")
    for _ in range(8):
        assert by_hash.first("2") == guests[1]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%secret_hash%'"
        )
        assert cursor.fetchone() == (1,)
