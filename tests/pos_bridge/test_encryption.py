"""Secrets are unreadable in the database, in dumps and in print."""

import pytest
from cryptography.fernet import Fernet
from django.core import serializers
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from ordering.models import Table
from pos_bridge import encryption
from pos_bridge.models import Register
from tests import factories

CANARY = "canary-7f3a-register-key"


@pytest.mark.pure
def test_it_prints_dots():
    """P18."""
    keys = encryption.Credentials(shop="SHOP1", pub_key=CANARY)
    assert CANARY not in f"{keys} {keys!r} {[keys]} {keys.masked()}"
    assert "••••-key" in repr(keys)


@pytest.mark.pure
def test_it_shows_nothing_of_a_short_secret():
    assert encryption.mask("12345678") == "••••"
    assert encryption.mask("123456789") == "••••6789"


@pytest.mark.django_db
def test_it_keeps_no_plain_key_in_the_database_or_a_dump():
    """T23."""
    till = factories.register(
        factories.restaurant(), credentials={"shop": "SHOP1", "pub_key": CANARY}
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT credentials FROM pos_bridge_register")
        assert CANARY not in cursor.fetchone()[0]
    dump = serializers.serialize("json", Register.objects.all())
    assert CANARY not in dump
    assert Register.objects.get(pk=till.pk).credentials["pub_key"] == CANARY


@pytest.mark.django_db
def test_it_restores_a_dump():
    factories.register(factories.restaurant(), credentials={"shop": "SHOP1", "pub_key": CANARY})
    dump = serializers.serialize("json", Register.objects.all())
    Register.objects.all().delete()
    for row in serializers.deserialize("json", dump):
        row.save()
    assert Register.objects.get().credentials["pub_key"] == CANARY


@pytest.mark.django_db
def test_it_reads_and_finds_with_the_key_of_before(settings):
    """A rotation of FIELD_KEYS kills no printed card."""
    table = factories.table()
    settings.FIELD_KEYS = [Fernet.generate_key().decode(), *settings.FIELD_KEYS]
    found = Table.objects.get(code_hash__in=encryption.lookup_hashes(table.code))
    assert found.code == table.code


@pytest.mark.django_db
def test_it_says_in_words_that_a_key_is_missing(settings):
    factories.table()
    settings.FIELD_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(ImproperlyConfigured, match="FIELD_KEYS no longer holds the key"):
        Table.objects.get()
