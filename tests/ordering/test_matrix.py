"""T20, T22, T17: a table of all addresses, and who gets what there. One that is not in it fails, so that nobody adds an
address without saying whose it is.
"""

import pytest
from django.apps import apps
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from ordering.models import CartLine, Guest, Order, Visit
from ordering.services import visits
from tests import factories
from tests.ordering.admin_cast import installer, person
from tests.ordering.diner_phone import Phone, house

pytestmark = pytest.mark.django_db

# Of the phone. EVERYBODY: it shows nothing of any party to whoever is not of it. GUEST: for the phones of the visit.
# READ: whoever was given its codes may read that one order, and nothing else of its party (F07).
EVERYBODY, GUEST, READ = "everybody", "guest", "read"
# Of the board. STAFF: the restaurant's people. MANAGER: those who manage it.
STAFF, MANAGER = "staff", "manager"
# Whoever knows its secret is the register (tests/ordering/test_hooks.py).
SECRET = "secret"

MATRIX = {
    "hook": SECRET,
    "diner:scan": EVERYBODY,
    "diner:welcome": EVERYBODY,
    "diner:join": EVERYBODY,
    "diner:read": EVERYBODY,
    "diner:read_product": EVERYBODY,
    "diner:read_menu": EVERYBODY,
    "diner:data": EVERYBODY,
    "diner:accessibility": EVERYBODY,
    "diner:photo": EVERYBODY,
    "diner:photo_size": EVERYBODY,
    "diner:brand": EVERYBODY,
    "diner:offline": EVERYBODY,
    "diner:manifest": EVERYBODY,
    "diner:worker": EVERYBODY,
    "diner:robots": EVERYBODY,
    "diner:carte": GUEST,
    "diner:news": GUEST,
    "diner:product": GUEST,
    "diner:menu": GUEST,
    "diner:add_menu": GUEST,
    "diner:add": GUEST,
    "diner:cart": GUEST,
    "diner:line": GUEST,
    "diner:covers": GUEST,
    "diner:send": GUEST,
    "diner:live": GUEST,
    "diner:again": GUEST,
    "diner:orders": GUEST,
    "diner:calls": GUEST,
    "diner:call": GUEST,
    "diner:withdraw": GUEST,
    "diner:questions": EVERYBODY,
    "diner:ask": EVERYBODY,
    "diner:order": READ,
    "diner:take_back": GUEST,
    "board:board": STAFF,
    "board:table": STAFF,
    "board:seat": STAFF,
    "board:left": STAFF,
    "board:free": STAFF,
    "board:covers": STAFF,
    "board:ordering": STAFF,
    "board:carte": STAFF,
    "board:sell": STAFF,
    "board:thing": STAFF,
    "board:call": STAFF,
    "board:moves": STAFF,
    "board:move": STAFF,
    "board:join": STAFF,
    "board:part": STAFF,
    "board:why": STAFF,
    "board:vouch": STAFF,
    "board:approval": STAFF,
    "board:approve": STAFF,
    "board:refuse": STAFF,
    "board:pauses": STAFF,
    "board:pause": STAFF,
    "board:resume": STAFF,
    "board:slow": STAFF,
    "board:renew_word": STAFF,
    "board:task": STAFF,
    "board:decide": STAFF,
    "board:table_card": STAFF,
    "board:order_card": STAFF,
    "board:service": STAFF,
    "board:service_export": MANAGER,
    "board:journal": MANAGER,
}
# What a name in an address stands for, where it is not what World calls so.
MEANS = {
    "diner:read_menu": {"key": "menu"},
    "diner:menu": {"key": "menu"},
    "diner:add_menu": {"key": "menu"},
    "board:approval": {"pk": "addition"},
    "board:approve": {"pk": "addition"},
    "board:refuse": {"pk": "addition"},
    "board:task": {"pk": "addition"},
    "board:decide": {"pk": "addition"},
    "board:thing": {"pk": "product"},
}
LOGIN = "/admin/login/"


def addresses():
    """Every address but admin's, which its own base class keeps apart (test_admin_walls.py): {name: its pattern}."""

    def walk(resolver, namespace=""):
        for each in resolver.url_patterns:
            if isinstance(each, URLResolver):
                if each.namespace != "admin":
                    yield from walk(each, f"{each.namespace}:" if each.namespace else namespace)
            elif not str(each.pattern).startswith("admin/"):
                yield f"{namespace}{each.name}", each

    return dict(walk(get_resolver()))


