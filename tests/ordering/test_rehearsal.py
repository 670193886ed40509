"""The check before service (F69, P25): each mistake is a line of its own, with its mend, and hides no other."""

import io
import re
from decimal import Decimal

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from ordering.models import Choice, Course, Option, Product, SetMenu, Table
from ordering.services.findings import Level
from ordering.services.rehearsal import rehearse
from pos_bridge.errors import Unsupported
from pos_bridge.models import Register
from pos_bridge.registers import adapter_class
from pos_bridge.registers.base import CataloguePrice
from pos_bridge.simulator.catalogue import Article
from pos_bridge.simulator.enregistreuse import EnregistreuseRegister
from pos_bridge.simulator.leo2 import Catalogue, Leo2Register
from pos_bridge.ticket import Ticket
from tests import factories
from tests.ordering import toy_register
from tests.ordering.admin_cast import installer, person
from tests.ordering.toy_register import Toy

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield
    adapter_class.cache_clear()


@pytest.fixture
def house():
    """Right in every way: two products, one with a question and an automatic option, a set menu, two tables."""
    made = factories.restaurant()
    factories.register(made, base_url="http://127.0.0.1:9")
    soup = factories.product(made, "soupe", register_id="1001")
    steak = factories.product(made, "bavette", price=20_00, register_id="1002")
    factories.option_group(steak, "cuisson", {"bleu": 0, "saignant": 0}, min=1, max=1)
    factories.option_group(steak, "extras", {"frites": 1_50, "sans-beurre": -50}, max=None)
    factories.option_group(steak, "emballage", {"boite": 20}, kind="automatic")
    menu = SetMenu.objects.create(
        restaurant=made, key="menu", register_id="3001", name={"fr": "Menu"}, price=25_00,
        vat=Decimal(10),
    )  # fmt: skip
    course = Course.objects.create(set_menu=menu, key="plat", name={"fr": "Plat"})
    for product, supplement in ((soup, 0), (steak, 3_00)):
        Choice.objects.create(course=course, product=product, supplement=supplement)
    factories.table(made, 7)
    factories.table(made, 8, register_id="108")
    return made


def told(house, *, ask=False):
    found: dict[Level, list[str]] = {level: [] for level in Level}
    for each in rehearse(house, ask=ask):
        found[each.level].append(f"{each.about}: {each.words}")
    return found


def wrong(house, **options):
    return told(house, **options)[Level.BAD]


def mends(house):
    return [each.mend for each in rehearse(house, ask=False) if each.level == Level.BAD]


# --- What is built --------------------------------------------------------------------------------


def test_what_is_right_is_said_of_each_thing(house):
    found = told(house)
    assert found[Level.BAD] == []
    assert found[Level.GOOD] == [
        "Keys: all of them are there, and can be decrypted",
        "Register: it is set up as LEO2 (LEO2Click)",
        "Product “Soupe”: it can be sent",
        # Plain, four options asked for, and all that may be chosen at once.
        "Product “Bavette”: it can be sent, in each of 6 ways",
        # Plain, each choice, and the steak with all that may be chosen with it.
        "Set menu “Menu”: it can be sent, in each of 4 ways",
        "Table 7: its orders go to table 7 of the register",
        "Table 8: its orders go to table 108 of the register",
    ]


def test_it_writes_nothing(house):
    with CaptureQueriesContext(connection) as queries:
        rehearse(house, ask=False)
    assert all(query["sql"].lstrip().startswith("SELECT") for query in queries)
    assert len(queries) < 40


class Noting(Toy):
    built: list[Ticket] = []

    @classmethod
    def build(cls, ticket, number, options, *more):
        cls.built.append(ticket)
        return super().build(ticket, number, options, *more)


