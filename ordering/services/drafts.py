"""A carte that is stored now and goes live at its hour, without anybody at the keyboard.

A draft is the carte of a restaurant file: categories, products, option groups, set menus. Nothing else of the file is
taken: tables, hours, whether orders are taken, and the register stay as they are at that hour. What the draft does not
mention stays too. What is sold out and how many portions are left is the kitchen's: a draft changes it only where it
said something else than the restaurant did when it was stored. Of a spreadsheet only the cells that differed are kept:
who brings new prices has said nothing about what somebody else changes until then.

It is judged when it is stored, and again at its hour, as every import is. What must be accepted (caution.py) is
accepted when it is stored, sentence by sentence. Where another one has arisen since, as when somebody has declared an
allergen that the draft does not know, nothing is changed, and the manager is told what and why.

`go_live` is called by watch. A guarded UPDATE in the import's own transaction takes the draft, so that any number of
processes carry it out once, and one that dies in the middle of it has done nothing.
"""

import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from ordering.models import Draft, Restaurant
from ordering.restaurant_file import RestaurantFileError, check
from ordering.restaurant_file.mistakes import Mistake, show, wrong
from ordering.restaurant_file.sentences import Sentence
from ordering.services import acts, carte, prices
from ordering.services.draft_conflicts import set_back
from ordering.services.transfer import (
    AcceptanceNeeded,
    Report,
    carte_mistakes,
    export_restaurant,
    import_carte,
)
from ordering.services.transfer.caution import cautions, fingerprint
from ordering.services.transfer.differences import STOCK, Difference, differences
from ordering.services.transfer.exporting import as_it_stands
from ordering.services.transfer.stored import Stored
from pos_bridge.alarms import Trouble

OF_A_CARTE = ("categories", "products", "option_groups", "set_menus")
BEFORE = "before"  # of a spreadsheet's draft: its products as they were when it was stored
TEXTS = ("name", "description")
# So long after its hour a draft that still waits is a trouble: nobody carries it out.
LATE = timedelta(minutes=5)
A_MISTAKE_OF_OURS = "This went wrong for a reason that is ours; the log of manage.py watch has it."
# A count goes down with each order: whoever accepted that it goes up accepted it for any number.
COUNTED = re.compile(r"it has [0-9]+ portions left")

# The key of its alarm, and what is said by the draft's state.
ALARM = "draft:"
ALARMS = {
    f"carte_{Draft.State.REFUSED}": _(
        "a carte that was to go live has not; admin says why above every page"
    ),
    f"carte_{Draft.State.WAITING}": _(
        "a carte that was to go live still waits, and nobody carries it out"
    ),
}

State = Draft.State
Data = dict[str, Any]
Person = AbstractBaseUser | AnonymousUser

logger = logging.getLogger(__name__)


class TooLate(Exception):
    """The hour is over already."""


@dataclass
class Judged:
    """What a draft would do in this moment. `new`: what must be accepted, and was not when it was stored."""

    changes: list[Difference] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    new: list[Sentence] = field(default_factory=list)


def store(
    *,
    restaurant: Restaurant,
    data: Any,
    live_at: datetime,
    by: Person,
    accept: bool | str = False,
    before: list[Data] | None = None,
) -> Draft:
    """Keep the carte of this file until its hour. `accept`: as of import_restaurant. `before`: the products as they
    were, where nothing is wanted of the file but what differs from them.

    Raises TooLate, RestaurantFileError with every mistake, AcceptanceNeeded; then nothing is stored.
    """
    now = timezone.now()
    if live_at <= now:
        raise TooLate
    # The file as it was given: a mistake in what a draft does not take is named all the same.
    if before is None and (mistakes := check(data)):
        raise RestaurantFileError(mistakes)
    if data["slug"] != restaurant.slug:
        text = gettext_noop("this is another restaurant's file; the file of this one has %(slug)s")
        raise RestaurantFileError([wrong(("slug",), text, slug=show(restaurant.slug))])
    given = {name: data[name] for name in OF_A_CARTE if name in data}
    if before is not None:
        given = _differing(data["products"], before)
    with transaction.atomic():
        today = _today(restaurant, given)
        stock = [list(place) for place in _other_stock(today, given)]
        wanted = _file(today, given, stock)
        _try(restaurant, wanted, given)
        changes = cautions(wanted, Stored(restaurant), prune=False)
        changes += _set_back(restaurant, today, given, stock, live_at)
        if changes and accept not in (True, fingerprint(changes)):
            raise AcceptanceNeeded(changes)
        draft = Draft.objects.create(
            restaurant=restaurant,
            data=given,
            stock=stock,
            live_at=live_at,
            person_id=by.pk,
            made_at=now,
            accepted=changes,
        )
        _record(draft, "draft_stored", by)
    return draft


