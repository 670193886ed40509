"""`manage.py reconcile RESTAURANT DATE`, against a simulated register on a real port."""

import io
import threading
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from ordering.models import Order
from ordering.services import reconciliation
from ordering.services.days import service_day
from pos_bridge import decisions, numbers
from pos_bridge.decisions import Decision
from pos_bridge.delivery import serve
from pos_bridge.models import Addition
from tests.pos_bridge.conftest import chez_alice, leo2  # noqa: F401  (fixtures)

pytestmark = [pytest.mark.wire, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _quick(settings):
    settings.TIME_DIVISOR = 50


def deliver(restaurant):
    serve(restaurant.register.pk, worker="test", stopping=threading.Event())


def reconciled(restaurant, day=None):
    """What it prints, and what it exits with."""
    day = day or service_day(restaurant.restaurant, timezone.now())
    Order.objects.update(day=day)
    out: io.StringIO = io.StringIO()
    code: object = 0
    try:
        call_command("reconcile", restaurant.restaurant.slug, day.isoformat(), stdout=out)
    except SystemExit as ended:
        code = ended.code
    return " ".join(out.getvalue().split()), code


def test_all_is_well(chez_alice, leo2):  # noqa: F811
    addition = chez_alice.order(table=12)
    deliver(chez_alice)
    said, code = reconciled(chez_alice)
    assert f"{addition.order.number} 12 {addition.number} received" in said
    assert "on the till" in said
    assert "Nothing is missing, and nothing is double." in said
    assert code == 0


def test_it_names_what_is_missing_double_by_hand_and_nobody_s(chez_alice, leo2):  # noqa: F811
    """F28: and exits with 1."""
    twice, gone, by_hand = (chez_alice.order(table=table) for table in (1, 2, 3))
    assert decisions.decide(by_hand, Decision.BY_HAND).won
    deliver(chez_alice)
    Addition.objects.filter(pk=twice.pk).update(state="handled", handled_as="by_hand")
    Addition.objects.filter(pk=gone.pk).update(number=gone.number + 50_000, state="uncertain")
    said, code = reconciled(chez_alice)
    assert f"Double (look whether it was served or charged twice): order {twice.order.number}" in (
        said
    )
    assert f"Missing (given, and neither listed nor paid): order {gone.order.number}, table 2" in (
        said
    )
    assert f"Entered by hand: order {by_hand.order.number}, table 3" in said
    assert f"Listed, and never given here: number {gone.number}" in said
    assert code == 1


def test_it_says_where_it_could_not_read_the_list(chez_alice, leo2):  # noqa: F811
    chez_alice.order(table=12)
    deliver(chez_alice)
    leo2.stop()
    said, code = reconciled(chez_alice)
    assert "could not be read (no_connection): this is what we know ourselves." in said
    assert code == 0
    Addition.objects.update(state="uncertain", received_at=None)
    assert reconciled(chez_alice)[1] == 1


def test_the_day_begins_at_five(chez_alice, leo2):  # noqa: F811
    day = datetime(2026, 11, 20, tzinfo=ZoneInfo("Europe/Paris"))
    first, end = reconciliation._numbers_of(chez_alice.restaurant, day.date())
    assert first == numbers.floor(day + timedelta(hours=5))
    assert end == first + 24 * 3600


def test_it_knows_no_restaurant_of_another_name(chez_alice, leo2):  # noqa: F811
    with pytest.raises(CommandError):
        call_command("reconcile", "nowhere", "2026-11-20")