def test_the_tickets_are_those_that_guests_may_send(house, monkeypatch):
    """Least and most are respected, and what is automatic is always there."""
    built = []
    monkeypatch.setattr(Noting, "built", built)
    toy_register.use(monkeypatch, "leo2", Noting)
    assert wrong(house) == []
    steaks = [ticket.lines[0].options for ticket in built if ticket.lines[0].name == "Bavette"]
    sets = [[option.name for option in options] for options in steaks]
    assert sets == [
        ["Bleu", "Boite"],
        ["Bleu", "Boite"],
        ["Saignant", "Boite"],
        ["Bleu", "Frites", "Boite"],
        ["Bleu", "Sans-beurre", "Boite"],
        ["Bleu", "Frites", "Sans-beurre", "Boite"],
    ]
    menus = [ticket.lines[0] for ticket in built if ticket.lines[0].name == "Menu"]
    assert [[choice.name for choice in menu.choices] for menu in menus] == [
        ["Soupe"], ["Soupe"], ["Bavette"], ["Bavette"],
    ]  # fmt: skip
    assert menus[2].choices[0].supplement == 3_00
    assert [option.name for option in menus[2].choices[0].options] == ["Bleu", "Boite"]


MISTAKES = {
    "no id": (
        lambda house: Product.objects.filter(key="soupe").update(register_id=""),
        ["Product “Soupe”: it has no id on the register", "“Soupe” has no id on the register"],
    ),
    "wrong id": (
        lambda house: Product.objects.filter(key="soupe").update(register_id="S-12"),
        ["Product “Soupe”: “S-12” cannot be an id", "“Soupe”: only ASCII digits"],
    ),
    "wrong id of an option": (
        lambda house: Option.objects.filter(key="bleu").update(register_id="bleu"),
        ["Product “Bavette”: “bleu” cannot be an id", "“Bleu”: only ASCII digits"],
    ),
    "more asked than there is": (
        lambda house: house.option_groups.filter(key="cuisson").update(min=3, max=3),
        ["Product “Bavette”: “Cuisson” asks for at least 3 options"],
    ),
    "less than nothing": (
        lambda house: Option.objects.filter(key="sans-beurre").update(price=-30_00),
        [
            "Product “Bavette”: with Sans-beurre: ",
            "Set menu “Menu”: with Bavette: ",
        ],
    ),
    "another rate in a menu": (
        lambda house: Product.objects.filter(key="soupe").update(vat=Decimal("5.5")),
        ["Set menu “Menu”: “Soupe” has 5.5 % VAT and the menu 10 %"],
    ),
    "a menu without choices": (
        lambda house: Choice.objects.all().delete(),
        ["Set menu “Menu”: “Plat” asks for at least 1 choices"],
    ),
    "a menu without an id": (
        lambda house: SetMenu.objects.update(register_id=""),
        ["Set menu “Menu”: it has no id on the register"],
    ),
    "a table that no register knows": (
        lambda house: Table.objects.filter(number=8).update(register_id="90000"),
        ["Table 8: table 90000 is not one from 1 to 89999"],
    ),
    "a wrong id of a table": (
        lambda house: Table.objects.filter(number=8).update(register_id="X8"),
        ["Table 8: “X8” cannot be an id"],
    ),
    "two tables that are one": (
        lambda house: Table.objects.filter(number=8).update(register_id="7"),
        ["Table 7: Table 8 is the same table", "Table 8: Table 7 is the same table"],
    ),
    "no tables": (lambda house: Table.objects.all().delete(), ["Tables: there is none"]),
    "no keys": (
        lambda house: house.registers.update(credentials={"shop": "S"}),
        ["Keys: these keys are missing: pub_key"],
    ),
    "an address that is not allowed": (
        lambda house: house.registers.update(base_url="http://192.168.1.1"),
        ["Register: Only https:// is allowed"],
    ),
}


def assert_said(found, expected):
    assert len(found) == len(expected), found
    for line, words in zip(found, expected, strict=True):
        assert words in line


@pytest.mark.parametrize("name", MISTAKES)
def test_it_finds_a_mistake(house, name):
    make, expected = MISTAKES[name]
    make(house)
    assert_said(wrong(house), expected)
    assert all(mends(house))


def test_one_mistake_hides_no_other(house):
    names = ["no id", "less than nothing", "a wrong id of a table", "no keys"]
    for name in names:
        MISTAKES[name][0](house)
    found = wrong(house)
    for name in names:
        for words in MISTAKES[name][1]:
            assert any(words in line for line in found), words


class FiveAtMost(Toy):
    """A register that takes no more than two options, and one that has a mistake of ours."""

    @classmethod
    def build(cls, ticket, number, options, *more):
        for line in ticket.lines:
            if len(line.options) > 3:
                raise Unsupported(f"“{line.name}”: at most 3 choices; ask fewer questions")
            if line.name == "Soupe":
                raise RuntimeError("our own mistake")
        return super().build(ticket, number, options, *more)


