"""T23: the key that encrypts can be rotated, and nothing is lost on the way."""

import io

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection

from ordering import access
from ordering.models import Table
from ordering.services import visits
from pos_bridge import hooks, rotation
from pos_bridge.encryption import Credentials
from pos_bridge.models import Hook, Register
from tests import factories

pytestmark = pytest.mark.django_db

OLD, NEW, OTHER = (Fernet.generate_key().decode() for _ in range(3))
KEY = "canary-of-the-register-5678"


@pytest.fixture
def house(settings):
    """Two registers, five tables and a hook, all written with the old key."""
    settings.FIELD_KEYS = [OLD]
    made = factories.restaurant()
    for number in range(1, 6):
        factories.table(made, number)
    register = factories.register(made, credentials={"shop": "S", "pub_key": KEY})
    factories.register(factories.restaurant("chez-bob"), credentials={"shop": "S", "pub_key": KEY})
    hooks.renew(register)
    settings.FIELD_KEYS = [NEW, OLD]
    return made


def rotate():
    said = io.StringIO()
    call_command("rotate_keys", stdout=said)
    return said.getvalue()


def secrets():
    """Everything in plain words, and that each is found by its hash."""
    tables = {table.pk: table.code for table in Table.objects.all()}
    for pk, code in tables.items():
        assert access.table_by_code(code).pk == pk
    hook = Hook.objects.get()
    assert access.hook_by_secret(hook.secret).pk == hook.pk
    keys = {register.pk: dict(register.credentials) for register in Register.objects.all()}
    return tables, hook.secret, keys


def test_after_it_the_old_key_can_go(house, settings):
    before = secrets()
    said = rotate()
    assert "pos_bridge.Register.credentials: 2 encrypted anew, 0 were already" in said
    assert "ordering.Table.code: 5 encrypted anew, 0 were already" in said
    assert "pos_bridge.Hook.secret: 1 encrypted anew, 0 were already" in said
    assert KEY not in said
    settings.FIELD_KEYS = [NEW]
    assert secrets() == before


def test_without_it_the_old_key_cannot_go(house, settings):
    settings.FIELD_KEYS = [NEW]
    with pytest.raises(ImproperlyConfigured):
        secrets()


def test_it_names_every_encrypted_column_there_is():
    """A new one is rotated without anybody thinking of it."""
    found = {(model._meta.label, name) for model, name in rotation.columns()}
    assert found >= {
        ("pos_bridge.Register", "credentials"),
        ("pos_bridge.Hook", "secret"),
        ("ordering.Table", "code"),
    }


def test_a_second_run_writes_nothing(house):
    rotate()
    before = raw()
    assert "5 were already" in rotate()
    assert raw() == before


def raw():
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, code, code_hash FROM ordering_table ORDER BY id")
        tables = cursor.fetchall()
        cursor.execute("SELECT id, credentials FROM pos_bridge_register ORDER BY id")
        return tables, cursor.fetchall()


def test_interrupted_half_way_everything_is_read_and_found_and_it_goes_on(house, settings):
    before = secrets()
    batches = []

    class Interrupted(Exception):
        pass

    def interrupt(execute, sql, *rest):
        # In the middle of the second batch: its transaction is lost, the first one stays.
        if sql.startswith('UPDATE "ordering_table"'):
            batches.append(sql)
            if len(batches) == 4:
                raise Interrupted
        return execute(sql, *rest)

    with connection.execute_wrapper(interrupt), pytest.raises(Interrupted):
        rotation.rotate(Table, "code", batch=2)
    assert secrets() == before, "half of it has the new key, and lookups go on"
    done = rotation.rotate(Table, "code", batch=2)
    assert (done.written, done.current) == (3, 2)
    rotate()
    settings.FIELD_KEYS = [NEW]
    assert secrets() == before


def test_new_keys_that_were_typed_meanwhile_stay(house):
    register = Register.objects.get(restaurant=house)

    def type_new_keys(execute, sql, *rest):
        if sql.startswith('UPDATE "pos_bridge_register"') and not typed:
            typed.append(True)
            Register.objects.filter(pk=register.pk).update(
                credentials=Credentials(shop="S", pub_key="typed-this-moment")
            )
        return execute(sql, *rest)

    typed: list[bool] = []
    with connection.execute_wrapper(type_new_keys):
        done = rotation.rotate(Register, "credentials")
    assert (done.written, done.left) == (1, 1)
    register.refresh_from_db()
    assert register.credentials["pub_key"] == "typed-this-moment"


def test_what_no_key_fits_is_said_and_the_rest_is_done(house, settings):
    settings.FIELD_KEYS = [OTHER]
    factories.table(house, 9)
    settings.FIELD_KEYS = [NEW, OLD]
    said = io.StringIO()
    with pytest.raises(CommandError, match="1 secrets were written with a key"):
        call_command("rotate_keys", stdout=said)
    assert "5 encrypted anew" in said.getvalue()
    assert "1 CANNOT BE READ" in said.getvalue()


def test_a_phone_at_a_table_is_known_as_long_as_the_old_key_is_there(house, settings):
    table = Table.objects.get(restaurant=house, number=1)
    settings.FIELD_KEYS = [OLD]
    guest = visits.join(table=table, secret="the-cookie-of-a-phone", covers=2)
    settings.FIELD_KEYS = [NEW, OLD]
    assert "Keep the older ones in FIELD_KEYS for a day" in rotate()
    again = visits.join(table=table, secret="the-cookie-of-a-phone", covers=2)
    assert again.pk == guest.pk
