"""The carte of one table: what the house's guests share, drawn and compressed once, with a guest's own words in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from types import SimpleNamespace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.gzip import gzip_page

from ordering import access
from ordering.diner import carte_page, compiled, filtering, hours, kept, pages, shared_page
from ordering.diner.carte_page import Fragment, InCart
from ordering.diner.compiled import Carte
from ordering.diner.pages import Guest
from ordering.diner.said import Said
from ordering.diner.shared_page import OWN
from ordering.models import Restaurant
from ordering.services import pauses
from ordering.services.problems import Problem


@dataclass(frozen=True)
class House:
    """What a house says at one moment, in one language."""

    restaurant: Restaurant
    language: str
    now: datetime
    found: Carte
    problem: Problem | None
    carte: Fragment

    def strip(self, shown: Carte) -> list[tuple[str, Said]]:
        return carte_page.strip(shown, self.language, self.restaurant, self.now)

    def said(self) -> dict[str, Any]:
        """Beside the carte."""
        local = pages.local_now(self.restaurant)
        return {
            "problem": self.problem,
            "seen": carte_page.state(self.problem, self.carte),
            "until": hours.until(self.restaurant.hours, local),
            "announced": hours.announced(self.restaurant, local, self.language),
            "waiting_minutes": pauses.waiting_minutes(self.restaurant, self.now),
        }


def page(request: HttpRequest, guest: Guest, language: str) -> HttpResponse:
    """The carte with this table's cart in it. One query, and three more where the cart or the carte has changed."""
    visit, now = guest.visit, timezone.now()
    found = compiled.compiled(visit.table.restaurant)
    problem = why_not(guest, found, now)
    carte = carte_page.fragment(visit.table.restaurant, found, language, now, ordering=not problem)
    house = House(visit.table.restaurant, language, now, found, problem, carte)
    cart = carte_page.in_cart(visit, found, now)
    own = {
        "seated": _seated(visit.table.number, visit.covers, language),
        "cart": _button(visit.code, cart.count, cart.total, language),
    }
    # What is filtered, and what is said to this phone alone, is drawn for it.
    if (
        filtering.wanted(request.GET)
        or "gone" in request.GET
        or access.is_at_another_table(request, guest)
    ):
        return _alone(request, guest, house, cart, own)
    own |= {
        "code": visit.code,
        "version": str(visit.cart_version),
        "number": str(visit.table.number),
        "token": _token(request),
    }
    count = partial(carte_page.with_counts, carte=found, counted=cart.counts, language=language)
    return shared_page.answer(request, _shared(house), own, cart.counts, count)


def why_not(
    guest: Guest, found: Carte, now: datetime, *, in_time: datetime | None = None
) -> Problem | None:
    """Why this phone cannot order now, whatever it is. `in_time`: see orders.ordering_problem."""
    silent = access.register_is_silent(guest)
    return carte_page.why_not(guest.visit.table, found, now, silent=silent, in_time=in_time)


@gzip_page
def _alone(
    request: HttpRequest, guest: Guest, house: House, cart: InCart, own: Mapping[str, str]
) -> HttpResponse:
    wanted = filtering.wanted(request.GET)
    shown = filtering.narrowed(house.found, wanted)
    # Led here from the page of a dish that has left the carte.
    gone = [Problem("unknown_product")] if "gone" in request.GET else []
    narrowed = carte_page.narrowed(
        house.restaurant, shown, house.language, house.now,
        ordering=not house.problem, wanted=wanted,
    )  # fmt: skip
    html = pages.page(
        request, "diner/carte.html", house.restaurant, house.language,
        visit=guest.visit, table=guest.visit.table, guest=guest, own=own, problems=gone,
        carte=narrowed, carte_sections=house.strip(shown),
        filter=filtering.form(house.found, shown, wanted), **house.said(),
    )  # fmt: skip
    html = carte_page.with_counts(html, house.found, cart.counts, house.language)
    response = HttpResponse(html)
    return filtering.unsaid(response) if wanted else response


def _shared(house: House) -> shared_page.SharedPage:
    restaurant, said = house.restaurant, house.said()
    of_house = [restaurant.name, restaurant.slug, restaurant.colour, restaurant.languages]
    of_house.append(restaurant.logo_drawn)
    key = f"page:{pages.fingerprint(house.language, of_house, *said.items())}"

    def draw() -> shared_page.SharedPage:
        html = pages.page(
            None, "diner/carte.html", restaurant, house.language, here=f"/v/{OWN['code']}/",
            visit=SimpleNamespace(code=OWN["code"], cart_version=OWN["version"]),
            table=SimpleNamespace(number=OWN["number"]), csrf_token=OWN["token"], own=OWN,
            carte=house.carte.html, carte_sections=house.strip(house.found),
            filter=filtering.form(house.found, house.found, filtering.EVERYTHING), **said,
        )  # fmt: skip
        return shared_page.cut(html, key)

    return kept.on_machine(key, draw)


def _token(request: HttpRequest) -> str:
    """As the cookie has it. Django masks it because it may be guessed from how well a page compresses; here it is not
    compressed. The scan has given the cookie, and it lasts as long as the guest's own (house.scan).
    """
    return request.META.get("CSRF_COOKIE") or get_token(request)


# The language is the page's own, and a part of what they are kept by.


@lru_cache(maxsize=5_000)
def _seated(number: int, covers: int, language: str) -> str:
    return render_to_string("diner/_seated.html", {"number": number, "covers": covers})


@lru_cache(maxsize=5_000)
def _button(visit_code: str, count: int, total: int, language: str) -> str:
    context = {"visit": {"code": visit_code}, "cart": {"count": count, "total": total}}
    return render_to_string("diner/_cart_button.html", context)
