from django.apps import AppConfig


class GenerationsConfig(AppConfig):
    name = "sora_portal.generations"
    label = "generations"
