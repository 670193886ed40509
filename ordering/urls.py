from django.contrib import admin
from django.urls import include, path

from ordering import hooks
from ordering.admin import hooks as hook_pages
from ordering.admin import login

urlpatterns = [
    # Before the page of the register itself, which takes every address below it.
    path("admin/pos_bridge/register/<int:pk>/hook/", hook_pages.page, name="register_hook"),
    path("admin/login/", login.page, name="login"),
    path("admin/", admin.site.urls),
    path("", include("ordering.diner.urls")),
    # After the diner's: they say what a code is.
    path("board/", include("ordering.board.urls")),
    path("hooks/<code:secret>/", hooks.call, name="hook"),
]

handler400 = "ordering.diner.errors.bad_request"
handler403 = "ordering.diner.errors.forbidden"
handler404 = "ordering.diner.errors.not_found"
handler500 = "ordering.diner.errors.server_error"
