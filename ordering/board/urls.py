"""The board's addresses: all below one restaurant, for its people alone."""

from django.urls import path

from ordering.board import approvals, pauses, table, views, why

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
]
