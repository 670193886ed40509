"""Many prices at once, looked at first; what became of each price is kept, whichever way it was changed."""

from decimal import Decimal

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import LogEntry
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from ordering.models import Option, OptionGroup, PriceChange, Product, SetMenu
from ordering.services import prices
from ordering.services.transfer import export_restaurant, import_restaurant
from tests import factories
from tests.ordering.admin_cast import MARK, house, page, person, send

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("counted_versions")]


@pytest.fixture
def a():
    return house("chez-alice", "Aldebaran")


@pytest.fixture
def b():
    return house("chez-charlie", MARK)


@pytest.fixture
def alice(a, client):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    user = person("alice", manager=[a])
    client.force_login(user)
    return user


def ask(client, things, **more):
    data = {
        "action": "change_prices",
        ACTION_CHECKBOX_NAME: [thing.pk for thing in things],
        **more,
    }
    return client.post(page(type(things[0]), "changelist"), data)


def look(client, things, **more):
    """Percent or euros, and what the page then carries."""
    looked = ask(client, things, **{"percent": "", "amount": "", "step": "10", **more})
    rows = looked.context["rows"]
    return looked, {f"seen_{row['thing'].pk}": row["seen"] for row in rows}


def changed(thing):
    """(before, after, way, person) of each change of this price, the newest first."""
    return [(c.before, c.after, c.way, c.person) for c in thing.price_changes.all()]


# --- Reckoned --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("price", "percent", "amount", "step", "after"),
    [
        (12_50, "3", 0, 5, 12_90),  # 12.875
        (12_50, "3", 0, 10, 12_90),
        (12_50, "3", 0, 50, 13_00),
        (12_50, "3", 0, 1, 12_88),
        (12_50, "-10", 0, 10, 11_30),  # 11.25, half up
        (8_00, "0", 50, 10, 8_50),
        (8_00, "0", -8_00, 10, 0),
        (8_00, "0", -9_00, 10, -1_00),
        (999_999_99, "0.01", 0, 1, 1_000_099_99),
    ],
)
def test_it_reckons_to_the_step_and_half_up(price, percent, amount, step, after):
    found = prices.reckoned(price, percent=Decimal(percent), amount=amount, step=step)
    assert found == after


@given(st.integers(0, 999_999_99), st.sampled_from([1, 5, 10, 50, 100]))
def test_no_percent_moves_a_price_by_at_most_half_a_step(price, step):
    after = prices.reckoned(price, percent=Decimal(0), amount=0, step=step)
    assert after % step == 0
    assert abs(after - price) * 2 <= step


# --- Looked at, and changed ------------------------------------------------------------------------


def test_it_shows_before_and_after_and_changes_nothing_yet(a, alice, client):
    soup = factories.product(a, "soupe", price=7_90)
    plat = a.products.get(key="plat")
    first = ask(client, [soup, plat])
    assert [row["after"] for row in first.context["rows"]] == ["", ""]
    looked, _seen = look(client, [soup, plat], percent="3")
    assert {(r["before"], r["after"]) for r in looked.context["rows"]} == {
        ("8.00", "8.20"), ("7.90", "8.10"),
    }  # fmt: skip
    assert {soup.price, plat.price} == set(a.products.values_list("price", flat=True))
    assert not PriceChange.objects.exists()


def test_it_changes_them_together_and_makes_the_carte_old_once(a, alice, client):
    soup = factories.product(a, "soupe", price=7_90)
    plat = a.products.get(key="plat")
    free = factories.product(a, "eau", price=0)
    a.refresh_from_db()
    version = a.carte_version
    given = {"percent": "3", "step": "10"}
    _looked, seen = look(client, [soup, plat, free], **given)
    done = ask(client, [soup, plat, free], amount="", apply="x", **given, **seen)
    assert done.status_code == 302
    assert sorted(a.products.values_list("price", flat=True)) == [0, 8_10, 8_20]
    a.refresh_from_db()
    assert a.carte_version == version + 1
    assert changed(soup) == [(7_90, 8_10, "several", alice)]
    assert changed(free) == []
    assert LogEntry.objects.filter(user=alice).count() == 2


def test_it_refuses_where_a_price_changed_meanwhile(a, alice, client):
    soup = factories.product(a, "soupe", price=7_90)
    plat = a.products.get(key="plat")
    _looked, seen = look(client, [soup, plat], amount="0.50")
    Product.objects.filter(pk=soup.pk).update(price=9_00)
    again = ask(client, [soup, plat], percent="", amount="0.50", step="10", apply="x", **seen)
    assert again.status_code == 200
    assert "is not what you saw any more" in again.content.decode()
    assert {"9.00", "8.00"} == {row["before"] for row in again.context["rows"]}
    plat.refresh_from_db()
    assert plat.price == 8_00
    assert not PriceChange.objects.exists()


