"""Whether a phone is in the house: by its network, by the word of the day, or because the team says so (T02).

Each is a setting of its own, and one proof is enough. A word is drawn, never chosen: nothing is stored, nobody can take
a weak one, and a renewal is another number under the same secret.
"""

import ipaddress
from datetime import date, timedelta
from zlib import crc32

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from ordering.models import Guest, Restaurant, Table, Visit
from ordering.models.house_rules import WordOfTheDay
from ordering.services import acts
from ordering.services.days import service_day
from ordering.services.problems import Problem, Refused
from ordering.texts import folded

# Wrong words of a phone, and of a visit's phones together; then the team must say that the party is here. A stranger
# who has joined uses up their own.
TRIES, PARTY_TRIES = 10, 30
SHARED_TRIES = 30  # in an hour, of all parties at a table that strangers share
WORDS = (
    "abricot", "amande", "basilic", "brioche", "cannelle", "carotte", "cassis", "cerise", "chocolat", "citron",
    "cornichon", "cresson", "figue", "framboise", "fromage", "gaufre", "lavande", "marron", "melon", "mimosa",
    "moutarde", "myrtille", "noisette", "olive", "orange", "persil", "piment", "poire", "pomme", "radis",
    "raisin", "romarin", "safran", "sorbet", "tilleul", "tomate", "vanille", "violette",
)  # fmt: skip


def word(restaurant: Restaurant, day: date) -> str:
    """The word of this day of service, "citron 47"; "" where none is asked for."""
    if restaurant.word_of_the_day == WordOfTheDay.OFF:
        return ""
    daily = restaurant.word_of_the_day == WordOfTheDay.DAILY
    drawn = f"{restaurant.pk}:{restaurant.word_turn}:{day if daily else ''}"
    digest = salted_hmac("tablee.word_of_the_day", drawn, algorithm="sha256").digest()
    number = crc32(digest)
    return f"{WORDS[number % len(WORDS)]} {10 + number // len(WORDS) % 90}"


def word_now(restaurant: Restaurant) -> str:
    """The word of today."""
    return word(restaurant, service_day(restaurant, timezone.now()))


def in_house(restaurant: Restaurant, address: str) -> bool:
    """Whether this address of a phone is one of the house's."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    found = getattr(found, "ipv4_mapped", None) or found
    return any(found in ipaddress.ip_network(each, strict=False) for each in restaurant.networks)


def problem(guest: Guest, address: str) -> Problem | None:
    """What is missing before this phone may order; nothing where the house asks for no proof, or has one."""
    restaurant, visit = guest.visit.table.restaurant, guest.visit
    asks_word = restaurant.word_of_the_day != WordOfTheDay.OFF
    if not asks_word and not restaurant.networks:
        return None
    if visit.vouched_at or (restaurant.networks and in_house(restaurant, address)):
        return None
    if not asks_word:
        return Problem("not_in_house")
    if guest.word_at:
        return None
    tried = guest.word_tries >= TRIES or visit.word_tries >= PARTY_TRIES
    return Problem("word_tries" if tried else "say_word")


def say(*, guest: Guest, said: str) -> None:
    """The phone gives the word of the day, once for its visit. A try is counted before it is looked at, so that two at
    once are two. Raises Refused.
    """
    if _too_many_at(guest.visit.table) or not _count(guest):
        raise Refused(Problem("word_tries"))
    right = word_now(guest.visit.table.restaurant)
    if not right or not constant_time_compare(_bare(said[:40]), _bare(right)):
        raise Refused(Problem("word_wrong"))
    with transaction.atomic():
        guest.word_at = timezone.now()
        # A right one is no wrong one.
        Guest.objects.filter(pk=guest.pk).update(
            word_at=guest.word_at, word_tries=F("word_tries") - 1
        )
        Visit.objects.filter(pk=guest.visit_id).update(word_tries=F("word_tries") - 1)


@transaction.atomic
def _count(guest: Guest) -> bool:
    """One try more of the phone and of its party, where both have one left."""
    phone = Guest.objects.filter(pk=guest.pk, word_tries__lt=TRIES)
    party = Visit.objects.filter(pk=guest.visit_id, word_tries__lt=PARTY_TRIES)
    one_more = {"word_tries": F("word_tries") + 1}
    won = bool(party.update(**one_more) and phone.update(**one_more))
    if not won:
        transaction.set_rollback(True)
    return won


def _too_many_at(table: Table) -> bool:
    """Where strangers share a table, each phone is a party of its own, and would have its own tries without end."""
    lately = timezone.now() - timedelta(hours=1)
    parties = Visit.objects.filter(table=table, shared=True, opened_at__gt=lately)
    return (parties.aggregate(tries=Sum("word_tries"))["tries"] or 0) >= SHARED_TRIES


def renew(*, by: AbstractBaseUser | AnonymousUser, restaurant: Restaurant) -> str:
    """Another word from now on. Phones that have given the one before stay as they are."""
    with transaction.atomic():
        row = Restaurant.objects.filter(pk=restaurant.pk)
        row.update(word_turn=F("word_turn") + 1)
        restaurant.word_turn = row.values_list("word_turn", flat=True).get()
        acts.record(by=by, restaurant=restaurant, what="word_renewed")
    return word_now(restaurant)


def vouch(*, by: AbstractBaseUser | AnonymousUser, visit: Visit) -> bool:
    """The team has seen the party: none of its phones is asked any more. False: somebody has said so already."""
    with transaction.atomic():
        if not Visit.objects.filter(pk=visit.pk, vouched_at=None, ended_at=None).update(
            vouched_at=timezone.now()
        ):
            return False
        table = visit.table
        acts.record(by=by, restaurant=table.restaurant, what="party_vouched", table=table)
    return True


def _bare(text: str) -> str:
    """Letters and digits alone, without accents and capitals."""
    return "".join(filter(str.isalnum, folded(text)))
