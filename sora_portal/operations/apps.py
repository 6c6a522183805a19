from django.apps import AppConfig


class OperationsConfig(AppConfig):
    name = "sora_portal.operations"
    label = "operations"

    def ready(self) -> None:
        """Register the deployment checks, and let busy workers of a watched cluster show signs of life."""
        from sora_portal.operations import checks, keepalive  # noqa: F401 - importing registers

        keepalive.connect()