def test_what_is_only_unsupported_with_everything_chosen_is_found_before_dinner(house, monkeypatch):
    toy_register.use(monkeypatch, "leo2", FiveAtMost)
    found = wrong(house)
    assert_said(
        found,
        ["Product “Soupe”: our own software failed", "Product “Bavette”: with Bleu, Frites, Sans-"],
    )
    assert "at most 3 choices; ask fewer questions" in found[1]


def test_an_id_that_two_things_have_is_worth_a_look(house):
    Product.objects.filter(key="soupe").update(register_id="1002")
    found = told(house)
    assert "Id 1002: these have one id: “Soupe”, “Bavette”" in found[Level.LOOK]
    assert found[Level.BAD] == []


def test_keys_that_cannot_be_decrypted_are_said(house, settings):
    Table.objects.all().delete()
    settings.FIELD_KEYS = [Fernet.generate_key().decode()]
    found = wrong(house, ask=True)
    assert_said(found, ["Keys: its keys cannot be decrypted", "Tables: there is none"])


def test_a_restaurant_without_a_register_and_with_one_that_is_not_spoken(house, monkeypatch):
    from pos_bridge.registers import ADAPTERS

    house.registers.update(kind="tiller")
    monkeypatch.delitem(ADAPTERS, "tiller", raising=False)
    adapter_class.cache_clear()
    assert_said(wrong(house), ["Register: this kind of register is not spoken yet"])
    house.registers.update(current=False)
    assert_said(wrong(house, ask=True), ["Register: no register is in use"])


# --- What the register says -----------------------------------------------------------------------


@pytest.fixture
def till():
    with Leo2Register(Catalogue.of_everything(), pub_key="KEY1") as register:
        yield register


@pytest.mark.wire
def test_it_asks_the_register(house, till):
    house.registers.update(base_url=till.url)
    assert "Connection: it answers, and knows these keys" in told(house, ask=True)[Level.GOOD]
    assert till.posts() == []


@pytest.mark.wire
@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("401", "the register refuses its keys"),
        ("302", "the register's address leads elsewhere"),
        ("html200", "something answers that does not speak as a register does"),
        ("http500", "something answers that does not speak as a register does"),
    ],
)
def test_it_says_a_class_of_trouble_and_no_word_of_the_register(house, till, mode, words):
    house.registers.update(base_url=till.url)
    till.fail_always(list=mode)
    found = wrong(house, ask=True)
    assert_said(found, [f"Connection: {words}"])
    assert "Wi-Fi" not in str(found)


@pytest.mark.wire
def test_it_says_that_nobody_answers(house):
    found = rehearse(house, ask=True)
    [finding] = [each for each in found if each.level == Level.BAD]
    assert finding.words == "the register cannot be reached"
    assert "switched on" in finding.mend


def test_nobody_is_asked_where_the_address_is_wrong(house):
    house.registers.update(base_url="http://192.168.1.1")
    assert "Connection: not tried: the lines above come first" in told(house, ask=True)[Level.LOOK]


class Listing(Toy):
    can_list_catalogue = True
    can_list_states = True
    articles: dict[str, CataloguePrice] = {}

    def list_catalogue(self):
        return self.articles


@pytest.mark.wire
def test_it_compares_ids_and_prices_with_those_that_the_register_lists_f69(
    house, till, monkeypatch
):
    house.registers.update(base_url=till.url)
    toy_register.use(monkeypatch, "leo2", Listing)
    right = {"1001": CataloguePrice("SOUPE", 8_00), "1002": CataloguePrice("BAVETTE")}
    monkeypatch.setattr(Listing, "articles", {**right, "3001": CataloguePrice("MENU", 25_00)})
    assert wrong(house, ask=True) == []
    monkeypatch.setattr(
        Listing, "articles", {**right, "1001": CataloguePrice("COLA \x1b[31m<b>", 3_50)}
    )
    assert wrong(house, ask=True) == [
        "Product “Soupe”: the register lists “COLA  [31m<b>” for €3.50, the carte says €8.00",
        "Set menu “Menu”: the register does not know the id 3001",
    ]


