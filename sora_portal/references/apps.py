from django.apps import AppConfig


class ReferencesConfig(AppConfig):
    name = "sora_portal.references"
    label = "references"
