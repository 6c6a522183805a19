from django.apps import AppConfig


class InstallationConfig(AppConfig):
    name = "sora_portal.installation"
    label = "installation"
