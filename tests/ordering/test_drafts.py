"""A carte that goes live at its hour by itself: once, whole or not at all, and never with a declaration lost (P22)."""

import copy
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.urls import reverse
from django.utils import timezone, translation

from ordering import restaurant_file
from ordering.alarm_rounds import line
from ordering.models import Act, Draft, Option, PriceChange, Product, Restaurant
from ordering.restaurant_file import RestaurantFileError
from ordering.services import drafts
from ordering.services.transfer import AcceptanceNeeded, export_restaurant
from ordering.services.transfer.sheet import product_sheet
from ordering.watch import Watch
from pos_bridge.models import Alarm, Heartbeat
from tests import factories
from tests.helpers import at_once
from tests.ordering.admin_cast import person
from tests.ordering.diner_phone import words

pytestmark = pytest.mark.django_db

State = Draft.State
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
HOUR = NOW + timedelta(hours=8)
SOLD_AGAIN = "it is sold out, and would be on sale again"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def house():
    made = factories.restaurant()
    factories.register(made)
    factories.table(made)
    soup = factories.product(made, "soupe", allergens=["celery"])
    factories.option_group(soup, "pain", {"noir": 50, "blanc": 0})
    factories.product(made, "tarte", allergens=[])
    factories.set_menu(made, "menu", {"plat": {"tarte": 0}})
    return made


@pytest.fixture
def alice(house):
    return person("alice", manager=[house])


def wanted(house, price="9.50", **soup):
    """The file of the carte to come: another price of the soup, and what else is said of it."""
    data = copy.deepcopy(export_restaurant(house))
    data["products"][0] |= {"price": price, **soup}
    return data


def stored(house, by, data=None, **options):
    return drafts.store(
        restaurant=house, data=data or wanted(house), live_at=HOUR, by=by, **options
    )


def soup():
    return Product.objects.get(key="soupe")


def settled(draft):
    draft.refresh_from_db()
    return draft.state


# --- At its hour ----------------------------------------------------------------------------------


def test_it_goes_live_at_its_hour_and_not_before(house, alice, clock):
    """Every phone's page is old then; who made it stands beside each price, and in the journal."""
    draft = stored(house, alice)
    assert (soup().price, draft.accepted) == (8_00, [])
    clock.move_to(HOUR - timedelta(seconds=1))
    assert drafts.go_live(HOUR - timedelta(seconds=1)) == 0
    house.refresh_from_db()
    version = house.carte_version
    clock.move_to(HOUR)
    assert drafts.go_live(HOUR) == 1
    assert (settled(draft), draft.settled_at, soup().price) == (State.LIVE, HOUR, 9_50)
    house.refresh_from_db()
    assert house.carte_version > version
    change = PriceChange.objects.get()
    assert (change.before, change.after, change.person) == (8_00, 9_50, alice)
    assert drafts.go_live(HOUR) == 0
    assert [(act.what, act.person) for act in Act.objects.order_by("pk")] == [
        ("draft_stored", alice), ("draft_live", None),
    ]  # fmt: skip
    assert "products: 2 updated" in draft.outcome


def test_watch_carries_it_out(house, alice):
    draft = stored(house, alice)
    Watch().look(HOUR)
    assert settled(draft) == State.LIVE
    assert Heartbeat.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_processes_one_carries_it_out(house, alice):
    """Once: by a guarded UPDATE in the import's own transaction."""
    draft = stored(house, alice)
    answers = at_once(*[lambda: drafts.go_live(HOUR)] * 3)
    # One that waited for so long that its database gave up looks again in three seconds.
    assert sum(each for each in answers if not isinstance(each, OperationalError)) == 1
    assert settled(draft) == State.LIVE
    assert PriceChange.objects.count() == 1
    assert Act.objects.filter(what="draft_live").count() == 1


def test_one_that_dies_in_the_middle_has_done_nothing(house, alice, monkeypatch):
    """The next look does it all."""
    draft = stored(house, alice)

    def away(*_):
        raise OperationalError("database is locked")

    with monkeypatch.context() as patch:
        patch.setattr(drafts, "_record", away)
        with pytest.raises(OperationalError):
            drafts.go_live(HOUR)
    assert (settled(draft), soup().price) == (State.WAITING, 8_00)
    assert drafts.go_live(HOUR) == 1
    assert soup().price == 9_50


