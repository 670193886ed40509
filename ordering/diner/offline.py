"""Without a network: the worker of a visit's pages, what it may keep, and how the page is installed."""

import hashlib
import json

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from ordering import access
from ordering.diner import pages

# Kept by the worker beside the carte: without a network, it looks and works as it does with one.
FILES = ("look.css", "app.js", "carte.js", "django_htmx/htmx-2.min.js", "icon.svg")
ICONS = (
    ("icon-192.png", "192x192", "any"),
    ("icon-512.png", "512x512", "any"),
    ("icon-maskable-512.png", "512x512", "maskable"),
)
PAPER = "#fffefb"


@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """At the root, so that it serves all of the phone's addresses; asked for anew each time, so that a deploy
    replaces it: the names of its files are in it.
    """
    files = json.dumps([static(name) for name in FILES])
    script = render_to_string("diner/worker.js", {"files": files})
    version = hashlib.sha256(script.encode()).hexdigest()[:8]
    return HttpResponse(
        script.replace("{version}", version),
        content_type="text/javascript; charset=utf-8",
        headers={"Cache-Control": "no-cache"},
    )


@require_safe
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """What the worker shows in the place of a page that could not be loaded. Nothing of a guest is in it."""
    restaurant = access.restaurant_by_slug(slug)
    language = access.language(request, restaurant)
    response = pages.show(
        request, "diner/offline.html", restaurant, language, title=_("No network")
    )
    return pages.public(request, response)


@require_safe
def manifest(request: HttpRequest, slug: str) -> HttpResponse:
    """For who wants the page among their apps; nobody is asked to."""
    restaurant = access.restaurant_by_slug(slug)
    language = access.language(request, restaurant)
    start = f"/r/{slug}/"
    response = JsonResponse(
        {
            "id": start,
            "name": restaurant.name,
            "short_name": restaurant.name[:12].strip(),
            "lang": language,
            "start_url": f"{start}?lang={language}",
            "scope": "/",
            "display": "minimal-ui",
            "background_color": PAPER,
            "theme_color": restaurant.colour or PAPER,
            "icons": [
                {"src": static(name), "sizes": sizes, "type": "image/png", "purpose": purpose}
                for name, sizes, purpose in ICONS
            ],
        },
        content_type="application/manifest+json",
    )
    return pages.public(request, response)
