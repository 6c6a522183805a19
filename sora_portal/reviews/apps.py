from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    name = "sora_portal.reviews"
    label = "reviews"
