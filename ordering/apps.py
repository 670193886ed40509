from django.apps import AppConfig


class OrderingConfig(AppConfig):
    name = "ordering"
    verbose_name = "Tablée"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from ordering import checks  # noqa: F401  (registers the system checks)
