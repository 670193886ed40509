"""What runs out during a service, and is put back on sale: on the lists of products, options and set menus."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db import models, transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, gettext_noop, ngettext
from django.utils.translation import gettext_lazy as _

from ordering.admin.base import VIEW, HouseAdmin
from ordering.admin.fields import amount_text
from ordering.models import Option
from ordering.services import carte
from ordering.services.days import service_day

SELL_OUT = "sell_out"
UNTIL_TOMORROW, PUT_BACK = "until_tomorrow", "put_back"
# In the history, as English msgids.
SAID = {
    SELL_OUT: gettext_noop("Sold out."),
    UNTIL_TOMORROW: gettext_noop("Sold out until tomorrow."),
    PUT_BACK: gettext_noop("On sale again."),
}


class SoldOut(HouseAdmin):
    """Things that run out during a service: whoever serves may say so, and take it back."""

    service_may = frozenset({VIEW, SELL_OUT})
    manager_may = HouseAdmin.manager_may | {SELL_OUT}
    installer_may = HouseAdmin.installer_may | {SELL_OUT}
    actions = ["sell_out", "sell_out_until_tomorrow", "put_back"]

    # In words: a column of red crosses would look like trouble where all is well.
    @admin.display(description=_("sold out"), ordering="sold_out", empty_value="")
    def out(self, thing: Any) -> Any:
        if thing.sold_out:
            return _("sold out")
        owner = thing.group.restaurant if isinstance(thing, Option) else thing.restaurant
        if thing.is_sold_out(service_day(owner, timezone.now())):
            until = thing.sold_out_until
            if thing.portions == 0:
                return _("sold out: no portion is left")
            return _("sold out until %(day)s") % {"day": date_format(until, "SHORT_DATE_FORMAT")}
        left = thing.portions
        return None if left is None else _("%(count)s left") % {"count": left}

    @admin.display(description=_("price"), ordering="price")
    def euros(self, thing: Any) -> str:
        return amount_text(thing.price)

    def has_sell_out_permission(self, request: HttpRequest) -> bool:
        return self.may(request, SELL_OUT)

    @admin.action(description=_("Sold out"), permissions=[SELL_OUT])
    def sell_out(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        self._set(request, queryset, SELL_OUT)

    @admin.action(description=_("Sold out until tomorrow"), permissions=[SELL_OUT])
    def sell_out_until_tomorrow(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        self._set(request, queryset, UNTIL_TOMORROW)

    @admin.action(description=_("On sale again"), permissions=[SELL_OUT])
    def put_back(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        self._set(request, queryset, PUT_BACK)

    def _set(self, request: HttpRequest, queryset: models.QuerySet[Any], what: str) -> None:
        things = list(self.allowed(request, queryset, SELL_OUT))
        with transaction.atomic():
            if what == UNTIL_TOMORROW:
                carte.sell_out_until_tomorrow(things=things)
            else:
                carte.set_sold_out(things=things, sold_out=what == SELL_OUT)
            said = gettext(SAID[what])
            for thing in things:
                self.log_change(request, thing, said)
        count = len(things)
        message = ngettext("%(count)s changed.", "%(count)s changed.", count) % {"count": count}
        self.message_user(request, message, messages.SUCCESS)
