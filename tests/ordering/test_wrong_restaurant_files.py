"""P25: each of more than a hundred wrong restaurant files names its mistake and its place, and nothing is written.

Each is a file that is right but for one thing.
"""

import ast
import copy
import json
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from ordering import restaurant_file
from ordering.admin.forms import ID_PROBLEMS
from ordering.models import Restaurant
from ordering.restaurant_file import RestaurantFileError, check, parse, sentences
from ordering.services.transfer import import_restaurant
from tests import factories
from tests.ordering.test_restaurant_file_mistakes import changed, small

HERE = Path(restaurant_file.__file__).parent
PRODUCT, TABLE = ("products", 0), ("tables", 0)
GROUP, OPTION = ("option_groups", 0), ("option_groups", 0, "options", 1)
MENU, COURSE = ("set_menus", 0), ("set_menus", 0, "courses", 0)
CHOICE, OTHER_CHOICE = (*COURSE, "choices", 0), (*COURSE, "choices", 1)


def full():
    """The small restaurant, with hours, closed days, limits, legal texts, and more of a set menu."""
    data = small()
    data["timezone"], data["colour"] = "Europe/Paris", "#7b1e32"
    data["hours"] = [
        {"days": ["mon", "tue"], "from": "12:00", "to": "14:00"},
        {"from": "19:00", "to": "00:30"},
    ]
    data["closed_days"] = [{"from": "2026-12-24", "to": "2026-12-26", "text": {"fr": "Noël"}}]
    data["limits"] = {"covers": 30, "amount_per_cover": "60.00", "grace_minutes": 5}
    data["legal_texts"] = {"prices": {"fr": "Prix nets"}, "origin": {"fr": "France"}}
    (menu,) = data["set_menus"]
    menu["served"] = [{"days": ["fri"], "from": "12:00", "to": "14:00"}]
    menu["photo"] = "menu.jpg"
    menu["courses"].append(
        {"key": "fin", "name": {"fr": "Fin"}, "min": 0, "max": 2, "choices": [{"product": "riz"}]}
    )
    return data