def _set_back(
    restaurant: Restaurant, today: Data, given: Data, stock: list[list[str]], live_at: datetime
) -> list[Sentence]:
    """What this draft and another that waits would undo of each other. A spreadsheet's undoes nothing."""
    found: list[Sentence] = []
    for other in restaurant.drafts.filter(state=State.WAITING).order_by("live_at", "pk"):
        mine = _file(today, given, stock)
        theirs = _file(_today(restaurant, other.data), other.data, other.stock)
        if carte_mistakes(theirs, Stored(restaurant)):
            continue  # it will change nothing
        follows = other.live_at <= live_at
        if BEFORE not in (given if follows else other.data):
            first, second = (theirs, mine) if follows else (mine, theirs)
            found += set_back(today, first, second, hour=_hour(other))
    return found


def cancel(*, draft: Draft, by: Person) -> bool:
    """Let it never go live. False: it is not waiting any more."""
    with transaction.atomic():
        mine = Draft.objects.filter(pk=draft.pk, state=State.WAITING)
        if not mine.update(state=State.CANCELLED, settled_at=timezone.now()):
            return False
        _record(draft, "draft_cancelled", by)
        return True


def have_read(*, draft: Draft) -> None:
    """Somebody knows that it did not go live."""
    Draft.objects.filter(pk=draft.pk, state=State.REFUSED).update(read_at=timezone.now())


def judged(draft: Draft) -> Judged:
    """What it would do in this moment. It writes nothing."""
    restaurant = draft.restaurant
    today = _today(restaurant, draft.data)
    wanted = _file(today, draft.data, draft.stock)
    stored = Stored(restaurant)
    if mistakes := carte_mistakes(wanted, stored):
        return Judged(mistakes=mistakes)
    return Judged(
        changes=differences(today, wanted),
        new=_not_accepted(draft, cautions(wanted, stored, prune=False)),
    )


def as_a_file(draft: Draft) -> Data:
    """A restaurant file with the draft's carte, to make another draft of."""
    today = export_restaurant(draft.restaurant)
    wanted = _file(today, draft.data, draft.stock)
    return {**today, "products": wanted["products"]} if BEFORE in draft.data else wanted


def troubles(restaurant_ids: list[int] | None, now: datetime) -> list[Draft]:
    """Those that somebody must look at, of all restaurants or of these: refused and not read of, or long overdue."""
    found = Draft.objects.filter(state=State.REFUSED, read_at=None)
    found |= Draft.objects.filter(state=State.WAITING, live_at__lt=now - LATE)
    if restaurant_ids is not None:
        found = found.filter(restaurant__in=restaurant_ids)
    return list(found.select_related("restaurant"))


def alarmed(now: datetime) -> list[Trouble]:
    """What is told of them to whoever looks at no page, until somebody has read why."""
    return [
        Trouble(f"{ALARM}{draft.pk}", f"carte_{draft.state}", draft.restaurant_id)
        for draft in troubles(None, now)
    ]


# --- At its hour ----------------------------------------------------------------------------------


def go_live(now: datetime) -> int:
    """Carry out whatever's hour has come, the earliest first. How many went live. Raises django.db.Error."""
    due = Draft.objects.filter(state=State.WAITING, live_at__lte=now).order_by("live_at", "pk")
    return sum(_carry_out(pk, now) for pk in list(due.values_list("pk", flat=True)))


def _carry_out(pk: int, now: datetime) -> bool:
    with transaction.atomic():
        mine = Draft.objects.filter(pk=pk, state=State.WAITING, live_at__lte=now)
        if not mine.update(state=State.LIVE, settled_at=now):
            return False  # another process was faster, or somebody has cancelled it
        (restaurant_id,) = Draft.objects.filter(pk=pk).values_list("restaurant", flat=True)
        # It is also the lock: from here on nobody sells out, counts or declares what we are about to read.
        carte.changed(restaurant_id=restaurant_id)
        draft = Draft.objects.select_related("restaurant", "person").get(pk=pk)
        try:
            report = _import(draft)
        except (OperationalError, InterfaceError):
            raise  # the database is busy or away: nothing was taken, and the next look takes it
        except RestaurantFileError as error:
            outcome = [str(mistake) for mistake in error.mistakes]
        except AcceptanceNeeded as error:
            outcome = [*(_not_accepted(draft, error.changes) or error.changes)]
        except Exception:
            # Else it would fail at every look, and nobody who has stored a carte would hear of it.
            logger.exception("Draft %s of %s", pk, draft.restaurant.slug)
            outcome = [A_MISTAKE_OF_OURS]
        else:
            said = [*report.lines(), *report.notes, *report.warnings]
            Draft.objects.filter(pk=pk).update(outcome=said)
            _record(draft, "draft_live", None)
            logger.info("Draft %s of %s went live", pk, draft.restaurant.slug)
            return True
        Draft.objects.filter(pk=pk).update(state=State.REFUSED, outcome=outcome)
        _record(draft, "draft_refused", None)
        logger.error("Draft %s of %s did not go live", pk, draft.restaurant.slug)
        return False


