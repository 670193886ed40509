"""The board's addresses: all below one restaurant, for its people alone."""

from django.urls import path

from ordering.board import table, views

app_name = "board"
BOARD = "<slug:slug>/"

urlpatterns = [
    path(BOARD, views.board, name="board"),
    path(BOARD + "tables/<int:number>/", table.page, name="table"),
]