PLATS_AGAIN = {"key": "plats", "name": {"fr": "x"}, "items": []}
PAIN_AGAIN = {"key": "pain", "name": {"fr": "x"}, "options": [{"key": "a", "name": {"fr": "a"}}]}
# What is changed, to what (`...`: taken away), the place that is named, and the words that its mistake begins with.
WRONG = [
    (("slug",), ..., "", '"slug" is missing'),
    (("slug",), "Chez Alice", "slug", '"Chez Alice" is not a key; write'),
    (("slug",), "x" * 65, "slug", '…" is not a key'),
    (("name",), ..., "", '"name" is missing'),
    (("name",), None, "name", "null is not a text in quotes"),
    (("name",), "", "name", "the text is empty"),
    (("name",), "  ", "name", "there are only blanks in it"),
    (("name",), "x" * 201, "name", "it has 201 characters; at most 200"),
    (("name",), "a\nb", "name", "it holds a line end or a tab, and"),
    (("nom",), "x", "", '"nom" is not a name that is known here'),
    (("currency",), "CHF", "currency", '"CHF" is not "EUR", the only one'),
    (("colour",), "red", "colour", '"red" is not a colour; write # and'),
    (("colour",), "#7b1e3", "colour", '"#7b1e3" is not a colour; write # and'),
    (("logo",), "a/b.png", "logo", '"a/b.png" is not the bare name of a'),
    (("logo",), "con.png", "logo", '"con.png" is the name of a device on'),
    (("logo",), "x" * 201, "logo", "it has 201 characters; at most 200"),
    (("timezone",), "Europe/Lyon", "timezone", '"Europe/Lyon" is not a time zone that'),
    (("timezone",), 2, "timezone", "2 is not a text in quotes"),
    (("ordering",), "yes", "ordering", '"yes" is not true or false'),
    (("languages",), [], "languages", "the list is empty; at least one is"),
    (("languages",), "fr", "languages", '"fr" is not a list'),
    (("languages", 1), "FR", "languages[1]", '"FR" is not a language code; write'),
    (("languages", 1), "xx", "languages[1]", '"xx" is not a language that is known'),
    (("languages", 1), "fr", "languages[1]", 'the language "fr" is given twice'),
    (("languages", 1), 7, "languages[1]", "7 is not a language code; write one"),
    (("hours",), "12-14", "hours", '"12-14" is not a list'),
    (("hours", 0, "from"), "12h", "hours[0].from", '"12h" is not a time; write hours and'),
    (("hours", 0, "to"), "24:00", "hours[0].to", '"24:00" is not a time; write hours'),
    (("hours", 0, "to"), ..., "hours[0]", '"to" is missing'),
    (("hours", 0, "days"), ["monday"], "hours[0].days[0]", '"monday" is none of mon, tue, wed,'),
    (("hours", 0, "days"), "mon", "hours[0].days", '"mon" is not a list'),
    (("hours", 0, "until"), "14:00", "hours[0]", '"until" is not a name that is known'),
    (("hours", 1, "from"), "9:00", "hours[1].from", '"9:00" is not a time; write hours and'),
    (("closed_days",), {}, "closed_days", "an object is not a list"),
    (("closed_days", 0, "from"), ..., "closed_days[0]", '"from" is missing'),
    (("closed_days", 0, "from"), "24/12/2026", "closed_days[0].from", '"24/12/2026" is not a day; write'),
    (("closed_days", 0, "from"), "2026-02-30", "closed_days[0].from", '"2026-02-30" is no day of the calendar'),
    (("closed_days", 0, "to"), "2026-12-23", "closed_days[0].to", "2026-12-23 is before 2026-12-24"),
    (("closed_days", 0, "text"), "No\u00ebl", "closed_days[0].text", '"Noël" is not a text in languages;'),
    (("closed_days", 0, "text"), {}, "closed_days[0].text", "there is no text in it"),
    (("closed_days",), [{"from": "2026-01-01"}] * 101, "closed_days", "the list is too long; at most 100"),
    (("closed_days", 0, "reason"), "x", "closed_days[0]", '"reason" is not a name that is known'),
    (("limits", "covers"), 0, "limits.covers", "0 is too small; the least is 1"),
    (("limits", "covers"), 32768, "limits.covers", "32768 is too large; the most is 32767"),
    (("limits", "amount_per_cover"), 60, "limits.amount_per_cover", "60 is not a price; write euros with"),
    (("limits", "amount_per_cover"), "60", "limits.amount_per_cover", '"60" is not a price; write euros with'),
    (("limits", "grace_minutes"), 61, "limits.grace_minutes", "61 is too large; the most is 60"),
    (("limits", "grace_minutes"), -1, "limits.grace_minutes", "-1 is too small; the least is 0"),
    (("limits", "quantity"), 3, "limits", '"quantity" is not a name that is'),
    (("limits",), [], "limits", "a list is not an object"),
    (("limits", "orders_per_hour"), 1.5, "limits.orders_per_hour", "1.5 is not a whole number"),
    (("legal_texts", "origin"), "France", "legal_texts.origin", '"France" is not a text in languages;'),
    (("legal_texts", "origin"), {"en": "France"}, "legal_texts.origin", 'there is no text in "fr", the'),
    (("legal_texts", "origin"), {"fr": "x" * 501}, "legal_texts.origin.fr", "it has 501 characters; at most 500"),
    (("legal_texts", "origins"), {"fr": "x"}, "legal_texts", '"origins" is not a name that is known'),
    (("legal_texts", "prices"), {}, "legal_texts.prices", "there is no text in it"),
    (("legal_texts", "prices", "de"), "x", "legal_texts.prices.de", "the restaurant's languages are fr and"),
    (("legal_texts", "prices", "fr"), "", "legal_texts.prices.fr", "the text is empty"),
    (("register",), "leo2", "register", "this is not an object"),
    (("register", "kind"), "leo3", "register.kind", "this is none of leo2, enregistreuse"),
    (("register", "kind"), ..., "register", '"kind" is missing'),
    (("register", "base_url"), ..., "register", '"base_url" is missing'),
    (("register", "base_url"), 7, "register.base_url", "this is not a text in quotes"),
    (("register", "credentials"), ..., "register", '"credentials" is missing'),
    (("register", "credentials", "pub_key"), 7, "register.credentials.pub_key", "this is not a text in quotes"),
    (("register", "base_url"), "x" * 501, "register.base_url", "it has 501 characters; at most 500"),
    (("register", "pub_key"), "x", "register", '"pub_key" is not a name that is known'),
    (("register", "options"), [], "register.options", "this is not an object"),
    (("tables",), [], "tables", "the list is empty; at least one is"),
    (("tables",), {}, "tables", "an object is not a list"),
    (("tables", 0), 7, "tables[0]", "7 is not an object"),
    ((*TABLE, "number"), ..., "tables[0]", '"number" is missing'),
    ((*TABLE, "number"), 0, "tables[0].number", "0 is too small; the least is 1"),
    ((*TABLE, "number"), 90000, "tables[0].number", "90000 is too large; the most is 89999"),
    ((*TABLE, "number"), "1", "tables[0].number", '"1" is not a whole number'),
    ((*TABLE, "number"), 1.5, "tables[0].number", "1.5 is not a whole number"),
    (("tables", 1, "number"), 1, "tables[1].number", "table 1 is given twice"),
    ((*TABLE, "seats"), 0, "tables[0].seats", "0 is too small; the least is 1"),
    ((*TABLE, "label"), "x" * 101, "tables[0].label", "it has 101 characters; at most 100"),
    ((*TABLE, "zone"), "a\tb", "tables[0].zone", "it holds a line end or a tab, and"),
    ((*TABLE, "register_id"), "7a", "tables[0].register_id", '"7a" is not an id: only ASCII digits'),
    ((*TABLE, "code"), "short", "tables[0].code", "this code could be guessed or cannot"),
    (("tables", 1, "code"), "CANARY-CODE-0123456789abc", "tables[1].code", "two tables have this code"),
    ((*TABLE, "enabled"), "no", "tables[0].enabled", '"no" is not true or false'),
    ((*TABLE, "card_version"), 0, "tables[0].card_version", "0 is too small; the least is 1"),
    ((*TABLE, "chairs"), 2, "tables[0]", '"chairs" is not a name that is known'),
    (("categories",), ..., "", '"categories" is missing'),
    (("categories", 0, "key"), ..., "categories[0]", '"key" is missing'),
    (("categories", 0, "key"), "Plats", "categories[0].key", '"Plats" is not a key; write small'),
    (("categories", 0, "name"), ..., "categories[0]", '"name" is missing'),
    (("categories", 0, "items"), ..., "categories[0]", '"items" is missing'),
    (("categories", 0, "items", 1), "pizza", "categories[0].items[1]", "there is no product or set menu"),
    (("categories", 0, "items", 1), "soupe", "categories[0].items[1]", 'product or set menu "soupe" is given'),
    (("categories", 0, "items", 1), 1, "categories[0].items[1]", "1 is not a key; write small letters"),
    (("categories", 1), PLATS_AGAIN, "categories[1].key", 'the category "plats" is given twice'),
    (("categories", 0, "served"), {}, "categories[0].served", "an object is not a list"),
    (("categories", 0, "name", "fr"), "a\nb", "categories[0].name.fr", "it holds a line end or a tab, and"),
    (("products",), ..., "", '"products" is missing'),
    (("products", 0), "soupe", "products[0]", '"soupe" is not an object'),
    ((*PRODUCT, "key"), ..., "products[0]", '"key" is missing'),
    ((*PRODUCT, "key"), "soupe du jour", "products[0].key", '"soupe du jour" is not a key; write'),
    ((*PRODUCT, "key"), "riz", "products[1].key", 'the product or set menu "riz" is'),
    ((*PRODUCT, "name"), ..., "products[0]", '"name" is missing'),
    ((*PRODUCT, "name"), "Soupe", "products[0].name", '"Soupe" is not a text in languages;'),
    ((*PRODUCT, "name"), {}, "products[0].name", "there is no text in it"),
    ((*PRODUCT, "name"), {"en": "Soup"}, "products[0].name", 'there is no text in "fr", the'),
    ((*PRODUCT, "name", "de"), "Suppe", "products[0].name.de", "the restaurant's languages are fr and"),
    ((*PRODUCT, "name", "FR"), "x", "products[0].name.FR", "the restaurant's languages are fr and"),
    ((*PRODUCT, "name", "fr"), "", "products[0].name.fr", "the text is empty"),
    ((*PRODUCT, "name", "fr"), "  ", "products[0].name.fr", "there are only blanks in it"),
    ((*PRODUCT, "name", "fr"), "x" * 5001, "products[0].name.fr", "it has 5001 characters; at most 5000"),
    ((*PRODUCT, "description", "fr"), "x\u0000", "products[0].description.fr", "it holds a NUL character, which a"),
    ((*PRODUCT, "price"), ..., "products[0]", '"price" is missing'),
    ((*PRODUCT, "price"), 12.5, "products[0].price", "12.5 is not a price; write euros with"),
    ((*PRODUCT, "price"), "12,50", "products[0].price", '"12,50" is not a price; write euros'),
    ((*PRODUCT, "price"), "12.5", "products[0].price", '"12.5" is not a price; write euros'),
    ((*PRODUCT, "price"), "12.50 \u20ac", "products[0].price", '"12.50 €" is not a price; write euros'),
    ((*PRODUCT, "price"), "-1.00", "products[0].price", '"-1.00" is not a price; write euros'),
    ((*PRODUCT, "price"), "1000000.00", "products[0].price", '"1000000.00" is not a price; write'),
    ((*PRODUCT, "prix"), "1", "products[0]", '"prix" is not a name that is known'),
    ((*PRODUCT, "vat"), ..., "products[0]", '"vat" is missing'),
    ((*PRODUCT, "vat"), 10, "products[0].vat", "10 is not a VAT rate; write percent"),
    ((*PRODUCT, "vat"), "33", "products[0].vat", '"33" is not a VAT rate; write percent'),
    ((*PRODUCT, "vat"), "10 %", "products[0].vat", '"10 %" is not a VAT rate; write'),
    ((*PRODUCT, "register_id"), 101, "products[0].register_id", "101 is not a text in quotes or null"),
    ((*PRODUCT, "register_id"), "12a", "products[0].register_id", '"12a" is not an id: only ASCII digits'),
    ((*PRODUCT, "volume"), "x" * 51, "products[0].volume", "it has 51 characters; at most 50 can"),
    ((*PRODUCT, "origin"), "x" * 201, "products[0].origin", "it has 201 characters; at most 200"),
    ((*PRODUCT, "alcohol"), "yes", "products[0].alcohol", '"yes" is not true or false'),
    ((*PRODUCT, "course"), 0, "products[0].course", "0 is too small; the least is 1"),
    ((*PRODUCT, "course"), 40000, "products[0].course", "40000 is too large; the most is 32767"),
    ((*PRODUCT, "diets"), ["paleo"], "products[0].diets[0]", '"paleo" is none of vegetarian, vegan,'),
    ((*PRODUCT, "diets"), ["vegan", "vegan"], "products[0].diets", '"vegan" stands in it twice'),
    ((*PRODUCT, "allergens"), "milk", "products[0].allergens", '"milk" is not a list of allergens;'),
    ((*PRODUCT, "allergens"), ["milch"], "products[0].allergens[0]", '"milch" is none of gluten,'),
    ((*PRODUCT, "allergens"), ["milk", "milk"], "products[0].allergens", '"milk" stands in it twice'),
    ((*PRODUCT, "allergens"), {"milk": True}, "products[0].allergens", "an object is not a list of allergens;"),
    ((*PRODUCT, "allergens"), [None], "products[0].allergens[0]", "null is none of gluten, crustaceans,"),
    ((*OPTION, "allergens"), ["lait"], "option_groups[0].options[1].allergens[0]", '"lait" is none of gluten,'),
    ((*PRODUCT, "allergen"), [], "products[0]", '"allergen" is not a name that is'),
    ((*PRODUCT, "sold_out"), 1, "products[0].sold_out", "1 is not true or false"),
    ((*PRODUCT, "sold_out_until"), "tomorrow", "products[0].sold_out_until", '"tomorrow" is not a day; write year,'),
    ((*PRODUCT, "sold_out_until"), "2026-13-01", "products[0].sold_out_until", '"2026-13-01" is no day'),
    ((*PRODUCT, "portions"), -1, "products[0].portions", "-1 is too small; the least is 0"),
    ((*PRODUCT, "portions"), 2.5, "products[0].portions", "2.5 is not a whole number or null"),
    ((*PRODUCT, "portions"), 2**31, "products[0].portions", "2147483648 is too large; the most is"),
    ((*PRODUCT, "photo"), "a/b.jpg", "products[0].photo", '"a/b.jpg" is not the bare name of a'),
    ((*PRODUCT, "photo"), "..", "products[0].photo", '".." is not the bare name of a file'),
    ((*PRODUCT, "photo"), "nul.jpg", "products[0].photo", '"nul.jpg" is the name of a device on'),
    ((*PRODUCT, "photo"), 7, "products[0].photo", "7 is not the bare name of a file"),
    ((*MENU, "photo"), "../x.jpg", "set_menus[0].photo", '"../x.jpg" is not the bare name of a'),
    ((*PRODUCT, "photo"), "x" * 201, "products[0].photo", "it has 201 characters; at most 200"),
    ((*PRODUCT, "photo"), "c:x.jpg", "products[0].photo", '"c:x.jpg" is not the bare name of a'),
    ((*PRODUCT, "served", 0, "days"), ["mo"], "products[0].served[0].days[0]", '"mo" is none of mon, tue, wed, thu,'),
    ((*PRODUCT, "served", 0, "from"), ..., "products[0].served[0]", '"from" is missing'),
    ((*PRODUCT, "served", 0, "from"), "25:00", "products[0].served[0].from", '"25:00" is not a time; write hours'),
    ((*PRODUCT, "served"), "midi", "products[0].served", '"midi" is not a list'),
    ((*MENU, "served", 0, "to"), "14", "set_menus[0].served[0].to", '"14" is not a time; write hours and'),
    ((*PRODUCT, "option_groups"), ["sauce"], "products[0].option_groups[0]", 'there is no option group "sauce" in'),
    ((*PRODUCT, "option_groups"), ["pain", "pain"], "products[0].option_groups", '"pain" stands in it twice'),
    ((*PRODUCT, "option_groups"), "pain", "products[0].option_groups", '"pain" is not a list'),
    ((*GROUP, "key"), "Pain", "option_groups[0].key", '"Pain" is not a key; write small'),
    ((*GROUP, "kind"), "auto", "option_groups[0].kind", '"auto" is none of choice and automatic'),
    ((*GROUP, "min"), 3, "option_groups[0].min", "min is 3, above max, 2"),
    ((*GROUP, "min"), -1, "option_groups[0].min", "-1 is too small; the least is 0"),
    ((*GROUP, "max"), 0, "option_groups[0].max", "0 is too small; the least is 1"),
    ((*GROUP, "max"), "2", "option_groups[0].max", '"2" is not a whole number or null'),
    ((*GROUP, "options"), [], "option_groups[0].options", "the list is empty; at least one is"),
    ((*GROUP, "options"), ..., "option_groups[0]", '"options" is missing'),
    (("option_groups", 1), PAIN_AGAIN, "option_groups[1].key", 'the option group "pain" is given twice'),
    ((*OPTION, "key"), "blanc", "option_groups[0].options[1].key", 'the option "blanc" is given twice'),
    ((*OPTION, "name"), ..., "option_groups[0].options[1]", '"name" is missing'),
    ((*OPTION, "price"), "0,50", "option_groups[0].options[1].price", '"0,50" is not a price; write euros'),
    ((*OPTION, "price"), "--0.50", "option_groups[0].options[1].price", '"--0.50" is not a price; write euros'),
    ((*OPTION, "register_id"), ..., "option_groups[0].options[1]", "it has a price, so the register needs"),
    ((*OPTION, "register_id"), "9b", "option_groups[0].options[1].register_id", '"9b" is not an id: only ASCII digits'),
    ((*OPTION, "sold_out_until"), "2026-02-30", "option_groups[0].options[1].sold_out_until", '"2026-02-30" is no day'),
    ((*OPTION, "supplement"), "1.00", "option_groups[0].options[1]", '"supplement" is not a name that is'),
    ((*MENU, "key"), "riz", "set_menus[0].key", 'the product or set menu "riz" is'),
    ((*MENU, "price"), ..., "set_menus[0]", '"price" is missing'),
    ((*MENU, "vat"), "ten", "set_menus[0].vat", '"ten" is not a VAT rate; write'),
    ((*MENU, "courses"), ..., "set_menus[0]", '"courses" is missing'),
    ((*MENU, "courses"), [], "set_menus[0].courses", "the list is empty; at least one is"),
    ((*COURSE, "name"), ..., "set_menus[0].courses[0]", '"name" is missing'),
    ((*COURSE, "min"), 2, "set_menus[0].courses[0].min", "min is 2, above max, 1, which it is"),
    ((*COURSE, "max"), 0, "set_menus[0].courses[0].max", "0 is too small; the least is 1"),
    ((*COURSE, "choices"), [], "set_menus[0].courses[0].choices", "the list is empty; at least one is"),
    ((*CHOICE, "product"), "pizza", "set_menus[0].courses[0].choices[0].product", 'there is no product "pizza"'),
    ((*CHOICE, "product"), "menu", "set_menus[0].courses[0].choices[0].product", '"menu" is a set menu, and only'),
    ((*CHOICE, "product"), "riz", "set_menus[0].courses[0].choices[1].product", 'the product "riz" is given twice'),
    (CHOICE, "soupe", "set_menus[0].courses[0].choices[0]", '"soupe" is not an object'),
    ((*OTHER_CHOICE, "supplement"), "-1.00", "set_menus[0].courses[0].choices[1].supplement", '"-1.00" is not a'),
    ((*OTHER_CHOICE, "price"), "1.00", "set_menus[0].courses[0].choices[1]", '"price" is not a name that is known'),
    ((*MENU, "courses", 1, "key"), "plat", "set_menus[0].courses[1].key", 'the course "plat" is given twice'),
    ((*MENU, "allergens"), [], "set_menus[0]", '"allergens" is not a name that is'),
    ((*MENU, "portions"), -1, "set_menus[0].portions", "-1 is too small; the least is 0"),
    ((*MENU, "register_id"), "x", "set_menus[0].register_id", '"x" is not an id: only ASCII digits'),
    # Of another language than the house's, each text of the carte is named; the first of them:
    (("languages", 0), "de", "categories[0].name", 'there is no text in "de", the restaurant\'s first'),
]  # fmt: skip
# The same, with what only an import knows: the registers that there are, and the other restaurants.
WRONG_HERE = [
    (("register", "credentials"), {}, "register.credentials", '"shop" is missing; leo2 needs shop and'),
    (("register", "credentials", "shop"), ..., "register.credentials", '"shop" is missing; leo2 needs'),
    (("register", "kind"), "tiller", "register.credentials", '"provider_token" is missing; tiller needs'),
    (("register", "base_url"), "ftp://register.example", "register.base_url", "This is not the address of a register"),
    (("register", "base_url"), "http://169.254.169.254/", "register.base_url", "Only https:// is allowed"),
    ((*TABLE, "code"), "CODE-OF-ANOTHER-0123456789", "tables[0].code", "a table of another restaurant has this"),
]  # fmt: skip


