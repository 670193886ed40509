"""The check before service (F69, P25): everything that can be ordered is built for the register, one ticket for each
thing so that one mistake hides no other, and the register is asked. Nothing is written and nothing is booked.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal

from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from ordering.models import Option, Product, Restaurant, SetMenu, Table
from ordering.services import trial_lines
from ordering.services.findings import (
    Finding,
    House,
    Level,
    bad,
    good,
    look,
    on_its_page,
    unsupported,
)
from ordering.texts import amount
from ordering.texts import house as house_text
from pos_bridge import address, heartbeat
from pos_bridge.errors import DeliveryError, Misconfigured, NotSent
from pos_bridge.models import Register
from pos_bridge.registers import adapter_class, adapter_for
from pos_bridge.registers.base import CataloguePrice
from pos_bridge.ticket import TicketLine
from pos_bridge.words import REASONS, reason


def rehearse(restaurant: Restaurant, *, ask: bool) -> list[Finding]:
    """The whole report, in the reader's language; the adapters' words are English. `ask`: speak to the register too."""
    current = Register.objects.filter(restaurant=restaurant, current=True)
    # The keys stay unread until it can be said that they cannot be.
    register = current.defer("credentials").first()
    if register is None:
        return [bad(_("Register"), _("no register is in use"), _("Add one in admin."), restaurant)]
    adapter = adapter_class(register.kind)
    if adapter is None:
        said = _("this kind of register is not spoken yet")
        return [bad(_("Register"), said, _("Choose another kind."), register)]
    house = House(restaurant, register, adapter)
    findings = list(_register(house))
    speaks = not any(finding.level == Level.BAD for finding in findings)
    catalogue: Mapping[str, CataloguePrice] | None = None
    if ask and speaks:
        asked, catalogue = _asked(house)
        findings += asked
    elif ask:
        findings.append(look(_("Connection"), _("not tried: the lines above come first"), register))
    else:
        findings.append(look(_("Connection"), _("the register was not asked"), register))
    findings += _products(house, catalogue)
    findings += _menus(house, catalogue)
    findings += _shared_ids(house)
    findings += tables(house)
    return findings


# --- The register -------------------------------------------------------------------------------


def _register(house: House) -> Iterator[Finding]:
    register, about = house.register, _("Register")
    mend = _("Change it on the register's page in admin.")
    wrong = False
    if problem := address.problem(register.base_url):
        wrong = True
        yield bad(about, problem, mend, register)
    try:
        keys = dict(register.credentials)
    except ImproperlyConfigured:
        yield bad(_("Keys"), reason("keys_unreadable"), _("Add the old key at the end."), register)
    else:
        names = house.adapter.credential_names
        missing = [name for name in names if not str(keys.get(name, "")).strip()]
        if missing:
            said = _("these keys are missing: %(names)s") % {"names": ", ".join(missing)}
            yield bad(_("Keys"), said, _("Type them on the register's page in admin."), register)
        else:
            yield good(_("Keys"), _("all of them are there, and can be decrypted"), register)
    if register.paused_reason:
        wrong = True
        said = _("it pauses: %(reason)s") % {"reason": reason(register.paused_reason)}
        # A pause is no reason not to try.
        yield Finding(about, Level.LOOK, said, _("Mend it, then save the register."), register)
    if not wrong:
        yield good(
            about, _("it is set up as %(kind)s") % {"kind": register.get_kind_display()}, register
        )
    if not heartbeat.health(heartbeat.Kind.DELIVER, timezone.now()).alive:
        said = _("manage.py deliver does not run: nothing is sent until it does")
        yield Finding(_("Delivery"), Level.LOOK, said)


def _asked(house: House) -> tuple[list[Finding], Mapping[str, CataloguePrice] | None]:
    """What the register itself says, and its catalogue where it has one."""
    register, about = house.register, _("Connection")
    adapter = adapter_for(register)
    if adapter is None:
        return [], None
    try:
        adapter.check()
    except DeliveryError as error:
        return [bad(about, *_trouble(error), register)], None
    found = [good(about, _("it answers, and knows these keys"), register)]
    about = _("Catalogue")
    if not adapter.can_list_catalogue:
        said = _(
            "this kind of register lists no articles: look at ids and prices on the till itself"
        )
        return [*found, look(about, said, register)], None
    try:
        catalogue = adapter.list_catalogue()
    except DeliveryError as error:
        return [*found, bad(about, *_trouble(error), register)], None
    said = _("the register lists %(count)s articles") % {"count": len(catalogue)}
    return [*found, good(about, said, register)], catalogue


def _trouble(error: DeliveryError) -> tuple[str, str]:
    """A class of result and its mend, never the register's own words (P19, T25)."""
    known = str(REASONS.get(error.reason, ""))
    if isinstance(error, NotSent):
        mend = _("Is the register switched on and in the network, and is its address right?")
        return known or _("it cannot be reached at its address"), mend
    if isinstance(error, Misconfigured):
        return known or _("something here must be changed first"), _(
            "Look at its address and keys on the register's page in admin."
        )
    said = _("something answers that does not speak as a register does")
    return said, _("Is it the address of the register, and are the keys right?")


