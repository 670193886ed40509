"""Export after import is the same file, byte for byte."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ordering.models import ALLERGENS as ALLERGEN_NAMES
from ordering.models import Product, Restaurant, Table
from ordering.restaurant_file import check, load, write
from ordering.services.transfer import export_restaurant, import_restaurant
from pos_bridge.models import Register

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "ordering/demo/bistrot-colette.json"
REAL = sorted((ROOT / "tests/restaurants").glob("real-*.json"))


def exported(slug, *args):
    out = StringIO()
    call_command("export_restaurant", slug, *args, stdout=out)
    return out.getvalue()


def test_it_exports_the_demo_as_it_was_written():
    call_command("import_restaurant", str(DEMO), stdout=StringIO())
    written = json.loads(DEMO.read_text())
    written["register"]["credentials"] = {}
    assert exported("bistrot-colette") == write(written)


def test_it_exports_the_demo_with_its_secrets_and_codes():
    call_command("import_restaurant", str(DEMO), stdout=StringIO())
    data = json.loads(exported("bistrot-colette", "--with-secrets"))
    codes = {table["number"]: table.pop("code") for table in data["tables"]}
    assert write(data) == DEMO.read_text()
    assert codes == {table.number: table.code for table in Table.objects.all()}


@pytest.mark.parametrize("file", [DEMO, *REAL], ids=lambda file: file.stem)
def test_it_is_a_fixed_point(file, tmp_path):
    slug = json.loads(file.read_text())["slug"]
    call_command("import_restaurant", str(file), stdout=StringIO())
    first = exported(slug, "--with-secrets")
    codes = {table.number: table.code for table in Table.objects.all()}
    Restaurant.objects.get().registers.all().delete()
    Restaurant.objects.all().delete()
    again = tmp_path / "again.json"
    again.write_text(first)
    call_command("import_restaurant", str(again), stdout=StringIO(), stderr=StringIO())
    assert exported(slug, "--with-secrets") == first
    assert {table.number: table.code for table in Table.objects.all()} == codes


@pytest.mark.parametrize("file", [DEMO, *REAL], ids=lambda file: file.stem)
def test_it_changes_nothing_when_it_is_imported_again(file, django_assert_max_num_queries):
    data = load(file)
    assert check(data) == []
    import_restaurant(data=data, folder=file.parent)
    version = Restaurant.objects.get().carte_version
    assert import_restaurant(data=data, folder=file.parent).changed is False
    assert Restaurant.objects.get().carte_version == version
    # What was exported without its secrets keeps the stored ones.
    with django_assert_max_num_queries(40):
        bare = export_restaurant(Restaurant.objects.get())
        assert import_restaurant(data=bare, folder=file.parent).changed is False


def test_it_keeps_what_the_sources_wrote():
    import_restaurant(data=load(REAL[0]))
    names = Product.objects.values_list("name", flat=True)
    written = [product["name"] for product in json.loads(REAL[0].read_text())["products"]]
    assert list(names) == written


# --- Restaurants that nobody wrote ---------------------------------------------------------------

KEY = st.from_regex(r"[a-z0-9][a-z0-9-]{0,8}", fullmatch=True)
LETTERS = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])
LINE = st.text(LETTERS, min_size=1, max_size=12).filter(str.strip)
# Of a note, which holds nothing that a printer or a reader would obey.
NOTE = st.text(
    st.characters(
        codec="utf-8", exclude_categories=["Cc", "Cf", "Cs", "Zl", "Zp"], exclude_characters="|"
    ),
    min_size=1, max_size=12,
).filter(str.strip)  # fmt: skip
EUROS = st.integers(0, 99_999_999).map(lambda cents: f"{cents // 100}.{cents % 100:02}")
VAT = st.sampled_from(["0", "2.1", "5.5", "10", "19", "20", "29.99", "30"])
ID = st.integers(1, 10**9).map(str)
TIME = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
SMALL = st.integers(1, 32_767)
LANGUAGES = st.lists(
    st.sampled_from(["fr", "en", "de", "pt-BR", "zh-Hans"]), min_size=1, unique=True
)
SLOTS = st.lists(
    st.tuples(st.none() | st.lists(st.sampled_from(["mon", "sun"]), unique=True), TIME, TIME).map(
        lambda slot: (
            ({} if slot[0] is None else {"days": slot[0]}) | {"from": slot[1], "to": slot[2]}
        )
    ),
    max_size=2,
)
ALLERGENS = st.none() | st.lists(st.sampled_from(list(ALLERGEN_NAMES)), unique=True, max_size=4)


@st.composite
def restaurants(draw):
    """A valid file as an export would write it: in the order of the schema, without what has its default."""
    languages = draw(LANGUAGES)

    def maybe(name, strategy, default=None):
        value = draw(strategy) if draw(st.booleans()) else default
        return {} if value == default else {name: value}

    @st.composite
    def text(draw, of=LINE):
        others = [code for code in languages[1:] if draw(st.booleans())]
        return {code: draw(of) for code in [languages[0], *others]}

    def legal_texts():
        names = ("prices", "origin", "homemade", "alcohol", "note")
        return {name: draw(text()) for name in names if draw(st.booleans())}

    def keys(**how):
        return draw(st.lists(KEY, unique=True, max_size=3, **how))

    def some(of):
        return draw(st.lists(st.sampled_from(of), unique=True)) if of else []

    def option(key):
        price = draw(st.sampled_from(["0.00", "-0.50", "1.20", "999999.99"]))
        free = price == "0.00"
        return {
            "key": key,
            **(maybe("register_id", ID) if free else {"register_id": draw(ID)}),
            "name": draw(text()),
            **({} if free else {"price": price}),
            **maybe("allergens", ALLERGENS),
            **maybe("sold_out", st.just(True)),
            **maybe("sold_out_until", st.dates().map(str)),
            **maybe("portions", st.integers(0, 2**31 - 1)),
        }

    def group(key):
        options = [option(key) for key in keys(min_size=1)]
        least = draw(st.integers(0, len(options)))
        most = draw(st.none() | st.integers(max(least, 1), 32_767))
        return {
            "key": key,
            "name": draw(text()),
            **maybe("kind", st.just("automatic")),
            **({"min": least} if least else {}),
            **({} if most == 1 else {"max": most}),
            "options": options,
        }

    groups = [group(key) for key in keys()]
    sold = draw(st.lists(KEY, unique=True, max_size=6))
    products, menus = sold[:4], sold[4:]

    def product(key):
        return {
            "key": key,
            **maybe("register_id", ID),
            "name": draw(text()),
            **maybe("description", text()),
            "price": draw(EUROS),
            "vat": draw(VAT),
            "allergens": draw(ALLERGENS),
            **maybe("diets", st.lists(st.sampled_from(["vegan", "spicy"]), unique=True), []),
            **maybe("alcohol", st.just(True)),
            **maybe("volume", LINE),
            **maybe("origin", LINE),
            **maybe("photo", st.sampled_from(["a.jpg", "Œuf dur .webp"])),
            **maybe("served", SLOTS),
            **maybe("sold_out", st.just(True)),
            **maybe("sold_out_until", st.dates().map(str)),
            **maybe("portions", st.integers(0, 2**31 - 1)),
            **maybe("course", SMALL),
            **maybe("option_groups", st.just(some([group["key"] for group in groups])), []),
        }

    def course(key):
        least = draw(st.integers(0, 3))
        most = draw(st.integers(max(least, 1), 32_767))
        return {
            "key": key,
            "name": draw(text()),
            **({} if least == 1 else {"min": least}),
            **({} if most == 1 else {"max": most}),
            "choices": [
                {"product": key, **maybe("supplement", EUROS, "0.00")}
                for key in draw(st.lists(st.sampled_from(products), min_size=1, unique=True))
            ],
        }

    def menu(key):
        return {
            "key": key,
            **maybe("register_id", ID),
            "name": draw(text()),
            **maybe("description", text()),
            "price": draw(EUROS),
            "vat": draw(VAT),
            **maybe("served", SLOTS),
            **maybe("sold_out", st.just(True)),
            **maybe("sold_out_until", st.dates().map(str)),
            "courses": [course(key) for key in keys(min_size=1)],
        }

    def table(number):
        return {
            "number": number,
            **maybe("register_id", ID),
            **maybe("label", LINE),
            **maybe("zone", LINE),
            **maybe("seats", SMALL),
            **maybe("ordering", st.just(False)),
            **maybe("enabled", st.just(False)),
            **maybe("shared", st.just(True)),
        }

    def notes():
        return [{"key": key, "text": draw(text(NOTE))} for key in keys()]

    def limits():
        return {
            **maybe("covers", SMALL, 30),
            **maybe("quantity_per_line", SMALL, 20),
            **maybe("lines_per_order", SMALL, 40),
            **maybe("amount_per_cover", EUROS, "60.00"),
            **maybe("orders_per_hour", SMALL, 12),
            **maybe("grace_minutes", st.integers(0, 60), 5),
            **maybe("silence_minutes", st.integers(30, 1440), 90),
            **maybe("quiet_minutes", st.integers(1, 1440), 15),
            **maybe("orders_per_minute", SMALL, 100),
            **maybe("orders_per_minute_of_zone", SMALL),
            **maybe("amount_per_table", EUROS),
        }

    def who_may_order():
        networks = st.sampled_from([["203.0.113.7/32"], ["10.0.0.0/8", "2001:db8::/32"]])
        return {
            **maybe("approval", st.sampled_from(["first", "every"])),
            **maybe("seated_first", st.just(True)),
            **maybe("word_of_the_day", st.sampled_from(["daily", "kept"])),
            **maybe("networks", networks),
        }

    return {
        "slug": draw(KEY),
        "name": draw(LINE),
        "languages": languages,
        **maybe("timezone", st.sampled_from(["Europe/Berlin", "UTC"])),
        "currency": "EUR",
        **maybe("colour", st.sampled_from(["#ABcd09"])),
        **maybe("logo", st.sampled_from(["a.jpg", "Œil .png"])),
        **maybe("hours", SLOTS),
        **maybe("ordering", st.just(False)),
        **maybe("notes", st.just(notes()), []),
        **maybe("free_note", st.just(True)),
        **maybe("limits", st.just(limits()), {}),
        **maybe("who_may_order", st.just(who_may_order()), {}),
        **maybe("legal_texts", st.just(legal_texts()), {}),
        **maybe("contact", LINE),
        **maybe(
            "register",
            st.tuples(LINE, LINE).map(
                lambda keys: {
                    "kind": "leo2",
                    "base_url": "https://register.example",
                    "credentials": {"shop": keys[0], "pub_key": keys[1]},
                }
            ),
        ),
        "tables": [
            table(number)
            for number in draw(
                st.lists(st.integers(1, 89_999), unique=True, min_size=1, max_size=3)
            )
        ],
        "categories": [
            {
                "key": key,
                "name": draw(text()),
                **maybe("description", text()),
                **maybe("served", SLOTS),
                "items": some(sold),
            }
            for key in keys()
        ],
        "products": [product(key) for key in products],
        **({"option_groups": groups} if groups else {}),
        **({"set_menus": [menu(key) for key in menus]} if menus else {}),
    }


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(restaurants(), restaurants())
def test_it_exports_whatever_was_imported(data, other):
    """Also over another restaurant of the same slug: what the file says is what there is."""
    Register.objects.all().delete()
    Restaurant.objects.all().delete()
    assert [str(mistake) for mistake in check(data)] == []
    import_restaurant(data=data)
    place = Restaurant.objects.get()
    with_codes = export_restaurant(place, with_secrets=True)
    for table in with_codes["tables"]:
        del table["code"]
    assert write(with_codes) == write(data)
    assert import_restaurant(data=export_restaurant(place)).changed is False
    other["slug"] = data["slug"]
    import_restaurant(data=other, prune=True, accept=True)
    place = Restaurant.objects.get()
    exported = export_restaurant(place)
    register = exported.pop("register", None)
    if wanted := other.pop("register", None):
        assert register == wanted | {"credentials": {}}
    assert write(exported) == write(other)