def test_what_is_cancelled_stays_so(house, alice):
    draft = stored(house, alice)
    assert drafts.cancel(draft=draft, by=alice)
    assert drafts.go_live(HOUR) == 0
    assert (settled(draft), soup().price) == (State.CANCELLED, 8_00)
    assert not drafts.cancel(draft=draft, by=alice)
    assert Act.objects.filter(what="draft_cancelled", person=alice).count() == 1


def test_two_of_one_hour_follow_each_other_and_a_bad_one_stops_no_other(house, alice):
    bad = stored(house, alice)
    Draft.objects.filter(pk=bad.pk).update(data={"products": [{"key": "Soupe !"}]})
    good = stored(house, alice, wanted(house, "7.00"))
    assert drafts.go_live(HOUR) == 1
    assert (settled(bad), settled(good), soup().price) == (State.REFUSED, State.LIVE, 7_00)
    assert any("products[0].key" in line for line in bad.outcome), bad.outcome


def test_a_mistake_of_ours_is_said_and_not_tried_for_ever(house, alice, monkeypatch, caplog):
    draft = stored(house, alice)
    monkeypatch.setattr(drafts, "import_carte", lambda **_: 1 // 0)
    assert drafts.go_live(HOUR) == 0
    assert (settled(draft), draft.outcome) == (State.REFUSED, [drafts.A_MISTAKE_OF_OURS])
    assert "ZeroDivisionError" in caplog.text


# --- What it takes, and what it leaves ------------------------------------------------------------


def test_it_takes_the_carte_and_leaves_the_house(house, alice):
    """What was switched off, closed or connected since is not put back by a file of before."""
    data = wanted(house)
    data["tables"][0]["label"] = "Terrasse"
    draft = stored(house, alice, data)
    Restaurant.objects.update(ordering=False, hours=[], limit_covers=7)
    house.tables.update(ordering=False)
    # Half set up: the rehearsal says so, and it is no business of a carte.
    house.registers.update(credentials={"shop": "S2"})
    assert drafts.go_live(HOUR) == 1, draft.refresh_from_db() or draft.outcome
    house.refresh_from_db()
    assert (house.ordering, house.hours, house.limit_covers) == (False, [], 7)
    assert (house.tables.get().label, house.tables.get().ordering) == ("", False)
    assert house.registers.get(current=True).credentials["shop"] == "S2"
    assert soup().price == 9_50


def test_what_runs_out_meanwhile_stays_so_f16(house, alice):
    """F16: the draft said of it what the restaurant did; the kitchen has said otherwise since."""
    gone = {"sold_out": True, "portions": 2}
    stored(house, alice)
    Product.objects.filter(key="soupe").update(**gone)
    Option.objects.filter(key="noir").update(**gone)
    house.set_menus.update(**gone)
    assert drafts.go_live(HOUR) == 1
    for thing in (soup(), Option.objects.get(key="noir"), house.set_menus.get()):
        assert (thing.sold_out, thing.portions) == (True, 2)
    assert soup().price == 9_50


def test_what_is_on_sale_again_meanwhile_stays_so_f16(house, alice):
    """F16: it was sold out when the draft was made of it, and the draft said no more than that."""
    Product.objects.filter(key="soupe").update(sold_out=True, portions=0)
    stored(house, alice)
    Product.objects.filter(key="soupe").update(sold_out=False, portions=None)
    assert drafts.go_live(HOUR) == 1
    assert (soup().sold_out, soup().portions, soup().price) == (False, None, 9_50)


def test_what_it_says_of_portions_itself_is_done(house, alice):
    """What was accepted of one count is accepted of the next: orders count it down meanwhile."""
    Product.objects.filter(key="soupe").update(portions=5)
    with pytest.raises(AcceptanceNeeded) as needed:
        stored(house, alice, wanted(house, portions=20))
    assert needed.value.changes == ['product "soupe": it has 5 portions left, and would have 20']
    stored(house, alice, wanted(house, portions=20), accept=needed.value.fingerprint)
    Product.objects.filter(key="soupe").update(portions=3)
    assert drafts.go_live(HOUR) == 1
    assert soup().portions == 20


# --- What must be accepted ------------------------------------------------------------------------


def test_it_is_judged_when_it_is_stored_p22(house, alice):
    """P22: a declaration that would be lost is accepted then, or nothing is stored."""
    Product.objects.filter(key="tarte").update(sold_out=True)
    data = wanted(house, allergens=None)
    del data["products"][1]["sold_out"]
    with pytest.raises(AcceptanceNeeded) as needed:
        stored(house, alice, data)
    assert needed.value.changes == [
        'product "soupe": it contains celery, and would not be declared any more',
        f'product "tarte": {SOLD_AGAIN}',
    ]
    with pytest.raises(AcceptanceNeeded):
        stored(house, alice, data, accept="another")
    assert not Draft.objects.exists()
    draft = stored(house, alice, data, accept=needed.value.fingerprint)
    # One of the two has happened since: fewer are no reason to stop.
    Product.objects.filter(key="tarte").update(sold_out=False)
    assert drafts.go_live(HOUR) == 1
    assert (settled(draft), soup().allergens) == (State.LIVE, None)


def test_what_two_cartes_to_come_undo_of_each_other_is_said_when_it_is_stored(house, alice):
    """Made from today's file both of them: the later one would silently bring back today's price of the soup."""
    stored(house, alice)
    tart = wanted(house, "8.00")
    tart["products"][1]["price"] = "6.66"
    for hours in (1, -1):
        other = HOUR + timedelta(hours=hours)
        wish = {"restaurant": house, "live_at": other, "by": alice}
        # The tart's price is its own; of the later carte it is the soup's that goes back, of the earlier the tart's.
        with pytest.raises(AcceptanceNeeded) as needed:
            drafts.store(data=tart, **wish)
        [said] = needed.value.changes
        back = '"soupe": price would be 8.00 again' if hours > 0 else '"tarte": price would be'
        assert back in said
        assert said.endswith("and the one of 2026-11-20 18:00")
        # What the page shows of it, in the reader's language.
        assert '"soupe"' in said.said or '"tarte"' in said.said
        assert "2026-11-20 18:00" in said.said
        assert Draft.objects.count() == 1
    drafts.store(data=wanted(house, "7.00"), **wish, accept=needed.value.fingerprint)


def test_a_declaration_made_since_is_not_lost_p22(house, alice):
    """P22: the draft does not know of it: nothing is changed, and it says why."""
    draft = stored(house, alice)
    Product.objects.filter(key="soupe").update(allergens=["celery", "milk"])
    assert drafts.judged(draft).new == [
        'product "soupe": it would no longer be declared to contain milk'
    ]
    assert drafts.go_live(HOUR) == 0
    assert (settled(draft), soup().allergens, soup().price) == (
        State.REFUSED, ["celery", "milk"], 8_00,
    )  # fmt: skip
    assert draft.outcome == ['product "soupe": it would no longer be declared to contain milk']
    assert Act.objects.filter(what="draft_refused").exists()
    assert drafts.go_live(HOUR) == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda data: data["products"][0].update(price="9,50"), "products[0].price"),
        (lambda data: data.update(slug="chez-bob"), "another restaurant"),
        (lambda data: data["categories"][0]["items"].append("rien"), "categories[0].items[3]"),
    ],
)
def test_a_wrong_file_is_told_when_it_is_stored_p25(house, alice, change, said):
    data = wanted(house)
    change(data)
    with pytest.raises(RestaurantFileError) as wrong:
        stored(house, alice, data)
    assert said in str(wrong.value)
    assert not Draft.objects.exists()


