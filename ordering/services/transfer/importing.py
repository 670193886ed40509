"""The import of a restaurant file: everything is checked, then everything is written, in one transaction."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_noop as _

from ordering.models import Order, Product, Restaurant, Table, Visit
from ordering.restaurant_file import Mistake, RestaurantFileError, check, in_order_of
from ordering.restaurant_file.doubts import doubts
from ordering.restaurant_file.logos import mistakes as logo_mistakes
from ordering.restaurant_file.mistakes import show, wrong
from ordering.restaurant_file.parts import KEY, keys, named, objects, whole, words
from ordering.restaurant_file.photos import PhotoFile, read_photos, without_traces
from ordering.restaurant_file.rules import CODE
from ordering.restaurant_file.sentences import Sentence
from ordering.services import carte, logos, photo_sizes, prices, visits
from pos_bridge.encryption import lookup_hash, lookup_hashes

from .carte import CarteWriter
from .caution import AcceptanceNeeded, cautions, fingerprint
from .fields import Fields
from .register import not_told, register_mistakes, set_register
from .report import Report
from .rows import batches, delete, sync, update
from .stored import Stored

logger = logging.getLogger(__name__)

# The beginnings of the places in a file that are its carte.
OF_A_CARTE = {("categories",), ("products",), ("option_groups",), ("set_menus",)}
FROM_A_FILE = prices.Hand(prices.Way.FILE)


def import_restaurant(
    *,
    data: Any,
    folder: Path | None = None,
    into: Restaurant | None = None,
    new: bool = False,
    prune: bool = False,
    accept: bool | str = False,
    by: prices.Hand = FROM_A_FILE,
) -> Report:
    """Create or update the restaurant that `data` describes; its photos lie in `folder`.

    `into` lets it be no other restaurant than this one, and `new` none that there is. `accept` may be the fingerprint
    of an AcceptanceNeeded: then its changes are accepted, and no others. `by` is kept with prices that change and
    with allergen declarations (T34).

    Raises RestaurantFileError with every mistake, or AcceptanceNeeded where `accept` is missing; then nothing was
    written.
    """
    mistakes = check(data)
    photos, unfit, missing = read_photos(data, folder)
    mistakes += unfit + logo_mistakes(data, photos)
    photos = {name: without_traces(photo) for name, photo in photos.items()}
    with transaction.atomic():
        restaurant = _locked(data.get("slug"))
        if not_this := list(_wrong_restaurant(data, restaurant, into, new=new)):
            # At once: what else is wrong could tell of a restaurant that is somebody else's.
            raise RestaurantFileError(in_order_of(data, mistakes + not_this))
        stored = Stored(restaurant)
        mistakes += register_mistakes(data, stored)
        mistakes += _code_mistakes(data, stored)
        mistakes += _mistakes_of_the_rest(data, stored, prune=prune)
        if mistakes:
            raise RestaurantFileError(in_order_of(data, mistakes))
        changes = cautions(data, stored, prune=prune)
        if changes and accept not in (True, fingerprint(changes)):
            raise AcceptanceNeeded(changes)
        report = Report()
        restaurant = _write_restaurant(data, restaurant, report)
        if "register" in data:
            set_register(data["register"], restaurant, report)
        _write_tables(data, restaurant, stored, report, prune=prune)
        CarteWriter(data, restaurant, stored, report, by).write(prune=prune)
        _write_photos(photos, restaurant, stored, report)
        if prune:
            _prune_photos(restaurant, stored, report)
        if report.changed:
            carte.changed(restaurant_id=restaurant.pk)
        logos.settle(restaurant=restaurant)
        # Also where nothing changed: the last import may have been stopped before it had made them.
        photo_sizes.after_commit(restaurant_id=restaurant.pk, names=list(photos))
    for change in changes:
        logger.info("Import of %s, accepted: %s", restaurant.slug, change)
    report.warnings += [doubt.sentence for doubt in doubts(data)]
    report.warnings += not_told(restaurant) if report.changed else []
    text = _(
        "There is no photo %(name)s beside the file; no picture is shown until it is imported."
    )
    report.warnings += [
        Sentence(text, name=show(name)) for name in missing if name not in stored.photos
    ]
    return report


def import_carte(
    *,
    data: Any,
    into: Restaurant,
    accept: bool | str = False,
    by: prices.Hand = FROM_A_FILE,
    keep_languages: bool = False,
) -> Report:
    """The carte of this file and nothing else of it: neither the restaurant's row nor a table is written.
    `keep_languages`: as of CarteWriter.

    Raises RestaurantFileError, AcceptanceNeeded as import_restaurant does, which has the words for `accept` and `by`.
    """
    with transaction.atomic():
        restaurant = _locked(into.slug) or into
        stored = Stored(restaurant)
        if mistakes := carte_mistakes(data, stored):
            raise RestaurantFileError(mistakes)
        changes = cautions(data, stored, prune=False)
        if changes and accept not in (True, fingerprint(changes)):
            raise AcceptanceNeeded(changes)
        report = Report()
        writer = CarteWriter(data, restaurant, stored, report, by, keep_languages=keep_languages)
        writer.write(prune=False)
        if report.changed:
            carte.changed(restaurant_id=restaurant.pk)
    for change in changes:
        logger.info("Carte of %s, accepted: %s", restaurant.slug, change)
    report.warnings += not_told(restaurant) if report.changed else []
    return report


def carte_mistakes(data: Any, stored: Stored) -> list[Mistake]:
    """Everything that is wrong with the carte of this file, for this restaurant as it stands."""
    mistakes = [mistake for mistake in check(data) if mistake.path[:1] in OF_A_CARTE]
    if not mistakes:
        mistakes += register_mistakes(data, stored)
        mistakes += _mistakes_of_the_rest(data, stored, prune=False)
    return in_order_of(data, mistakes)


def _locked(slug: Any) -> Restaurant | None:
    """The restaurant of that slug. Nobody else imports it until this transaction ends."""
    if not isinstance(slug, str) or not KEY.fullmatch(slug):
        return None
    # An UPDATE that changes nothing is a lock on every database (select_for_update is none on SQLite).
    Restaurant.objects.filter(slug=slug).update(carte_version=F("carte_version"))
    return Restaurant.objects.filter(slug=slug).first()


def _wrong_restaurant(
    data: dict[str, Any], found: Restaurant | None, into: Restaurant | None, *, new: bool
) -> Iterator[Mistake]:
    if into is not None and found != into:
        # The same words whether or not there is a restaurant of that name.
        text = _("this is another restaurant's file; the file of this one has %(slug)s")
        yield wrong(("slug",), text, slug=show(into.slug))
    elif new and found is not None:
        text = _("there is such a restaurant already; import its file on its own page")
        yield wrong(("slug",), text)


def _code_mistakes(data: dict[str, Any], stored: Stored) -> Iterator[Mistake]:
    codes: dict[str, tuple[int, int | None]] = {}
    for index, item in objects(data, "tables"):
        code = item.get("code")
        if isinstance(code, str) and CODE.fullmatch(code):
            for found in lookup_hashes(code):
                codes[found] = index, whole(item.get("number"))
    owners = [
        owner
        for some in batches(codes)
        for owner in Table.objects.filter(code_hash__in=some).values_list(
            "code_hash", "restaurant", "number"
        )
    ]
    for found, restaurant, number in owners:
        index, wanted = codes[found]
        ours = stored.restaurant is not None and restaurant == stored.restaurant.pk
        if not ours:
            text = _("a table of another restaurant has this code")
        elif number != wanted:
            text = _("table %(number)s has this code")
        else:
            continue
        yield wrong(("tables", index, "code"), text, number=number)


def _mistakes_of_the_rest(
    data: dict[str, Any], stored: Stored, *, prune: bool
) -> Iterator[Mistake]:
    """What is wrong with things that the file does not mention, once it is imported."""
    if prune or stored.restaurant is None:
        return
    for name, other, rows, text in (
        (
            "products", "set_menus", stored.set_menus,
            _("the restaurant has a set menu %(key)s, which this file does not mention"),
        ),
        (
            "set_menus", "products", stored.products,
            _("the restaurant has a product %(key)s, which this file does not mention"),
        ),
    ):  # fmt: skip
        mentioned = {key for _, key in keys(data, other)}
        for index, key in keys(data, name):
            if key in rows and key not in mentioned:
                yield wrong((name, index, "key"), text, key=show(key))
    languages = words(data, "languages")
    for what, key, texts in _unmentioned(data, stored):
        if languages and languages[0] not in texts:
            text = _(
                "the %(what)s %(key)s, which this file does not mention, has no text in %(language)s"
            )
            thing = Sentence(what)
            yield wrong(
                ("languages", 0), text, what=thing, key=show(key), language=show(languages[0])
            )


def _unmentioned(data: dict[str, Any], stored: Stored) -> Iterator[tuple[str, str, dict[str, str]]]:
    mentioned: set[tuple[Any, ...]] = set()
    for path, item in named(data):
        inside = () if len(path) == 2 else (data[str(path[0])][path[1]].get("key"),)
        mentioned.add((path[0], *(str(key) for key in inside), str(item.get("key"))))
    for name, what, rows in (
        ("categories", "category", stored.categories),
        ("products", "product", stored.products),
        ("option_groups", "option group", stored.option_groups),
        ("set_menus", "set menu", stored.set_menus),
        ("option_groups", "option", stored.options),
        ("set_menus", "course", stored.courses),
    ):
        found: dict[Any, Any] = rows
        for key, row in found.items():
            full = key if isinstance(key, tuple) else (key,)
            if (name, *full) not in mentioned:
                yield what, "/".join(full), row.name


def _write_restaurant(
    data: dict[str, Any], restaurant: Restaurant | None, report: Report
) -> Restaurant:
    wanted = Fields(data["languages"]).restaurant(data)
    counts = report.counts["restaurant"]
    if restaurant is None:
        counts.created += 1
        return Restaurant.objects.create(slug=data["slug"], **wanted)
    if restaurant.ordering != wanted["ordering"]:
        text = _("The restaurant takes orders no longer.")
        if wanted["ordering"]:
            text = _("The restaurant takes orders again.")
        report.notes.append(Sentence(text))
    if update(restaurant, wanted):
        counts.updated += 1
    else:
        counts.unchanged += 1
    return restaurant


def _write_tables(
    data: dict[str, Any], restaurant: Restaurant, stored: Stored, report: Report, *, prune: bool
) -> None:
    fields, counts = Fields(data["languages"]), report.counts["tables"]
    wanted = {}
    for item in data["tables"]:
        columns = fields.table(item)
        table = stored.tables.get(columns["number"])
        card = _card(item, table)
        wanted[columns["number"]] = columns | card
        if table is not None and "code" in card:
            # Who holds a page that the old card opened is asked to scan again (P17).
            for visit in Visit.objects.filter(table=table, ended_at=None):
                visits.end(visit=visit)
            text = _("Table %(number)s has another card now.")
            report.notes.append(Sentence(text, number=table.number))
    tables = sync(Table, wanted, stored.tables, counts, {"restaurant": restaurant})
    if not prune:
        return
    visited = {
        *Visit.objects.filter(table__restaurant=restaurant).values_list("table", flat=True),
        *Order.objects.filter(restaurant=restaurant).values_list("table", flat=True),
    }
    delete(Table, [table for table in tables.rest if table.pk not in visited], counts)
    for table in tables.rest:
        if table.pk in visited and update(table, {"enabled": False, "ordering": False}):
            counts.updated += 1
            counts.unchanged -= 1
            text = _("Table %(number)s has visits or orders: it was switched off, not deleted.")
            report.notes.append(Sentence(text, number=table.number))


def _card(item: dict[str, Any], table: Table | None) -> dict[str, Any]:
    """The columns of the card that the file gives. Without a code the stored one stays, or a new one is made."""
    code = item.get("code")
    if code is None:
        return {}
    version = item.get("card_version")
    if version is None:
        # Another code is another card.
        version = 1 if table is None else table.card_version + (table.code != code)
    if table is not None and table.code == code:
        return {"card_version": int(version)}
    return {"code": code, "code_hash": lookup_hash(code), "card_version": int(version)}


def _write_photos(
    photos: dict[str, PhotoFile], restaurant: Restaurant, stored: Stored, report: Report
) -> None:
    counts = report.counts["photos"]
    for name, photo in photos.items():
        before = stored.photos.get(name)
        if before is not None and before.sha256 == photo.sha256:
            counts.unchanged += 1
            continue
        restaurant.photos.update_or_create(name=name, defaults=photo.columns)
        if before is None:
            counts.created += 1
        else:
            counts.updated += 1


def _prune_photos(restaurant: Restaurant, stored: Stored, report: Report) -> None:
    used = {
        *Product.objects.filter(restaurant=restaurant).values_list("photo", flat=True),
        *restaurant.set_menus.values_list("photo", flat=True),
        restaurant.logo,
    }
    unused = [photo.pk for name, photo in stored.photos.items() if name not in used]
    if unused:
        restaurant.photos.filter(pk__in=unused).delete()
        report.counts["photos"].deleted += len(unused)
