"""The room on the board, and a table with its party."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ordering.board import needs as board_needs
from ordering.board.need import Need
from ordering.models import Act, Order, Table, Visit
from ordering.services import acts, cart, serving, visits
from ordering.templatetags.diner import clock
from pos_bridge.models import Addition, Heartbeat, Register
from tests import factories
from tests.ordering.admin_cast import person
from tests.ordering.staff_cast import order, text

pytestmark = pytest.mark.django_db
State = Addition.State
BOARD = "/board/chez-alice/"
TABLE = f"{BOARD}tables/12/"


@pytest.fixture
def delivery():
    now = timezone.now()
    return Heartbeat.objects.create(kind="deliver", name="x", started_at=now, beat_at=now)


def tile(client, number=12):
    page = client.get(BOARD).content.decode()
    link = page[page.index(f'id="table-{number}"') :]
    return link[: link.index("</a>")]


def now_on_the_wall():
    return clock(timezone.now(), "Europe/Paris")


# --- The tiles ----------------------------------------------------------------------------------


def test_a_table_is_free_seated_choosing_on_its_way_and_on_the_till(a, bob, client):
    """A colour, a word and a sign for each."""
    factories.product(a, "soupe")
    table = a.tables.get()
    assert 'data-state="free"' in tile(client)
    assert "Free" in tile(client)
    guest = factories.guest(table, 3)
    for part in ('data-state="seated"', "3 covers", f"Seated, {now_on_the_wall()}", "<svg"):
        assert part in tile(client)
    cart.add(guest=guest, product_key="soupe", quantity=1, chosen=[])
    assert 'data-state="choosing"' in tile(client)
    assert "Choosing" in tile(client)
    sent = order(a, State.QUEUED, "", age=5)
    assert 'data-state="sent"' in tile(client)
    assert "On its way" in tile(client)
    guest.visit.cart_lines.all().delete()
    at = timezone.now()
    Addition.objects.update(state=State.RECEIVED, received_at=at)
    assert 'data-state="till"' in tile(client)
    assert f"On the till, {now_on_the_wall()}" in tile(client)
    Addition.objects.filter(pk=sent.pk).update(state=State.SETTLED)
    Visit.objects.exclude(orders=sent.order).delete()
    assert 'data-state="free"' in tile(client)


def test_what_needs_a_person_goes_before_what_the_table_is_doing(a, bob, client):
    order(a, State.RECEIVED, "", received_at=timezone.now())
    order(a, State.REFUSED, "refused")
    assert 'data-state="alarm"' in tile(client)
    assert "Refused: it is not on the till" in tile(client)


def test_what_is_wrong_goes_before_who_waits(a, bob, client, monkeypatch):
    late = order(a)
    called = Need(
        "call",
        "1",
        late.created_at - timedelta(hours=1),
        a.tables.get(),
        "",
        "calls",
        colour="wait",
    )
    monkeypatch.setattr(board_needs, "PROVIDERS", [*board_needs.PROVIDERS, lambda *_: [called]])
    assert 'data-state="alarm"' in tile(client)
    Addition.objects.update(state=State.RECEIVED)
    assert 'data-state="call"' in tile(client)
    assert "Calls" in tile(client)


def test_a_table_without_ordering_says_so(a, bob, client):
    Table.objects.update(ordering=False, seats=4)
    assert "no phones" in tile(client)
    assert "4 seats" in tile(client)


def test_it_stands_in_zones_and_leaves_dead_cards_out(a, bob, client):
    factories.table(a, 31, zone="Bar")
    factories.table(a, 1, zone="Salle")
    factories.table(a, 99, enabled=False)
    page = client.get(BOARD).content.decode()
    assert page.index("<h3>Bar</h3>") < page.index('id="table-31"') < page.index("<h3>Salle</h3>")
    assert 'id="table-99"' not in page


def test_a_hundred_tables_cost_no_query_more_than_one(a, bob, client, delivery):
    """F20: one cheap request every few seconds."""
    order(a, State.RECEIVED, "", received_at=timezone.now())
    order(a)
    order(a, State.HELD, "approval")
    part = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{BOARD}"}
    with CaptureQueriesContext(connection) as one:
        client.get(BOARD, headers=part)
    for number in range(100, 200):
        table = factories.table(a, number)
        guest = factories.guest(table)
        made = factories.order(guest)
        last = (State.RECEIVED, ""), (State.HELD, "approval"), (State.SENDING, "")
        for position, (state, reason) in enumerate([(State.HELD, "stale"), last[number % 3]], 1):
            made.additions.create(
                register=a.registers.get(), number=number * 10 + position, position=position,
                ticket={}, body="{}", state=state, reason=reason,
            )  # fmt: skip
    with CaptureQueriesContext(connection) as many:
        client.get(BOARD, headers=part)
    assert len(many) == len(one) <= 19


# --- How the till is ----------------------------------------------------------------------------


def test_it_says_how_the_till_is_in_plain_words(a, bob, client, delivery):
    now = timezone.now()
    long_ago = now - timedelta(minutes=3)
    assert "The till is ready." in text(client.get(BOARD))
    order(a, State.RECEIVED, "", received_at=now)
    assert f"The last order reached it at {now_on_the_wall()}." in text(client.get(BOARD))
    Register.objects.update(failures=1, silent_since=now)
    assert "it is being tried" in text(client.get(BOARD))
    Register.objects.update(failures=5, silent_since=long_ago)
    time = clock(long_ago, "Europe/Paris")
    said = f"The till has not answered since {time}: guests are asked to order from the team."
    assert said in text(client.get(BOARD))
    Register.objects.update(failures=0, silent_since=None, paused_reason="keys_refused")
    assert "The till takes no orders: the register refuses its keys." in text(client.get(BOARD))
    Register.objects.update(current=False)
    assert "No register is set up" in text(client.get(BOARD))


def test_it_says_that_the_delivery_stands_still(a, bob, client, delivery):
    """P10, F31: fifteen seconds after its last sign of life."""
    Heartbeat.objects.update(beat_at=timezone.now() - timedelta(seconds=16))
    assert "Orders do not reach the till: the delivery stands still since" in text(
        client.get(BOARD)
    )
    Heartbeat.objects.all().delete()
    assert "the delivery is not running" in text(client.get(BOARD))


# --- A table ------------------------------------------------------------------------------------


def test_a_table_shows_what_came_by_phone_with_codes_and_numbers(a, bob, client):
    """Where the waiter has typed the order as well, the two are compared line by line."""
    factories.product(a, "tarte")
    addition = order(a, State.RECEIVED, "", received_at=timezone.now())
    order(a, State.HANDLED, "", handled_as="cancelled")
    guest = factories.guest(a.tables.get())
    cart.add(guest=guest, product_key="tarte", quantity=2, chosen=[])
    said = text(client.get(TABLE))
    for part in (
        f"{addition.order}, ", "€8.00 sent by phone", f"On the till , {now_on_the_wall()}",
        f"its number on the register: {addition.number}", "1 Soupe 1001", "Cancelled",
        "In the cart, not sent €16.00 2 Tarte", "3 phones",
    ):  # fmt: skip
        assert part in said, (part, said)


def test_a_table_costs_no_query_for_each_round(a, bob, client):
    order(a, State.RECEIVED, "")
    with CaptureQueriesContext(connection) as one:
        client.get(TABLE)
    for _ in range(8):
        order(a, State.RECEIVED, "")
    with CaptureQueriesContext(connection) as many:
        client.get(TABLE)
    assert len(many) == len(one)


def test_it_frees_the_party_that_was_seen_and_never_the_next(a, bob, client):
    """P17: and whoever was slower is told who was faster."""
    table = a.tables.get()
    seen = factories.guest(table).visit
    page = f"{TABLE}free/"
    assert "The table is free." in text(client.post(page, {"visit": seen.pk}, follow=True))
    seen.refresh_from_db()
    assert seen.ended_at is not None
    act = Act.objects.get()
    assert (act.person, act.table, act.what) == (bob, table, "table_freed")
    after = factories.guest(table).visit
    client.force_login(person("dora", service=[a]))
    said = text(client.post(page, {"visit": seen.pk}, follow=True))
    assert "That party has left already; nothing was changed. It was bob, at " in said
    after.refresh_from_db()
    assert after.ended_at is None
    assert Act.objects.count() == 1


@pytest.mark.parametrize(
    ("wanted", "said", "left"),
    [
        ("4", "The covers are 4 now.", 4),
        ("0", "from 1 to 30", 2),
        ("31", "from 1 to 30", 2),
        ("x", "from 1 to 30", 2),
        ("²", "from 1 to 30", 2),
        ("9" * 30, "from 1 to 30", 2),
    ],
)
def test_it_corrects_the_covers(a, bob, client, wanted, said, left):
    visit = factories.guest(a.tables.get(), 2).visit
    data = {"visit": visit.pk, "covers": wanted}
    assert said in text(client.post(f"{TABLE}covers/", data, follow=True))
    visit.refresh_from_db()
    assert visit.covers == left
    kept = [acts.sentence(act) for act in Act.objects.all()]
    assert kept == ([] if left == 2 else ["corrected the covers from 2 to 4"])


def test_it_corrects_no_covers_of_a_party_that_has_left(a, bob, client):
    visit = factories.guest(a.tables.get(), 2).visit
    visits.end(visit=visit)
    data = {"visit": visit.pk, "covers": "4"}
    said = text(client.post(f"{TABLE}covers/", data, follow=True))
    assert "That party has left; nothing was changed." in said
    visit.refresh_from_db()
    assert visit.covers == 2


@pytest.mark.parametrize("verb", ["free/", "covers/", "left/"])
def test_a_page_of_before_a_move_says_where_the_party_sits_now_f13(a, bob, client, verb):
    """F13: no button of a page that has stood open touches the party, nor whoever sits there now."""
    visit = factories.guest(a.tables.get(), 2).visit
    Visit.objects.filter(pk=visit.pk).update(table=factories.table(a, 7))
    factories.guest(a.tables.get(number=12), 3)
    said = client.post(f"{TABLE}{verb}", {"visit": visit.pk, "covers": "4"}, follow=True)
    assert "That party sits at table 7 now. Nothing was changed." in text(said)
    assert sorted(Visit.objects.filter(ended_at=None).values_list("covers", flat=True)) == [2, 3]
    assert not Act.objects.exists()


def test_it_switches_ordering_off_for_a_table_and_on_again(a, bob, client):
    for on, what in (("0", "table_ordering_off"), ("1", "table_ordering_on")):
        client.post(f"{TABLE}ordering/", {"on": on})
        assert a.tables.get().ordering == (on == "1")
        assert Act.objects.values_list("what", flat=True)[0] == what
        again = client.post(f"{TABLE}ordering/", {"on": on}, follow=True)
        assert "It was so already. It was bob, at " in text(again)
    assert Act.objects.count() == 2


def test_a_party_of_another_table_is_not_this_one_s(a, bob, client):
    """What is not there is said in the words of the board, also to a page that asks by itself."""
    other = factories.guest(factories.table(factories.restaurant("chez-charlie"), 12)).visit
    for visit in (other.pk, "x", "", "9" * 30, "²"):
        for name in ("free", "covers"):
            data = {"visit": visit, "covers": "4"}
            answer = client.post(f"{TABLE}{name}/", data)
            assert answer.status_code == 404
            assert "Back to the board" in text(answer)
            assert "scan" not in text(answer)
    asked = client.post(f"{TABLE}free/", {"visit": "x"}, headers={"HX-Request": "true"})
    assert (asked.status_code, asked["HX-Redirect"]) == (200, BOARD)
    assert "What this page was about is not there any more." in text(client.get(BOARD))
    assert not Visit.objects.exclude(ended_at=None).exists()


def test_a_table_says_how_the_party_wants_to_be_served(a, bob, client):
    """In the house's language, as the card of an order that was not delivered does."""
    sent = order(a, State.RECEIVED, "").order
    sent.lines.update(course=1)
    second = sent.lines.get()
    second.pk, second.position, second.course = None, 1, 2
    second.save()
    Order.objects.update(serving="together")
    wish = serving.in_house_words("together", [1, 2], "fr")
    assert wish in text(client.get(TABLE))
    Addition.objects.update(state=State.HELD, reason="stale")
    assert wish in text(client.get(BOARD))