def parameters(pattern: URLPattern):
    return set(pattern.pattern.converters) | set(pattern.pattern.regex.groupindex)


class World:
    """Two houses. At table 12 of the first sits a party with two orders and a cart, after another one that has left;
    its neighbours sit at table 13. `secrets`: what only that party may see.
    """

    def __init__(self):
        self.a, self.b = house(colour="#7b1e32"), house("chez-charlie", colour="#7b1e32")
        table = factories.table(self.a, 12)
        self.before = self._party(table)
        visits.end(visit=Visit.objects.get(table=table))
        self.own = self._party(table)
        self.own.add("tarte")
        self.neighbour = self._party(factories.table(self.a, 13))
        self.elsewhere = self._party(factories.table(self.b, 77))
        visit = Visit.objects.get(table=table, ended_at=None)
        order, other = visit.orders.order_by("pk")
        self.ours = self._values(visit, order)
        self.theirs = self._values(Visit.objects.get(table__restaurant=self.b), None)
        line = CartLine.objects.get(visit=visit)
        self.secrets = [other.code, line.code, *self._hashes(visit)]

    def _party(self, table):
        phone = Phone().join(table)
        for dish in ("soupe", "tarte")[: 2 if table.number == 12 else 1]:
            phone.add(dish)
            sent = phone.send()
            assert sent.status_code == 303, sent
            Order.objects.update(
                created_at="2026-01-01T12:00:00Z"
            )  # so that the next may follow at once
        return phone

    def _hashes(self, visit):
        return list(Guest.objects.filter(visit=visit).values_list("secret_hash", flat=True))

    def _values(self, visit, order):
        order = order or visit.orders.first()
        return {
            "slug": visit.table.restaurant.slug,
            "number": visit.table.number,
            "code": visit.table.code,
            "visit_code": visit.code,
            "order_code": order.code,
            "addition": order.additions.get().pk,
            "pk": order.additions.get().pk,
            "kind": "product",
            "product": visit.table.restaurant.products.get(key="soupe").pk,
            "key": "soupe",
            "menu": "menu",
            "sha256": "0" * 64,
            "size": "640.webp",
            "version": "01234567",
            "secret": "A" * 22,
        }

    def address(self, name, pattern, values):
        means = MEANS.get(name, {})
        wanted = {each: means.get(each, each) for each in parameters(pattern)}
        unknown = set(wanted.values()) - set(values)
        assert not unknown, f"{name}: say in World or in MEANS what {', '.join(unknown)} is"
        return reverse(name, kwargs={each: values[value] for each, value in wanted.items()})


@pytest.fixture
def world():
    return World()


def rows():
    return {
        model._meta.label: list(model._default_manager.order_by("pk").values())
        for model in apps.get_models()
        if model._meta.label != "sessions.Session"
    }


def logged_in(user):
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(user)
    return client


def said(answer):
    return answer.content.decode() + answer.headers.get("Location", "")


def test_every_address_is_in_the_matrix_and_nothing_else_is_t20_t22():
    assert set(addresses()) == set(MATRIX)


def test_no_other_party_house_or_role_reads_or_changes_a_party_s_things_t20(world):
    """P15, P16: at every address of the phone, by GET and by POST."""
    strangers = {
        "the party before": world.before,
        "the neighbours": world.neighbour,
        "another house's guests": world.elsewhere,
        "nobody": Client(),
        "a waiter": logged_in(person("bob", service=[world.a])),
        "the installer": logged_in(installer()),
    }
    before = rows()
    for name, pattern in addresses().items():
        if not name.startswith("diner:"):
            continue
        address = world.address(name, pattern, world.ours)
        for who, client in strangers.items():
            answers = [client.get(address)]
            if "visit_code" in parameters(pattern):
                answers.append(client.post(address, {"covers": "9", "product": "soupe"}))
            for answer in answers:
                for secret in world.secrets:
                    assert secret not in said(answer), f"{who} at {name}"
                if MATRIX[name] == GUEST:
                    assert answer.status_code in {302, 303, 403, 404, 405, 410}, f"{who} at {name}"
            if MATRIX[name] == READ:
                page = said(answers[0])
                assert "<form" not in page, f"{who} at {name}"
                assert world.ours["order_code"] in address
    assert rows() == before