# --- The carte ----------------------------------------------------------------------------------


def _products(house: House, catalogue: Mapping[str, CataloguePrice] | None) -> Iterator[Finding]:
    for product in trial_lines.products_of(house.restaurant):
        about = _("Product “%(name)s”") % {"name": house_text(product.name)}
        if not product.register_id:
            yield _no_id(about, product)
            continue
        groups = trial_lines.groups_of(product)
        wrong = [*_wrong_ids(house, about, product)]
        for _group, options in groups:
            for option in options:
                wrong += _wrong_ids(house, about, option)
        for group in trial_lines.impossible(groups):
            said = _("“%(group)s” asks for at least %(min)s options and has fewer") % {
                "group": house_text(group.name),
                "min": group.min,
            }
            wrong.append(bad(about, said, _("Lower the number, or add options."), group))
        trials = list(trial_lines.of_product(product, house.language))
        wrong += [] if wrong else unsupported(house, about, trials, product)
        yield from wrong or [_can_be_sent(about, trials, product)]
        yield from _compared(about, product, catalogue)


def _menus(house: House, catalogue: Mapping[str, CataloguePrice] | None) -> Iterator[Finding]:
    for menu in trial_lines.menus_of(house.restaurant):
        about = _("Set menu “%(name)s”") % {"name": house_text(menu.name)}
        if not menu.register_id:
            yield _no_id(about, menu)
            continue
        trials = list(trial_lines.of_menu(menu, house.language))
        wrong = [*_wrong_ids(house, about, menu)]
        wrong += [] if wrong else unsupported(house, about, trials, menu)
        for course in menu.courses.all():
            choices = list(course.choices.all())
            if course.min > len(choices):
                said = _("“%(course)s” asks for at least %(min)s choices and has fewer") % {
                    "course": house_text(course.name),
                    "min": course.min,
                }
                wrong.append(bad(about, said, _("Lower the number, or add choices."), menu))
            wrong += _other_rates(about, menu, [choice.product for choice in choices])
        yield from wrong or [_can_be_sent(about, trials, menu)]
        yield from _compared(about, menu, catalogue)


def _other_rates(about: str, menu: SetMenu, products: list[Product]) -> list[Finding]:
    """The till books a set menu at its own rate: what is in it at another one is taxed wrongly."""
    return [
        bad(
            about,
            _("“%(product)s” has %(other)s %% VAT and the menu %(own)s %%")
            % {
                "product": house_text(product.name),
                "other": _percent(product.vat),
                "own": _percent(menu.vat),
            },
            _("Leave it out of the menu, or have the register's maker split the menu's price."),
            menu,
        )
        for product in products
        if product.vat != menu.vat
    ]


