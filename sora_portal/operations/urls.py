"""Health of the installation, and of its books."""

from django.urls import path

from sora_portal.operations import books_views
from sora_portal.operations.restoring import views as restoring

app_name = "operations"
urlpatterns = [
    path("team/restore/", restoring.after_restore, name="after_restore"),
    path("team/restore/ask/", restoring.ask_vendors, name="ask_vendors"),
    path("team/restore/release/", restoring.release, name="release"),
    path("team/reconciliation/", books_views.reconciliation, name="reconciliation"),
    path("team/clock/", books_views.follow_clock, name="follow_clock"),
]
