from django.apps import AppConfig


class PosBridgeConfig(AppConfig):
    name = "pos_bridge"
    verbose_name = "Cash registers"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from pos_bridge import checks  # noqa: F401  (registers the system checks)