def refused(data, folder=None):
    """The mistakes of a file that is refused, and of which nothing was written."""
    before = Restaurant.objects.count()
    with pytest.raises(RestaurantFileError) as caught:
        import_restaurant(data=parse(json.dumps(data).encode()), folder=folder)
    assert Restaurant.objects.count() == before
    return [str(mistake) for mistake in caught.value.mistakes]


def names(found, place, words):
    """Whether one of the sentences says so, of this place."""
    start = f"{place}: " if place else ""
    return any(said.startswith(start) and words in said for said in found)


def ids(cases):
    return [f"{number}-{'.'.join(map(str, path))}" for number, (path, *_) in enumerate(cases)]


CASES = ("path", "value", "place", "words")


@pytest.mark.pure
def test_there_are_more_than_a_hundred_of_them_each_another():
    assert check(full()) == []
    cases = [*WRONG, *WRONG_HERE]
    assert len({(path, repr(value)) for path, value, *_ in cases}) == len(cases) >= 100


@pytest.mark.pure
@pytest.mark.parametrize(CASES, WRONG, ids=ids(WRONG))
def test_it_names_the_mistake_and_its_place(path, value, place, words):
    data = json.dumps(changed(path, copy.deepcopy(value), full())).encode()
    found = [str(mistake) for mistake in check(parse(data))]
    assert names(found, place, words), found


