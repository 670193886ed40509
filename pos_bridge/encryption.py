"""What must not be read in a stolen database: encrypted columns, and a way to look up a code without storing it.

The keys are in settings.FIELD_KEYS, the newest first; older ones still decrypt and still find.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models

DOTS = "••••"
DUMPED = "encrypted:"


class Credentials(dict[str, str]):
    """A register's keys. Printed anywhere, they are dots; `dict(credentials)` is needed to read them."""

    def __repr__(self) -> str:
        return repr(self.masked())

    __str__ = __repr__

    def masked(self) -> dict[str, str]:
        """Each with its last four characters at most, for the eye."""
        return {name: mask(value) for name, value in self.items()}


def mask(secret: str) -> str:
    """Dots and the last four characters; dots alone where four characters would be half of the secret."""
    return DOTS + secret[-4:] if len(secret) > 8 else DOTS


def encrypt(plain: str) -> str:
    """With the newest of FIELD_KEYS."""
    return _fernet().encrypt(plain.encode()).decode()


def decrypt(token: str) -> str:
    """Raises ImproperlyConfigured where none of the keys fits."""
    try:
        return _fernet().decrypt(token.encode()).decode()
    except InvalidToken as error:
        raise ImproperlyConfigured(
            "A stored secret cannot be read: FIELD_KEYS no longer holds the key that wrote it. "
            "Add the old key at the end."
        ) from error


def lookup_hash(secret: str) -> str:
    """What stands in the database beside an encrypted code, so that the code can be found."""
    return _hash(secret, settings.FIELD_KEYS[0])


def lookup_hashes(secret: str) -> Iterable[str]:
    """All that may stand there, the keys of before included."""
    return [_hash(secret, key) for key in settings.FIELD_KEYS]


def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.FIELD_KEYS])


def _hash(secret: str, key: str) -> str:
    # A key of its own, so that what encrypts and what looks up never share one.
    lookup_key = hmac.digest(key.encode(), b"tablee lookup", hashlib.sha256)
    return hmac.new(lookup_key, secret.encode(), hashlib.sha256).hexdigest()


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """Text that is readable in Python and encrypted in the database, in dumps and in fixtures."""

    def from_db_value(self, value: str | None, _expression: Any, _connection: Any) -> Any:
        return None if value is None else self.to_plain(decrypt(value))

    def get_prep_value(self, value: Any) -> str | None:
        return None if value is None else encrypt(self.to_text(value))

    def value_to_string(self, obj: models.Model) -> str:
        """What a dump holds; `to_python` reads it back."""
        return DUMPED + (self.get_prep_value(self.value_from_object(obj)) or "")

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and value.startswith(DUMPED):
            return self.to_plain(decrypt(value.removeprefix(DUMPED)))
        return value

    def to_plain(self, text: str) -> Any:
        return text

    def to_text(self, value: Any) -> str:
        return str(value)


class CredentialsField(EncryptedTextField):
    """A register's `Credentials`, encrypted."""

    def to_plain(self, text: str) -> Credentials:
        return Credentials(json.loads(text))

    def to_text(self, value: Any) -> str:
        return json.dumps(dict(value))
