"""What a run changes in the product's processes once Django is up: nothing, or what the sabotage breaks."""

import os

from django.apps import AppConfig


class TortureConfig(AppConfig):
    name = "tests.torture"
    label = "torture"

    def ready(self) -> None:
        from tests.torture import sabotage

        if pauses := int(os.environ.get("TORTURE_PAUSES", "0")):
            sabotage.pause_after_claim(pauses)
        if name := os.environ.get("TORTURE_SABOTAGE"):
            sabotage.SABOTAGES[name]()
