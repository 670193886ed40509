"""How a visit ends, and how the next party at the same table is told from the one before."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.db import connection
from django.utils import timezone

from ordering.models import Act, Call, Guest, Visit
from ordering.services import acts, calls, cart, events, seating, visits
from ordering.services.problems import Refused
from pos_bridge.models import Addition, AdditionEvent
from tests import factories
from tests.helpers import at_once
from tests.ordering.diner_phone import house

pytestmark = pytest.mark.django_db

EVENING = datetime(2026, 5, 22, 19, 41, tzinfo=ZoneInfo("Europe/Paris"))
State, Handled = Addition.State, Addition.Handled


def later(**delta):
    return time_machine.travel(EVENING + timedelta(**delta), tick=False)


@pytest.fixture
def guest():
    """The first phone of a party of three that was seated at 19:41 at table 12."""
    with later():
        return visits.join(table=factories.table(house()), secret="first", covers=3)


def ordered(guest, state="received", number=1, **fields):
    till = guest.visit.table.restaurant.registers.get()
    return Addition.objects.create(
        order=factories.order(guest), register=till, number=number, ticket={}, body="{}",
        state=state, **fields,
    )  # fmt: skip


def joins(guest, secret="another", **options):
    return visits.join(table=guest.visit.table, secret=secret, **{"covers": None, **options})


@pytest.fixture
def alice():
    return get_user_model().objects.create_user("alice")


# --- Silence ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("minutes", "same"), [(89, True), (90, False)])
def test_it_ends_after_a_silence_p17(guest, minutes, same):
    """Counted from the last sign of life; it is written by whoever comes next, and no GET writes."""
    with later(minutes=minutes):
        assert (visits.open_visit(guest.visit.table) == guest.visit) == same
        assert Visit.objects.get().ended_at is None
        assert (joins(guest, covers=2).visit == guest.visit) == same
    assert (Visit.objects.get(pk=guest.visit_id).ended_at is None) == same


def test_every_change_of_the_cart_is_a_sign_of_life_p17(guest):
    with later(minutes=80):
        cart.add(guest=guest, product_key="soupe", quantity=1, chosen=[])
    with later(minutes=160):
        assert visits.open_visit(guest.visit.table) == guest.visit
    guest.visit.refresh_from_db()
    with later(minutes=170), pytest.raises(visits.VisitEnded):
        cart.add(guest=guest, product_key="soupe", quantity=1, chosen=[])


def test_the_house_says_how_long_a_silence_is_p17(guest):
    guest.visit.table.restaurant.silence_minutes = 180
    guest.visit.table.restaurant.save()
    with later(minutes=179):
        assert joins(guest).visit == guest.visit


@pytest.mark.parametrize("state", ["queued", "sending", "accepted", "uncertain", "held", "refused"])
def test_a_visit_with_an_undelivered_order_never_ends_by_silence_p17(guest, state):
    with later():
        addition = ordered(guest, state)
    with later(hours=20):
        assert visits.open_visit(guest.visit.table) == guest.visit
        visits.lock(Visit.objects.get())
        Visit.objects.update(touched_at=EVENING)
        assert visits.end_silent() == 0
        Addition.objects.filter(pk=addition.pk).update(state="received")
        assert visits.end_silent() == 1
        assert visits.end_silent() == 0


def test_a_phone_that_wakes_up_in_that_moment_keeps_its_visit_p17(guest):
    """The sweep ends only what has not moved since it looked."""

    def wake(execute, sql, *rest):
        if sql.startswith("SELECT") and 'FROM "pos_bridge_addition"' in sql:  # is it silent?
            Visit.objects.update(cart_version=99, touched_at=timezone.now())
        return execute(sql, *rest)

    with later(minutes=95), connection.execute_wrapper(wake):
        assert visits.end_silent() == 0
    visit = Visit.objects.get()
    assert (visit.cart_version, visit.ended_at) == (99, None)


@pytest.mark.parametrize("how", ["settled", "freed", "silent", "left behind"])
def test_the_names_are_forgotten_with_the_visit_p21(guest, alice, how):
    Guest.objects.update(name="Zoé")
    with later():
        addition = ordered(guest)
    if how == "settled":
        Addition.objects.update(state="settled")
        AdditionEvent.objects.create(addition=addition, kind="settled")
        with later(minutes=1):
            assert events.consume() == 1
    elif how == "freed":
        seating.free(visit=guest.visit, by=alice)
    elif how == "silent":
        with later(minutes=91):
            assert visits.end_silent() == 1
    else:
        with later(minutes=16):
            joins(guest, covers=2, answer=visits.Answer(guest.visit.opened_at, False))
    assert Visit.objects.get(pk=guest.visit_id).ended_at is not None
    assert not Guest.objects.exclude(name="").exists()


# --- The next party -----------------------------------------------------------------------------


@pytest.mark.parametrize(("minutes", "asked"), [(14, False), (15, True)])
def test_a_new_phone_is_asked_when_the_party_has_been_quiet_p17(guest, minutes, asked):
    with later():
        ordered(guest)
    with later(minutes=minutes):
        if not asked:
            assert joins(guest).visit == guest.visit
            return
        with pytest.raises(visits.WhichParty) as question:
            joins(guest, covers=2)
        assert question.value.seated_at == guest.visit.opened_at
        assert joins(guest, "first") == guest  # who is one of them is not asked
    assert (Visit.objects.count(), Guest.objects.count()) == (1, 1)


def test_a_new_phone_is_asked_once_the_party_has_called_for_the_bill_p17(guest):
    """The commonest failure of all: they pay, and the next ones sit down at once. A call is no sign that they stay."""
    with later():
        ordered(guest)
    with later(minutes=1):
        guest = Guest.objects.select_related("visit__table__restaurant").get(pk=guest.pk)
        calls.call(guest=guest, kind=Call.Kind.BILL, pay="card")
        with pytest.raises(visits.WhichParty):
            joins(guest)
    with later(minutes=2):
        ordered(guest, number=2)  # they have a coffee after all
        assert joins(guest).visit == guest.visit


def test_nobody_is_asked_before_anything_was_ordered_p17(guest):
    with later(minutes=60):
        assert joins(guest).visit == guest.visit


def test_yes_joins_and_is_a_sign_of_life_p17(guest):
    with later():
        ordered(guest)
    with later(minutes=20):
        assert joins(guest, answer=visits.Answer(guest.visit.opened_at, True)).visit == guest.visit
        assert joins(guest, "a third").visit == guest.visit


def test_no_opens_a_new_visit_and_puts_the_old_one_before_the_staff_p17(guest, alice):
    house = guest.visit.table.restaurant
    with later():
        ordered(guest)
    no = visits.Answer(guest.visit.opened_at, False)
    with later(minutes=20):
        with pytest.raises(visits.CoversNeeded):
            joins(guest, answer=no)
        assert Visit.objects.get().ended_at is None
        new = joins(guest, covers=2, answer=no)
        # A second phone of the new party, which was asked in the same moment.
        assert joins(guest, "their second", covers=4, answer=no).visit == new.visit
    assert (new.visit.covers, new.number) == (2, 1)
    assert list(seating.left_behind(house)) == [guest.visit]
    with pytest.raises(visits.VisitEnded):
        visits.lock(guest.visit)
    assert seating.confirm_left(visit=guest.visit, by=alice)
    assert not seating.confirm_left(visit=guest.visit, by=alice)
    assert not seating.left_behind(house).exists()
    assert [act.what for act in Act.objects.all()] == ["party_left"]


def test_no_ends_no_party_that_is_at_it_again_p17(guest):
    """Nobody ends somebody else's meal: while it is alive the team is asked."""
    with later():
        ordered(guest)
    with later(minutes=20):
        cart.add(guest=guest, product_key="soupe", quantity=1, chosen=[])
        with pytest.raises(Refused) as refused:
            joins(guest, covers=2, answer=visits.Answer(guest.visit.opened_at, False))
    assert [problem.code for problem in refused.value.problems] == ["party_active"]
    assert Visit.objects.get().ended_at is None


