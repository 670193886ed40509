"""The end of a service: every number with its fate, and the day in figures. T30: who takes it home is kept."""

import csv
from datetime import timedelta

import pytest
from django.utils import timezone, translation

from ordering.models import Act, Call, Order, Product, Restaurant, SetMenu, Visit
from ordering.services import acts, calls, evening
from ordering.services.days import service_day
from pos_bridge.models import Addition
from tests import factories
from tests.ordering.admin_cast import person
from tests.ordering.staff_cast import house, order, text

pytestmark = pytest.mark.django_db

State, Handled = Addition.State, Addition.Handled
PAGE = "/board/chez-alice/service/"
EXPORT = f"{PAGE}export/"


@pytest.fixture
def alice(a, client):
    user = person("alice", manager=[a])
    client.force_login(user)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return user


def today(restaurant):
    return service_day(restaurant, timezone.now())


def issued(restaurant, state, waited=None, **fields):
    """A number of today; `waited`: seconds until the till had it."""
    addition = order(restaurant, state=state, reason="", age=0, **fields)
    made = addition.order
    Order.objects.filter(pk=made.pk).update(day=today(restaurant))
    if waited is not None:
        at = made.created_at + timedelta(seconds=waited)
        Addition.objects.filter(pk=addition.pk).update(received_at=at)
    return addition


def of(restaurant):
    return evening.evening(restaurant=restaurant, day=today(restaurant), now=timezone.now())


FATES = [
    (State.QUEUED, "", "waits to be sent"),
    (State.SENDING, "", "is being sent this very moment"),
    (State.ACCEPTED, "", "in the till’s queue, not on the till"),
    (State.RECEIVED, "", "on the till"),
    (State.SETTLED, "", "on the till, and paid"),
    (State.REFUSED, "", "refused: it is not on the till"),
    (State.UNCERTAIN, "", "may be on the till"),
    (State.HELD, "", "waits for you"),
    (State.HANDLED, Handled.ON_TILL, "on the till"),
    (State.HANDLED, Handled.BY_HAND, "entered by hand"),
    (State.HANDLED, Handled.CANCELLED, "cancelled"),
    (State.HANDLED, Handled.REPLACED, "replaced by another"),
    (State.HANDLED, Handled.TAKEN_BACK, "taken back into the cart"),
]


def test_it_names_the_fate_of_every_number(a, alice, client):
    """Each state that there is, and none left out."""
    assert {state for state, _, _ in FATES} == set(State)
    assert {handled for _, handled, _ in FATES} - {""} == set(Handled)
    for state, handled, _ in FATES:
        issued(a, state, handled_as=handled)
    with translation.override("en"):
        with_words = {each.number: each.fate for each in of(a).issued}
    expected = [words for _, _, words in FATES]
    assert [with_words[number] for number in sorted(with_words)] == expected
    page = text(client.get(PAGE))
    for number, words in with_words.items():
        assert f" {number} " in page
        assert f" {words} " in page


def test_its_figures_count_what_is_on_the_till_once(a):
    for state, waited in ((State.RECEIVED, 4), (State.SETTLED, 6), (State.HANDLED, None)):
        issued(a, state, waited, handled_as=Handled.BY_HAND if waited is None else "")
    issued(a, State.REFUSED)
    issued(a, State.HANDLED, handled_as=Handled.TAKEN_BACK)
    issued(a, State.HELD)
    # Sent anew: two numbers, one order.
    again = issued(a, State.HANDLED, handled_as=Handled.REPLACED)
    again.order.additions.create(
        register=again.register, number=9_999, position=2, ticket={}, body="{}",
        state=State.RECEIVED, received_at=again.order.created_at + timedelta(seconds=50),
    )  # fmt: skip
    # Of another house, and of another day.
    issued(house("chez-charlie"), State.RECEIVED)
    yesterday = issued(a, State.RECEIVED)
    Order.objects.filter(pk=yesterday.order_id).update(day=today(a) - timedelta(days=1))

    found = of(a).figures

    assert found.orders == 6
    assert found.visits == 1  # all of one party at table 12
    assert found.covers == 2
    assert found.total == 4 * 8_00
    assert (found.median, found.slowest) == (6, 50)
    assert (found.refused, found.by_hand, found.open) == (2, 1, 2)


def test_it_parts_lunch_from_dinner_and_gives_a_late_party_to_the_evening(a):
    day = today(a)
    for hours, number in (
        (7, 1),
        (14, 2),
        (20, 3),
    ):  # noon, seven, one in the morning: from five on
        addition = issued(a, State.RECEIVED)
        begins = timezone.now().astimezone().replace(
            year=day.year, month=day.month, day=day.day, hour=5, minute=0
        )  # fmt: skip
        Order.objects.filter(pk=addition.order_id).update(
            created_at=begins + timedelta(hours=hours), number=number
        )
    services = of(a).services
    assert [each.name for each in services] == [evening.LUNCH, evening.DINNER]
    assert [[one.order for one in each.issued] for each in services] == [[1], [2, 3]]
    [fate] = services[1].fates
    assert (fate.count, fate.total) == (2, 16_00)


