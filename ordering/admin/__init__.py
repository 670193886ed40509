"""Configuration by hand. Everything registered here stands on `base.Narrowed`, pos_bridge's models too:
imports point from ordering to pos_bridge, never back.
"""

from django.contrib import admin
from django.contrib.auth.models import Group
from django.utils.translation import gettext_lazy as _

from ordering.admin import carte, index, orders, people, registers, restaurant, tables

__all__ = ["carte", "index", "orders", "people", "registers", "restaurant", "tables"]

admin.site.site_header = "Tablée"
admin.site.site_title = "Tablée"
admin.site.index_title = _("Set up")
admin.site.get_app_list = index.app_list  # type: ignore[method-assign]
# There is nothing to visit at "/": the phone's pages begin with a card.
admin.site.site_url = None
# What a person may do follows from their memberships; groups and permission rows would only pretend to.
admin.site.unregister(Group)
