"""Every mistake is named with its place (P25), all of them at once, in words, and without a secret (P18)."""

import copy
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ordering.restaurant_file import check, parse
from ordering.restaurant_file.rules import PRICE
from ordering.restaurant_file.shape import PATTERNS, SCHEMA, is_secret

pytestmark = pytest.mark.pure

DEMO = Path(SCHEMA).parent / "demo/bistrot-colette.json"
ARABIC_SEVEN = "\N{ARABIC-INDIC DIGIT SEVEN}"


def small():
    """A restaurant with one of everything, valid."""
    return {
        "slug": "chez-alice",
        "name": "Chez Alice",
        "languages": ["fr", "en"],
        "register": {
            "kind": "leo2",
            "base_url": "https://register.example",
            "credentials": {"shop": "SHOP1", "pub_key": "CANARY-KEY"},
        },
        "tables": [
            {"number": 1, "register_id": "7", "code": "CANARY-CODE-0123456789abc", "seats": 2},
            {"number": 2},
        ],
        "categories": [
            {"key": "plats", "name": {"fr": "Plats"}, "items": ["soupe", "riz", "menu"]},
        ],
        "products": [
            {
                "key": "soupe",
                "register_id": "101",
                "name": {"fr": "Soupe", "en": "Soup"},
                "description": {"fr": "Du jour"},
                "price": "6.50",
                "vat": "10",
                "allergens": ["celery"],
                "diets": ["vegan"],
                "photo": "soupe.jpg",
                "served": [{"days": ["mon"], "from": "12:00", "to": "14:00"}],
                "course": 1,
                "option_groups": ["pain"],
            },
            {"key": "riz", "name": {"fr": "Riz"}, "price": "4.00", "vat": "5.5", "allergens": []},
        ],
        "option_groups": [
            {
                "key": "pain",
                "name": {"fr": "Pain"},
                "max": 2,
                "options": [
                    {"key": "blanc", "name": {"fr": "Blanc"}},
                    {"key": "noir", "register_id": "9", "name": {"fr": "Noir"}, "price": "0.50"},
                ],
            }
        ],
        "set_menus": [
            {
                "key": "menu",
                "register_id": "200",
                "name": {"fr": "Menu"},
                "price": "15.00",
                "vat": "10",
                "courses": [
                    {
                        "key": "plat",
                        "name": {"fr": "Plat"},
                        "choices": [{"product": "soupe"}, {"product": "riz", "supplement": "1.00"}],
                    }
                ],
            }
        ],
    }


def changed(path, value, data=None):
    """The small restaurant with one thing changed; `...` takes it away."""
    data = small() if data is None else data
    here = data
    for step in path[:-1]:
        here = here[step]
    if value is ...:
        del here[path[-1]]
    elif isinstance(here, list) and path[-1] == len(here):
        here.append(value)
    else:
        here[path[-1]] = value
    return data


def said(data):
    return [str(mistake) for mistake in check(data)]


def test_it_finds_nothing_wrong_with_the_small_restaurant():
    assert said(small()) == []


