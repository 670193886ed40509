"""The frozen, register-neutral order: what an adapter builds its body from. To and from JSON, no model, no Django."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class TicketOption:
    """An option of a line. `price` is cents TTC for one unit of the line and may be negative."""

    name: str
    price: int = 0
    register_id: str | None = None


@dataclass(frozen=True)
class TicketChoice:
    """A product chosen inside a set menu. `supplement` is cents TTC for one, with the chosen product's own VAT rate."""

    name: str
    vat: Decimal
    quantity: int = 1
    supplement: int = 0
    register_id: str | None = None
    options: tuple[TicketOption, ...] = ()
    course: int | None = None
    # What the product costs alone, in cents TTC: Tiller asks for it.
    price_alone: int = 0

    @property
    def unit_total(self) -> int:
        """Cents TTC that one of it adds to the menu, with its options."""
        return self.supplement + sum(option.price for option in self.options)


@dataclass(frozen=True)
class TicketLine:
    """A line. `unit_price` is cents TTC for one unit, options, supplements and choices apart; `vat` is percent."""

    name: str
    quantity: int
    unit_price: int
    vat: Decimal
    register_id: str | None = None
    options: tuple[TicketOption, ...] = ()
    choices: tuple[TicketChoice, ...] = ()
    note: str = ""
    course: int | None = None

    @property
    def unit_total(self) -> int:
        """Cents TTC of one unit with its options and choices."""
        return (
            self.unit_price
            + sum(option.price for option in self.options)
            + sum(choice.quantity * choice.unit_total for choice in self.choices)
        )

    @property
    def total(self) -> int:
        """Cents TTC of all its units."""
        return self.quantity * self.unit_total


@dataclass(frozen=True)
class Ticket:
    """One order for one table. `order` is the number that people see; names are in the house's language."""

    order: int
    table: int
    covers: int
    lines: tuple[TicketLine, ...] = field(default_factory=tuple)
    table_register_id: str | None = None
    # "together", "courses" (one after the other) or "", where the guests have said nothing; and the same in words.
    serving: str = ""
    serving_words: str = ""

    @property
    def courses(self) -> list[set[int]]:
        """Of each line the kitchen's turns that it belongs to."""
        return [
            {course for course in (line.course, *(each.course for each in line.choices)) if course}
            for line in self.lines
        ]

    @property
    def total(self) -> int:
        """Cents TTC: the number that the diner confirmed."""
        return sum(line.total for line in self.lines)

    def to_json(self) -> dict[str, Any]:
        """As `from_json` reads it; decimals are texts."""
        return _plain(asdict(self))

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Ticket":
        """The ticket that `to_json` wrote. Raises TypeError or KeyError on anything else."""
        return cls(**{**data, "lines": tuple(_line(line) for line in data["lines"])})


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Decimal) else value


def _line(data: Mapping[str, Any]) -> TicketLine:
    return TicketLine(
        **{
            **data,
            "vat": Decimal(data["vat"]),
            "options": _options(data["options"]),
            "choices": tuple(
                TicketChoice(
                    **{
                        **choice,
                        "vat": Decimal(choice["vat"]),
                        "options": _options(choice["options"]),
                    }
                )
                for choice in data["choices"]
            ),
        }
    )


def _options(data: list[Mapping[str, Any]]) -> tuple[TicketOption, ...]:
    return tuple(TicketOption(**option) for option in data)
