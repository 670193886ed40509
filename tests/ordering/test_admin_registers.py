"""The register's keys go in and never come out (P18, T23); another till is another record (F70)."""

import io
import json
import logging

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from ordering.diner.compiled import compiled
from ordering.services import registers
from ordering.services.transfer import export_restaurant, import_restaurant
from pos_bridge.encryption import mask
from pos_bridge.errors import DeliveryError, Misconfigured, NotSent, Rejected, Uncertain
from pos_bridge.models import Register
from pos_bridge.registers import kinds
from pos_bridge.registers.leo2 import Leo2
from tests import factories
from tests.ordering.admin_cast import errors, installer, person, send

pytestmark = pytest.mark.django_db

CANARY = "CANARY-key-that-nobody-may-see-5678"
SHOP = "CANARY-shop-number-1234"


@pytest.fixture
def house():
    return factories.restaurant()


@pytest.fixture(autouse=True)
def alice(house, client):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.force_login(person("alice", manager=[house]))


def page(name, *args):
    return reverse(f"admin:pos_bridge_register_{name}", args=args)


LEO2 = {
    "kind": "leo2",
    "base_url": "https://caisse.example",
    "leo2_shop": SHOP,
    "leo2_pub_key": CANARY,
}


@pytest.fixture
def register(house):
    return factories.register(
        house, base_url=LEO2["base_url"], credentials={"shop": SHOP, "pub_key": CANARY}
    )


def change(client, register, **changes):
    return send(client, page("change", register.pk), **changes)


def messages(response):
    return " ".join(str(message) for message in response.wsgi_request._messages)


# --- Set up ---------------------------------------------------------------------------------------


def test_it_sets_up_a_register(house, client):
    assert send(client, page("add"), **LEO2).status_code == 302
    register = house.registers.get()
    assert register.current
    assert dict(register.credentials) == {"shop": SHOP, "pub_key": CANARY}


@pytest.mark.parametrize("kind", dict(kinds()))
def test_it_asks_for_the_keys_of_each_kind(house, client, kind):
    names = registers.credential_names(kind)
    given = {f"{kind}_{name}": f"value of {name}" for name in names}
    base = {"kind": str(kind), "base_url": "https://caisse.example"}
    for missing in given:
        said = errors(send(client, page("add"), **base, **{**given, missing: ""}))
        assert missing in said
    assert send(client, page("add"), **base, **given).status_code == 302
    assert dict(house.registers.get().credentials) == {name: f"value of {name}" for name in names}


def test_the_names_of_the_keys_are_those_of_the_adapter():
    assert registers.credential_names("leo2") == Leo2.credential_names


def test_it_refuses_keys_of_another_kind(client):
    said = errors(send(client, page("add"), **LEO2, tiller_provider_token="x"))
    assert "another kind" in said["tiller_provider_token"]


@pytest.mark.parametrize(
    "address",
    [
        "caisse.example", "http://caisse.example", "https://127.0.0.2", "https://169.254.169.254",
        "https://[::1]/", "https://0x7f000001", "ftp://caisse.example", "https://good@bad.example",
        "https://caisse.example/api.php?pub_key=x", "javascript:alert(1)", "",
    ],
)  # fmt: skip
def test_it_refuses_an_address_that_is_not_allowed(house, client, address):
    assert errors(send(client, page("add"), **{**LEO2, "base_url": address}))["base_url"]
    assert not house.registers.exists()


def test_it_refuses_a_register_that_cannot_have_the_ids_that_are_there(house, client):
    factories.product(house, name={"fr": "Soupe"}, register_id="S-12")
    said = errors(send(client, page("add"), **LEO2))
    assert "Soupe" in said["kind"]
    assert "S-12" in said["kind"]


# --- Never shown ----------------------------------------------------------------------------------


def test_it_shows_dots_and_the_last_four_characters(register, client):
    found = client.get(page("change", register.pk)).content.decode()
    assert "••••5678" in found
    assert mask(SHOP) in found
    assert 'value="••' not in found


