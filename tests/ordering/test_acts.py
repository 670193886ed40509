"""What people do is kept, with who and when."""

import pytest

from ordering.models import Act
from ordering.services import acts
from tests import factories
from tests.ordering.admin_cast import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def table():
    return factories.table(factories.restaurant("house"), 7)


def test_it_keeps_who_did_what_and_where(table):
    waiter = person("dora", service=[table.restaurant])

    act = acts.record(by=waiter, restaurant=table.restaurant, what="table_freed", table=table)

    kept = Act.objects.get(pk=act.pk)
    assert (kept.person, kept.restaurant, kept.table) == (waiter, table.restaurant, table)
    assert acts.sentence(kept) == "a libéré la table"


def test_it_knows_a_sentence_for_all_that_it_keeps(table):
    with pytest.raises(KeyError):
        acts.record(by=None, restaurant=table.restaurant, what="never_heard_of")


def test_the_history_outlives_the_person(table):
    waiter = person("dora", service=[table.restaurant])
    acts.record(by=waiter, restaurant=table.restaurant, what="table_freed")

    waiter.delete()

    assert Act.objects.get().person is None
