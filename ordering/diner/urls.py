"""The phone's addresses. What stands under a code is known to who was given it, and nothing in here counts up (P16)."""

from django.urls import path, re_path, register_converter

from ordering.diner import calls, house, menus, news, offline, orders_page, party, sending, views


class Code:
    """What our random codes are made of. Anything else is an unknown address before a database is asked."""

    regex = "[A-Za-z0-9_-]{16,64}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(Code, "code")

app_name = "diner"
VISIT = "v/<code:visit_code>/"

urlpatterns = [
    path("t/<code:code>/", house.scan, name="scan"),
    path("r/<slug:slug>/", house.welcome, name="welcome"),
    path("r/<slug:slug>/join/", house.join, name="join"),
    path("r/<slug:slug>/carte/", house.carte, name="read"),
    path("r/<slug:slug>/carte/p/<slug:key>/", house.product, name="read_product"),
    path("r/<slug:slug>/carte/m/<slug:key>/", house.set_menu, name="read_menu"),
    path("r/<slug:slug>/calls/", calls.questions, name="questions"),
    path("r/<slug:slug>/calls/ask/", calls.ask, name="ask"),
    path("r/<slug:slug>/data/", house.data, name="data"),
    path("r/<slug:slug>/accessibility/", house.accessibility, name="accessibility"),
    path("r/<slug:slug>/photo/<code:sha256>", house.photo, name="photo"),
    path("r/<slug:slug>/photo/<code:sha256>/<str:size>", house.photo_size, name="photo_size"),
    re_path(
        r"^r/(?P<slug>[a-z0-9-]+)/brand\.(?P<version>[0-9a-f]{8})\.css$", house.brand, name="brand"
    ),
    path("r/<slug:slug>/offline/", offline.page, name="offline"),
    path("r/<slug:slug>/manifest.webmanifest", offline.manifest, name="manifest"),
    path("worker.js", offline.worker, name="worker"),
    path("robots.txt", house.robots, name="robots"),
    path(VISIT, views.carte, name="carte"),
    path(VISIT + "news/", news.news, name="news"),
    path(VISIT + "p/<slug:key>/", views.product, name="product"),
    path(VISIT + "m/<slug:key>/", menus.set_menu, name="menu"),
    path(VISIT + "m/<slug:key>/add/", menus.add, name="add_menu"),
    path(VISIT + "add/", views.add, name="add"),
    path(VISIT + "cart/", views.cart, name="cart"),
    path(VISIT + "cart/line/", views.line, name="line"),
    path(VISIT + "covers/", views.covers, name="covers"),
    path(VISIT + "send/", sending.send, name="send"),
    path(VISIT + "calls/", calls.page, name="calls"),
    path(VISIT + "calls/call/", calls.call, name="call"),
    path(VISIT + "calls/withdraw/", calls.withdraw, name="withdraw"),
    path(VISIT + "live/", party.live, name="live"),
    path(VISIT + "again/", orders_page.again, name="again"),
    path(VISIT + "orders/", orders_page.orders, name="orders"),
    path(VISIT + "orders/<code:order_code>/", sending.order, name="order"),
    path(VISIT + "orders/<code:order_code>/take-back/", sending.take_back, name="take_back"),
]
