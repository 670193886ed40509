"""What the register will book where a set menu offers something of another VAT rate: said to whoever saves it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext

from ordering.admin.base import HouseAdmin
from ordering.models import Course
from ordering.services import carte


class TellsOtherRates(HouseAdmin):
    """The page of a set menu or of one of its courses."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        thing = form.instance
        menu = thing.set_menu if isinstance(thing, Course) else thing
        for product in carte.of_other_rates(menu):
            said = gettext(
                "“%(product)s” has %(other)s %% VAT and the menu %(own)s %%: the register books the menu's price at "
                "%(own)s %%, and only the supplement and the paid options at %(other)s %%."
            ) % {
                "product": product,
                "other": f"{product.vat.normalize():f}",
                "own": f"{menu.vat.normalize():f}",
            }
            self.message_user(request, said, messages.WARNING)
