"""Why a cart or an order cannot be, as a table: a word for code and tests, a sentence for the diner."""

from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

MESSAGES = {
    # The house
    "closed": _("Ordering is closed for the moment."),
    "closed_today": _("We are closed today."),
    "ordering_off": _("Orders are taken by the team at the moment, not by phone."),
    "table_off": _("This table does not take orders by phone. Please order from the team."),
    "no_register": _("Orders by phone are not set up yet. Please order from the team."),
    "register_silent": _("The till does not answer at the moment. Please order from the team."),
    "paused": _("%(text)s We take no orders by phone until %(time)s."),
    "paused_today": _("%(text)s We take no orders by phone today."),
    # Who may order
    "be_seated": _("Please ask the team to be seated. Your phone joins once you are."),
    "say_word": _("Please give the word of the day that you see in the restaurant."),
    "word_wrong": _("This is not the word of the day. Nothing was sent; please try again."),
    "word_tries": _("The word was wrong too often at this table. Please ask the team."),
    "not_in_house": _("To order, please connect to the restaurant’s Wi-Fi, or ask the team."),
    "waits_for_ok": _("Your order waits for a member of the team to say OK."),
    "register_waits": _("Your order is kept, and waits for the till."),
    # The visit
    "covers": _("Please say how many you are, from 1 to %(max)s."),
    "party_active": _(
        "Somebody is ordering at this table just now. You are not together? Please ask the team."
    ),
    "table_taken": _("A party sits at this table already."),
    "table_shared": _("Strangers share this table: each phone says itself how many they are."),
    "name_too_long": _("Please take a name of at most %(max)s letters."),
    # A line
    "unknown_product": _("This is no longer on the carte."),
    "sold_out": _("Sold out."),
    "portions": _("Only %(count)s left: please choose fewer."),
    "not_served": _("Not served at this hour."),
    "category_paused": _("%(text)s Not to be ordered by phone until %(time)s."),
    "category_paused_today": _("%(text)s Not to be ordered by phone today."),
    "not_on_register": _("This cannot be ordered by phone yet. Please order it from the team."),
    "happy_over": _(
        "The happy hour is over. Please remove it and add it again, at its usual price."
    ),
    "quantity": _("Please say how many you would like, from 1 to %(max)s."),
    "choice_missing": _("Your choice is still missing: %(group)s."),
    "too_few_options": _("%(group)s: please choose at least %(min)s."),
    "one_choice_only": _("%(group)s: only one choice is possible."),
    "too_many_options": _("%(group)s: please choose at most %(max)s."),
    "unknown_option": _("One of the choices is not offered for this dish."),
    "option_sold_out": _("%(option)s is sold out. Please choose something else."),
    # Of the notes on a dish
    "unknown_note": _("One of your wishes is no longer offered. Please choose again."),
    "note_gone": _("“%(note)s” is no longer offered. Please remove the dish and choose it again."),
    "free_note_gone": _(
        "Notes in your own words are no longer taken (“%(note)s”). Please remove the dish and choose it again."
    ),
    "free_note_off": _("Notes in your own words are not taken here. Please tell the team."),
    "note_too_long": _("Your note has %(count)s characters; please shorten it to %(most)s."),
    "note_character": _(
        "Your note: %(character)s cannot be taken. Letters, digits, spaces and %(others)s can."
    ),
    # Of a set menu
    "unknown_choice": _("One of your choices is no longer part of this menu. Please choose again."),
    "choice_not_served": _("%(option)s is not served at this hour. Please choose something else."),
    "choice_not_on_register": _(
        "%(option)s cannot be ordered by phone yet. Please order it from the team."
    ),
    "below_zero": _("The choices cost less than nothing. Please choose again."),
    "unsupported": _("The till cannot take this from a phone. Please order it from the team."),
    # The whole order
    "unknown_wish": _("Please choose again how it shall be brought."),
    "empty": _("There is nothing in the cart yet."),
    "too_many_lines": _("More than %(max)s lines at once: please call a waiter for so much."),
    "too_busy": _(
        "Many orders are coming in at the moment. Please send it again in a minute; your cart is kept."
    ),
    "too_many_waiting": _(
        "Several of your orders wait for the team already. Please call a waiter for the next one."
    ),
    "too_fast": _("You have just sent an order. Please wait a few seconds, then send this one."),
    # A call
    "too_many_calls": _(
        "You have called a few times within minutes. Please give the team a moment, or speak to a waiter."
    ),
}


@dataclass(frozen=True)
class Problem:
    """`place` is "" for the whole order, the code of a cart line, or the key of an option group."""

    code: str
    place: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    # What it is about, in the diner's language: the name of the dish.
    name: str = ""

    def __str__(self) -> str:
        return str(MESSAGES[self.code]) % self.params


def too_few(place: str, group: str, least: int) -> Problem:
    """Of a group or a course from which fewer than `least` were chosen; where that is one, it is asked for by name."""
    code = "choice_missing" if least == 1 else "too_few_options"
    return Problem(code, place, {"group": group, "min": least})


def too_many(place: str, group: str, most: int) -> Problem:
    """The same, where more than `most` were."""
    code = "one_choice_only" if most == 1 else "too_many_options"
    return Problem(code, place, {"group": group, "max": most})


class Refused(Exception):
    """Nothing was written. `problems` say why, all of them at once."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(", ".join(problem.code for problem in problems))
        self.problems = problems