PRODUCT, OPTION = ("products", 0), ("option_groups", 0, "options", 1)
COURSE = ("set_menus", 0, "courses", 0)


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        # What the schema says.
        (("slug",), "Chez Alice", 'slug: "Chez Alice" is not a key; write small letters'),
        (("slug",), "chez-alice\n", r'slug: "chez-alice\n" is not a key'),
        (("name",), ..., '"name" is missing'),
        (("name",), None, "name: null is not a text in quotes"),
        (("languages",), [], "languages: the list is empty; at least one is needed"),
        (("tables",), {}, "tables: an object is not a list"),
        (("tables", 0, "number"), True, "tables[0].number: true is not a whole number"),
        (("tables", 0, "number"), "1", 'tables[0].number: "1" is not a whole number'),
        (("tables", 0, "number"), 1.5, "tables[0].number: 1.5 is not a whole number"),
        (("tables", 0, "number"), 0, "tables[0].number: 0 is too small; the least is 1"),
        (("tables", 0, "number"), 90_000, "tables[0].number: 90000 is too large; the most is 89999"),
        (
            (*PRODUCT, "price"),
            "12,50",
            'products[0].price: "12,50" is not a price; write euros with two decimals, like "12.50"',
        ),
        ((*PRODUCT, "price"), 12.5, "products[0].price: 12.5 is not a price"),
        ((*PRODUCT, "price"), "-1.00", 'products[0].price: "-1.00" is not a price'),
        ((*PRODUCT, "price"), "6.50\n", r'products[0].price: "6.50\n" is not a price'),
        ((*PRODUCT, "price"), f"{ARABIC_SEVEN}.50", "is not a price"),
        ((*PRODUCT, "price"), "1000000.00", "is not a price"),
        ((*PRODUCT, "vat"), "33", 'products[0].vat: "33" is not a VAT rate; write percent from 0'),
        ((*PRODUCT, "vat"), "30.01", 'products[0].vat: "30.01" is not a VAT rate'),
        ((*PRODUCT, "prise"), "1", '"prise" is not a name that is known here; did you mean "price"?'),
        ((*PRODUCT, "allergens"), ["milch"], 'products[0].allergens[0]: "milch" is none of gluten, '),
        ((*PRODUCT, "allergens"), ["milk", "milk"], 'products[0].allergens: "milk" stands in it twice'),
        ((*PRODUCT, "allergens"), "milk", "for “not declared” write null"),
        ((*PRODUCT, "option_groups"), ["pain", "pain"], '"pain" stands in it twice'),
        (
            (*PRODUCT, "sold_out_until"),
            "tomorrow",
            'products[0].sold_out_until: "tomorrow" is not a day; write year, month and day',
        ),
        (
            (*OPTION, "sold_out_until"),
            "2026-02-30",
            'option_groups[0].options[1].sold_out_until: "2026-02-30" is no day of the calendar',
        ),
        ((*OPTION, "portions"), -1, "option_groups[0].options[1].portions: -1 is too small"),
        ((*PRODUCT, "portions"), 2**31, "products[0].portions: 2147483648 is too large"),
        ((*PRODUCT, "sold_out"), 1, "products[0].sold_out: 1 is not true or false"),
        ((*PRODUCT, "photo"), "a/b.jpg", "is not the bare name of a file beside this one"),
        ((*PRODUCT, "name", "FR"), "x", '"FR" is not a language code'),
        ((*PRODUCT, "name", "fr\n"), "x", r'"fr\n" is not a language code'),
        ((*PRODUCT, "served", 0, "to"), "24:00", "is not a time"),
        ((*PRODUCT, "name"), {}, "products[0].name: there is no text in it"),
        (("currency",), "CHF", 'currency: "CHF" is not "EUR", the only one there is'),
        (("colour",), "#7b1e3", 'colour: "#7b1e3" is not a colour'),
        # What it cannot say.
        (("timezone",), "Europe/Lyon", 'timezone: "Europe/Lyon" is not a time zone'),
        (("timezone",), "../../etc/passwd", "is not a time zone"),
        (("languages", 1), "xx", 'languages[1]: "xx" is not a language that is known'),
        (("languages", 1), "fr", 'languages[1]: the language "fr" is given twice'),
        (("languages", 0), "de", 'categories[0].name: there is no text in "de"'),
        ((*PRODUCT, "name", "de"), "Suppe", "products[0].name.de: the restaurant's languages are fr and en"),
        ((*PRODUCT, "name", "fr"), "   ", "products[0].name.fr: there are only blanks in it"),
        ((*PRODUCT, "name", "fr"), "a\nb", "products[0].name.fr: it holds a line end"),
        ((*PRODUCT, "name", "fr"), "x" * 5_001, "it has 5001 characters; at most 5000"),
        (("name",), "", "name: the text is empty"),
        (("name",), "x" * 201, "name: it has 201 characters; at most 200"),
        (("tables", 0, "label"), "x" * 101, "tables[0].label: it has 101 characters"),
        (("tables", 0, "seats"), 2**31, "tables[0].seats: 2147483648 is too large"),
        (("tables", 1, "number"), 1, "tables[1].number: table 1 is given twice"),
        (("tables", 1, "number"), 1.0, "tables[1].number: table 1 is given twice"),
        (("tables", 0, "code"), "short", "tables[0].code: this code could be guessed"),
        (("tables", 0, "code"), "a" * 30, "tables[0].code: this code could be guessed"),
        (("tables", 1, "code"), "CANARY-CODE-0123456789abc", "tables[1].code: two tables have this code"),
        (("categories", 0, "items", 1), "soupe", 'categories[0].items[1]: product or set menu "soupe" is'),
        (("categories", 0, "items", 1), "pizza", "categories[0].items[1]: there is no product or set menu"),
        ((*PRODUCT, "option_groups"), ["sauce"], 'option_groups[0]: there is no option group "sauce"'),
        ((*PRODUCT, "course"), 32_768, "products[0].course: 32768 is too large; the most is 32767"),
        ((*PRODUCT, "key"), "riz", 'products[1].key: the product or set menu "riz" is given twice'),
        (("set_menus", 0, "key"), "riz", 'set_menus[0].key: the product or set menu "riz" is given twice'),
        ((*PRODUCT, "photo"), "..", "is not the bare name of a file"),
        ((*PRODUCT, "photo"), "Con.jpg", "is the name of a device on Windows"),
        ((*PRODUCT, "register_id"), "12a", 'products[0].register_id: "12a" is not an id: '),
        ((*PRODUCT, "register_id"), ARABIC_SEVEN, "is not an id"),
        ((*PRODUCT, "register_id"), "", 'products[0].register_id: "" is not an id'),
        (("set_menus", 0, "register_id"), "x", 'set_menus[0].register_id: "x" is not an id'),
        (("tables", 0, "register_id"), "x", 'tables[0].register_id: "x" is not an id'),
        ((*OPTION, "register_id"), "x", 'option_groups[0].options[1].register_id: "x" is not an id'),
        ((*OPTION, "register_id"), ..., "option_groups[0].options[1]: it has a price, so the register"),
        ((*OPTION, "key"), "blanc", 'options[1].key: the option "blanc" is given twice'),
        (("option_groups", 0, "min"), 3, "option_groups[0].min: min is 3, above max, 2"),
        (("option_groups", 0, "max"), None, None),
        ((*COURSE, "min"), 2, "courses[0].min: min is 2, above max, 1, which it is where it is left out"),
        ((*COURSE, "choices", 0, "product"), "pizza", 'there is no product "pizza" in this file'),
        ((*COURSE, "choices", 0, "product"), "menu", '"menu" is a set menu, and only products'),
        ((*COURSE, "choices", 0, "product"), "riz", 'choices[1].product: the product "riz" is given twice'),
        (("limits",), {"covers": 32_768}, "limits.covers: 32768 is too large"),
    ],
)  # fmt: skip
def test_it_names(path, value, sentence):
    found = said(changed(path, value))
    if sentence is None:
        assert found == []
    else:
        assert any(sentence in one for one in found), found


