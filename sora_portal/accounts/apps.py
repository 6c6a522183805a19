from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "sora_portal.accounts"
    label = "accounts"
