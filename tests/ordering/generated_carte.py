"""Restaurant files as houses could write them: a large one, and one with everything odd that is legal."""

import random
from typing import Any

KINDS: list[dict[str, Any]] = [{}, {"min": 1}, {"max": None}, {"kind": "automatic"}]
RATES = ("2.1", "5.5", "10", "20")
ODD_TEXTS = {
    "long": "Très longue entrecôte maturée " * 6 + "x" * 20,  # 200 characters
    "word": "É" * 200,
    "markup": "<script>alert(1)</script><b>&amp; \"'</b>",
    "template": "{{ 7*7 }}{% csrf_token %} %(name)s %s \\n",
    "emoji": "👩🏽‍🍳🍕🇫🇷 spécial",
    "arabic": "حمص بالطحينة",
    "turned": "\u202eesrever\u202c",
    "blanks": "a\u00a0b\u202fc\u200bd",
    "formula": "=cmd|'/C calc'!A0",
    "form": "a&payment=2&client[nom]=x_1_2",
    "json": 'Pizza "4 saisons", {"payment": 2}',
    "accents": "Crème brûlée à l’œuf — n° 1",
    "apart": "e\u0301 e\u0300 o\u0308",
    "apostrophe": "'tis",
}


def unrecoverable(rate, below=200):
    """Prices of which the HT in cents, times the rate, is another price."""
    percent = {"2.1": 210, "5.5": 550, "10": 1000, "20": 2000, "30": 3000}[rate]
    found = []
    for ttc in range(1, below):
        net = (ttc * 10_000 * 2 + 10_000 + percent) // (2 * (10_000 + percent))
        back = (net * (10_000 + percent) * 2 + 10_000) // 20_000
        if back != ttc:
            found.append(ttc)
    return found


def euros(cents):
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02}"


def house(slug, languages, **parts):
    return {
        "slug": slug,
        "name": "Chez Alice",
        "languages": languages,
        "currency": "EUR",
        "limits": {
            "quantity_per_line": 99, "lines_per_order": 500, "amount_per_cover": "999999.99",
        },
        "register": {
            "kind": "leo2",
            "base_url": "https://register.example",
            "credentials": {"shop": "SHOP1", "pub_key": "KEY1-of-the-till"},
        },
        "tables": [{"number": 12, "seats": 4}, {"number": 13}],
        **parts,
    }  # fmt: skip


def group(key, options, *, of_id, **fields):
    """`options`: {key: cents}."""
    return {
        "key": key,
        "name": {"fr": f"Question {key}"},
        **fields,
        "options": [
            {
                "key": option,
                "register_id": str(of_id + number),
                "name": {"fr": f"Réponse {option}"},
                **({"price": euros(price)} if price else {}),
                **({"allergens": []} if number % 2 else {}),
            }
            for number, (option, price) in enumerate(options.items())
        ],
    }


def large():
    """120 products in 12 categories, 15 questions, 4 set menus."""
    chance = random.Random(5)
    groups = [
        group(
            f"q{number}",
            {
                f"o{n}": chance.choice([0, 0, 50, 1_00, 2_35, -50])
                for n in range(chance.randint(2, 3))
            },
            of_id=5_000 + number * 10,
            **KINDS[number % 4],
        )
        for number in range(15)
    ]
    products = [
        {
            "key": f"plat-{number}",
            "register_id": str(1_000 + number),
            "name": {
                "fr": f"Plat du chef {number}",
                "en": f"Dish of the house {number}",
                "de": f"Gericht {number}",
            },
            "description": {"fr": f"Servi avec son accompagnement {number}, « maison »"},
            "price": euros(chance.randint(1_50, 48_00)),
            "vat": chance.choice(RATES),
            "allergens": [None, [], ["milk"], ["gluten", "eggs"]][number % 4],
            **({"diets": ["vegetarian"]} if number % 5 == 0 else {}),
            **({"alcohol": True, "volume": "12 cl"} if number % 11 == 0 else {}),
            **({"origin": "France"} if number % 7 == 0 else {}),
            **({"course": number % 3 + 1} if number % 2 else {}),
            **({"option_groups": [f"q{number % 15}", f"q{(number + 4) % 15}"]} if number % 3 else {}),
        }
        for number in range(120)
    ]  # fmt: skip
    menus = [
        {
            "key": f"menu-{number}",
            "register_id": str(9_000 + number),
            "name": {"fr": f"Menu {number}", "en": f"Set menu {number}"},
            "price": euros(19_90 + number * 7_35),
            "vat": "10",
            "courses": [
                {
                    "key": f"temps-{place}",
                    "name": {"fr": f"Temps {place}"},
                    **({"min": 0, "max": 2} if place == 2 else {}),
                    "choices": [
                        {
                            "product": f"plat-{number * 20 + place * 5 + n}",
                            **({"supplement": euros(n * 1_35)} if n else {}),
                        }
                        for n in range(4)
                    ],
                }
                for place in range(3)
            ],
        }
        for number in range(4)
    ]
    categories = [
        {
            "key": f"cat-{number}",
            "name": {"fr": f"Catégorie {number}"},
            "items": [f"plat-{n}" for n in range(number * 10, number * 10 + 10)],
        }
        for number in range(12)
    ]
    categories.append(
        {"key": "menus", "name": {"fr": "Menus"}, "items": [f"menu-{n}" for n in range(4)]}
    )
    return house(
        "chez-alice", ["fr", "en", "de"],
        categories=categories, products=products, option_groups=groups, set_menus=menus,
    )  # fmt: skip


