"""Writes every stored secret anew with the newest of FIELD_KEYS. It may be interrupted and begun again at any moment,
beside everything else that runs: what is written is either the old text or the new one, and both can be read.

A column `x` that is encrypted may have a column `x_hash` beside it, by which its row is found (encryption.lookup_hash).
Both are written at once. Where only the hash is stored, as of a guest's cookie, there is nothing to make it anew from:
it is found by the key of before for as long as that key is in FIELD_KEYS.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models, transaction
from django.db.models import ExpressionWrapper, F, Value

from pos_bridge.encryption import EncryptedTextField, decrypt, encrypt, lookup_hash

BATCH = 200  # rows in one transaction, so that nobody waits long for a lock


@dataclass
class Rotated:
    """What became of one column. `left`: another one wrote it meanwhile, so it is looked at again the next time.
    `unreadable`: none of the keys fits.
    """

    column: str
    written: int = 0
    current: int = 0
    left: int = 0
    unreadable: int = 0


def columns() -> Iterator[tuple[type[models.Model], str]]:
    """Every encrypted column that there is."""
    for model in apps.get_models():
        for field in model._meta.local_concrete_fields:
            if isinstance(field, EncryptedTextField):
                yield model, field.name


def rotate(model: type[models.Model], name: str, *, batch: int = BATCH) -> Rotated:
    """Write one column anew, a batch of rows at a time."""
    done = Rotated(f"{model._meta.label}.{name}")
    beside = f"{name}_hash"
    hash_name = beside if any(field.name == beside for field in model._meta.fields) else None
    last: Any = 0
    while True:
        # As it is stored: reading the column itself would decrypt it.
        stored = ExpressionWrapper(F(name), output_field=models.TextField())
        rows = model._default_manager.order_by("pk").filter(pk__gt=last)
        names = ["pk", "stored", *([hash_name] if hash_name else [])]
        found = list(rows.annotate(stored=stored).values_list(*names)[:batch])
        if not found:
            return done
        with transaction.atomic():
            for pk, token, *hashes in found:
                _rotate_row(model, name, hash_name, pk, token, hashes, done)
        last = found[-1][0]


def _rotate_row(
    model: type[models.Model],
    name: str,
    hash_name: str | None,
    pk: Any,
    token: str | None,
    hashes: list[str],
    done: Rotated,
) -> None:
    if token is None:
        return
    try:
        plain = decrypt(token)
    except ImproperlyConfigured:
        done.unreadable += 1
        return
    changes: dict[str, Any] = {}
    if not _is_current(token):
        changes[name] = Value(encrypt(plain), output_field=models.TextField())
    if hash_name and hashes != [lookup_hash(plain)]:
        changes[hash_name] = lookup_hash(plain)
    if not changes:
        done.current += 1
        return
    stored = ExpressionWrapper(F(name), output_field=models.TextField())
    # Somebody may have typed another key since we read.
    same = model._default_manager.alias(stored=stored).filter(pk=pk, stored=token)
    if same.update(**changes):
        done.written += 1
    else:
        done.left += 1


def _is_current(token: str) -> bool:
    try:
        Fernet(settings.FIELD_KEYS[0]).decrypt(token.encode())
    except InvalidToken:
        return False
    return True
