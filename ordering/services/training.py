"""One order for a training table that holds every kind of line that the register knows: sent by the ordinary road, and
found again on the register. It is real: staff see it, and it has to be cancelled on the till.
"""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace

from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ordering.models import Order, OrderLine, Restaurant, Table, Visit, new_code
from ordering.services import days, order_numbers, trial_lines, visits
from ordering.services.findings import Finding, Level
from pos_bridge import delivery, heartbeat, outbox
from pos_bridge.errors import DeliveryError, Unsupported
from pos_bridge.models import Addition, Register
from pos_bridge.numbers import NumbersExhausted
from pos_bridge.registers import adapter_class, adapter_for
from pos_bridge.registers.base import Adapter
from pos_bridge.ticket import Ticket, TicketLine
from pos_bridge.times import seconds
from pos_bridge.turns import Comparisons, ListRests
from pos_bridge.words import NOT_RECEIVED_AFTER, reason

State = Addition.State

# Of its submission key; a phone's is random. On the till the note says what it is.
MARK = "rehearsal-"
NOTE = "TABLÉE: ESSAI / REHEARSAL"
FOUND_WITHIN = NOT_RECEIVED_AFTER  # seconds: from then on an order needs a person (words.py)
LOOK_EVERY = 0.2  # seconds
MOST_LINES = 30
ENDS = {State.RECEIVED, State.SETTLED, State.REFUSED, State.HELD, State.HANDLED}


class NotSent(Exception):
    """Nothing was written: why, in the reader's language."""


def send(*, restaurant: Restaurant, table_number: int) -> list[Finding]:
    """Place the order, have it delivered, and look for it. What became of it, line by line."""
    about = _("Order for table %(number)s") % {"number": table_number}
    try:
        addition = place(restaurant=restaurant, table_number=table_number)
    except NotSent as error:
        return [Finding(about, Level.BAD, str(error))]
    said = _("order %(order)s, number %(number)s on the register, was written with %(count)s lines")
    numbers = {
        "order": addition.order.number,
        "number": addition.number,
        "count": addition.order.lines.count(),
    }
    cancel = _("Cancel it on the till when you have seen it.")
    found = [Finding(about, Level.GOOD, said % numbers, cancel, addition.order)]
    return [*found, *_delivered(about, addition)]


def place(*, restaurant: Restaurant, table_number: int) -> Addition:
    """Write the order and queue it, in a visit of its own that is over at once: no phone can join it.

    Raises NotSent.
    """
    table = Table.objects.filter(restaurant=restaurant, number=table_number).first()
    if table is None:
        raise NotSent(_("the restaurant has no such table"))
    register = Register.objects.filter(restaurant=restaurant, current=True).defer("credentials")
    current = register.first()
    if current is None:
        raise NotSent(_("no register is in use"))
    adapter = adapter_class(current.kind)
    lines = list(_lines(restaurant, current, adapter)) if adapter else []
    if not lines:
        raise NotSent(_("nothing of the carte can be sent to this register"))
    try:
        with transaction.atomic():
            if Visit.objects.filter(table=table, ended_at=None).exists():
                raise NotSent(_("somebody sits at this table: choose one that nobody uses"))
            return _written(restaurant, table, current, lines)
    except Unsupported as unsupported:
        raise NotSent(unsupported.reason) from None
    except NumbersExhausted as error:
        raise NotSent(str(error)) from None


Line = tuple[str, TicketLine]
"""The key of the product or set menu, and its line."""


def _lines(restaurant: Restaurant, register: Register, adapter: type[Adapter]) -> Iterator[Line]:
    """For each kind of line the first thing of the carte that the register takes: each VAT rate, a quantity, a note, an
    option that is free, one that costs, one that takes off, an automatic one, a set menu with and without a supplement.
    """
    seen: set[tuple[str, object]] = set()
    taken = 0
    for key, line in _candidates(restaurant):
        kinds = _kinds(line) - seen
        if not kinds:
            continue
        # The first one says what this is, where the register can be told a note.
        trials = [line] if taken else [replace(line, quantity=2, note=NOTE), line]
        trial = next((each for each in trials if _takes(register, adapter, each)), None)
        if trial is not None:
            seen |= kinds
            taken += 1
            yield key, trial
        if taken == MOST_LINES:
            return


def _candidates(restaurant: Restaurant) -> Iterator[Line]:
    house = restaurant.house_language
    for product in trial_lines.products_of(restaurant):
        if product.register_id:
            yield from ((product.key, t.line) for t in trial_lines.of_product(product, house))
    for menu in trial_lines.menus_of(restaurant):
        if menu.register_id:
            yield from ((menu.key, t.line) for t in trial_lines.of_menu(menu, house))


def _kinds(line: TicketLine) -> set[tuple[str, object]]:
    """What a line shows of what there is."""
    found: set[tuple[str, object]] = {("vat", line.vat), ("course", line.course is not None)}
    for of, options in [
        ("option", line.options),
        *(("option of a choice", choice.options) for choice in line.choices),
    ]:
        for option in options:
            found.add((of, (option.price > 0) - (option.price < 0)))
            found.add((f"{of} with an id", option.register_id is not None))
        found.add((f"several of {of}", len(options) > 1))
    for choice in line.choices:
        found |= {("set menu", choice.supplement > 0), ("vat of a choice", choice.vat)}
    return found


