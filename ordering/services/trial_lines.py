"""Everything that a carte can make a guest order, as lines of tickets: each option, each choice, as few and as many as
may be chosen. Nothing is written.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ordering.models import Choice, Course, Option, OptionGroup, Product, Restaurant, SetMenu
from ordering.services import tickets
from ordering.texts import in_language
from pos_bridge.ticket import TicketLine

Groups = list[tuple[OptionGroup, list[Option]]]


@dataclass(frozen=True)
class Trial:
    """A line that a guest may order. `about` says what of it is tried; "" is the plainest that there is."""

    about: str
    line: TicketLine


def products_of(restaurant: Restaurant, only: list[int] | None = None) -> list[Product]:
    """With all that is asked and added for them, in four queries; `only` these, by their primary keys."""
    found = Product.objects.filter(restaurant=restaurant)
    found = found if only is None else found.filter(pk__in=only)
    return list(found.prefetch_related("option_groups__group__options"))


def menus_of(restaurant: Restaurant, only: list[int] | None = None) -> list[SetMenu]:
    """As `products_of`."""
    found = SetMenu.objects.filter(restaurant=restaurant)
    found = found if only is None else found.filter(pk__in=only)
    inner = "courses__choices__product__option_groups__group__options"
    return list(found.prefetch_related(inner))


def groups_of(product: Product) -> Groups:
    """What is asked and added for a product. Its groups are prefetched."""
    return [(asked.group, list(asked.group.options.all())) for asked in product.option_groups.all()]


def impossible(groups: Groups) -> Iterator[OptionGroup]:
    """Groups of which a guest must choose more than there are."""
    for group, options in groups:
        if group.is_asked and group.min > len(options):
            yield group


def of_product(product: Product, house: str) -> Iterator[Trial]:
    """The product with as few options as may be, with each one, and with as many as may be."""
    groups = groups_of(product)
    yield Trial("", product_line(product, _fewest(groups), house))
    for group, options in groups:
        for option in options if group.is_asked else ():
            rest = [each for each in options if each.pk != option.pk]
            with_it = {group.pk: [option, *rest[: max(group.min, 1) - 1]]}
            line = product_line(product, _fewest(groups, with_it), house)
            yield Trial(in_language(option.name, house), line)
    most = _most(groups)
    if most != _fewest(groups):
        names = ", ".join(in_language(option.name, house) for option in most)
        yield Trial(names, product_line(product, most, house))


def of_menu(menu: SetMenu, house: str) -> Iterator[Trial]:
    """The set menu with each choice of each course, that choice with as few and as many options as may be."""
    courses = [(course, list(course.choices.all())) for course in menu.courses.all()]
    yield Trial("", menu_line(menu, _fewest_choices(courses), house))
    for course, choices in courses:
        for choice in choices:
            rest = [each for each in choices if each.pk != choice.pk]
            with_it = {course.pk: [choice, *rest[: max(course.min, 1) - 1]]}
            taken = _fewest_choices(courses, with_it)
            for most in (False, True):
                groups = groups_of(choice.product)
                if most and _most(groups) == _fewest(groups):
                    continue
                about = in_language(choice.product.name, house)
                line = menu_line(menu, taken, house, most=choice.pk if most else None)
                yield Trial(about, line)


def product_line(
    product: Product, options: Iterable[Option], house: str, *, quantity: int = 1, note: str = ""
) -> TicketLine:
    """A line of the product in the house's language."""
    return TicketLine(
        register_id=product.register_id or None,
        name=in_language(product.name, house),
        quantity=quantity,
        unit_price=product.price,
        vat=product.vat,
        course=product.course,
        options=tickets.of_options(options, house),
        note=note,
    )


def menu_line(
    menu: SetMenu, choices: Iterable[Choice], house: str, *, most: int | None = None
) -> TicketLine:
    """`most`: the choice that takes as many options as may be; the others take as few."""
    return TicketLine(
        register_id=menu.register_id or None,
        name=in_language(menu.name, house),
        quantity=1,
        unit_price=menu.price,
        vat=menu.vat,
        choices=tuple(
            tickets.of_choice(
                choice.product,
                choice.supplement,
                tickets.of_options(
                    (_most if choice.pk == most else _fewest)(groups_of(choice.product)), house
                ),
                house,
            )
            for choice in choices
        ),
    )


def _fewest(groups: Groups, but: Mapping[int, list[Option]] | None = None) -> list[Option]:
    """As few as may be, but of these groups what is given; in the order in which guests are asked."""
    return [
        option
        for group, options in groups
        for option in (but or {}).get(group.pk, options[: group.min] if group.is_asked else options)
    ]


def _most(groups: Groups) -> list[Option]:
    return [
        option
        for group, options in groups
        for option in (options[: group.max] if group.is_asked else options)
    ]


def _fewest_choices(
    courses: list[tuple[Course, list[Choice]]], but: Mapping[int, list[Choice]] | None = None
) -> list[Choice]:
    return [
        choice
        for course, choices in courses
        for choice in (but or {}).get(course.pk, choices[: course.min])
    ]
