"""Health of the installation, and of its books."""

from django.urls import path

from sora_portal.operations.reconciliation import views
from sora_portal.operations.restore_page import views as restoring

app_name = "operations"
urlpatterns = [
    path("team/restore/", restoring.after_restore, name="after_restore"),
    path("team/restore/ask/", restoring.ask_vendors, name="ask_vendors"),
    path("team/restore/release/", restoring.release, name="release"),
    path("team/reconciliation/", views.reconciliation, name="reconciliation"),
    path("team/clock/", views.follow_clock, name="follow_clock"),
]