def test_storing_it_writes_nothing_of_the_carte(house, alice):
    before = export_restaurant(house)
    house.refresh_from_db()
    version = house.carte_version
    data = wanted(house)
    data["products"].append({**data["products"][1], "key": "neu", "register_id": "99"})
    draft = stored(house, alice, data)
    house.refresh_from_db()
    assert (export_restaurant(house), house.carte_version) == (before, version)
    assert [(c.thing, c.field, c.before, c.after, c.new) for c in drafts.judged(draft).changes] == [
        ('product "soupe"', "price", "8.00", "9.50", False),
        ('product "neu"', "price", "", "8.00", True),
    ]
    assert not drafts.judged(stored(house, alice, before, accept=True)).changes
    with pytest.raises(drafts.TooLate):
        drafts.store(restaurant=house, data=data, live_at=NOW, by=alice)


# --- In the browser -------------------------------------------------------------------------------


def at(name, *args):
    return reverse(f"admin:ordering_restaurant_{name}", args=args)


def upload(client, house, content, name="carte.json", live_at="2026-11-20T18:00", **more):
    file = SimpleUploadedFile(name, content)
    return client.post(at("drafts", house.pk), {"file": file, "live_at": live_at, **more})


@pytest.fixture
def browser(client, alice):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.force_login(alice)
    return client