def test_the_database_refuses_too_what_the_page_did_not_see(a):
    """Between the read and the write: all of it or nothing."""
    soup = factories.product(a, "soupe", price=7_90)
    plat = a.products.get(key="plat")
    Product.objects.filter(pk=soup.pk).update(price=9_00)
    with pytest.raises(prices.MovedMeanwhile):
        prices.change(
            before={plat: 8_00, soup: 7_90},
            after={plat: 9_00, soup: 8_00},
            by=prices.Hand(prices.Way.SEVERAL),
        )
    plat.refresh_from_db()
    assert plat.price == 8_00
    assert not PriceChange.objects.exists()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "one of the two"),
        ({"percent": "3", "amount": "1"}, "one of the two"),
        ({"percent": "x"}, "Enter a number"),
        ({"amount": "-20"}, "would cost -12.00"),
        ({"percent": "500", "step": "7"}, "not one of the available choices"),
    ],
)
def test_it_says_what_is_wrong_and_changes_nothing(a, alice, client, given, words):
    plat = a.products.get(key="plat")
    looked, _seen = look(client, [plat], **given, apply="x")
    assert words in looked.content.decode()
    plat.refresh_from_db()
    assert plat.price == 8_00


def test_set_menus_too(a, alice, client):
    menu = a.set_menus.get()
    given = {"percent": "10", "amount": "", "step": "50"}
    _looked, seen = look(client, [menu], **given)
    ask(client, [menu], apply="x", **given, **seen)
    assert SetMenu.objects.get(pk=menu.pk).price == 22_00
    assert changed(menu) == [(20_00, 22_00, "several", alice)]


def test_nobody_changes_prices_of_another_restaurant(a, b, alice, client):
    theirs, ours = b.products.get(key="plat"), a.products.get(key="plat")
    given = {"percent": "10", "amount": "", "step": "10", "apply": "x"}
    seen = {f"seen_{thing.pk}": "800-880" for thing in (theirs, ours)}
    done = ask(client, [theirs, ours], **given, **seen)
    assert MARK not in done.content.decode()
    assert Product.objects.get(pk=theirs.pk).price == 8_00
    assert Product.objects.get(pk=ours.pk).price == 8_80
    client.force_login(person("bob", service=[a]))
    assert ask(client, [ours], **given, **seen).status_code in {302, 403}
    assert Product.objects.get(pk=ours.pk).price == 8_80


# --- What is kept ----------------------------------------------------------------------------------


def test_a_price_changed_by_hand_is_kept_and_shown(a, alice, client):
    plat = a.products.get(key="plat")
    address = page(Product, "change", plat.pk)
    send(client, address, price="9,00")
    send(client, address, sold_out="on")
    assert changed(plat) == [(8_00, 9_00, "hand", alice)]
    found = client.get(address).content.decode()
    assert "8.00 → 9.00, on its page (alice)" in found


def test_a_restaurant_file_keeps_what_it_changes(a):
    data = export_restaurant(a)
    import_restaurant(data=data, into=a)
    assert not PriceChange.objects.exists()
    data["products"][0]["price"] = "9.00"
    data["set_menus"][0]["price"] = "21.00"
    import_restaurant(data=data, into=a)
    assert changed(a.products.get(key="plat")) == [(8_00, 9_00, "file", None)]
    assert changed(a.set_menus.get()) == [(20_00, 21_00, "file", None)]


def test_an_options_price_is_kept_from_its_group_its_page_and_a_file(a, alice, client):
    group = a.option_groups.get()
    (first, second) = group.options.order_by("position")
    address = page(OptionGroup, "change", group.pk)
    send(client, address, options__1__price="2,00")
    send(client, address, options__1__price="2,00")  # the same
    assert (changed(first), changed(second)) == ([], [(1_50, 2_00, "hand", alice)])
    send(client, page(Option, "change", second.pk), price="2,50")
    data = export_restaurant(a)
    data["option_groups"][0]["options"][1]["price"] = "3.00"
    import_restaurant(data=data, into=a)
    assert changed(second) == [
        (2_50, 3_00, "file", None), (2_00, 2_50, "hand", alice), (1_50, 2_00, "hand", alice),
    ]  # fmt: skip
    found = client.get(address).content.decode()
    assert f"{second}, 1.50 → 2.00, on its page (alice)" in found
    assert "2.50 → 3.00" in client.get(page(Option, "change", second.pk)).content.decode()


def test_who_leaves_takes_nothing_of_the_history(a, alice):
    plat = a.products.get(key="plat")
    PriceChange.objects.create(
        product=plat, before=1, after=2, person=alice, way="hand", at=timezone.now()
    )
    alice.delete()
    assert changed(plat) == [(1, 2, "hand", None)]


def test_it_leaves_happy_hour_prices_and_ends_no_happy_hour_unseen(a, alice, client):
    """They are changed one by one: what would not be the lower price any more is said, and nothing is changed."""
    plat = a.products.get(key="plat")
    slots = [{"from": "17:00", "to": "19:00"}]
    Product.objects.filter(pk=plat.pk).update(price=9_00, happy_price=6_00, happy_hours=slots)
    looked, _seen = look(client, [plat], amount="-3")
    assert "would cost 6.00, and in its happy hour 6.00" in looked.content.decode()
    looked, seen = look(client, [plat], amount="-2")
    assert "Happy-hour prices stay as they are." in looked.content.decode()
    assert (
        ask(client, [plat], percent="", amount="-2", step="10", apply="1", **seen).status_code
        == 302
    )
    plat.refresh_from_db()
    assert (plat.price, plat.happy_price) == (7_00, 6_00)
