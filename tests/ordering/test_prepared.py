"""SQL that is written once asks for what was meant each time."""

import pytest

from ordering import access
from ordering.models import Guest
from ordering.prepared import Prepared
from tests import factories

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
