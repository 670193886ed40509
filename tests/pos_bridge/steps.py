"""What the tests of the outbox do again and again, with the time handed in."""

from datetime import timedelta

from django.utils import timezone

from pos_bridge import following, outbox
from pos_bridge.models import Addition
from pos_bridge.registers.base import Receipt, TillState

State = Addition.State
ACCEPTED = Receipt("accepted", "1", 200, '{"id": 1, "state": 1}')


def soon():
    """A moment after all that the test has ordered."""
    return timezone.now() + timedelta(seconds=5)


def later(now, seconds):
    return now + timedelta(seconds=seconds)


def claimed(restaurant, now, worker="one"):
    return outbox.claim(restaurant.register.pk, worker=worker, now=now)


def settled(claim, outcome, now):
    return outbox.settle(claim, outcome, now=now, duration=0.25)


def tried(restaurant, outcome, now):
    """Claim whatever is next and settle it so."""
    claim = claimed(restaurant, now)
    assert claim is not None
    assert settled(claim, outcome, now)
    return claim.addition


def put(addition, state, **fields):
    Addition.objects.filter(pk=addition.pk).update(state=state, **fields)
    addition.refresh_from_db()
    return addition


def listed(restaurant, number, state, text, now):
    """The register's list says this of a number. How many additions have moved."""
    return following.follow(restaurant.register.pk, {number: TillState(state, text)}, now=now)


def now_is(addition):
    """(state, reason) as the database has them."""
    return Addition.objects.values_list("state", "reason").get(pk=addition.pk)