@pytest.mark.django_db
@pytest.mark.parametrize(CASES, [*WRONG_HERE, *WRONG[::20]], ids=ids([*WRONG_HERE, *WRONG[::20]]))
def test_an_import_names_it_and_writes_nothing(path, value, place, words):
    factories.table(factories.restaurant("chez-bob"), code="CODE-OF-ANOTHER-0123456789")
    found = refused(changed(path, copy.deepcopy(value), full()))
    assert names(found, place, words), found


def marked():
    """The sentences of the package that are marked for translation; the catalogue has French for each of those."""
    trees = [ast.parse(path.read_text()) for path in HERE.glob("*.py")]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    found = {
        ast.literal_eval(call.args[0]) for call in calls if getattr(call.func, "id", "") == "_"
    }
    assert len(found) > 80
    return found | set(ID_PROBLEMS)


@pytest.mark.pure
def test_each_is_said_in_the_readers_language_and_in_english_on_the_terminal_p25(monkeypatch):
    """Patched: a catalogue in which each sentence stands between « and »."""
    asked = set()

    def catalogue(text):
        asked.add(text)
        return f"«{text}»"

    monkeypatch.setattr(sentences, "gettext", catalogue)
    for path, value, *_ in WRONG:
        for mistake in check(
            parse(json.dumps(changed(path, copy.deepcopy(value), full())).encode())
        ):
            said, english = mistake.said, str(mistake)
            assert said.startswith("«")
            assert said.replace("«", "").replace("»", "") == english
            assert "«" not in english
    assert asked - marked() == {"null"}