def _compared(
    about: str, thing: Product | SetMenu, catalogue: Mapping[str, CataloguePrice] | None
) -> Iterator[Finding]:
    if catalogue is None:
        return
    listed = catalogue.get(thing.register_id)
    if listed is None:
        said = _("the register does not know the id %(id)s") % {"id": thing.register_id}
        yield bad(about, said, _("Look up its id on the register."), thing)
    elif listed.price is not None and listed.price != thing.price:
        said = _("the register lists “%(name)s” for %(theirs)s, the carte says %(ours)s") % {
            "name": _readable(listed.name),
            "theirs": amount(listed.price),
            "ours": amount(thing.price),
        }
        yield bad(about, said, _("Make the two prices the same, or correct the id."), thing)


def _shared_ids(house: House) -> Iterator[Finding]:
    """Two things of the carte that are one on the register: a slip of the finger, or meant."""
    by_id: defaultdict[str, list[Product | SetMenu]] = defaultdict(list)
    for model in (Product, SetMenu):
        things = model.objects.filter(restaurant=house.restaurant).exclude(register_id="")
        for thing in things:
            by_id[thing.register_id].append(thing)
    for register_id, same in by_id.items():
        if len(same) > 1:
            names = ", ".join(f"“{house_text(thing.name)}”" for thing in same)
            said = _("these have one id: %(names)s") % {"names": names}
            about = _("Id %(id)s") % {"id": register_id}
            yield Finding(about, Level.LOOK, said, _("Is that meant?"), same[-1])


# --- The tables ---------------------------------------------------------------------------------


def tables(house: House) -> Iterator[Finding]:
    """Each table on its own: whether the register can be told its number, and no other has it."""
    found = list(Table.objects.filter(restaurant=house.restaurant).order_by("number"))
    if not found:
        yield bad(_("Tables"), _("there is none"), _("Add them in admin."), house.restaurant)
    by_id: defaultdict[str, list[Table]] = defaultdict(list)
    for table in found:
        by_id[table.register_id or str(table.number)].append(table)
    # Not one of the carte: its mistakes are not the table's.
    line = TicketLine(_("Trial"), 1, 1_00, Decimal(10), register_id="1")
    for table in found:
        about, on_register = str(table), table.register_id or str(table.number)
        wrong = [*_wrong_ids(house, about, table)]
        if not wrong:
            problem = house.problem(
                lines=(line,), table=table.number, table_register_id=table.register_id or None
            )
            wrong += [bad(about, problem, on_its_page(), table)] if problem else []
        others = [each for each in by_id[on_register] if each.pk != table.pk]
        if others:
            said = _("%(other)s is the same table on the register") % {"other": others[0]}
            wrong.append(bad(about, said, _("Correct the id on the register of one."), table))
        said = _("its orders go to table %(id)s of the register") % {"id": on_register}
        yield from wrong or [good(about, said, table)]


# --- Words --------------------------------------------------------------------------------------


def _wrong_ids(
    house: House, about: str, thing: Product | Option | SetMenu | Table
) -> Iterator[Finding]:
    if not thing.register_id:
        return
    if problem := house.adapter.id_problem(thing.register_id):
        said = _("“%(id)s” cannot be an id on the register: %(why)s.") % {
            "id": thing.register_id,
            "why": _(problem),
        }
        yield bad(about, said.removesuffix("."), on_its_page(), thing)


def _no_id(about: str, thing: models.Model) -> Finding:
    said = _("it has no id on the register: it is shown and cannot be ordered")
    return bad(about, said, _("Type the register's own number for it on its page in admin."), thing)


def _can_be_sent(about: str, trials: list[trial_lines.Trial], thing: models.Model) -> Finding:
    if len(trials) == 1:
        return good(about, _("it can be sent"), thing)
    said = _("it can be sent, in each of %(count)s ways") % {"count": len(trials)}
    return good(about, said, thing)


def _readable(text: str) -> str:
    """What a register wrote, for a page or a terminal, which would obey control characters."""
    return "".join(each if each.isprintable() else " " for each in text[:100])


def _percent(vat: Decimal) -> str:
    return f"{vat.normalize():f}"
