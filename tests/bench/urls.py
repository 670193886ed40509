"""The product's addresses, and the floor: an answer that costs nothing to make, through the same middleware."""

import os
from functools import cache
from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.urls import path

from ordering.urls import *  # noqa: F403
from ordering.urls import urlpatterns as of_the_product


@cache
def _bytes(name: str) -> bytes:
    return (Path(os.environ["BENCH_DIR"]) / name).read_bytes()


def floor(request: HttpRequest, name: str) -> HttpResponse:
    """The bytes of a page as they were on the wire, compressed as they were."""
    return HttpResponse(_bytes(name), headers={"Content-Encoding": "gzip"})


urlpatterns = [*of_the_product, path("bench/floor/<slug:name>/", floor)]