def test_it_names_min_above_the_number_of_options():
    data = changed(("option_groups", 0, "max"), None)
    assert said(changed(("option_groups", 0, "min"), 3, data)) == [
        "option_groups[0].min: min is 3, and there are only 2 options to choose"
    ]


def test_it_names_all_of_them_from_the_top_to_the_end():
    data = small()
    for path, value in (
        (("set_menus", 0, "price"), "a"),
        ((*PRODUCT, "price"), "b"),
        (("products", 1, "vat"), "99"),
        (("tables", 0, "number"), 0),
        (("categories", 0, "items", 0), "pizza"),
    ):
        changed(path, value, data)
    assert [one.partition(": ")[0] for one in said(data)] == [
        "tables[0].number",
        "categories[0].items[0]",
        "products[0].price",
        "products[1].vat",
        "set_menus[0].price",
    ]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("register",), "CANARY"),
        (("register", "kind"), "CANARY"),
        (("register", "credentials"), "CANARY"),
        (("register", "credentials"), ["CANARY"]),
        (("register", "credentials", "pub_key"), 7),
        (("register", "pub_key"), "CANARY"),
        (("register", "base_url"), "https://register.example/?pub_key=CANARY\0"),
        (("register", "options"), "CANARY"),
        (("tables", 0, "code"), "CANARY"),
        (("tables", 0, "code"), ["CANARY"]),
        (("tables", 0, "Code"), "CANARY"),
        (("tables", 0, "code"), "CANARY\0"),
    ],
)
def test_it_names_a_bad_secret_and_does_not_show_it(path, value):
    found = said(changed(path, value))
    assert found
    assert not [one for one in found if "CANARY" in one or "7" in one]


def test_it_knows_where_secrets_stand():
    assert is_secret(("register", "credentials", "pub_key"))
    assert is_secret(("tables", 3, "code"))
    assert not is_secret(("tables", 3, "number"))


def test_it_has_words_for_every_pattern_of_the_schema():
    patterns = set()

    def collect(node):
        if isinstance(node, dict):
            patterns.update(node.get("patternProperties", {}))
            if isinstance(node.get("pattern"), str):
                patterns.add(node["pattern"])
            for item in node.values():
                collect(item)
        elif isinstance(node, list):
            for item in node:
                collect(item)

    collect(json.loads(SCHEMA.read_text()))
    assert patterns == set(PATTERNS)


NASTY = st.sampled_from(
    [
        ..., None, True, False, 0, -1, 1.5, 1e300, 10**30, "", " ", "\0", "\ud800", "\x1b[2J", "x" * 6_000,
        "soupe", "12.50", "-0.50", "fr", [], {}, [[]], [{}], {"fr": "x"}, {"\u202e": "x"}, [None],
    ]
)  # fmt: skip


def places(node, path=()):
    for name, item in node.items() if isinstance(node, dict) else enumerate(node):
        yield (*path, name)
        if isinstance(item, dict | list):
            yield from places(item, (*path, name))


PLACES = sorted(places(small()), key=str)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PLACES), NASTY), min_size=1, max_size=4))
def test_it_survives_anything_and_prints_one_clean_line_for_each(changes):
    data = small()
    for path, value in changes:
        try:
            changed(path, copy.deepcopy(value), data)
        except (KeyError, IndexError, TypeError, AttributeError):
            continue  # an earlier change took that place away
    for sentence in said(parse(json.dumps(data).encode())):
        assert sentence.isprintable()
        assert "CANARY" not in sentence
        sentence.encode()


def test_it_has_one_idea_of_a_price():
    assert PRICE.pattern == r"-?[0-9]{1,6}\.[0-9]{2}"
    assert [PRICE.fullmatch(text) for text in ("1.5", "1.50\n", ".50")] == [None] * 3


def test_it_finds_nothing_wrong_with_the_demo():
    assert said(json.loads(DEMO.read_text())) == []
