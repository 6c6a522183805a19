"""The sandbox as a Django app, so that `manage.py sandbox` exists."""

from django.apps import AppConfig


class SandboxConfig(AppConfig):
    """Holds one management command and no tables."""

    name = "sora_portal.sandbox"
    label = "sandbox"
    verbose_name = "Sandbox vendors"
