"""Several guests at one table: their names, who is ready, what each had, and the same again."""

import unicodedata
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Prefetch
from django.utils import timezone

from ordering.models import CartLine, Guest, Order, OrderLine, Visit
from ordering.services import cart as carts
from ordering.services import orders, visits
from ordering.services.pricing import PricedCart
from ordering.services.problems import Problem, Refused
from pos_bridge import words
from pos_bridge.models import Addition
from pos_bridge.words import Told, Word

LONGEST_NAME = 20
# Of these nothing is on the till, and nothing will be.
NOTHING = {Word.REFUSED, Word.CANCELLED, Word.TAKEN_BACK}


def cleaned(name: str) -> str:
    """One line of letters that can be seen: nothing that turns, hides or breaks the text around it."""
    text = unicodedata.normalize("NFC", name)
    seen = (" " if c.isspace() else c for c in text if c.isspace() or _is_seen(c))
    return " ".join("".join(seen).split())


def _is_seen(character: str) -> bool:
    return not unicodedata.category(character).startswith("C")


def set_name(*, guest: Guest, name: str) -> bool:
    """What the others of the table see beside the guest's lines; "" forgets it. True where it is another one now.

    Raises Refused, VisitEnded.
    """
    name = cleaned(name)
    if len(name) > LONGEST_NAME:
        raise Refused(Problem("name_too_long", params={"max": LONGEST_NAME}))
    with transaction.atomic():
        visits.lock_for(guest)
        changed = bool(Guest.objects.filter(pk=guest.pk).exclude(name=name).update(name=name))
    guest.name = name
    return changed


def ready(
    *, guest: Guest, submission_key: str, seen: str, language: str, address: str = ""
) -> Order | None:
    """The guest has chosen. The last one of those who have chosen something sends for all; None where others still
    choose. What it raises is what `orders.place` raises, and the guest is not ready then.
    """
    with transaction.atomic():
        visits.lock_for(guest)
        others = CartLine.objects.filter(visit=guest.visit_id).exclude(guest=guest)
        if not others.filter(guest__ready=False).exists():
            return orders.place(
                guest=guest,
                submission_key=submission_key,
                seen=seen,
                language=language,
                address=address,
            )
        _ready(guest, True)
        return None


def not_ready(*, guest: Guest) -> None:
    """The guest goes on choosing. Raises VisitEnded."""
    with transaction.atomic():
        visits.lock_for(guest)
        _ready(guest, False)


def _ready(guest: Guest, value: bool) -> None:
    Guest.objects.filter(pk=guest.pk).update(ready=value)
    guest.ready = value


@dataclass(frozen=True)
class Choosing:
    """Who of the table has something in the cart, this guest and others, and how many of them all are ready."""

    mine: bool
    others: int
    ready: int

    @property
    def together(self) -> bool:
        """Whether “only mine” and “for everyone” are two things."""
        return self.mine and self.others > 0

    @property
    def guests(self) -> int:
        """How many phones have something in the cart."""
        return self.others + self.mine


def choosing(cart: PricedCart, guest: Guest) -> Choosing:
    """Who has something in the cart, and who of them is ready, as this guest sees it."""
    found = {line.line.guest_id: line.line.guest.ready for line in cart.lines}
    return Choosing(
        mine=guest.pk in found,
        others=len(found.keys() - {guest.pk}),
        ready=sum(found.values()),
    )


@dataclass(frozen=True)
class Round:
    """An order, its lines with their guests, and what the phone may say of it."""

    order: Order
    lines: tuple[OrderLine, ...]
    told: Told

    @property
    def counts(self) -> bool:
        """Whether it is on the till, or will be, or may be."""
        return self.told.word not in NOTHING


@dataclass(frozen=True)
class Ordered:
    """All that a party has ordered, and those that have become part of it, the oldest round first. Cents TTC."""

    rounds: tuple[Round, ...]

    @property
    def total(self) -> int:
        """Without what is surely not on the till."""
        return sum(each.order.total for each in self.rounds if each.counts)

    @property
    def uncertain(self) -> int:
        """What of it is not known to be on the till."""
        word = Word.NOT_CONFIRMED
        return sum(each.order.total for each in self.rounds if each.told.word == word)

    @property
    def shares(self) -> list[tuple[Guest, int]]:
        """What each guest chose of it, by the order of joining."""
        found: dict[Guest, int] = {}
        for each in self.rounds:
            for line in each.lines if each.counts else ():
                guest = line.guest or each.order.guest
                found[guest] = found.get(guest, 0) + line.total
        return sorted(found.items(), key=lambda share: share[0].number)


def ordered(visit: Visit) -> Ordered:
    """In three queries. Who was led into the party is one guest of it, also for what was sent before."""
    lines = Prefetch("lines", OrderLine.objects.select_related("guest__moved_to"))
    found = list(
        visits.orders_of(visit)
        .select_related("guest__moved_to", "visit")
        .prefetch_related(lines)
        .order_by("created_at", "pk")
    )
    for order in found:
        order.guest = visits.in_visit(order.guest, visit.pk)
        for line in order.lines.all():
            line.guest = line.guest and visits.in_visit(line.guest, visit.pk)
    additions = Addition.objects.filter(order__in=found).select_related("register")
    additions = additions.defer("register__credentials")
    last = {each.order_id: each for each in additions.order_by("position")}
    now = timezone.now()
    return Ordered(
        tuple(
            Round(order, tuple(order.lines.all()), words.told(last[order.pk], now))
            for order in found
            if order.pk in last
        )
    )


def again(*, guest: Guest, order: Order, position: int | None = None) -> list[int]:
    """Put an order's lines, or the one at this position, into the guest's cart at today's prices. The positions of
    what cannot be ordered now, and was left out. Raises VisitEnded.
    """
    lines = order.lines.all() if position is None else order.lines.filter(position=position)
    return [line.position for line in lines if not _again(guest, line)]


def _again(guest: Guest, line: OrderLine) -> bool:
    notes = [note["key"] for note in line.notes]
    try:
        if line.is_menu:
            composed = [
                {
                    "course": choice["course"],
                    "product": choice["key"],
                    "chosen": orders.chosen(choice["options"]),
                }
                for choice in line.choices
            ]
            carts.add_menu(
                guest=guest, menu_key=line.product_key, quantity=line.quantity, composed=composed,
                notes=notes, note=line.note,
            )  # fmt: skip
        else:
            carts.add(
                guest=guest,
                product_key=line.product_key,
                quantity=line.quantity,
                chosen=[(group, option) for group, option in orders.chosen(line.options)],
                notes=notes,
                note=line.note,
            )
    except Refused:
        return False  # it has left the carte, or is sold out; the caller says so by name
    return True