def test_an_empty_input_keeps_the_key(register, client):
    assert change(client, register).status_code == 302
    register.refresh_from_db()
    assert dict(register.credentials) == {"shop": SHOP, "pub_key": CANARY}
    change(client, register, leo2_pub_key="another")
    register.refresh_from_db()
    assert dict(register.credentials) == {"shop": SHOP, "pub_key": "another"}


@pytest.mark.parametrize("address", ["caisse.example.fr", "https://alice:x@caisse.example"])
def test_a_wrong_address_is_all_that_is_wrong(register, client, address):
    """P25: the keys that nobody typed are not called those of another register."""
    assert list(errors(change(client, register, base_url=address))) == ["base_url"]


def test_no_page_repeats_what_was_typed_after_a_mistake(client):
    response = send(client, page("add"), **{**LEO2, "base_url": "nonsense"})
    assert errors(response)
    assert CANARY not in response.content.decode()
    for address in (
        f"https://caisse.example/api.php?pub_key={CANARY}",
        f"https://{CANARY}@caisse.example/",
        f"https://caisse.example/#{CANARY}",
    ):
        response = send(client, page("add"), **{**LEO2, "base_url": address, "leo2_shop": ""})
        assert errors(response)["base_url"]
        assert CANARY not in response.content.decode()


@pytest.mark.once
def test_no_page_no_log_and_no_dump_holds_a_key(house, client, caplog):
    """T23: the canary is looked for in every page of admin, history and lists of choices included."""
    caplog.set_level(logging.DEBUG)
    send(client, page("add"), **LEO2)
    register = house.registers.get()
    change(client, register, leo2_pub_key=f"{CANARY}2")
    change(client, register, leo2_pub_key=CANARY, leo2_shop=f"{SHOP}2")
    order = factories.order(factories.guest(factories.table(house)))
    order.additions.create(register=register, number=1, ticket={}, body="{}")
    product = factories.product(house)
    factories.option_group(product, "sauce", {"poivre": 0})
    for user in (None, installer()):
        if user:
            client.force_login(user)
        pages = [reverse("admin:index"), page("changelist") + "?q=CANARY"]
        for model in admin.site._registry:
            opts = model._meta
            name = f"admin:{opts.app_label}_{opts.model_name}"
            pages += [reverse(f"{name}_changelist"), reverse(f"{name}_add")]
            for thing in model._default_manager.all():
                pages += [
                    reverse(f"{name}_{kind}", args=[thing.pk])
                    for kind in ("change", "history", "delete")
                ]
        for address in pages:
            found = client.get(address, follow=True).content.decode()
            assert CANARY not in found, address
            assert SHOP not in found, address
    dumped = io.StringIO()
    call_command("dumpdata", stdout=dumped)
    entries = json.dumps(list(LogEntry.objects.values()), default=str)
    for told in (dumped.getvalue(), entries, caplog.text, repr(Register.objects.all().values())):
        assert "CANARY" not in told


# --- Another till ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"base_url": "https://other.example", "leo2_shop": SHOP, "leo2_pub_key": "new"},
        {"leo2_shop": "another shop", "leo2_pub_key": "new"},
        {"kind": "tiller", "tiller_restaurant_token": "r", "tiller_provider_token": "p"},
    ],
)
def test_another_kind_address_or_shop_is_another_record(house, register, client, changes):
    response = change(client, register, **changes)
    assert response.status_code == 302
    assert "This is another register" in messages(response)
    register.refresh_from_db()
    assert not register.current
    assert register.credentials["pub_key"] == CANARY
    new = house.registers.get(current=True)
    assert new.pk != register.pk
    # The one of before is there to be read.
    found = client.get(page("change", register.pk))
    assert found.status_code == 200
    assert "leo2_pub_key" not in found.content.decode()
    assert client.post(page("change", register.pk), {}).status_code == 403


def test_a_key_is_never_sent_to_another_address_than_it_was_typed_for(register, client):
    """Whoever could change the address and keep the key could have it sent to themselves."""
    said = errors(change(client, register, base_url="https://other.example"))
    assert {"leo2_shop", "leo2_pub_key"} <= set(said)
    assert "leo2_pub_key" in errors(change(client, register, leo2_shop="another shop"))


