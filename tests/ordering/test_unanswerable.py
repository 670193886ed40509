"""A question that must be answered and has no answer makes its dish one to order from the team, in words."""

from typing import Any

import pytest

from ordering.models import CartLine, Option, OptionGroup
from ordering.services import cart, carte, pricing
from ordering.services.problems import Refused
from tests import factories
from tests.ordering.diner_phone import Phone, house, words

pytestmark = pytest.mark.django_db

TEAM = "Demandez à l’équipe"
CHOSEN = [("cuisson", "bleu")]
STEAK: dict[str, Any] = {"product_key": "steak", "quantity": 1}
PICKED = {"course": "plat", "product": "steak", "chosen": CHOSEN}


@pytest.fixture
def table():
    """The steak must be asked how; nobody has written the answers yet."""
    made = factories.table(house())
    factories.set_menu(made.restaurant, "midi", {"plat": {"steak": 0, "tarte": 0}})
    return made


def take_answers_away(table):
    Option.objects.filter(group__key="cuisson").delete()
    carte.changed(restaurant_id=table.restaurant_id)


def test_it_is_shown_and_cannot_be_ordered(table):
    take_answers_away(table)
    phone = Phone().join(table)
    page = phone.get(phone.visit).content.decode()
    dish = page.partition('id="dish-carte_steak"')[2].partition("</li>")[0]
    assert TEAM in dish
    assert 'class="add"' not in dish
    answer = phone.add("steak")
    assert answer.status_code == 422
    assert "Commandez-le auprès de l’équipe" in words(answer) or TEAM in words(answer)
    assert not CartLine.objects.exists()


def test_it_is_refused_by_the_services_and_in_a_set_menu(table):
    guest = factories.guest(table)
    take_answers_away(table)
    with pytest.raises(Refused, match="not_on_register"):
        cart.add(guest=guest, chosen=[], **STEAK)
    with pytest.raises(Refused, match="choice_not_on_register"):
        cart.add_menu(guest=guest, menu_key="midi", quantity=1, composed=[PICKED | {"chosen": []}])
    tart = {"course": "plat", "product": "tarte", "chosen": []}
    cart.add_menu(guest=guest, menu_key="midi", quantity=1, composed=[tart])
    phone = Phone().join(table)
    page = phone.get(f"{phone.visit}m/midi/").content.decode()
    assert "disabled" in page.partition('id="choice-plat_steak"')[2].partition(">")[0]
    assert "disabled" not in page.partition('id="choice-plat_tarte"')[2].partition(">")[0]


def test_what_is_in_the_cart_already_says_so(table):
    guest = factories.guest(table)
    cart.add(guest=guest, chosen=CHOSEN, **STEAK)
    cart.add_menu(guest=guest, menu_key="midi", quantity=1, composed=[PICKED])
    assert not pricing.priced(guest.visit).problems
    take_answers_away(table)
    codes = {problem.code for problem in pricing.priced(guest.visit).problems}
    assert {"not_on_register", "choice_not_on_register"} <= codes


@pytest.mark.parametrize("change", [{"min": 0}, {"kind": "automatic"}])
def test_what_need_not_be_answered_stops_nothing(table, change):
    guest = factories.guest(table)
    OptionGroup.objects.filter(key="cuisson").update(**change)
    take_answers_away(table)
    cart.add(guest=guest, chosen=[], **STEAK)
    assert not pricing.priced(guest.visit).problems
