from django.apps import AppConfig


class DraftsConfig(AppConfig):
    name = "sora_portal.drafts"
    label = "drafts"
