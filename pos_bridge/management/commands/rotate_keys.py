"""manage.py rotate_keys: what is encrypted in the database, encrypted with the newest key."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from pos_bridge import rotation


class Command(BaseCommand):
    help = (
        "Encrypts the registers' keys, the tables' codes and the webhooks' secrets anew with the first key of "
        "FIELD_KEYS. Put a new key in front, restart everything, run this, and take the old key away a day later: "
        "the phones that sit at a table until then are known by it. Can be interrupted and run again."
    )

    def handle(self, **_: Any) -> None:
        unreadable = left = 0
        for model, name in rotation.columns():
            done = rotation.rotate(model, name)
            unreadable, left = unreadable + done.unreadable, left + done.left
            self.stdout.write(
                f"{done.column}: {done.written} encrypted anew, {done.current} were already"
                + (f", {done.left} were changed meanwhile" if done.left else "")
                + (f", {done.unreadable} CANNOT BE READ" if done.unreadable else "")
            )
        if unreadable:
            raise CommandError(
                f"{unreadable} secrets were written with a key that is not in FIELD_KEYS. Add that key at the end."
            )
        if left:
            raise CommandError("Something was changed meanwhile: run this again.")
        if len(settings.FIELD_KEYS) > 1:
            self.stdout.write(
                "Everything is encrypted with the newest key. Keep the older ones in FIELD_KEYS for a day: phones "
                "that sit at a table are known by them. A backup of before needs them as well."
            )
