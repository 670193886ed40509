"""What was ordered and what became of it, to be read. What is done here is to free a table, and what the list of the
undelivered offers (undelivered.py).
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ordering.admin.base import READING, HouseAdmin, HouseInline, Narrowed, is_installer
from ordering.admin.fields import amount_text
from ordering.admin.undelivered import DECIDE, UndeliveredPages
from ordering.models import Order, OrderLine, Visit
from ordering.services import seating, serving
from ordering.services.notes import for_register
from ordering.texts import in_language
from pos_bridge.models import Addition, Attempt
from pos_bridge.words import reason

FREE = "free"

# What a try ended in: a receipt's state, or the name of the error (pos_bridge/attempts.py).
OUTCOMES = {
    "accepted": _("accepted by the relay"),
    "received": _("on the till"),
    "NotSent": _("not sent"),
    "Uncertain": _("may be on the till"),
    "Rejected": _("refused"),
    "Misconfigured": _("not sent: something must be changed first"),
    "lost": _("interrupted"),
    "crashed": _("our own software failed"),
}


class Readable(Narrowed):
    """Nobody writes it here, the installer included."""

    installer_may = READING
    manager_may = READING
    service_may = READING

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.unlinked(request, obj, super().get_fields(request, obj))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.get_fields(request, obj)


class ReadOnlyInline(Readable, HouseInline):
    can_delete = False


class ReadOnlyAdmin(Readable, HouseAdmin):
    pass


def _with_price(name: dict[str, str], price: int) -> str:
    return f"{in_language(name)} {amount_text(price)}" if price else in_language(name)


class OrderLineInline(ReadOnlyInline):
    model = OrderLine
    fields = ["what", "chosen", "said", "quantity", "unit", "vat", "course", "register_id"]

    @admin.display(description=_("product"))
    def what(self, line: OrderLine) -> str:
        return in_language(line.name)

    @admin.display(description=_("options"))
    def chosen(self, line: OrderLine) -> str:
        parts = [_with_price(option["name"], option["price"]) for option in line.options]
        for choice in line.choices:
            parts.append(_with_price(choice["name"], choice["supplement"]))
            parts += [_with_price(option["name"], option["price"]) for option in choice["options"]]
        return ", ".join(parts)

    @admin.display(description=_("notes"))
    def said(self, line: OrderLine) -> str:
        return for_register(line.notes, line.note, line.order.restaurant.house_language)

    @admin.display(description=_("unit price"))
    def unit(self, line: OrderLine) -> str:
        return amount_text(line.unit_price)


class AdditionInline(ReadOnlyInline):
    model = Addition
    fields = ["number", "register", "state", "handled_as", "tries", "created_at", "changed_at"]
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        # Each line says its register's name.
        return super().get_queryset(request).select_related("register__restaurant")


class AttemptInline(ReadOnlyInline):
    model = Attempt

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        told = ["number", "started_at", "duration_ms", "ended_in", "because", "http_status"]
        # The register's own words are hostile input, for the installer's eyes only (P19).
        return [*told, "worker", "answer"] if is_installer(request) else told

    @admin.display(description=_("outcome"))
    def ended_in(self, attempt: Attempt) -> str:
        return str(OUTCOMES.get(attempt.outcome, attempt.outcome))

    @admin.display(description=_("reason"))
    def because(self, attempt: Attempt) -> str:
        return reason(attempt.reason)


class OrderInline(ReadOnlyInline):
    model = Order
    fields = ["day", "number", "euros", "created_at"]
    show_change_link = True

    @admin.display(description=_("total"))
    def euros(self, order: Order) -> str:
        return amount_text(order.total)


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    inlines = [OrderLineInline, AdditionInline]
    fields = [
        "restaurant",
        "day",
        "number",
        "table",
        "visit",
        "covers",
        "euros",
        "brought",
        "language",
        "created_at",
    ]
    list_display = ["__str__", "restaurant", "day", "table", "covers", "euros", "created_at"]
    list_filter = ["restaurant", "day", "table"]
    list_select_related = ["restaurant", "table"]
    date_hierarchy = "day"
    ordering = ["-pk"]  # as they came, by the index that every table has
    search_fields = ["=number"]

    @admin.display(description=_("total"), ordering="total")
    def euros(self, order: Order) -> str:
        return amount_text(order.total)

    @admin.display(description=_("how it is brought"))
    def brought(self, order: Order) -> str:
        return serving.words(order.serving, serving.of_order_lines(order.lines.all()))


@admin.register(Visit)
class VisitAdmin(ReadOnlyAdmin):
    """Nothing of a visit is typed here, but whoever serves may say that the table is free again."""

    service_may = READING | {FREE}
    manager_may = READING | {FREE}
    installer_may = READING | {FREE}
    actions = ["free_tables"]
    inlines = [OrderInline]
    fields = ["table", "covers", "opened_at", "ended_at"]
    list_display = ["table", "covers", "opened_at", "ended_at"]
    list_filter = ["table", "opened_at"]
    list_select_related = ["table"]
    date_hierarchy = "opened_at"
    ordering = ["-pk"]

    def has_free_permission(self, request: HttpRequest) -> bool:
        return self.may(request, FREE)

    @admin.action(description=_("The party has left: free the table"), permissions=[FREE])
    def free_tables(self, request: HttpRequest, queryset: models.QuerySet[Visit]) -> None:
        freed = 0
        for visit in self.allowed(request, queryset, FREE):
            if seating.free(visit=visit, by=request.user):
                self.log_change(request, visit, gettext("The table is free."))
                freed += 1
        said = ngettext("%(count)s table is free.", "%(count)s tables are free.", freed)
        self.message_user(request, said % {"count": freed}, messages.SUCCESS)


@admin.register(Addition)
class AdditionAdmin(UndeliveredPages, ReadOnlyAdmin):
    service_may = READING | {DECIDE}
    manager_may = READING | {DECIDE}
    installer_may = READING | {DECIDE}
    inlines = [AttemptInline]
    list_display = ["number", "order", "register", "state", "handled_as", "tries", "created_at"]
    list_filter = ["state", "handled_as", "register"]
    list_select_related = ["order", "register__restaurant"]
    fields = [
        "number",
        "order",
        "position",
        "register",
        "state",
        "till_state",
        "handled_as",
        "because",
        "tries",
        "created_at",
        "accepted_at",
        "received_at",
        "changed_at",
    ]
    date_hierarchy = "created_at"
    ordering = ["-pk"]
    search_fields = ["=number"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        told = super().get_fields(request, obj)
        return [*told, "uuid", "detail", "body"] if is_installer(request) else told

    @admin.display(description=_("reason"))
    def because(self, addition: Addition) -> str:
        return reason(addition.reason)