def test_a_manager_stores_looks_and_cancels(house, browser):
    """The hour is one of the house's clock; its page says what would change, and gives the file back."""
    content = restaurant_file.write(wanted(house)).encode()
    answer = upload(browser, house, content)
    draft = Draft.objects.get()
    assert draft.live_at == HOUR  # six in the evening in Paris
    assert answer["Location"] == at("draft", house.pk, draft.pk)
    page = words(browser.get(answer["Location"]))
    assert "product &quot;soupe&quot; price 8.00 9.50" in page
    assert "Stored by alice" in page
    assert "6 p.m." in page
    assert b'"9.50"' in browser.get(at("draft_file", house.pk, draft.pk)).content
    assert "waits for its hour" in words(browser.get(at("drafts", house.pk)))
    browser.post(answer["Location"], {"cancel": "x"})
    assert settled(draft) == State.CANCELLED


def test_a_spreadsheet_of_products_is_a_draft_too(house, browser):
    text = product_sheet(house).written().export("csv").replace("8.00", "9.50", 1)
    upload(browser, house, text.encode(), name="products.csv")
    assert drafts.go_live(HOUR) == 1
    assert soup().price == 9_50


def test_of_a_spreadsheet_only_what_it_changes_goes_live(house, browser):
    """What somebody changes until its hour stays: the sheet has said nothing else about it."""
    text = product_sheet(house).written().export("csv").replace("8.00", "9.50", 1)
    upload(browser, house, text.replace("Soupe (en)", "Soup").encode(), name="products.csv")
    Product.objects.filter(key="soupe").update(
        name={"fr": "Potage", "en": "Soupe (en)"}, allergens=["celery", "milk"], origin="Lyon"
    )
    Product.objects.filter(key="tarte").update(price=12_34, sold_out=True)
    Option.objects.filter(key="noir").update(price=75)
    page = words(browser.get(at("draft", house.pk, Draft.objects.get().pk)))
    assert page.count("product &quot;") == 2  # price and name of the soup
    assert "would not go live" not in page
    assert drafts.go_live(HOUR) == 1
    assert soup().price == 9_50
    assert soup().name == {"fr": "Potage", "en": "Soup"}
    assert (soup().allergens, soup().origin) == (["celery", "milk"], "Lyon")
    tart = Product.objects.get(key="tarte")
    assert (tart.price, tart.sold_out) == (12_34, True)
    assert Option.objects.get(key="noir").price == 75


def test_a_spreadsheet_loses_nothing_of_a_carte_that_is_not_finished(house, browser):
    """A text in a language that is not listed, and a set menu that has no course yet."""
    tart = Product.objects.get(key="tarte")
    tart.name = {**tart.name, "de": "Torte"}
    tart.save()
    factories.set_menu(house, "midi", {})
    upload(browser, house, b"key,price\nsoupe,9.50\ntarte,3.00\n", name="products.csv")
    assert drafts.go_live(HOUR) == 1
    tart.refresh_from_db()
    assert (tart.price, tart.name["de"]) == (3_00, "Torte")
    assert house.set_menus.get(key="midi").placed.count() == 1
    assert [each.position for each in Product.objects.order_by("pk")] == sorted(
        each.position for each in Product.objects.all()
    )


def test_a_spreadsheet_brings_nothing_back_that_was_deleted(house, browser):
    text = "key,price\nsoupe,9.50\ntarte,3.00\n"
    upload(browser, house, text.encode(), name="products.csv")
    Product.objects.filter(key="soupe").delete()
    assert drafts.go_live(HOUR) == 1
    assert [(each.key, each.price) for each in Product.objects.all()] == [("tarte", 3_00)]


