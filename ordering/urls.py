from django.contrib import admin
from django.urls import include, path

urlpatterns = [path("admin/", admin.site.urls), path("", include("ordering.diner.urls"))]

handler400 = "ordering.diner.errors.bad_request"
handler403 = "ordering.diner.errors.forbidden"
handler404 = "ordering.diner.errors.not_found"
handler500 = "ordering.diner.errors.server_error"
