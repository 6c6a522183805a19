from django.apps import AppConfig


class CreditsConfig(AppConfig):
    name = "sora_portal.credits"
    label = "credits"
