"""P23: what a phone's page shows in another language says so, for a voice to pronounce it (WCAG 3.1.2)."""

from html.parser import HTMLParser
from pprint import pformat

import pytest

from ordering.models import Category, Course, Option, OptionGroup, Product, SetMenu
from ordering.services import carte
from pos_bridge.models import Addition
from tests import factories
from tests.ordering.diner_phone import Phone, house

pytestmark = pytest.mark.django_db
VOID = {"meta", "link", "input", "img", "br", "source"}


class Unmarked(HTMLParser):
    """Texts of the house alone, which all begin with §, that no element around them says to be French. A name within a
    sentence of ours is read as part of it.
    """

    def __init__(self):
        super().__init__()
        self.languages, self.found = [""], []

    def handle_starttag(self, tag, attributes):
        if tag == "title":
            self.languages.append("fr")  # a sentence of ours: dish and house
        elif tag not in VOID:
            self.languages.append(dict(attributes).get("lang", self.languages[-1]))

    def handle_endtag(self, tag):
        if tag not in VOID:
            self.languages.pop()

    def handle_data(self, text):
        if text.strip().startswith("§") and self.languages[-1] != "fr":
            self.found.append(text.strip())


def test_what_the_house_has_not_translated_is_marked_as_its_language():
    made = house(notes=[{"key": "sel", "text": {"fr": "§ Sans sel"}}])
    table = factories.table(made)
    for model in (Category, Product, Option, OptionGroup, SetMenu, Course):
        for each in model.objects.all():
            each.name = {"fr": f"§ {each.key}"}
            if hasattr(each, "description"):
                each.description = {"fr": f"§ about {each.key}"}
            each.save()
    SetMenu.objects.update(register_id="3001")
    carte.changed(restaurant_id=made.pk)
    phone = Phone("en").join(table)
    phone.add("soupe", note="sel")
    phone.add("biere")
    phone.post(
        f"{phone.visit}add/",
        {
            "product": "steak",
            "quantity": "1",
            "option.cuisson": "bleu",
            "option.sauce": "poivre",
            "note": "sel",
        },
    )
    phone.post(
        f"{phone.visit}m/menu/add/",
        {"quantity": "1", "choice.plat": "steak", "option.plat.steak.cuisson": "bleu"},
    )
    order = phone.send()["Location"]
    phone.add("soupe", note="sel")
    read = "/r/chez-alice/carte/"
    found = {}
    pages = [read, f"{read}p/steak/", f"{read}p/biere/", f"{read}m/menu/", phone.visit]
    pages += [
        f"{phone.visit}{name}/" for name in ("p/steak", "p/biere", "m/menu", "cart", "orders")
    ]
    for state in ("received", "held", "refused"):
        pages.append((order, state))
    for address in pages:
        address, state = address if isinstance(address, tuple) else (address, "received")
        Addition.objects.update(state=state, reason="refused")
        page = phone.get(address).content.decode()
        assert "§" in page
        parser = Unmarked()
        parser.feed(page)
        if parser.found:
            found[address, state] = parser.found
    assert not found, pformat(found)
