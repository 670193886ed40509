"""Products as a spreadsheet: out, changed, looked at, back in; nothing lost and nothing run (F19, T31, T34)."""

import csv as stdlib_csv
import io
import zipfile

import openpyxl
import pytest
import tablib
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import translation
from django.utils.html import escape

from ordering.models import AllergenChange, Option, OptionGroup, PriceChange, Product
from ordering.services.transfer import export_restaurant
from ordering.spreadsheet import cells, reading
from tests import factories
from tests.ordering.admin_cast import MARK, house, page, person

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.once,
    pytest.mark.usefixtures("counted_versions"),
]

EVIL = ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "'=1", "''+2", "＝1+1"]
ODD = ["'tis", "", "Crème « brûlée »", 'a;b,c"d"', "line\nline", "é" * 200, "مرحبا", "🍰 <b>"]


@pytest.fixture
def a():
    return house("chez-alice", "Aldebaran")


@pytest.fixture
def b():
    return house("chez-charlie", MARK)


@pytest.fixture
def alice(a, client):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    user = person("alice", manager=[a])
    client.force_login(user)
    return user


def at(restaurant, kind=None):
    if kind:
        return reverse("admin:ordering_restaurant_sheet_file", args=[restaurant.pk, kind])
    return reverse("admin:ordering_restaurant_sheet", args=[restaurant.pk])


def rows(client, restaurant, kind="csv"):
    """What was exported, as {key: {column: cell}}."""
    content = client.get(at(restaurant, kind)).content
    sheet = reading.read(content)
    return {row[0]: dict(zip(sheet.headings, row, strict=True)) for row in sheet.rows}


def csv(*lines):
    """A file of these rows, each a dict with the columns of the first."""
    headings = list(lines[0])
    written = tablib.Dataset(
        *([line[name] for name in headings] for line in lines), headers=headings
    )
    return written.export("csv").encode()


def look(client, restaurant, content, name="products.csv"):
    return client.post(at(restaurant), {"file": SimpleUploadedFile(name, content)})


def confirm(client, restaurant, looked, **more):
    assert said(looked) == []
    context = looked.context
    data = {"sheet": context["carried"], "seen": context["preview"].seen, **more}
    return client.post(at(restaurant), data)


def said(response):
    return [str(mistake) for mistake in response.context.get("mistakes", ())]


def plat(restaurant):
    return Product.objects.get(restaurant=restaurant, key="plat")


# --- Round trip ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_round_trip_changes_nothing(a, alice, client, kind):
    """T34, F19: whatever stands in a text, and in each of the three states of allergens."""
    for number, text in enumerate([*EVIL, *ODD]):
        factories.product(
            a, f"p{number}", name={"fr": " ".join(text.split()) or "x", "en": "-"},
            description={"fr": text, "en": text} if text else {}, price=999_999_99 - number,
            allergens=[None, [], ["milk", "gluten"]][number % 3], diets=["vegan", "spicy"],
            alcohol=True, volume="33 cl", origin="=France", course=number % 3 or None,
            sold_out=bool(number % 2), vat="5.50", register_id="007",
            served=[{"days": ["mon"], "from": "12:00", "to": "14:00"}], photo="p.webp",
        )  # fmt: skip
    before = export_restaurant(a)
    a.refresh_from_db()
    version = a.carte_version
    looked = look(client, a, client.get(at(a, kind)).content)
    assert looked.status_code == 200
    assert said(looked) == []
    assert looked.context["preview"].changes == []
    assert "changes nothing" in looked.content.decode()
    done = confirm(client, a, looked)
    assert "report" not in done.context
    a.refresh_from_db()
    assert (export_restaurant(a), a.carte_version) == (before, version)


@pytest.mark.parametrize("text", EVIL)
def test_no_spreadsheet_runs_what_it_writes_f19(a, alice, client, text):
    factories.product(a, "evil", name={"fr": text.strip() or "x"}, origin=text.strip())
    book = openpyxl.load_workbook(io.BytesIO(client.get(at(a, "xlsx")).content))
    found = [cell for row in book.active.iter_rows() for cell in row]
    assert all(cell.data_type != "f" for cell in found)
    for cell in (str(cell.value or "") for cell in found):
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝"))
    assert cells.bare(cells.guarded(text)) == text


