"""The cart: options by their rules, priced by the server."""

import pytest
from django.utils import translation

from ordering.models import CartLine, Option, OptionGroup, Product
from ordering.services import cart, pricing
from ordering.services.problems import Refused, too_few, too_many
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def guest():
    return factories.guest(factories.table())


@pytest.fixture
def steak(guest):
    """A steak of 20.00 with a cooking to choose, sauces at will, bread that comes with it, and a side to leave out."""
    steak = factories.product(guest.visit.table.restaurant, "steak", price=20_00)
    factories.option_group(steak, "cuisson", {"saignant": 0, "bleu": 0}, min=1, max=1)
    factories.option_group(
        steak, "sauces", {"poivre": 2_00, "bearnaise": 1_50, "moutarde": 0}, min=0, max=2
    )
    factories.option_group(steak, "pain", {"beurre": 50}, kind=OptionGroup.Kind.AUTOMATIC)
    factories.option_group(steak, "garniture", {"frites": 0, "sans": -3_00}, min=0, max=1)
    return steak


def codes(refused):
    return [problem.code for problem in refused.value.problems]


def add(guest, *chosen, quantity=1, key="steak"):
    return cart.add(guest=guest, product_key=key, quantity=quantity, chosen=list(chosen))


def test_it_prices_options_chosen_automatic_and_negative(guest, steak):
    add(guest, ("cuisson", "saignant"), ("sauces", "poivre"), ("garniture", "sans"), quantity=2)
    found = pricing.priced(guest.visit)
    assert found.lines[0].unit_total == 20_00 + 2_00 + 50 - 3_00
    assert found.total == 2 * 19_50
    assert found.count == 2


def test_it_asks_for_what_is_required(guest, steak):
    with pytest.raises(Refused) as refused:
        add(guest)
    assert codes(refused) == ["choice_missing"]
    with translation.override("en"):
        assert str(refused.value.problems[0]) == "Your choice is still missing: Cuisson."
    assert not CartLine.objects.exists()


def test_it_names_a_number_only_where_there_are_several():
    """One is asked for as a waiter would; of two and more the diner needs the number."""
    with translation.override("en"):
        assert [
            str(ask("k", "Sauces", count)) for ask in (too_few, too_many) for count in (1, 2)
        ] == [
            "Your choice is still missing: Sauces.",
            "Sauces: please choose at least 2.",
            "Sauces: only one choice is possible.",
            "Sauces: please choose at most 2.",
        ]


def test_it_refuses_too_many_options(guest, steak):
    with pytest.raises(Refused) as refused:
        add(
            guest,
            ("cuisson", "bleu"),
            *[("sauces", key) for key in ("poivre", "bearnaise", "moutarde")],
        )
    assert codes(refused) == ["too_many_options"]


@pytest.mark.parametrize(
    "foreign",
    [("cuisson", "inconnue"), ("pain", "beurre"), ("autre", "x"), ("garniture", "poivre")],
    ids=["unknown", "automatic", "no such group", "of another group"],
)
def test_it_refuses_an_option_that_is_not_offered(guest, steak, foreign):
    """T10: options come only from that product's groups."""
    with pytest.raises(Refused) as refused:
        add(guest, ("cuisson", "bleu"), foreign)
    assert "unknown_option" in codes(refused)


def test_it_refuses_an_option_twice(guest, steak):
    """T10: a negative option counts once."""
    with pytest.raises(Refused) as refused:
        add(guest, ("cuisson", "bleu"), ("garniture", "sans"), ("garniture", "sans"))
    assert "unknown_option" in codes(refused)


def test_it_refuses_an_option_of_another_product(guest, steak):
    other = factories.product(guest.visit.table.restaurant, "tarte")
    factories.option_group(other, "creme", {"chantilly": 1_00})
    with pytest.raises(Refused) as refused:
        add(guest, ("cuisson", "bleu"), ("creme", "chantilly"))
    assert codes(refused) == ["unknown_option"]


def test_it_refuses_a_line_below_zero(guest):
    """T10: options may cost less than nothing, a line may not."""
    cheap = factories.product(guest.visit.table.restaurant, "pain", price=1_00)
    factories.option_group(cheap, "remise", {"moins": -1_50}, min=0, max=1)
    with pytest.raises(Refused) as refused:
        add(guest, ("remise", "moins"), key="pain")
    assert codes(refused) == ["below_zero"]


@pytest.mark.parametrize("quantity", [0, -1, 21, 10**9])
def test_it_refuses_a_quantity_out_of_range(guest, steak, quantity):
    """P15."""
    with pytest.raises(Refused) as refused:
        add(guest, ("cuisson", "bleu"), quantity=quantity)
    assert codes(refused) == ["quantity"]


def test_it_never_adds_up_to_more_than_the_limit(guest, steak):
    """P15: 20 and one more of the same line is 21."""
    add(guest, ("cuisson", "bleu"), quantity=20)
    with pytest.raises(Refused):
        add(guest, ("cuisson", "bleu"))
    assert CartLine.objects.get().quantity == 20


def test_it_puts_the_same_choice_on_one_line(guest, steak):
    add(guest, ("cuisson", "bleu"), ("sauces", "poivre"))
    add(guest, ("sauces", "poivre"), ("cuisson", "bleu"))
    add(guest, ("cuisson", "saignant"))
    assert [line.quantity for line in CartLine.objects.all()] == [2, 1]