def picture(kind="JPEG", size=(40, 30)):
    file = BytesIO()
    Image.new("RGB", size, "red").save(file, kind)
    return file.getvalue()


NO_PICTURE = "it is not a whole picture in JPEG, PNG or WebP"
PHOTOS = [
    (b"", NO_PICTURE),
    (b"not a picture", NO_PICTURE),
    (b"<svg xmlns='http://www.w3.org/2000/svg'/>", NO_PICTURE),
    (picture("GIF"), NO_PICTURE),
    (picture("TIFF"), NO_PICTURE),
    (picture()[:-100], NO_PICTURE),
    (picture("PNG", (8_000, 5_001)), "it has 8000 x 5001 pixels; at most 40 million"),
    (picture() + b"x" * 5_000_000, "it has more than 5 MB"),
    ("link", "it is a symbolic link"),
    ("folder", "it is not a plain file"),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("content", "words"), PHOTOS, ids=range(len(PHOTOS)))
@pytest.mark.parametrize(
    ("name", "place"),
    [("soupe.jpg", "products[0].photo"), ("menu.jpg", "set_menus[0].photo")],
)
def test_it_names_a_file_that_is_no_photo(tmp_path, name, place, content, words):
    """T31: by the product or set menu that shows it."""
    at = tmp_path / name
    if content == "link":
        at.symlink_to("/etc/hostname")
    elif content == "folder":
        at.mkdir()
    else:
        at.write_bytes(content)
    assert refused(full(), tmp_path) == [f'{place}: the file "{name}" is not taken: {words}']


