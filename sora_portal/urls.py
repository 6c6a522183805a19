"""Every address of the portal; each room brings its own."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("sora_portal.operations.urls")),
    path("", include("sora_portal.reviews.urls")),
    path("", include("sora_portal.outputs.urls")),
    path("", include("sora_portal.budgets.urls")),
    path("", include("sora_portal.generations.urls")),
    path("", include("sora_portal.generations.providers_page.urls")),
    path("", include("sora_portal.drafts.urls")),
    path("", include("sora_portal.ledger.pages.urls")),
    path("", include("sora_portal.references.urls")),
    path("", include("sora_portal.projects.urls")),
    path("", include("sora_portal.accounts.urls")),
    path("accounts/", include("sora_portal.accounts.sign_in_urls")),
    path("admin/", admin.site.urls),
]