def test_it_keeps_the_lines_of_two_phones_apart(guest, steak):
    other = factories.guest(guest.visit.table)
    add(guest, ("cuisson", "bleu"))
    add(other, ("cuisson", "bleu"))
    assert {line.guest_id for line in CartLine.objects.all()} == {guest.pk, other.pk}


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"sold_out": True}, "sold_out"),
        ({"register_id": ""}, "not_on_register"),
        ({"served": []}, "not_served"),
    ],
)
def test_it_refuses_what_cannot_be_ordered(guest, fields, code):
    factories.product(guest.visit.table.restaurant, "huitres", **fields)
    with pytest.raises(Refused) as refused:
        add(guest, key="huitres")
    assert codes(refused) == [code]


def test_it_refuses_a_product_of_another_restaurant(guest):
    """F14, T20."""
    factories.product(factories.restaurant("chez-charlie"), "secret")
    with pytest.raises(Refused) as refused:
        add(guest, key="secret")
    assert codes(refused) == ["unknown_product"]


def test_it_names_a_line_whose_option_is_gone(guest, steak):
    line = add(guest, ("cuisson", "bleu"), ("sauces", "poivre"))
    Option.objects.filter(key="poivre").delete()
    problems = pricing.priced(guest.visit).problems
    assert [(problem.code, problem.place) for problem in problems] == [
        ("unknown_option", line.code)
    ]


def test_it_leaves_out_what_is_automatic_and_sold_out(guest, steak):
    add(guest, ("cuisson", "bleu"))
    Option.objects.filter(key="beurre").update(sold_out=True)
    found = pricing.priced(guest.visit)
    assert found.problems == []
    assert found.total == 20_00


def test_it_says_what_a_unit_cost_before(guest, steak):
    """F15."""
    add(guest, ("cuisson", "bleu"))
    before = pricing.priced(guest.visit)
    Product.objects.filter(key="steak").update(price=21_00)
    after = pricing.priced(guest.visit)
    assert before.lines[0].price_before is None
    assert after.lines[0].price_before == 20_50
    assert before.fingerprint != after.fingerprint


def test_it_prices_a_cart_in_two_queries(guest, steak, django_assert_num_queries):
    add(guest, ("cuisson", "bleu"))
    add(guest, ("cuisson", "saignant"))
    with django_assert_num_queries(2):
        pricing.priced(guest.visit)


def test_it_saves_what_stands_on_the_page_at_once(guest, steak):
    """P13, F18: quantities and covers together, and it says whether anything was others."""
    line = add(guest, ("cuisson", "bleu"))
    gone = add(guest, ("cuisson", "saignant"))
    assert not cart.update(guest=guest, quantities={line.code: 1, gone.code: 1}, covers=2)
    assert cart.update(guest=guest, quantities={line.code: 3, gone.code: 0}, covers=6)
    assert [(found.code, found.quantity) for found in CartLine.objects.all()] == [(line.code, 3)]
    guest.visit.refresh_from_db()
    assert guest.visit.covers == 6


def test_a_page_that_changes_nothing_waits_for_nobody(guest, steak, django_assert_num_queries):
    """As the page of an order that is sent: sending takes the lock, once."""
    line = add(guest, ("cuisson", "bleu"))
    with django_assert_num_queries(1):
        assert not cart.update(guest=guest, quantities={line.code: 1, "other": 5}, covers=None)


def test_it_saves_nothing_of_a_page_with_a_mistake(guest, steak):
    line = add(guest, ("cuisson", "bleu"))
    with pytest.raises(Refused) as refused:
        cart.update(guest=guest, quantities={line.code: 21, "other": -1}, covers=31)
    assert codes(refused) == ["quantity", "quantity", "covers"]
    with pytest.raises(Refused):
        cart.update(guest=guest, quantities={line.code: 21}, covers=5)
    guest.visit.refresh_from_db()
    assert (CartLine.objects.get().quantity, guest.visit.covers) == (1, 2)


def test_it_changes_no_quantity_of_another_phone(guest, steak):
    line = add(guest, ("cuisson", "bleu"))
    other = factories.guest(guest.visit.table)
    assert not cart.update(guest=other, quantities={line.code: 9}, covers=None)
    assert CartLine.objects.get().quantity == 1


def test_it_lets_every_guest_of_the_visit_remove_a_line(guest, steak):
    """A phone that has left must not block its table; a phone of another table removes nothing."""
    line = add(guest, ("cuisson", "bleu"))
    stranger = factories.guest(factories.table(guest.visit.table.restaurant, number=13))
    assert not cart.remove(guest=stranger, line_code=line.code)
    assert cart.remove(guest=factories.guest(guest.visit.table), line_code=line.code)
    assert not cart.remove(guest=guest, line_code=line.code)


@pytest.mark.parametrize(
    "change",
    [
        lambda: Option.objects.filter(key="bleu").update(name={"fr": "Bleu aux crevettes"}),
        lambda: Option.objects.filter(key="bleu").update(allergens=["crustaceans"]),
        lambda: Product.objects.filter(key="steak").update(allergens=["milk"]),
        lambda: Product.objects.filter(key="steak").update(name={"fr": "Autre chose"}),
        lambda: Product.objects.filter(key="steak").update(vat=20),
    ],
)
def test_it_confirms_what_a_dish_is_made_of(guest, steak, change):
    """A wrong allergen is an ambulance: what changes after the recap is asked again."""
    add(guest, ("cuisson", "bleu"))
    before = pricing.priced(guest.visit).fingerprint
    change()
    assert pricing.priced(guest.visit).fingerprint != before
