"""P13: whatever is on a carte and whatever is put into a cart, the phone's total, the order's and each register's are
the same cents, and so is the sum by hand.
"""

import os

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from ordering.diner import kept
from ordering.models import Order, Restaurant, Table
from ordering.services.transfer import export_restaurant, import_restaurant
from tests.ordering import whole_way
from tests.ordering.generated_carte import euros, group, house

pytestmark = [pytest.mark.django_db, pytest.mark.wire, pytest.mark.once]

# Cheap ones, where rounding is dearest; ordinary ones; and the dearest.
PRICES = st.one_of(st.integers(0, 120), st.integers(0, 90_00), st.just(999_999_99))
OPTIONS = st.lists(st.integers(-60, 4_00), min_size=1, max_size=3)
QUESTIONS = st.fixed_dictionaries(
    {"options": OPTIONS, "how": st.sampled_from([{}, {"min": 1}, {"max": None}, {"kind": "automatic"}])}
)  # fmt: skip
DISHES = st.fixed_dictionaries(
    {
        "price": PRICES,
        "vat": st.sampled_from(["0", "2.1", "5.5", "10", "20"]),
        "course": st.none() | st.integers(1, 3),
        "asked": st.lists(st.integers(0, 1), unique=True, max_size=2),
    }
)
MENUS = st.fixed_dictionaries(
    {
        "price": PRICES,
        "vat": st.sampled_from(["5.5", "10", "20"]),
        "supplements": st.lists(st.integers(0, 9_99), min_size=1, max_size=3),
        "courses": st.integers(1, 2),
    }
)
CARTES = st.fixed_dictionaries(
    {
        "questions": st.tuples(QUESTIONS, QUESTIONS),
        "dishes": st.lists(DISHES, min_size=1, max_size=4),
        "menus": st.lists(MENUS, max_size=2),
        "quantities": st.lists(st.integers(1, 20), min_size=6, max_size=6),
    }
)


def file_of(said):
    """The restaurant file of a generated carte."""
    groups = [
        group(
            f"q{number}",
            {f"o{n}": price for n, price in enumerate(question["options"])},
            of_id=500 + number * 10,
            **question["how"],
        )
        for number, question in enumerate(said["questions"])
    ]
    products = [
        {
            "key": f"plat-{number}",
            "register_id": str(100 + number),
            "name": {"fr": f"Plat {number}"},
            "price": euros(dish["price"]),
            "vat": dish["vat"],
            "allergens": [],
            **({"course": dish["course"]} if dish["course"] else {}),
            "option_groups": [f"q{which}" for which in dish["asked"]],
        }
        for number, dish in enumerate(said["dishes"])
    ]
    menus = [
        {
            "key": f"menu-{number}",
            "register_id": str(900 + number),
            "name": {"fr": f"Menu {number}"},
            "price": euros(menu["price"]),
            "vat": menu["vat"],
            "courses": [
                {
                    "key": f"temps-{place}",
                    "name": {"fr": f"Temps {place}"},
                    "max": 2,
                    "choices": [
                        {"product": products[n]["key"], "supplement": euros(supplement)}
                        for n, supplement in enumerate(menu["supplements"][: len(products)])
                    ],
                }
                for place in range(menu["courses"])
            ],
        }
        for number, menu in enumerate(said["menus"])
    ]
    keys = [each["key"] for each in (*products, *menus)]
    return house(
        "chez-alice", ["fr"], products=products, option_groups=groups, set_menus=menus,
        categories=[{"key": "carte", "name": {"fr": "Carte"}, "items": keys}],
    )  # fmt: skip


def test_phone_order_and_registers_say_the_same_cents():
    with whole_way.tills() as tills:

        @settings(
            max_examples=int(os.environ.get("EXAMPLES", "10")),
            deadline=None,
            # Each is a whole evening: making a failing one small takes longer than reading it.
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        )
        @given(said=CARTES)
        def adds_up(said):
            data = file_of(said)
            wanted = whole_way.everything(data, said["quantities"].__getitem__)
            # Whoever takes off more than it costs is refused (test_cart.py).
            wanted = [each for each in wanted if each.unit >= 0]
            total = sum(each.total for each in wanted)
            assume(wanted and total < 25_000_000_00)
            before = transaction.savepoint()
            kept.forget()
            try:
                way(data, wanted, total)
            finally:
                transaction.savepoint_rollback(before)

        def way(data, wanted, total):
            import_restaurant(data=data)
            phone = whole_way.joined(Table.objects.get(number=12))
            whole_way.put(phone, wanted)
            assert whole_way.shown_total(phone) == total
            assert phone.send().status_code == 303
            order = Order.objects.get()
            assert order.total == sum(line.total for line in order.lines.all()) == total
            for till in tills:
                whole_way.judged(till, order, total)
            found = export_restaurant(Restaurant.objects.get())
            assert [each["price"] for each in found["products"]] == [
                each["price"] for each in data["products"]
            ]

        adds_up()