def test_an_answer_about_another_party_is_asked_again_p17(guest):
    """Made up, or of a page that has been open for long."""
    with later():
        ordered(guest)
    for belongs in (True, False):
        with later(minutes=20), pytest.raises(visits.WhichParty):
            joins(guest, covers=2, answer=visits.Answer(EVENING - timedelta(days=1), belongs))
    assert Visit.objects.get().ended_at is None


def test_what_is_settled_late_ends_its_own_visit_never_the_next_one_p17(guest):
    """F67: the old party's bill is settled when the next one sits there."""
    with later():
        addition = ordered(guest)
    with later(minutes=20):
        new = joins(guest, covers=2, answer=visits.Answer(guest.visit.opened_at, False))
        ordered(new, number=2)
        Addition.objects.filter(pk=addition.pk).update(state="settled")
        event = AdditionEvent.objects.create(addition=addition, kind="settled")
        events.consume()
        event.refresh_from_db()
        assert event.consumed_at is not None
        assert visits.open_visit(guest.visit.table) == new.visit


@pytest.mark.django_db(transaction=True)
def test_two_phones_of_the_next_party_open_one_visit_p17(guest):
    """F18: both say no in the same second."""
    with later():
        ordered(guest)
    no = visits.Answer(guest.visit.opened_at, False)
    with later(minutes=20):
        new = at_once(
            *[
                lambda name=name: joins(guest, f"phone {name}", covers=name, answer=no)
                for name in range(2, 6)
            ]
        )
    assert {each.visit_id for each in new} == {Visit.objects.get(ended_at=None).pk}
    assert Visit.objects.count() == 2