UNREADABLE = [
    (b"", "the file is empty"),
    (b" \n", "the file is empty"),
    (b"[]", "the file must hold one object, {…}, and holds a list"),
    (b'"slug"', 'the file must hold one object, {…}, and holds "slug"'),
    (b'{"slug": "a",\n "name": }', "this is not JSON at line 2, column 10"),
    (b'{"slug": "a"\n "name": "b"}', "this is not JSON at line 2, column 2"),
    (b"{'slug': 'a'}", "this is not JSON at line 1, column 2"),
    (b'{"slug": "a",\n"name": "b', "the file ends too early or a quote is not closed (line 2, column 9)"),
    (b'{"slug": "a",', "the file ends too early"),
    (b'{"name": "caf\xe9"}', "the file is not UTF-8 at line 1, byte 14; save it as UTF-8"),
    (b'{"name": "caf\xc3', "the file ends in the middle of a letter (line 1, byte 14)"),
    ('{"slug": "a"}'.encode("utf-16"), "the file is written in UTF-16; save it as UTF-8"),
    (b"\n" + b"[" * 40, "brackets are more than 32 levels deep at line 2, column 33"),
    (b'{"slug": "' + b"a" * 5_000_000 + b'"}', "the file has 5.0 MB; a restaurant file has at most 5 MB"),
    (b"name;price\nSoupe;8", "this is not JSON at line 1, column 1"),
]  # fmt: skip