@pytest.mark.wire
def test_it_compares_them_with_a_real_list_of_articles_f69(house):
    """Over a port: the soup is cheaper there, the bavette unknown, and the menu as the carte says."""
    catalogue = Catalogue.of_everything()
    for number, name, price in [(1001, "SOUPE", "7.50"), (3001, "MENU", "25.00")]:
        catalogue.articles[number] = [Article(name, Decimal(10), Decimal(price))]
    with EnregistreuseRegister(catalogue) as register:
        house.registers.update(kind="enregistreuse", base_url=register.url)
        current = house.registers.get()
        current.credentials = {"idboutique": "SHOP1", "key": "KEY1"}
        current.save()
        found = wrong(house, ask=True)
        assert "Catalogue: the register lists 2 articles" in told(house, ask=True)[Level.GOOD]
        assert register.posts() == []
    assert [each for each in found if "register" in each] == [
        "Product “Soupe”: the register lists “SOUPE” for €7.50, the carte says €8.00",
        "Product “Bavette”: the register does not know the id 1002",
    ]


# --- On the terminal ------------------------------------------------------------------------------


def said(*arguments):
    out = io.StringIO()
    call_command("rehearse", *arguments, stdout=out, no_color=True)
    return out.getvalue()


@pytest.mark.wire
def test_the_command_prints_the_lines_and_ends_well(house, till):
    house.registers.update(base_url=till.url)
    with translation.override("fr"):
        printed = said(house.slug)
    assert "good   Product “Bavette”: it can be sent, in each of 6 ways\n" in printed
    assert printed.endswith("Nothing is wrong.\n")
    assert "WRONG" not in printed


@pytest.mark.wire
def test_the_command_fails_where_something_is_wrong(house):
    Product.objects.filter(key="soupe").update(register_id="")
    out = io.StringIO()
    with pytest.raises(CommandError, match=r"3 of .* lines are wrong"):
        call_command("rehearse", house.slug, stdout=out, no_color=True)
    assert "WRONG  Product “Soupe”: it has no id on the register" in out.getvalue()
    assert "→ Type the register's own number" in out.getvalue()
    with pytest.raises(CommandError, match="There is no restaurant"):
        said("nowhere")


# --- In admin -------------------------------------------------------------------------------------


def page(house, name="rehearse"):
    return reverse(f"admin:ordering_restaurant_{name}", args=[house.pk])


@pytest.mark.wire
def test_its_page_says_it_in_words_and_colours_and_asks_only_when_told(house, till, client):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.force_login(person("alice", manager=[house]))
    house.registers.update(base_url=till.url)
    Product.objects.filter(key="soupe").update(register_id="", name={"fr": "<b>Soupe"})
    till.script(list="401")
    found = client.get(page(house)).content.decode()
    assert "the register was not asked" in found
    assert '<tr class="tablee-bad">' in found
    assert '<span class="tablee-level">wrong</span>' in found
    assert '<span class="tablee-level">good</span>' in found
    shown = re.findall(r'class="tablee-level">([^<]+)', found)
    assert shown == sorted(shown, key=["wrong", "look at it", "good"].index)
    assert "2 things are wrong" in found
    assert "&lt;b&gt;Soupe" in found
    soup = Product.objects.get(key="soupe")
    assert reverse("admin:ordering_product_change", args=[soup.pk]) in found
    # The fault still waits for the first one who asks.
    assert "the register refuses its keys" in client.post(page(house)).content.decode()
    asked = client.post(page(house)).content.decode()
    assert "it answers, and knows these keys" in asked
    for model, thing in (
        ("ordering_restaurant", house),
        ("pos_bridge_register", Register.objects.get()),
    ):
        link = client.get(reverse(f"admin:{model}_change", args=[thing.pk])).content.decode()
        assert page(house) in link


def test_nobody_else_opens_it(house, client):
    for user in (
        person("bob", manager=[factories.restaurant("chez-bob")]),
        person("serves", service=[house]),
        person("nobody"),
    ):
        client.force_login(user)
        for name in ("rehearse", "trial"):
            assert client.get(page(house, name)).status_code == 404
            assert client.post(page(house, name)).status_code == 404
    client.logout()
    assert client.get(page(house)).status_code == 302
    client.force_login(installer())
    assert client.get(page(house)).status_code == 200
