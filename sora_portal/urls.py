"""Every address of the portal; each room brings its own."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", include("sora_portal.operations.urls")),
    path("", include("sora_portal.reviews.urls")),
    path("", include("sora_portal.outputs.urls")),
    path("", include("sora_portal.budgets.urls")),
    path("", include("sora_portal.generations.urls")),
    path("", include("sora_portal.generations.board_urls")),
    path("", include("sora_portal.credits.urls")),
    path("", include("sora_portal.references.urls")),
    path("", include("sora_portal.projects.urls")),
    path("", include("sora_portal.accounts.urls")),
    path("accounts/", include("allauth.urls")),
    # Django's own sign-in page knows no limit on attempts; allauth's does.
    path("admin/login/", RedirectView.as_view(pattern_name="account_login", query_string=True)),
    path("admin/", admin.site.urls),
]
