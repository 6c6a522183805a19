"""Health of the installation, and of its books."""

from django.urls import path

from sora_portal.operations import books_views, views

app_name = "operations"
urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("team/reconciliation/", books_views.reconciliation, name="reconciliation"),
]