def _takes(register: Register, adapter: type[Adapter], line: TicketLine) -> bool:
    try:
        adapter.try_on(Ticket(1, 1, 1, (line,)), register.options)
    except Unsupported:
        return False
    return True


def _written(
    restaurant: Restaurant, table: Table, register: Register, lines: list[Line]
) -> Addition:
    now = timezone.now()
    guest = visits.join(table=table, secret=new_code(), covers=1)
    ticket = Ticket(
        order=0,
        table=table.number,
        table_register_id=table.register_id or None,
        covers=1,
        lines=tuple(line for _key, line in lines),
    )
    day = days.service_day(restaurant, now)
    order = Order.objects.create(
        restaurant=restaurant,
        table=table,
        visit=guest.visit,
        guest=guest,
        submission_key=MARK + new_code(),
        day=day,
        number=order_numbers.take(restaurant, day),
        covers=1,
        total=ticket.total,
        language=restaurant.house_language,
    )
    OrderLine.objects.bulk_create(
        _order_line(order, position, key, line) for position, (key, line) in enumerate(lines)
    )
    addition = outbox.enqueue(
        order_id=order.pk, register=register, ticket=replace(ticket, order=order.number)
    )
    visits.end(visit=guest.visit)
    return addition


def _order_line(order: Order, position: int, key: str, line: TicketLine) -> OrderLine:
    """Choices of a set menu stand among the options, supplements as their prices: so the sums are right."""
    language = order.language
    options = [("", option.name, option.price, option.register_id) for option in line.options]
    for choice in line.choices:
        options.append(("", choice.name, choice.unit_total * choice.quantity, choice.register_id))
    return OrderLine(
        order=order,
        position=position,
        product_key=key,
        register_id=line.register_id or "",
        name={language: line.name},
        quantity=line.quantity,
        unit_price=line.unit_price,
        vat=line.vat,
        course=line.course,
        options=[
            {
                "group": group,
                "key": "",
                "register_id": register_id or "",
                "name": {language: name},
                "price": price,
                "automatic": True,
            }
            for group, name, price, register_id in options
        ],
    )


# --- Delivered, and found -----------------------------------------------------------------------


def _delivered(about: str, addition: Addition) -> Iterator[Finding]:
    alone = not heartbeat.health(heartbeat.Kind.DELIVER, timezone.now()).alive
    if alone:
        said = _("manage.py deliver does not run: this command delivers by itself")
        yield Finding(_("Delivery"), Level.LOOK, said)
    started = time.monotonic()
    _wait(addition, alone=alone)
    took = time.monotonic() - started
    addition = (
        Addition.objects.select_related("register")
        .defer("register__credentials")
        .get(pk=addition.pk)
    )
    if addition.state not in {State.RECEIVED, State.SETTLED}:
        yield Finding(about, Level.BAD, *_not_there(addition), addition)
        return
    said = _("the register has it, after %(seconds)s s") % {"seconds": f"{took:.1f}"}
    yield Finding(about, Level.GOOD, said)
    yield _found_again(about, addition)


def _wait(addition: Addition, *, alone: bool) -> None:
    """Until something has become of it, the register pauses, or the time is over. `alone`: nobody else delivers."""
    end = time.monotonic() + seconds(FOUND_WITHIN).total_seconds()
    rests, compared, stopping = ListRests(), Comparisons(), threading.Event()
    name = heartbeat.process_name()
    while time.monotonic() < end:
        if alone:
            delivery.serve(
                addition.register_id, worker=name, stopping=stopping, rests=rests, compared=compared
            )
        row = Addition.objects.filter(pk=addition.pk)
        state, paused = row.values_list("state", "register__paused_reason").get()
        if state in ENDS or (paused and state != State.ACCEPTED):
            return
        stopping.wait(seconds(LOOK_EVERY).total_seconds())


def _not_there(addition: Addition) -> tuple[str, str]:
    """What has become of it instead, in words of our own, and what to do."""
    why = reason(addition.reason or addition.register.paused_reason)
    decide = _("Look on the till, then decide about it in admin.")
    match State(addition.state):
        case State.REFUSED:
            return _("the register refused it"), _("Mend what is said above, and try again.")
        case State.ACCEPTED:
            said = _("the relay has it, and the till has not taken it in time")
            return said, _("Is the till switched on, and its connection to the relay?")
        case State.QUEUED | State.SENDING:
            return _("it was not sent in time: %(why)s") % {"why": why or "…"}, decide
        case State.UNCERTAIN:
            return _("it may be on the till: %(why)s") % {"why": why}, decide
        case _:
            return _("it waits for a person: %(why)s") % {"why": why}, decide


def _found_again(about: str, addition: Addition) -> Finding:
    """Ask the register itself, whatever its answer to the sending was."""
    try:
        adapter = adapter_for(Register.objects.get(pk=addition.register_id))
        if adapter is None or not (adapter.can_list_states or adapter.can_look_up):
            said = _("this kind of register cannot be asked for it: look on the till")
            return Finding(about, Level.LOOK, said)
        if adapter.can_list_states:
            there = addition.number in adapter.list_states()
        else:
            there = adapter.look_up(addition.number) is not None
    except (DeliveryError, ImproperlyConfigured):
        there = False
    if there:
        return Finding(about, Level.GOOD, _("asked again, the register names it"))
    said = _("asked again, the register does not name it")
    return Finding(about, Level.BAD, said, _("Look on the till."), addition)
