"""The settings of a measured house: the product's own, with one address more, the floor."""

from ordering.settings import *  # noqa: F403
from ordering.settings import LOGGING

ROOT_URLCONF = "tests.bench.urls"
LOGGING = {**LOGGING, "root": {**LOGGING["root"], "level": "WARNING"}}  # type: ignore[dict-item]
# A client that sends again and again is what is measured.
GUEST_SEND_INTERVAL = 0