@pytest.mark.parametrize("text", ODD)
def test_it_leaves_other_texts_as_they_are(text):
    assert cells.guarded(text) == text == cells.bare(text)


def test_french_spreadsheets_get_semicolons_and_bring_them_back(a, alice, client):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "fr"
    content = client.get(at(a, "csv")).content
    assert content.startswith(b"\xef\xbb\xbfkey;register_id;name_fr;name_en;")
    # “1.10” would be the first of October there.
    assert ";8,00;10;" in content.decode()
    assert look(client, a, content).context["preview"].changes == []


def excel(content, separator):
    """What a spreadsheet that looks for this separator saves again, untouched, of what it was given."""
    lines = stdlib_csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=separator)
    kept = io.StringIO()
    stdlib_csv.writer(kept, delimiter=separator).writerows(lines)
    return kept.getvalue().encode("utf-8-sig")


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_no_spreadsheet_breaks_what_it_opened_with_another_separator(
    a, alice, client, language, separator
):
    """A comma CSV in a French Excel stands in one column, and comes back so."""
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = language
    for number, text in enumerate(["plain", 'a;b,c"d"', "Crème, brûlée; été", "9,5"]):
        texts = {"fr": text, "en": "-"}
        factories.product(a, f"p{number}", name=texts, description=texts, vat="5.50", price=1_10)
    saved = excel(client.get(at(a, "csv")).content, separator)
    looked = look(client, a, saved)
    assert said(looked) == []
    assert looked.context["preview"].changes == []


@pytest.mark.pure
@pytest.mark.parametrize("first", ["sep=;\r\n", "SEP=;\n", '"sep=;"\n', "sep=\n", ""])
def test_a_line_that_names_the_separator_is_no_row(first):
    sheet = reading.read(f"{first}key;price\nplat;1,10\n".encode())
    assert sheet == reading.Sheet(["key", "price"], [["plat", "1,10"]], [2])


# --- A change --------------------------------------------------------------------------------------


def test_it_shows_first_and_imports_then(a, alice, client):
    line = rows(client, a)["plat"]
    content = csv({**line, "price": "12,50 €", "name_en": "Stew", "allergens": "Lait, gluten"})
    looked = look(client, a, content)
    found = {c.column: (c.row, c.before, c.after) for c in looked.context["preview"].changes}
    assert found == {
        "price": (2, "8.00", "12.50"),
        "name_en": (2, "Aldebaran", "Stew"),
        "allergens": (2, "", "milk, gluten"),
    }
    assert plat(a).price == 8_00
    a.refresh_from_db()
    version = a.carte_version
    done = confirm(client, a, looked)
    assert "The products were imported." in done.content.decode()
    product = plat(a)
    assert (product.price, product.allergens) == (12_50, ["milk", "gluten"])
    assert product.name == {"fr": "Aldebaran", "en": "Stew"}
    a.refresh_from_db()
    assert a.carte_version == version + 1
    change = PriceChange.objects.get()
    assert (change.before, change.after, change.way, change.person) == (8_00, 12_50, "sheet", alice)


def test_what_it_does_not_mention_stays(a, alice, client):
    """Rows and columns that are not there; the option groups, the category, the menu's choice."""
    other = factories.product(a, "autre", allergens=["fish"], sold_out=True)
    before = export_restaurant(a)
    looked = look(client, a, b"key,price\nplat,9\n")
    confirm(client, a, looked)
    assert plat(a).price == 9_00
    after = export_restaurant(a)
    for item in (*before["products"], *after["products"]):
        if item["key"] == "plat":
            del item["price"]
    assert after == before
    other.refresh_from_db()
    assert other.allergens == ["fish"]


def test_it_makes_new_products_that_cannot_be_ordered_yet(a, alice, client):
    content = b"key;name_fr;price;vat;option_groups\ntarte;Tarte;6,5;5,5;cuisson\n"
    confirm(client, a, look(client, a, content))
    made = Product.objects.get(restaurant=a, key="tarte")
    assert (made.price, str(made.vat), made.register_id) == (6_50, "5.50", "")
    assert made.allergens is None
    assert [str(group) for group in made.option_groups.all()] == ["Aldebaran"]