@pytest.mark.parametrize(
    ("content", "more", "said"),
    [
        (b"{", {}, "it may be cut off"),
        (b"a;b\n1;2", {"name": "x.csv"}, "no column of products"),
        (None, {"live_at": "2026-11-20T09:59"}, "This hour is over already."),
        # Twice, and never, by the clock of the house.
        (None, {"live_at": "2027-10-31T02:30"}, "ambiguous"),
        (None, {"live_at": "2027-03-28T02:30"}, "ambiguous or it may not exist"),
    ],
)
def test_it_says_what_is_wrong_and_stores_nothing_p25(house, browser, content, more, said):
    content = restaurant_file.write(wanted(house)).encode() if content is None else content
    assert said in words(upload(browser, house, content, **more)).replace("’", "'")
    assert not Draft.objects.exists()


def test_what_must_be_accepted_is_shown_first_p22(house, browser):
    content = restaurant_file.write(wanted(house, allergens=None)).encode()
    page = upload(browser, house, content)
    assert "would not be declared any more" in page.content.decode()
    seen = page.context["seen"]
    assert not Draft.objects.exists()
    assert upload(browser, house, content, accept="on", seen=seen).status_code == 302
    assert len(Draft.objects.get().accepted) == 1


def test_what_failed_stands_above_every_page_until_it_is_read(house, browser, clock):
    draft = stored(house, person("eve", manager=[house]))
    Product.objects.filter(key="soupe").update(allergens=["celery", "milk"])
    index = reverse("admin:index")
    said = f"The carte of {house} that was to go live at"
    assert said not in words(browser.get(index))
    clock.move_to(HOUR + timedelta(minutes=6))
    assert said in words(browser.get(index))  # late: nobody carries it out
    drafts.go_live(HOUR)
    assert said in words(browser.get(index))
    address = at("draft", house.pk, draft.pk)
    assert "would no longer be declared to contain milk" in words(browser.get(address))
    browser.post(address, {"read": "x"})
    assert said not in words(browser.get(index))


def test_what_failed_is_told_to_whoever_looks_at_no_page_f72(house, alice, clock):
    """F72: an alarm, from the refusal until somebody has read of it; also where nobody carries it out."""

    def told():
        clock.shift(
            timedelta(seconds=4)
        )  # watch looks for alarms first, and every three seconds for cartes
        Watch().look(timezone.now())
        lasting = Alarm.objects.filter(over_at=None, key__startswith="draft:")
        with translation.override("en"):
            return [line(alarm) for alarm in lasting]

    stored(house, alice)
    Product.objects.filter(key="soupe").update(allergens=["celery", "milk"])
    clock.move_to(HOUR)
    told()
    assert told() == ["A carte that was to go live has not; admin says why above every page"]
    assert Alarm.objects.get(key__startswith="draft:").restaurant == house
    drafts.have_read(draft=Draft.objects.get())
    assert told() == []
    Draft.objects.update(state=State.WAITING, live_at=HOUR + timedelta(minutes=1))
    clock.move_to(HOUR + timedelta(minutes=7))
    [late] = drafts.alarmed(timezone.now())
    with translation.override("en"):
        said = line(Alarm(key=late.key, reason=late.reason))
    assert "still waits, and nobody carries it out" in said


def test_nobody_else_sees_or_stores_a_carte_of_this_house(house, alice, browser):
    draft = stored(house, alice)
    other = factories.restaurant("chez-bob")
    addresses = [
        at("drafts", house.pk), at("draft", house.pk, draft.pk), at("draft_file", house.pk, draft.pk),
    ]  # fmt: skip
    for user in (person("bob", manager=[other]), person("carol", service=[house])):
        browser.force_login(user)
        for address in addresses:
            assert browser.get(address).status_code == 404
            assert browser.post(address, {"cancel": "x"}).status_code in (404, 405)
        assert "was to go live" not in words(browser.get(reverse("admin:index")))
    # By the number of another house it is not found either.
    browser.force_login(person("dave", manager=[house, other]))
    assert browser.get(at("draft", other.pk, draft.pk)).status_code == 404
    assert settled(draft) == State.WAITING