def test_it_says_who_has_not_left_and_what_is_sold_out(a, alice, client):
    issued(a, State.RECEIVED)
    gone = factories.table(a, 13)
    factories.guest(gone)
    Visit.objects.filter(table=gone).update(ended_at=timezone.now())
    factories.product(a, "tarte")
    Product.objects.update(sold_out_until=today(a) + timedelta(days=1))
    page = text(client.get(PAGE))
    assert "Table 12 , since" in page
    assert "1 order €8.00" in page
    assert "Table 13" not in page
    assert "Sold out now Tarte" in page
    SetMenu.objects.create(restaurant=a, key="m", name={"fr": "Midi"}, price=1, vat=10, portions=0)
    assert "Midi" in text(client.get(PAGE)).partition("Sold out now")[2]
    SetMenu.objects.all().delete()
    Product.objects.update(sold_out_until=today(a))  # on sale again today
    assert "Sold out now Nothing." in text(client.get(PAGE))


def test_a_day_is_chosen_and_what_is_none_does_not_exist(a, alice, client):
    addition = issued(a, State.RECEIVED)
    day = today(a) - timedelta(days=3)
    assert "No number was issued" in text(client.get(f"{PAGE}?day={day}"))
    Order.objects.filter(pk=addition.order_id).update(day=day)
    assert str(addition.number) in text(client.get(f"{PAGE}?day={day}"))
    assert "No number was issued" in text(client.get(f"{PAGE}?day=9999-12-31"))
    for wrong in ("x", "2026-13-01", "0", "%00"):
        assert client.get(f"{PAGE}?day={wrong}").status_code == 404
    Restaurant.objects.update(timezone="Pacific/Auckland")
    assert client.get(f"{PAGE}?day=0001-01-01").status_code == 200


def test_it_costs_the_same_for_one_order_as_for_many(a, django_assert_num_queries):
    issued(a, State.RECEIVED)
    with django_assert_num_queries(6):
        of(a)
    for _ in range(12):
        issued(a, State.RECEIVED)
    with django_assert_num_queries(6):
        assert len(of(a).issued) == 13


def test_it_counts_the_calls_of_the_day(a):
    guest = factories.guest(a.tables.get())
    calls.call(guest=guest, kind=Call.Kind.WAITER)
    calls.call(guest=guest, kind=Call.Kind.BILL)
    assert of(a).figures.calls == 2
    Call.objects.filter(kind=Call.Kind.BILL).update(at=timezone.now() - timedelta(days=1))
    assert of(a).figures.calls == 1


# --- Taken home -----------------------------------------------------------------------------------


def rows(answer):
    return list(csv.DictReader(answer.content.decode("utf-8-sig").splitlines()))


def test_a_manager_takes_it_home_and_that_is_kept_t30(a, alice, client):
    addition = issued(a, State.RECEIVED, 4)
    answer = client.post(EXPORT, {"day": str(today(a))})
    assert answer["Content-Disposition"] == f'attachment; filename="chez-alice-{today(a)}.csv"'
    [row] = rows(answer)
    assert row["Number"] == str(addition.number)
    assert (row["Table"], row["Fate"], row["Total, tax included"]) == ("12", "on the till", "8.00")
    act = Act.objects.get()
    assert act.person == alice
    assert acts.sentence(act) == f"took the list of {today(a)} home as a file"


def test_service_reads_it_and_takes_nothing_home_t22(a, client):
    client.force_login(person("bob", service=[a]))
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    issued(a, State.RECEIVED)
    assert "Take it home" not in text(client.get(PAGE))
    assert client.post(EXPORT, {"day": str(today(a))}).status_code == 403
    assert not Act.objects.exists()


def test_nothing_is_taken_home_by_a_link_t30(a, alice, client):
    answer = client.get(EXPORT)
    assert (answer.status_code, answer["Location"]) == (302, "../")
    assert not Act.objects.exists()


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "\t="])
def test_no_cell_is_run_by_a_spreadsheet_t30(a, alice, client, begins, monkeypatch):
    """What stands in it is ours today; a word of the register's maker, or a translation, may not be."""
    issued(a, State.RECEIVED)
    monkeypatch.setattr(evening, "fate", lambda addition: f"{begins}HYPERLINK(1)")
    [row] = rows(client.post(EXPORT))
    assert row["Fate"] == f"'{begins}HYPERLINK(1)"