def test_it_takes_numbers_and_percents_as_excel_keeps_them(a, alice, client):
    book = openpyxl.Workbook()
    book.active.append(["key", "price", "vat", "register_id", "sold_out"])
    book.active.append(["plat", 12.1, 0.2, 4711, True])
    book.active["C2"].number_format = "0%"
    content = io.BytesIO()
    book.save(content)
    confirm(client, a, look(client, a, content.getvalue()))
    product = plat(a)
    assert (product.price, str(product.vat)) == (12_10, "20.00")
    assert (product.register_id, product.sold_out) == ("4711", True)


# --- What must be accepted -------------------------------------------------------------------------


@pytest.mark.parametrize("cell", ["", "none", "milk"])
def test_it_loses_no_declaration_silently_t34(a, alice, client, cell):
    Product.objects.filter(pk=plat(a).pk).update(allergens=["gluten", "milk"])
    looked = look(client, a, f"key,allergens\nplat,{cell}\n".encode())
    assert any("gluten" in caution for caution in looked.context["preview"].cautions)
    assert [change.column for change in looked.context["careful"]] == ["allergens"]
    assert "(to be accepted)" in looked.content.decode()
    refused = confirm(client, a, looked)
    assert "Tick the box first" in refused.content.decode()
    assert plat(a).allergens == ["gluten", "milk"]
    confirm(client, a, looked, accept="on")
    now = {"": None, "none": [], "milk": ["milk"]}[cell]
    assert plat(a).allergens == now
    kept = AllergenChange.objects.get(how="import")
    assert (kept.key, kept.before, kept.after) == ("plat", ["gluten", "milk"], now)
    assert (kept.how, kept.user_name) == ("import", "alice")


def test_what_must_be_accepted_is_read_in_the_language_of_who_accepts_it_t34(a, alice, client):
    """It is an allergen that would be lost: the terminal's English stays only what is compared."""
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "fr"
    Product.objects.filter(pk=plat(a).pk).update(allergens=["gluten", "milk"])
    looked = look(client, a, b"key,allergens\nplat,\n")
    [caution] = looked.context["preview"].cautions
    assert (
        caution == 'product "plat": it contains gluten and milk, and would not be declared any more'
    )
    with translation.override("fr"):
        assert "gluten, lait" in caution.said
        assert escape(caution.said) in looked.content.decode()
    assert "gluten and milk" not in looked.content.decode()
    confirm(client, a, looked, accept="on")
    assert plat(a).allergens is None


def test_it_puts_nothing_on_sale_again_silently(a, alice, client):
    Product.objects.filter(pk=plat(a).pk).update(sold_out=True)
    looked = look(client, a, b"key,sold_out\nplat,\n")
    assert [change.column for change in looked.context["careful"]] == ["sold_out"]
    confirm(client, a, looked)
    assert plat(a).sold_out
    confirm(client, a, looked, accept="on")
    assert not plat(a).sold_out


def test_an_always_added_option_with_allergens_needs_the_tick_too_t34(a, alice, client):
    OptionGroup.objects.filter(restaurant=a).update(kind="automatic")
    Option.objects.filter(group__restaurant=a).update(allergens=["nuts"])
    looked = look(client, a, b"key,option_groups\nplat,\n")
    assert any("nuts" in caution for caution in looked.context["preview"].cautions)
    assert [change.column for change in looked.context["careful"]] == ["option_groups"]


def test_what_was_seen_is_what_is_imported(a, alice, client):
    """Somebody else sells it out between the look and the click: shown again, not imported."""
    looked = look(client, a, b"key,sold_out,price\nplat,,9\n")
    Product.objects.filter(pk=plat(a).pk).update(sold_out=True)
    again = confirm(client, a, looked, accept="on")
    assert "changed since you looked" in again.content.decode()
    assert plat(a).sold_out
    assert plat(a).price == 8_00
    confirm(client, a, again, accept="on")
    assert (plat(a).sold_out, plat(a).price) == (False, 9_00)


