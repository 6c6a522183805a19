from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "sora_portal.web"
    label = "web"
