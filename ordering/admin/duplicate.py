"""The button that makes a second product of one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.urls import path, reverse
from django.utils.translation import gettext

from ordering.admin.base import ADD, HouseAdmin
from ordering.models import Product
from ordering.services.duplicates import duplicate


class DuplicateAdmin(HouseAdmin):
    """For whoever may add products to its restaurant."""

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.duplicate_view)
        own = path("<int:pk>/duplicate/", view, name="ordering_product_duplicate")
        return [own, *super().get_urls()]

    def duplicate_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        product = self.allowed(request, Product.objects.all(), ADD).filter(pk=pk).first()
        if product is None:
            # The same answer for one that is not theirs and for one that is not there.
            raise Http404
        with transaction.atomic():
            made = duplicate(product=product)
            said = gettext("Duplicated from “%(product)s”.") % {"product": product}
            self.log_addition(request, made, said)
        self.message_user(
            request,
            gettext(
                "This is the new one. It cannot be ordered yet: give it its name, its own id on the register "
                "and its allergens, diets and origin, and put it under a category."
            ),
            messages.SUCCESS,
        )
        return HttpResponseRedirect(reverse("admin:ordering_product_change", args=[made.pk]))