# --- Mistakes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "cell", "words"),
    [
        ("price", "12,5x", '"12,5x" is not a price'),
        ("price", "", "is not a price"),
        ("price", "-1", "is not a price"),
        ("price", "12.505", "is not a price"),
        ("vat", "31", "is not a rate of VAT"),
        ("allergens", "milk, dust", '"dust" is not known here'),
        ("allergens", "none, milk", '"none" is not known here'),
        ("diets", "paleo", "Write one of: vegetarian"),
        ("alcohol", "perhaps", "neither yes nor no"),
        ("course", "first", "not the number of a course"),
        ("option_groups", "nope", 'no option group "nope"'),
        ("name_fr", "", "every product needs it"),
        ("name_en", "a\nb", "must stand on one line"),
        ("volume", "x" * 51, "shorten it to 50"),
        ("register_id", "12a", "only ASCII digits"),
        ("key", "Plat du jour", "is not a key"),
        ("key", "menu", "A set menu has this key"),
    ],
)
def test_it_names_each_bad_cell_and_imports_nothing(a, alice, client, column, cell, words):
    line = rows(client, a)["plat"]
    before = export_restaurant(a)
    good = {**line, "key": "bon", "price": "1.00"}
    looked = look(client, a, csv(good, {**line, column: cell}))
    (mistake,) = said(looked)
    place = f"Row 3, column {reading.letter(list(line).index(column))} ({column}): "
    assert mistake.startswith(place)
    assert words in mistake
    assert "preview" not in looked.context
    assert export_restaurant(a) == before


def test_it_names_all_of_them_at_once(a, alice, client):
    looked = look(client, a, b"key,price,vat\nplat,x,y\nplat,1,1\nneu,z,10\n")
    found = said(looked)
    assert [mistake.partition(":")[0] for mistake in found] == [
        "Row 2, column B (price)", "Row 2, column C (vat)", "Row 3, column A (key)",
        "Row 4, column A (key)",
    ]  # fmt: skip
    assert "Row 2 has this key already" in found[2]
    assert "needs the columns name_fr" in found[3]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty"),
        (b"key,prise\nplat,1\n", "Did you mean price?"),
        (b"price\n1\n", "no column “key”"),
        (b"key,key\nplat,plat\n", "stands there twice"),
        (b"key\nplat,1\n", "Row 2 has more cells"),
        (b'key,price\n"plat,1\n', "cannot be read as CSV"),
        (b"\xd0\xcf\x11\xe0old", "Save it as XLSX"),
        (b"PK\x03\x04nothing", "cannot be read as XLSX"),
        (b"key\n\0\n", "neither CSV nor XLSX"),
    ],
)
def test_it_says_what_is_wrong_with_a_file(a, alice, client, content, words):
    looked = look(client, a, content)
    assert looked.status_code == 200
    found = said(looked) + looked.context["form"].errors.get("file", [])
    assert words in " ".join(found)


# --- Limits ----------------------------------------------------------------------------------------


def xlsx(sheet, **parts):
    """A workbook whose first sheet is this XML."""
    book = openpyxl.Workbook()
    plain, made = io.BytesIO(), io.BytesIO()
    book.save(plain)
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, sheet if name.endswith("sheet1.xml") else old.read(name))
        for name, part in parts.items():
            new.writestr(name, part)
    return made.getvalue()


def test_it_refuses_what_is_too_large_t31(a, alice, client):
    found = []
    lines = b"".join(b"p%d\n" % number for number in range(1_001))
    namespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    far = '<row r="1048576"><c r="A1048576" t="inlineStr"><is><t>x</t></is></c></row>'
    near = '<row r="1"><c r="A1" t="inlineStr"><is><t>key</t></is></c></row>'
    entity = (
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]><worksheet><sheetData>&a;</sheetData></worksheet>'
    )
    for content in (
        b"key\n" + b"x" * reading.BYTES_AT_MOST,
        b"key\n" + lines,
        b",".join(b"c%d" % number for number in range(81)) + b"\n",
        xlsx("<x/>", bomb=b"0" * 30_000_000),
        xlsx("<x/>", **{f"part{number}": b"" for number in range(201)}),
        xlsx(f'<worksheet xmlns="{namespace}"><sheetData>{near}{far}</sheetData></worksheet>'),
        xlsx(entity),
    ):
        looked = look(client, a, content)
        assert looked.status_code == 200
        found.append(" ".join(looked.context["form"].errors["file"]))
    assert [words[:30] for words in found] == [
        "The file is larger than 1000 k", "The file has more than 1000 ro",
        "The file has more than 80 colu", "The file is much larger inside",
        "The file is much larger inside", "The file goes on and on. Delet",
        "The file cannot be read as XLS",
    ]  # fmt: skip