def test_a_till_of_before_is_taken_up_again(house, register, client):
    """A second record would number its additions anew, and the till drops numbers that it knows (P6)."""
    change(client, register, leo2_shop="another shop", leo2_pub_key="new")
    new = house.registers.get(current=True)
    change(client, new, leo2_shop=SHOP, leo2_pub_key=CANARY)
    assert house.registers.get(current=True).pk == register.pk
    assert house.registers.count() == 2


def test_saving_ends_the_pause(register, client):
    Register.objects.filter(pk=register.pk).update(paused_reason="keys_refused")
    assert (
        "the register refuses its keys" in client.get(page("change", register.pk)).content.decode()
    )
    change(client, register)
    register.refresh_from_db()
    assert register.paused_reason == ""


def test_saving_leaves_the_workers_columns_alone(register, client):
    with CaptureQueriesContext(connection) as queries:
        change(client, register, leo2_pub_key="new")
    written = [sql for query in queries if (sql := query["sql"]).startswith('UPDATE "pos_bridge')]
    assert written
    for column in ("last_number", "lease_owner", "lease_until"):
        assert not any(column in sql.partition("WHERE")[0] for sql in written)


def test_the_database_knows_one_register_in_use(house, register):
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.register(house)


def has_register(house):
    """As the phone reads it, from the carte that is cached for this version."""
    house.refresh_from_db()
    return compiled(house).has_register


def test_the_cached_carte_follows_the_register_on_every_road(house, client):
    factories.product(house)
    assert not has_register(house)
    send(client, page("add"), **LEO2)
    assert has_register(house)
    register = house.registers.get()
    client.post(page("delete", register.pk), {"post": "yes"})
    assert not has_register(house)
    send(client, page("add"), **LEO2)
    register = house.registers.get()
    client.post(
        page("changelist"),
        {"action": "delete_selected", "_selected_action": register.pk, "post": "yes"},
    )
    assert not has_register(house)
    factories.table(house)
    data = {**export_restaurant(house), "register": {
        "kind": "leo2", "base_url": LEO2["base_url"],
        "credentials": {"shop": SHOP, "pub_key": CANARY},
    }}  # fmt: skip
    import_restaurant(data=data)
    assert has_register(house)


def test_another_register_makes_the_cached_carte_old(house, register, client):
    before = house.carte_version
    change(client, register, leo2_shop="another shop", leo2_pub_key="new")
    house.refresh_from_db()
    assert house.carte_version > before


# --- Checking the connection ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (None, "it answers, and knows these keys"),
        (NotSent, "cannot be reached"),
        (Misconfigured, "must be changed first"),
        (Rejected, "are the keys right?"),
        (Uncertain, "does not speak as a register does"),
        (DeliveryError, "it did not work"),
    ],
)
def test_it_checks_the_connection_and_says_how_it_ended_and_no_more(
    register, client, monkeypatch, outcome, words
):
    def check(self):
        if outcome:
            raise outcome("reason", f"<b>{CANARY}</b>", answer="root:x:0:0")

    monkeypatch.setattr(Leo2, "check", check)
    for response in (
        client.post(reverse("admin:pos_bridge_register_check", args=[register.pk]), follow=True),
        client.post(
            page("changelist"),
            {"action": "check_connections", "_selected_action": register.pk},
            follow=True,
        ),
    ):
        found = response.content.decode()
        assert words in found
        assert CANARY not in found
        assert "root:x" not in found


def test_it_checks_nothing_by_a_link(register, client, monkeypatch):
    monkeypatch.setattr(Leo2, "check", lambda self: pytest.fail("checked"))
    address = reverse("admin:pos_bridge_register_check", args=[register.pk])
    assert client.get(address).status_code == 404


def test_it_says_that_a_kind_is_not_spoken_yet(house, client):
    register = factories.register(house, kind="gone", credentials={"shop": "1", "key": "k"})
    address = reverse("admin:pos_bridge_register_check", args=[register.pk])
    assert "not spoken yet" in client.post(address, follow=True).content.decode()


def test_it_says_that_the_maker_of_tiller_calls_its_api_deprecated(client):
    assert client.get(page("add")).content.decode().count("deprecated") == 1
