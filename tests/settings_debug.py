"""The settings of the tests with every log open: what holds no key even then never does (P18)."""

from typing import Any

from tests import settings
from tests.settings import *  # noqa: F403

LOGGING: dict[str, Any] = {  # type: ignore[no-redef]
    **settings.LOGGING,
    "root": {"handlers": ["console"], "level": "DEBUG"},
    "loggers": {name: {"level": "DEBUG"} for name in ("requests", "urllib3")},
}
