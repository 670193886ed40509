"""P23: the accessibility statement, and what is wrong with a field said beside it."""

import re

import pytest

from ordering.models import CartLine, Restaurant, Visit
from tests import factories
from tests.ordering.diner_phone import HTMX, Phone, house, words

pytestmark = pytest.mark.django_db
STATEMENT = "/r/chez-alice/accessibility/"


@pytest.fixture
def phone():
    return Phone("en").join(factories.table(house()))


def described(page, name):
    """What is said of the input of this name where it is wrong: of its own and of all that describes it."""
    (field,) = re.findall(rf'<input[^>]* name="{re.escape(name)}"[^>]*>', page)
    assert 'aria-invalid="true"' in field
    (ids,) = re.findall(r'aria-describedby="([^"]+)"', field)
    return [
        text
        for each in ids.split()
        for text in re.findall(rf'id="{each}"[^>]*>(.*?)</(?:div|p)>', page, re.S)
    ]


def test_the_statement_says_what_works_what_does_not_and_whom_to_tell(phone):
    Restaurant.objects.update(contact="Alice SARL, alice@example.org")
    said = words(phone.get(STATEMENT))
    for sentence in (
        "(WCAG) 2.2, level AA",
        "What does not work yet",
        "People who depend on a screen reader have not tried it yet.",
        "Chez Alice answers for these pages. To write to: Alice SARL, alice@example.org",
    ):
        assert sentence in said
    for address in ("/r/chez-alice/carte/", "/r/chez-alice/data/", phone.visit):
        assert f'href="{STATEMENT}"' in phone.get(address).content.decode()
    assert phone.get("/r/nowhere/accessibility/").status_code == 404


def test_a_wrong_quantity_is_said_beside_its_field(phone):
    data = {"product": "soupe", "from_page": "1", "quantity": "99"}
    for headers in ({}, HTMX):
        answer = phone.post(f"{phone.visit}add/", data, headers=headers)
        assert answer.status_code == 422
        assert "from 1 to 20" in described(answer.content.decode(), "quantity")[0]
    phone.add("soupe")
    code = CartLine.objects.get().code
    answer = phone.post(f"{phone.visit}cart/line/", {f"quantity.{code}": "99"})
    assert "from 1 to 20" in described(answer.content.decode(), f"quantity.{code}")[0]


def test_what_is_wrong_with_the_cart_is_said_beside_its_fields(phone):
    phone.add("soupe")
    Restaurant.objects.update(word_of_the_day="daily")
    form = phone.form()
    for headers in ({}, HTMX):
        answer = phone.post(f"{phone.visit}send/", form | {"word": "rien 11"}, headers=headers)
        page = answer.content.decode()
        assert "This is not the word of the day." in described(page, "word")[0]
        assert 'value="rien 11"' in page
    line = f"{phone.visit}cart/line/"
    wrong = {"covers": "99", "covers_before": "2"}
    assert "from 1 to" in described(phone.post(line, wrong).content.decode(), "covers")[0]
    assert Visit.objects.get().covers == 2
    wrong = {"name": "x" * 30, "name_before": ""}
    Visit.objects.get().guests.update(name="Ada")
    page = phone.post(line, wrong | {"name_before": "Ada"}).content.decode()
    assert "at most 20 letters" in described(page, "name")[0]
