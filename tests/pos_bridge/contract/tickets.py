"""Every kind of ticket, by name, and generated ones. No register is thought of here; an id is a number, as for all."""

import os
from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from pos_bridge.ticket import Ticket, TicketChoice, TicketLine, TicketOption

# Some hundreds of tickets each time; EXAMPLES=3000 for a long run.
settings.register_profile(
    "contract",
    max_examples=int(os.environ.get("EXAMPLES", "200")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

ZERO, LOWEST, LOW, TEN, TWENTY = (
    Decimal(rate) for rate in ("0.00", "2.10", "5.50", "10.00", "20.00")
)


def line(name="Café crème", quantity=1, unit_price=180, vat=TEN, register_id="39", **fields):
    return TicketLine(name, quantity, unit_price, vat, register_id, **fields)


def option(name="Bacon", price=150, register_id="115"):
    return TicketOption(name, price, register_id)


def choice(name="Entrecôte", vat=TEN, register_id="10", **fields):
    return TicketChoice(name, vat, register_id=register_id, **{"price_alone": 24_90, **fields})


def ticket(*lines, table=4, covers=2, **fields):
    return Ticket(order=7, table=table, covers=covers, lines=lines or (line(),), **fields)


def menu(*choices, quantity=1, unit_price=29_00, **fields):
    return line("Menu du jour", quantity, unit_price, TEN, "50", choices=choices, **fields)


STRANGE = {
    "accents": "Crème brûlée à l’œuf — n° 1",
    "underscores": "plat_du_jour_12_8",
    "ampersands": "a&payment=2&client[nom]=x",
    "json": 'Pizza "4 saisons", {"payment": 2}',
    "tags": "<script>alert(1)</script>",
    "emoji": "👩🏽‍🍳🍕🇫🇷 spécial",
    "right_to_left": "\u202eesrever حمص",
    "control": "\x1b@\x1bd\x05Tiroir\x1bp\x00",
    "breaks": "line\r\nbreak\ttab\u2028",
    "half_a_letter": "half \ud83d of a face",
    "formula": "=cmd|'/C calc'!A0",
}

TICKETS = {
    "one_line": ticket(),
    "several_lines": ticket(line(), line("Noisette", 1, 120, TEN, "34"), line("Thé", 2)),
    "the_same_line_twice": ticket(line(), line()),
    "twenty_of_one": ticket(line(quantity=20)),
    "nothing_to_pay": ticket(line("Carafe d’eau", unit_price=0)),
    "options": ticket(line(quantity=2, options=(option(), option("Cheddar", 200, "116")))),
    "an_automatic_option": ticket(line(options=(option("Couvert", 50, "117"),))),
    "a_free_option": ticket(line(options=(option("Saignant", 0, "112"),))),
    "an_option_that_takes_off": ticket(line(options=(option("Sans sauce", -50, "118"),))),
    "five_options": ticket(line(options=tuple(option(str(n), n, str(n)) for n in range(1, 6)))),
    "six_options": ticket(line(options=tuple(option(str(n), n, str(n)) for n in range(1, 7)))),
    "an_option_without_id": ticket(line(options=(option("Sans glaçons", 0, None),))),
    "a_paid_option_without_id": ticket(line(options=(option(register_id=None),))),
    "a_note": ticket(line(note="bien chaud, s’il vous plaît")),
    "a_note_on_an_option": ticket(line(note="à part", options=(option(),))),
    "a_long_note": ticket(line(note="sans oignon " * 30)),
    "a_set_menu": ticket(menu(choice("Foie gras", supplement=300, register_id="13"), choice())),
    "two_set_menus": ticket(menu(choice(supplement=300), quantity=2), line(quantity=3)),
    "a_menu_with_options": ticket(menu(choice(options=(option(), option("Saignant", 0, "112"))))),
    "a_menu_with_an_option": ticket(menu(choice(), options=(option("Café offert", 0, "119"),))),
    "a_choice_twice": ticket(menu(choice("Tapas", quantity=2, supplement=100))),
    "a_menu_of_two_rates": ticket(menu(choice(), choice("Vin", TWENTY, "11", supplement=400))),
    "a_menu_with_a_note": ticket(menu(choice(), note="allergie aux noix")),
    "a_note_of_the_house_and_the_guests_own": ticket(
        line(note="Sans oignon, « bien chaud (55 %), s’il vous plaît ! »")
    ),
    "everything_together": ticket(
        line(course=1),
        line("Entrecôte", note="sans sel", course=2),
        menu(choice("Tarte", course=3)),
        line("Vin"),
        serving="together",
        serving_words="Tout ensemble",
    ),
    "in_courses": ticket(
        line(course=1),
        line("Entrecôte", course=2),
        serving="courses",
        serving_words="En plusieurs services",
    ),
    "courses": ticket(line(course=1), line("Entrecôte", course=2), menu(choice(course=2))),
    "every_rate": ticket(
        *(
            line(f"à {rate} %", 3, 123, rate, str(600 + n))
            for n, rate in enumerate((ZERO, LOWEST, LOW, TEN, TWENTY))
        )
    ),
    "half_a_cent": ticket(line(unit_price=123, vat=TWENTY, options=(option("Petit", -3, "17"),))),
    "a_long_name": ticket(line("Très longue entrecôte " * 10)),
    "a_long_word": ticket(line("É" * 300)),
    "a_long_option": ticket(line(options=(option("Très long supplément " * 10),))),
    "a_long_option_without_id": ticket(line(options=(option("Très long " * 10, 0, None),))),
    **{f"strange_{name}": ticket(line(f"Plat {text}")) for name, text in STRANGE.items()},
    **{
        f"strange_option_{name}": ticket(line(options=(option(f"Avec {text}"),)))
        for name, text in STRANGE.items()
    },
    **{f"strange_note_{name}": ticket(line(note=text)) for name, text in STRANGE.items()},
    # As full as a ticket can be.
    "everything": ticket(
        line("Entrecôte", 2, 24_90, TEN, "10", options=(option(), option("Saignant", 0, "112"))),
        line("Café", 1, 180, TEN, "39", note="bien chaud", course=3),
        menu(
            choice("Foie gras", supplement=300, register_id="13", course=1),
            choice(options=(option(),), course=2),
            quantity=2,
            note="allergie aux noix",
            course=1,
        ),
        table=12,
        table_register_id="77",
    ),
    "forty_lines": ticket(
        *(line(f"Plat {n}", n % 20 + 1, 100 + n, TEN, str(700 + n)) for n in range(40))
    ),
    "forty_rich_lines": ticket(
        *(
            menu(
                choice(options=(option(),)), choice("Vin", TWENTY, "11"), quantity=2, note="à part"
            )
            for _ in range(40)
        )
    ),
    "many_covers": ticket(covers=30),
    "a_high_table": ticket(table=89_999),
    "a_table_with_its_own_id": ticket(table_register_id="77"),
    "a_product_without_id": ticket(line(register_id=None)),
    "a_choice_without_id": ticket(menu(choice(register_id=None))),
    "an_id_that_is_no_number": ticket(line(register_id="39a")),
    "no_line": Ticket(order=7, table=4, covers=2),
    "no_covers": ticket(covers=0),
    "none_of_one": ticket(line(quantity=0)),
    "less_than_nothing": ticket(line(options=(option("Remise", -181),))),
}


def confirmed(said: Ticket) -> int:
    """The cents that the diner confirmed, added up here without the project's help."""
    total = 0
    for each in said.lines:
        inside = [(1, each.unit_price, each.options)]
        inside += [(chosen.quantity, chosen.supplement, chosen.options) for chosen in each.choices]
        unit = sum(count * (price + sum(o.price for o in more)) for count, price, more in inside)
        total += each.quantity * unit
    return total


def names_in(said: Ticket) -> set[str]:
    """What a reason may name, so that a person finds it."""
    found = {"table", "covers", "no line"}
    for each in said.lines:
        found |= {each.name, *(one.name for one in each.options)}
        for chosen in each.choices:
            found |= {chosen.name, *(one.name for one in chosen.options)}
    return found


def said_words(said: Ticket) -> set[str]:
    """What must be found in any accurate telling: every id, the first words of a note, what has a name and no id."""
    found = set()
    for each in said.lines:
        found |= {" ".join(each.note.split()[:2])} - {""}
        things: list[Any] = [each, *each.choices, *each.options]
        inside = (one for chosen in each.choices for one in chosen.options)
        found |= {one.register_id or one.name.strip() for one in (*things, *inside)}
    return found


# --- Generated ----------------------------------------------------------------------------------


def _of_one_carte(said: Ticket) -> Ticket:
    """On a carte an id is one thing with one price; of those with the same id the first says it."""
    options: dict[str | None, int] = {None: 0}
    lines: dict[str | None, tuple[int, Decimal]] = {}

    def priced(chosen: tuple[TicketOption, ...]) -> tuple[TicketOption, ...]:
        return tuple(
            replace(one, price=options.setdefault(one.register_id, one.price)) for one in chosen
        )

    def told(each: TicketLine) -> TicketLine:
        price, vat = lines.setdefault(each.register_id, (each.unit_price, each.vat))
        return replace(
            each,
            unit_price=price,
            vat=vat,
            options=priced(each.options),
            choices=tuple(replace(one, options=priced(one.options)) for one in each.choices),
        )

    return replace(said, lines=tuple(told(each) for each in said.lines))


def generated(
    *,
    names: st.SearchStrategy[str],
    ids: st.SearchStrategy[str | None],
    options: st.SearchStrategy[tuple[TicketOption, ...]],
    notes: st.SearchStrategy[str],
    line_ids: st.SearchStrategy[str | None] | None = None,
    table_ids: st.SearchStrategy[str | None] | None = None,
    most: int = 3,
) -> st.SearchStrategy[Ticket]:
    """Tickets of such names, ids, options and notes. `most`: choices, and one less than lines."""
    rates = st.sampled_from([LOWEST, LOW, TEN, TWENTY])
    prices = st.integers(0, 300_00)
    courses = st.none() | st.integers(1, 5)
    choices = st.builds(
        TicketChoice,
        names,
        rates,
        quantity=st.integers(1, 3),
        supplement=prices,
        register_id=ids,
        options=options,
        course=courses,
        price_alone=prices,
    )
    lines = st.builds(
        TicketLine,
        names,
        st.integers(1, 20),
        prices,
        rates,
        ids if line_ids is None else line_ids,
        options=options,
        choices=st.lists(choices, max_size=most).map(tuple),
        note=notes,
        course=courses,
    )
    return st.builds(
        Ticket,
        order=st.integers(1, 999),
        table=st.integers(1, 89_999),
        covers=st.integers(1, 30),
        lines=st.lists(lines, min_size=1, max_size=most + 1).map(tuple),
        table_register_id=st.none() if table_ids is None else table_ids,
    )


_ids = st.integers(1, 10**9).map(str)
_names = st.text(max_size=40).map(lambda text: f"a{text}")
_options = st.one_of(
    st.builds(TicketOption, _names, st.integers(-50, 20_00), _ids),
    st.builds(TicketOption, _names),
)
tickets = generated(
    names=_names,
    ids=_ids,
    options=st.lists(_options, max_size=3).map(tuple),
    notes=st.text(max_size=30),
    table_ids=st.none() | st.integers(1, 89_999).map(str),
).map(_of_one_carte)