def _import(draft: Draft) -> Report:
    """Raises RestaurantFileError, AcceptanceNeeded."""
    restaurant, by = draft.restaurant, prices.Hand(prices.Way.FILE, draft.person)
    wanted = _file(_today(restaurant, draft.data), draft.data, draft.stock)
    of_a_sheet = BEFORE in draft.data
    try:
        return import_carte(data=wanted, into=restaurant, by=by, keep_languages=of_a_sheet)
    except AcceptanceNeeded as error:
        if _not_accepted(draft, error.changes):
            raise
        accept = error.fingerprint
        return import_carte(
            data=wanted, into=restaurant, by=by, accept=accept, keep_languages=of_a_sheet
        )


def _not_accepted(draft: Draft, changes: list[Sentence]) -> list[Sentence]:
    """Those that nobody has accepted. Fewer than were accepted are no reason to stop."""
    accepted = {COUNTED.sub("", each) for each in draft.accepted}
    return [each for each in changes if COUNTED.sub("", each) not in accepted]


# --- The file that is imported ----------------------------------------------------------------------


def _today(restaurant: Restaurant, given: Mapping[str, Any]) -> Data:
    """What the draft is put into. A spreadsheet touches nothing that it does not mention, finished or not."""
    return as_it_stands(restaurant) if BEFORE in given else export_restaurant(restaurant)


def _file(today: Data, given: Mapping[str, Any], stock: list[list[str]]) -> Data:
    """The restaurant of today with this carte. The register is left out: it stays, with its keys."""
    data = {name: today[name] for name in today if name not in (*OF_A_CARTE, "register")}
    data |= {name: given[name] for name in OF_A_CARTE if name in given}
    if BEFORE in given:
        data["categories"] = []
        data["products"] = list(_merged(today["products"], given))
        # One without options cannot stand in a file; a product that asks it is named as a mistake.
        data["option_groups"] = [each for each in today.get("option_groups", []) if each["options"]]
    stands = dict(_sold(today))
    own = {tuple(place) for place in stock}

    def with_stock(place: tuple[str, ...], item: Data) -> Data:
        if place in own or place not in stands:
            return item
        rest = {name: value for name, value in item.items() if name not in STOCK}
        return rest | {name: stands[place][name] for name in STOCK if name in stands[place]}

    for name in ("products", "set_menus"):
        if name in data:
            data[name] = [with_stock((name, item["key"]), item) for item in data[name]]
    if "option_groups" in data:
        data["option_groups"] = [
            {
                **group,
                "options": [
                    with_stock(("option_groups", group["key"], option["key"]), option)
                    for option in group["options"]
                ],
            }
            for group in data["option_groups"]
        ]
    return data


def _differing(products: list[Data], before: list[Data]) -> Data:
    """The products that are another or new, and what they were."""
    old = {item["key"]: item for item in before}
    found = [item for item in products if item != old.get(item["key"])]
    return {
        "products": found,
        BEFORE: [old[item["key"]] for item in found if item["key"] in old],
    }


def _merged(today: list[Data], given: Mapping[str, Any]) -> Iterator[Data]:
    """Today's products with what differs. One that has left the carte since is not brought back."""
    old = {item["key"]: item for item in given[BEFORE]}
    wanted = {item["key"]: item for item in given["products"]}
    for item in today:
        new = wanted.pop(item["key"], None)
        yield item if new is None else _with(item, old.get(item["key"], item), new)
    yield from (item for key, item in wanted.items() if key not in old)


def _with(item: Data, old: Data, new: Data) -> Data:
    """The item with what is another in `new` than in `old`, each language of a text by itself."""
    made = dict(item)
    for name in [*new, *(name for name in old if name not in new)]:
        before, after = old.get(name), new.get(name)
        if before == after:
            continue
        if name in TEXTS:
            made[name] = _with(item.get(name, {}), before or {}, after or {})
        elif name in new:
            made[name] = after
        else:
            made.pop(name, None)
    return made


def _other_stock(today: Data, given: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Where the file says something else than the restaurant about what is sold out and how many are left."""
    stands = dict(_sold(today))
    for place, item in _sold(given):
        if place in stands and any(
            _stock(item, name) != _stock(stands[place], name) for name in STOCK
        ):
            yield place


def _stock(item: Data, name: str) -> Any:
    return item.get(name, False if name == "sold_out" else None)


def _sold(data: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Data]]:
    """What may be sold out, by its place."""
    for name in ("products", "set_menus"):
        for item in data.get(name, []):
            yield (name, item["key"]), item
    for group in data.get("option_groups", []):
        for option in group["options"]:
            yield ("option_groups", group["key"], option["key"]), option


def _try(restaurant: Restaurant, wanted: Data, given: Mapping[str, Any]) -> None:
    """Import it and take it back: what is wrong is said now and not at its hour. Raises RestaurantFileError."""
    with transaction.atomic():
        try:
            import_carte(data=wanted, into=restaurant, keep_languages=BEFORE in given)
        except AcceptanceNeeded:
            return  # everything else was judged before
        transaction.set_rollback(True)


def _record(draft: Draft, what: str, by: Person | None) -> None:
    acts.record(by=by, restaurant=draft.restaurant, what=what, hour=_hour(draft))


def _hour(draft: Draft) -> str:
    local = draft.live_at.astimezone(ZoneInfo(draft.restaurant.timezone))
    return f"{local:%Y-%m-%d %H:%M}"
