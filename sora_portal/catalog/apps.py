from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "sora_portal.catalog"
    label = "catalog"
