from django.apps import AppConfig


class CreditsConfig(AppConfig):
    name = "sora_portal.ledger"
    label = "credits"