# --- Shared tables ------------------------------------------------------------------------------


def test_at_a_shared_table_each_phone_is_a_party_of_its_own():
    table = factories.table(house(), shared=True)
    with pytest.raises(visits.CoversNeeded):
        visits.join(table=table, secret="a", covers=None)
    one = visits.join(table=table, secret="a", covers=1)
    with pytest.raises(visits.CoversNeeded):
        visits.join(table=table, secret="b", covers=None)
    two = visits.join(table=table, secret="b", covers=2)
    assert one.visit != two.visit
    assert visits.join(table=table, secret="a", covers=None) == one
    assert visits.open_visit(table, "b") == two.visit
    assert visits.open_visit(table, "c") is None
    assert visits.open_visits(table) == [one.visit, two.visit]
    visits.end(visit=one.visit)
    assert visits.open_visit(table, "b") == two.visit


def test_a_table_that_is_shared_no_longer_has_one_party():
    table = factories.table(house(), shared=True)
    visits.join(table=table, secret="a", covers=1)
    table.shared = False
    table.save()
    new = visits.join(table=table, secret="b", covers=2)
    assert visits.join(table=table, secret="c", covers=None).visit == new.visit


# --- What the staff do --------------------------------------------------------------------------


def test_the_staff_seat_a_party_and_its_phones_are_not_asked_t02(alice):
    table = factories.table(house())
    visit = seating.seat(table=table, covers=4, by=alice)
    assert visits.join(table=table, secret="a", covers=None).visit == visit
    with pytest.raises(Refused, match="table_taken"):
        seating.seat(table=table, covers=2, by=alice)
    with pytest.raises(Refused, match="covers"):
        seating.seat(table=table, covers=31, by=alice)
    act = Act.objects.get()
    assert (act.person, act.what, act.table, acts.sentence(act)) == (
        alice, "table_seated", table, "a installé un groupe de 4",
    )  # fmt: skip


def test_the_staff_seat_the_next_party_where_one_was_silent(guest, alice):
    with later(minutes=90):
        visit = seating.seat(table=guest.visit.table, covers=4, by=alice)
    assert visits.current(guest.visit.table) == visit


def test_the_staff_free_a_table_once_t03(guest, alice):
    """T03: and a page of before sends nothing any more."""
    assert seating.free(visit=guest.visit, by=alice)
    assert not seating.free(visit=guest.visit, by=alice)
    with pytest.raises(visits.VisitEnded):
        cart.add(guest=guest, product_key="soupe", quantity=1, chosen=[])
    assert [(act.person, act.what) for act in Act.objects.all()] == [(alice, "table_freed")]


def test_the_staff_correct_the_covers_and_hear_what_to_do_on_the_till_f18(guest, alice):
    with later():
        first = ordered(guest, number=7)
        ordered(guest, "handled", number=8, handled_as=Handled.TAKEN_BACK)
        ordered(guest, "refused", number=9)
        words = seating.set_covers(visit=guest.visit, covers=5, by=alice)
        assert words == [
            f"La commande n° {first.order.number} (numéro 7 en caisse) est partie avec 3 couverts : "
            "corrigez-la en caisse."
        ]
        assert Visit.objects.get().covers == 5
        visits.set_covers(guest=guest, covers=4)
        assert len(seating.covers_to_correct(Visit.objects.get())) == 1
        assert seating.set_covers(visit=guest.visit, covers=3, by=alice) == []
        with pytest.raises(Refused, match="covers"):
            seating.set_covers(visit=guest.visit, covers=0, by=alice)
    assert [act.details for act in Act.objects.order_by("pk")] == [
        {"before": 3, "after": 5},
        {"before": 4, "after": 3},
    ]