def test_the_party_itself_is_let_in_everywhere_t20(world):
    """Else the walk above would prove nothing."""
    for name, pattern in addresses().items():
        if MATRIX[name] in {GUEST, READ}:
            answer = world.own.get(world.address(name, pattern, world.ours))
            let_in = answer.status_code < 300
            led_on = answer.headers.get("Location", "")
            assert let_in or led_on == "../" or led_on.startswith(world.own.visit), name
    page = world.own.get(f"/v/{world.ours['visit_code']}/cart/").content.decode()
    assert world.secrets[0] in page
    assert world.secrets[1] in page


def test_codes_of_two_parties_together_open_nothing_t20(world):
    """A visit of one's own, and somebody else's order."""
    own = world.theirs["visit_code"]
    for name, pattern in addresses().items():
        if "order_code" in parameters(pattern) and "visit_code" in parameters(pattern):
            address = world.address(name, pattern, {**world.ours, "visit_code": own})
            assert world.elsewhere.get(address).status_code in {302, 404}, name
            assert world.elsewhere.post(address).status_code in {404, 405}, name


def test_the_board_opens_to_each_role_as_the_matrix_says_t22(world):
    a, b = world.a, world.b
    retired = person("dora", manager=[a])
    guest_list = person("eve", manager=[a])
    clients = {
        "manager": logged_in(person("alice", manager=[a])),
        "service": logged_in(person("bob", service=[a])),
        "installer": logged_in(installer()),
        "of another house": logged_in(person("charlie", manager=[b])),
        "retired": logged_in(retired),
        "not of the staff": logged_in(guest_list),
        "a guest": world.own,
        "nobody": Client(),
    }
    type(retired).objects.filter(pk=retired.pk).update(is_active=False)
    type(guest_list).objects.filter(pk=guest_list.pk).update(is_staff=False)
    before = rows()
    for name, pattern in addresses().items():
        if not name.startswith("board:"):
            continue
        address = world.address(name, pattern, world.ours)
        for who, client in clients.items():
            expected = _expected(who, MATRIX[name])
            answers = [client.get(address)]
            if expected != "in":  # what a form does is its own test's
                answers.append(client.post(address))
            for answer in answers:
                if answer.headers.get("Location") != "../":  # a form's address, asked for by a link
                    assert _is(expected, answer), f"{who} at {name}: {answer.status_code}"
    assert rows() == before


def _expected(who, entry):
    if who in {"manager", "installer"}:
        return "in"
    if who == "service":
        return "in" if entry == STAFF else "refused"
    return "unknown" if who == "of another house" else "login"


def _is(expected, answer):
    where = answer.headers.get("Location", "")
    if expected == "login":
        return answer.status_code == 302 and where.startswith(LOGIN)
    if expected == "in" and answer.status_code == 303:
        return where.startswith("/board/")  # nothing is left to do there
    return answer.status_code == {"in": 200, "refused": 403, "unknown": 404}[expected]


def test_a_manager_s_own_board_shows_nothing_of_another_house_t22(world):
    """Own address, somebody else's table, visit or order in it."""
    client = logged_in(person("alice", manager=[world.a]))
    before = rows()
    for name, pattern in addresses().items():
        if name.startswith("board:") and parameters(pattern) - {"slug"}:
            mixed = {**world.theirs, "slug": world.a.slug}
            address = world.address(name, pattern, mixed)
            for answer in (client.get(address), client.post(address)):
                # Not there; or, of a party, led back to the own board.
                assert answer.status_code in {302, 303, 404, 405}, name
    assert rows() == before


def test_nothing_is_written_by_get_t17(world):
    """Every address of phone and board, for whoever may see it, as page and as part of one."""
    client = logged_in(person("alice", manager=[world.a]))
    before = rows()
    for name, pattern in addresses().items():
        address = world.address(name, pattern, world.ours)
        for who in (world.own, client):
            who.get(address)
            who.get(address, headers={"HX-Request": "true"})
            who.head(address)
    assert rows() == before