@pytest.mark.pure
@pytest.mark.parametrize(("content", "words"), UNREADABLE, ids=range(len(UNREADABLE)))
def test_it_names_the_line_of_what_cannot_be_read(content, words):
    with pytest.raises(RestaurantFileError) as caught:
        parse(content)
    (mistake,) = caught.value.mistakes
    assert str(mistake).startswith(words)


@pytest.mark.pure
def test_it_names_what_is_given_twice_and_what_is_no_letter():
    text = json.dumps(full()).replace('"price": "6.50"', '"price": "6.50", "price": "7.00"')
    assert [str(each) for each in check(parse(text.encode()))] == [
        'products[0]: "price" is given twice'
    ]
    for letter, words in (("\ud800", "half a character"), ("\x1b", "a control character")):
        data = changed((*PRODUCT, "name", "fr"), f"a{letter}b", full())
        (said,) = map(str, check(parse(json.dumps(data).encode())))
        assert said.startswith(f"products[0].name.fr: it holds {words}")


@pytest.mark.django_db
def test_it_warns_of_what_nobody_can_have_meant():
    """Such a file was valid, and stays so."""
    data = changed(("closed_days", 0, "text", "de"), "Weihnachten", full())
    data["set_menus"][0]["courses"][1]["min"] = 2
    warnings = import_restaurant(data=data).warnings
    assert (
        "closed_days[0].text.de: the restaurant's languages are fr and en; this text is left out"
        in warnings
    )
    assert (
        "set_menus[0].courses[1].min: min is 2, and there is only 1 to choose: "
        '"menu" cannot be ordered' in warnings
    )
