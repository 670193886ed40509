"""A diner's phone, and a house to order in, for the tests of the diner's pages."""

import re

from django.test import Client
from django.utils import translation

from ordering.diner import kept
from ordering.models import Category, Course, SetMenu
from tests import factories

HTMX = {"HX-Request": "true"}


def house(slug="chez-alice", **fields):
    """Soup and tart that one tap adds, a steak that asks, a beer with a deposit, a set menu, on table 12."""
    kept.forget()
    made = factories.restaurant(slug, **fields)
    factories.register(made)
    factories.product(made, "soupe", price=8_00, allergens=["celery", "milk"])
    factories.product(made, "tarte", price=7_50, allergens=[])
    steak = factories.product(made, "steak", price=20_00)
    factories.option_group(steak, "cuisson", {"bleu": 0, "saignant": 0}, min=1)
    factories.option_group(steak, "sauce", {"poivre": 2_00, "beurre": 1_50}, max=2)
    beer = factories.product(made, "biere", price=5_00, allergens=["gluten"])
    factories.option_group(beer, "consigne", {"bouteille": 1_00}, kind="automatic")
    menu = SetMenu.objects.create(
        restaurant=made, key="menu", name={"fr": "Menu du jour"}, price=25_00, vat=10
    )
    course = Course.objects.create(set_menu=menu, key="plat", name={"fr": "Plat"})
    course.choices.create(product=steak, supplement=3_00)
    Category.objects.get(restaurant=made).items.create(set_menu=menu, position=99)
    return made


class Phone(Client):
    """Scans, joins, orders. `visit` is the address of the visit."""

    visit = ""

    def __init__(self, language="fr", **options):
        super().__init__(SERVER_NAME="localhost", headers={"Accept-Language": language}, **options)

    def scan(self, table):
        return self.get(f"/t/{table.code}/")

    def join(self, table, covers=2):
        self.scan(table)
        answer = self.post(f"/r/{table.restaurant.slug}/join/", {"covers": str(covers)})
        self.visit = answer["Location"]
        return self

    def add(self, product, *, htmx=False, quantity="1", **data):
        data = {"product": product, "quantity": quantity, **data}
        return self.post(f"{self.visit}add/", data, headers=HTMX if htmx else {})

    def cart(self):
        return self.get(f"{self.visit}cart/").content.decode()

    def form(self):
        """What the cart's send form holds."""
        page = self.cart()
        return {name: value_of(name, page) for name in ("submission_key", "seen")}

    def send(self, form=None, **options):
        return self.post(f"{self.visit}send/", form or self.form(), **options)


def value_of(name, page):
    """What an input of the page holds."""
    found = re.search(rf'name="{name}" value="([^"]+)"', page)
    assert found, f"no {name} on the page"
    return found[1]


def words(response):
    """The page's text without tags, no-break spaces as spaces."""
    text = re.sub(r"<[^>]+>", " ", response.content.decode())
    return re.sub(r"\s+", " ", text.replace("&#x27;", "’").replace("&nbsp;", " "))


def french(problem):
    """The sentence of a problem as `words` gives it."""
    with translation.override("fr"):
        return re.sub(r"\s+", " ", str(problem))
