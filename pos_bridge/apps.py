from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PosBridgeConfig(AppConfig):
    name = "pos_bridge"
    verbose_name = _("Cash registers")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from pos_bridge import checks  # noqa: F401  (registers the system checks)
