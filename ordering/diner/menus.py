"""A set menu on the phone: one page, course by course, with what each choice costs more and what it contains."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from ordering.diner import carte_page, compiled, errors, pages
from ordering.diner.asked_notes import apart_from_notes, asked_notes
from ordering.diner.beside import above, beside
from ordering.diner.forms import MenuForm, composed, left, noted, tap
from ordering.diner.guests_carte import why_not
from ordering.diner.pages import Guest
from ordering.diner.said import Said, said
from ordering.diner.views import Problems
from ordering.models import Choice, Course, Product, SetMenu
from ordering.services import cart as carts
from ordering.services import pauses, pricing, set_menus
from ordering.services.options import Groups
from ordering.services.problems import Problem, Refused
from ordering.services.taps import Heard
from ordering.slots import is_open


@dataclass(frozen=True)
class OfferedChoice:
    """A product that a course offers, with what is asked about it. `supplement`: cents TTC, what is always added
    included.
    """

    key: str
    name: Said
    supplement: int
    gone: str  # "", "sold_out", "not_served", "paused" or "not_on_register"
    allergens: list[str] | None
    groups: list[compiled.Group]
    taken: bool


@dataclass(frozen=True)
class OfferedCourse:
    key: str
    name: Said
    min: int
    max: int
    choices: list[OfferedChoice]
    problems: list[Problem | str]

    @property
    def one_of(self) -> bool:
        """Whether one choice excludes the others. A single one that may be left out is a box to tick."""
        return self.max == 1 and (self.min == 1 or len(self.choices) > 1)


@require_safe
@pages.for_guest
def set_menu(request: HttpRequest, guest: Guest, language: str, key: str) -> HttpResponse:
    more = left(request.GET)
    return _menu(request, guest, language, key, composed=[], quantity=max(1, more), left=more)


@pages.takes_a_form
@pages.for_guest
def add(request: HttpRequest, guest: Guest, language: str, key: str) -> HttpResponse:
    form, wanted = MenuForm(request.POST), composed(request.POST)
    if not form.is_valid():
        limit = guest.visit.table.restaurant.limit_quantity
        wrong = [Problem("quantity", params={"max": limit})]
        return _menu(request, guest, language, key, composed=wanted, problems=wrong)
    if form.step_by():
        return _menu(request, guest, language, key, composed=wanted, quantity=form.stepped())
    quantity = form.cleaned_data["quantity"]
    try:
        carts.add_menu(
            guest=guest,
            menu_key=key,
            quantity=form.wanted(),
            composed=wanted,
            tap=tap(request.POST),
            **noted(request.POST),
        )
    except Heard:
        pass  # its answer was lost
    except Refused as refused:
        problems = refused.problems
        return _menu(
            request, guest, language, key, composed=wanted, quantity=quantity, problems=problems
        )
    if more := form.left():
        return pages.go(request, f"/v/{guest.visit.code}/m/{key}/?left={more}")
    restaurant = guest.visit.table.restaurant
    found = carte_page.row(
        restaurant, compiled.compiled(restaurant), key, language, timezone.now(), is_menu=True
    )
    return pages.go(request, f"/v/{guest.visit.code}/" + (f"#dish-{found.place}" if found else ""))


def _menu(
    request: HttpRequest,
    guest: Guest,
    language: str,
    key: str,
    *,
    composed: set_menus.Composed,
    quantity: int = 1,
    left: int = 0,
    problems: Problems = (),
) -> HttpResponse:
    """The set menu; what was chosen before stays chosen, and what is wrong stands at its course."""
    table, now = guest.visit.table, timezone.now()
    carte = compiled.compiled(table.restaurant)
    row = carte_page.row(table.restaurant, carte, key, language, now, is_menu=True)
    menus = SetMenu.objects.filter(restaurant=table.restaurant, key=key)
    menu = menus.select_related("restaurant").first()
    if row is None or menu is None:
        if not problems:
            raise Http404
        return errors.problem(str(problems[0]), gettext("Nothing was added."), status=422,
                              way_on=f"/v/{guest.visit.code}/", button=gettext("Back to the carte"))  # fmt: skip
    courses, groups = pricing.offered(menu)
    composed = composed or _without_choice(courses)
    taken, _ = set_menus.compose(courses, groups, composed)
    notes = asked_notes(table.restaurant, language, request.POST, problems)
    wrongs = beside(problems, ())
    keys = {course.key for course, _ in courses}
    local = pages.local_now(table.restaurant)
    inside = [choice.product for _, choices in courses for choice in choices]
    paused = set(pauses.problems(table.restaurant, inside, now))
    return pages.show_to(
        request, guest, "diner/_menu_again.html" if pages.is_htmx(request) else "diner/set_menu.html", language,
        status=422 if problems else 200,
        row=row, problem=why_not(guest, carte, now),
        problems=[each for each in above(apart_from_notes(problems, notes), wrongs) if _place(each) not in keys],
        wrongs=wrongs, left=left, notes=notes,
        offered=[
            _course(course, choices, groups, composed, problems, language, local, paused)
            for course, choices in courses
        ],
        chosen={
            f"{each['course']}.{each['product']}.{group}/{option}"
            for each in composed
            for group, option in each["chosen"]
        },
        quantity=quantity,
        total=quantity * (row.item.price + sum(choice.unit_total for choice in taken)),
        back=f"/v/{guest.visit.code}/#dish-{row.place}",
        here=f"/v/{guest.visit.code}/m/{key}/",
    )  # fmt: skip


def _without_choice(courses: set_menus.Courses) -> set_menus.Composed:
    """Where there is nothing to choose, it is chosen, and what it costs more is in the price on the button."""
    return [
        {"course": course.key, "product": choice.product.key, "chosen": []}
        for course, choices in courses
        if course.min == course.max == len(choices)
        for choice in choices
    ]


def _place(problem: Problem | str) -> str:
    return problem.place if isinstance(problem, Problem) else ""


def _course(
    course: Course,
    choices: Sequence[Choice],
    groups: Mapping[int, Groups],
    composed: set_menus.Composed,
    problems: Problems,
    language: str,
    local: datetime,
    paused: Collection[Product | SetMenu],
) -> OfferedCourse:
    taken = {each["product"] for each in composed if each["course"] == course.key}
    return OfferedCourse(
        key=course.key,
        name=said(course.name, language),
        min=course.min,
        max=course.max,
        choices=[
            _choice(
                course,
                choice,
                groups.get(choice.product_id, []),
                language,
                local,
                paused=choice.product in paused,
                taken=choice.product.key in taken,
            )
            for choice in choices
        ],
        problems=[each for each in problems if _place(each) == course.key],
    )


def _choice(
    course: Course,
    choice: Choice,
    groups: Groups,
    language: str,
    local: datetime,
    *,
    paused: bool,
    taken: bool,
) -> OfferedChoice:
    product = choice.product
    always = [option for group, options in groups if not group.is_asked for option in options]
    added = [option for option in always if not option.sold_out]
    # Sold out or not, as on the carte (compiled.Item.all_allergens).
    declared = [product.allergens, *(option.allergens for option in always)]
    gone = {
        "sold_out": product.sold_out,
        "not_served": not is_open(product.served, local),
        "paused": paused,
        "not_on_register": not set_menus.on_register(choice),
    }
    return OfferedChoice(
        key=product.key,
        name=said(product.name, language),
        supplement=choice.supplement + sum(option.price for option in added),
        gone=next((why for why, is_so in gone.items() if is_so), ""),
        # One that is not declared makes the whole unknown (P22).
        allergens=None
        if any(each is None for each in declared)
        else list(dict.fromkeys(name for each in declared for name in each or [])),
        groups=[
            compiled.Group(
                key=f"{course.key}.{product.key}.{group.key}",
                name=group.name,
                automatic=False,
                min=group.min,
                max=group.max,
                options=[
                    compiled.Option(
                        key=option.key,
                        name=option.name,
                        price=option.price,
                        allergens=option.allergens,
                        sold_out=option.sold_out,
                    )
                    for option in options
                ],
            )
            for group, options in groups
            if group.is_asked
        ],
        taken=taken,
    )
