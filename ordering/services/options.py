"""The options of a dish: what is asked, what is always added, and what a guest has chosen of it."""

from collections import defaultdict
from dataclasses import dataclass

from django.db.models import Exists, F, OuterRef, QuerySet

from ordering.models import Option, OptionGroup, ProductOptionGroup
from ordering.services.problems import Problem, too_few, too_many
from ordering.texts import in_language
from pos_bridge.prepared import Prepared

Chosen = list[tuple[str, str]]
"""(group key, option key) for each option that the guest chose."""

Groups = list[tuple[OptionGroup, list[Option]]]
"""What is asked and added for a product, in order."""


@dataclass(frozen=True)
class PricedOption:
    """An option of a line as it is now. `price` is cents TTC for one unit."""

    group: str
    key: str
    name: dict[str, str]
    price: int
    register_id: str
    automatic: bool
    allergens: list[str] | None
    counted: int | None = None  # its row, where its portions are counted


def groups_of(product_ids: set[int]) -> defaultdict[int, Groups]:
    """What is asked and added for each product, in order, in one query."""
    found: defaultdict[int, Groups] = defaultdict(list)
    if not product_ids:
        return found
    for option in _options_of.all(*sorted(product_ids)):
        groups = found[vars(option)["asked_for"]]
        if not groups or groups[-1][0].pk != option.group_id:
            groups.append((option.group, []))
        groups[-1][1].append(option)
    return found


def _options(*products: int) -> QuerySet[Option]:
    return (
        Option.objects.filter(group__products__product__in=products)
        .select_related("group")
        .annotate(asked_for=F("group__products__product_id"), asked=F("group__products__position"))
        .order_by("asked_for", "asked", "group_id", "position", "pk")
    )


_options_of = Prepared(_options)


def unanswerable(product: str) -> Exists:
    """For a query: whether a question that must be answered about this product has no answer at all."""
    asked = ProductOptionGroup.objects.filter(product=OuterRef(product), group__options=None)
    return Exists(asked.filter(group__kind=OptionGroup.Kind.CHOICE, group__min__gt=0))


def choose(groups: Groups, chosen: Chosen) -> tuple[list[PricedOption], list[Problem]]:
    """The options of a line, automatic ones included, and what is wrong with the choice."""
    options: list[PricedOption] = []
    problems: list[Problem] = []
    asked = {
        (group.key, option.key)
        for group, of_group in groups
        for option in of_group
        if group.is_asked
    }
    if len(set(chosen)) != len(chosen) or not set(chosen) <= asked:
        problems.append(Problem("unknown_option"))
    for group, of_group in groups:
        taken = [
            option for option in of_group if not group.is_asked or (group.key, option.key) in chosen
        ]
        name = in_language(group.name)
        if not group.is_asked:
            # What is automatic and sold out is not added, and costs nothing.
            taken = [option for option in taken if not option.sold_out]
        elif len(taken) < group.min:
            problems.append(too_few(group.key, name, group.min))
        elif group.max is not None and len(taken) > group.max:
            problems.append(too_many(group.key, name, group.max))
        for option in taken:
            if option.sold_out:
                params = {"option": in_language(option.name)}
                problems.append(Problem("option_sold_out", place=group.key, params=params))
            options.append(
                PricedOption(
                    group.key,
                    option.key,
                    option.name,
                    option.price,
                    option.register_id,
                    not group.is_asked,
                    option.allergens,
                    None if option.portions is None else option.pk,
                )
            )
    return options, problems
