"""The board's addresses: all below one restaurant, for its people alone."""

from django.urls import path

from ordering.board import calls, moves, table, views

app_name = "board"
BOARD = "<slug:slug>/"

urlpatterns = [
    path(BOARD, views.board, name="board"),
    path(BOARD + "tables/<int:number>/", table.page, name="table"),
    path(BOARD + "call/", calls.answer, name="call"),
    path(BOARD + "parties/<slug:code>/", moves.page, name="moves"),
    path(BOARD + "parties/<slug:code>/move/", moves.move, name="move"),
    path(BOARD + "parties/<slug:code>/join/", moves.join, name="join"),
    path(BOARD + "parties/<slug:code>/part/", moves.part, name="part"),
]