def odd():
    """Every legal oddity: texts, prices, rates, options that take off, and all of it inside a set menu."""
    prices = {
        "free": ("0.00", "10"), "dearest": ("999999.99", "20"), "cent": ("0.01", "20"),
        "untaxed": ("7.77", "0"), "taxed": ("7.77", "30"),
        **{
            f"ht-{rate.replace('.', '-')}-{n}": (euros(price), rate)
            for rate in RATES
            for n, price in enumerate(unrecoverable(rate)[:2])
        },
    }  # fmt: skip
    products = [
        {
            "key": f"text-{key}",
            "register_id": str(100 + number),
            "name": {"fr": text, "ar": text},
            "description": {"fr": f"{text}\nsecond line", "ar": text},
            "price": euros(8_00 + number),
            "vat": "10",
            "allergens": [],
            "volume": text[:50].strip(),
            "origin": text[:200],
        }
        for number, (key, text) in enumerate(ODD_TEXTS.items())
    ]
    products += [
        {
            "key": f"price-{key}",
            "register_id": str(200 + number),
            "name": {"fr": f"Prix {key}"},
            "price": price,
            "vat": rate,
            "allergens": None,
        }
        for number, (key, (price, rate)) in enumerate(prices.items())
    ]
    products += [
        {
            "key": "taken-off",
            "register_id": "300",
            "name": {"fr": "Sans rien"},
            "price": "0.50",
            "vat": "5.5",
            "allergens": [],
            "option_groups": ["less", "always-less"],
        },
        {
            "key": "dear-options",
            "register_id": "301",
            "name": {"fr": "Avec tout"},
            "price": "0.03",
            "vat": "20",
            "allergens": ["milk"],
            "option_groups": ["more"],
        },
    ]
    groups = [
        group("less", {"moins": -47}, of_id=400, min=1),
        group("always-less", {"toujours": -3}, of_id=410, kind="automatic"),
        group("more", {"tout": 999_999_99, "rien": 0, "un": 1}, of_id=420, max=None),
    ]
    for each, text in zip(groups, ODD_TEXTS.values(), strict=False):
        each["name"] = {"fr": text}
        each["options"][0]["name"] = {"fr": text}
    menus = [
        {
            "key": f"menu-{key}",
            "register_id": str(500 + number),
            "name": {"fr": text},
            "description": {"fr": text},
            "price": price,
            "vat": rate,
            "courses": [
                {
                    "key": "tout",
                    "name": {"fr": text},
                    "max": 4,
                    "choices": [
                        {"product": "price-cent", "supplement": "0.03"},
                        {"product": "price-free"},
                        {"product": "text-markup", "supplement": "999999.99"},
                        {"product": "taken-off"},
                    ],
                }
            ],
        }
        for number, (key, text, price, rate) in enumerate(
            [("a", ODD_TEXTS["markup"], "1.00", "2.1"), ("b", ODD_TEXTS["arabic"], "999999.99", "20")]
        )
    ]  # fmt: skip
    keys = [each["key"] for each in (*products, *menus)]
    categories = [{"key": "c", "name": {"fr": ODD_TEXTS["markup"]}, "items": keys}]
    return house(
        "chez-alice", ["fr", "ar"],
        categories=categories, products=products, option_groups=groups, set_menus=menus,
    )  # fmt: skip
