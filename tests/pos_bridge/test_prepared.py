"""SQL that is written once asks for what was meant each time."""

from datetime import timedelta

import pytest
from django.utils import timezone

from ordering import access
from ordering.models import Guest
from pos_bridge import waiting
from pos_bridge.models import Register
from pos_bridge.prepared import Prepared
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


def test_what_cannot_be_is_not_asked_for(django_assert_num_queries):
    """No kind of register is of that sort."""
    none = Prepared(lambda now: Register.objects.filter(kind__in=[], next_poll_at=now))
    with django_assert_num_queries(0):
        assert not none.exists(timezone.now())
        assert none.first(timezone.now()) is None
        assert none.column(timezone.now()) == []


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
