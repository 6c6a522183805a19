from django.apps import AppConfig


class UptimeConfig(AppConfig):
    name = "sora_portal.uptime"
    label = "uptime"
