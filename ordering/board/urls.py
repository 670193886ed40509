"""The board's addresses: all below one restaurant, for its people alone."""

from django.urls import path

from ordering.board import (
    approvals,
    calls,
    card,
    carte,
    journal,
    left_behind,
    moves,
    pauses,
    service,
    table,
    undelivered,
    views,
    why,
)

app_name = "board"
BOARD = "<slug:slug>/"

urlpatterns = [
    path(BOARD, views.board, name="board"),
    path(BOARD + "tables/<int:number>/", table.page, name="table"),
    path(BOARD + "tables/<int:number>/why/", why.page, name="why"),
    path(BOARD + "tables/<int:number>/why/vouch/", why.vouch, name="vouch"),
    path(BOARD + "approvals/<int:pk>/", approvals.page, name="approval"),
    path(BOARD + "approvals/<int:pk>/approve/", approvals.approve, name="approve"),
    path(BOARD + "approvals/<int:pk>/refuse/", approvals.refuse, name="refuse"),
    path(BOARD + "pauses/", pauses.page, name="pauses"),
    path(BOARD + "pauses/pause/", pauses.pause, name="pause"),
    path(BOARD + "pauses/resume/", pauses.resume, name="resume"),
    path(BOARD + "pauses/slow/", pauses.slow, name="slow"),
    path(BOARD + "pauses/word/", pauses.renew_word, name="renew_word"),
    path(BOARD + "call/", calls.answer, name="call"),
    path(BOARD + "parties/<slug:code>/", moves.page, name="moves"),
    path(BOARD + "parties/<slug:code>/move/", moves.move, name="move"),
    path(BOARD + "parties/<slug:code>/join/", moves.join, name="join"),
    path(BOARD + "parties/<slug:code>/part/", moves.part, name="part"),
    path(BOARD + "tables/<int:number>/seat/", table.seat, name="seat"),
    path(BOARD + "tables/<int:number>/left/", left_behind.seen, name="left"),
    path(BOARD + "tables/<int:number>/free/", table.free, name="free"),
    path(BOARD + "tables/<int:number>/covers/", table.covers, name="covers"),
    path(BOARD + "tables/<int:number>/ordering/", table.ordering, name="ordering"),
    path(BOARD + "carte/", carte.page, name="carte"),
    path(BOARD + "carte/sell/", carte.sell, name="sell"),
    path(BOARD + "carte/<slug:kind>/<int:pk>/", carte.thing, name="thing"),
    path(BOARD + "orders/<int:pk>/", undelivered.task, name="task"),
    path(BOARD + "orders/<int:pk>/decide/", undelivered.decide, name="decide"),
    path(BOARD + "tables/<int:number>/card/", card.of_table, name="table_card"),
    path(BOARD + "orders/<code:order_code>/card/", card.of_order, name="order_card"),
    path(BOARD + "service/", service.page, name="service"),
    path(BOARD + "service/export/", service.export, name="service_export"),
    path(BOARD + "journal/", journal.page, name="journal"),
]
