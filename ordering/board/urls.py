"""The board's addresses: all below one restaurant, for its people alone."""

from django.urls import path

from ordering.board import carte, table, undelivered, views

app_name = "board"
BOARD = "<slug:slug>/"

urlpatterns = [
    path(BOARD, views.board, name="board"),
    path(BOARD + "tables/<int:number>/", table.page, name="table"),
    path(BOARD + "tables/<int:number>/free/", table.free, name="free"),
    path(BOARD + "tables/<int:number>/covers/", table.covers, name="covers"),
    path(BOARD + "tables/<int:number>/ordering/", table.ordering, name="ordering"),
    path(BOARD + "carte/", carte.page, name="carte"),
    path(BOARD + "carte/sell/", carte.sell, name="sell"),
    path(BOARD + "carte/<slug:kind>/<int:pk>/", carte.thing, name="thing"),
    path(BOARD + "orders/<int:pk>/", undelivered.task, name="task"),
    path(BOARD + "orders/<int:pk>/decide/", undelivered.decide, name="decide"),
]