def test_a_broken_workbook_is_refused_in_words_wherever_it_is_broken_t31():
    book, content = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["key", "price"])
    book.active.append(["plat", 12.5])
    book.save(content)
    whole, said = content.getvalue(), set()
    for place in range(0, len(whole), 7):
        broken = bytearray(whole)
        broken[place] ^= 0xFF
        try:
            reading.read(bytes(broken))
        except reading.UnreadableError as error:
            said.add(str(error))
    assert said


# --- Who may ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["bob", "charlie", "nobody"])
def test_nobody_else_takes_or_brings_products(a, b, client, who):
    memberships = {"bob": {"service": [a]}, "charlie": {"manager": [b], "service": [a]}}
    if who != "nobody":
        client.force_login(person(who, **memberships[who]))
    for response in (
        client.get(at(a)),
        client.get(at(a, "csv")),
        client.get(at(a, "xlsx")),
        look(client, a, b"key,price\nplat,1\n"),
    ):
        assert response.status_code == (302 if who == "nobody" else 404)
        assert "Aldebaran" not in response.content.decode()
    assert plat(a).price == 8_00


def test_the_list_of_products_leads_to_it(a, b, alice, client):
    address = reverse("admin:ordering_restaurant_sheets")
    assert address in client.get(page(Product, "changelist")).content.decode()
    assert client.get(address).url == at(a)
    client.force_login(person("dora", manager=[a, b]))
    found = client.get(address).content.decode()
    assert at(a) in found
    assert at(b) in found
    client.force_login(person("bob", service=[a]))
    assert client.get(address).status_code == 403
    assert address not in client.get(page(Product, "changelist")).content.decode()


def test_what_was_looked_at_for_one_restaurant_is_not_imported_into_another(a, b, alice, client):
    looked = look(client, a, b"key,price\nplat,1\n")
    client.force_login(person("root", manager=[a, b]))
    assert confirm(client, b, looked).status_code == 404
    assert plat(b).price == 8_00
    forged = client.post(at(b), {"sheet": looked.context["carried"] + "x", "seen": "x"})
    assert "Choose the file again" in forged.content.decode()


def test_its_page_costs_the_same_for_one_product_and_for_a_hundred(
    a, alice, client, django_assert_max_num_queries
):
    for number in range(100):
        factories.product(a, f"p{number}")
    with django_assert_max_num_queries(30):
        content = client.get(at(a, "xlsx")).content
    with django_assert_max_num_queries(60):
        look(client, a, content)


def test_it_keeps_texts_in_a_language_that_is_listed_no_longer(a, alice, client):
    """They are not in the sheet, so nobody has taken them out."""
    for texts in (Product, Option, OptionGroup):
        texts.objects.update(name={"fr": "Plat", "de": "Gericht", "en": "Dish"})
    content = csv({**rows(client, a)["plat"], "price": "9", "name_en": "Stew"})
    confirm(client, a, look(client, a, content))
    assert (plat(a).price, plat(a).name) == (9_00, {"fr": "Plat", "en": "Stew", "de": "Gericht"})
    for kept in (Option, OptionGroup):
        assert {names["de"] for names in kept.objects.values_list("name", flat=True)} == {"Gericht"}


def test_happy_hour_prices_are_changed_there_and_their_hours_on_the_page(a, alice, client):
    """P25: a happy-hour price without hours, or not below the price, is named with its cell; empty is none."""

    def price(cell):
        return look(client, a, csv({"key": "plat", "happy_price": cell}))

    (mistake,) = said(price("6.50"))
    assert mistake.startswith("Row 2, column B (happy_price): ")
    assert mistake.endswith("happy_hours is missing")
    a.products.update(happy_price=7_00, happy_hours=[{"from": "17:00", "to": "19:00"}])
    (mistake,) = said(price("8"))
    assert mistake.endswith("the happy-hour price 8.00 is not below the price, 8.00")
    confirm(client, a, price("6,5"))
    assert plat(a).happy_price == 6_50
    confirm(client, a, price(""))
    assert plat(a).happy_price is None
