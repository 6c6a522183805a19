from django.apps import AppConfig


class OutputsConfig(AppConfig):
    name = "sora_portal.outputs"
    label = "outputs"
