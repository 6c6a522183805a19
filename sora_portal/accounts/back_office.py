"""The back office: Django's admin, for rescue work by superusers, on our own tables only."""

from collections.abc import Callable, Iterable
from functools import update_wrapper
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from sora_portal.errors import NotAllowed


class BackOfficeConfig(AdminConfig):
    """Puts this site in the place of Django's own."""

    default_site = "sora_portal.accounts.back_office.BackOffice"


class BackOffice(AdminSite):
    """Django's admin behind a superuser's password, asked for again; it signs nobody in and changes no password."""

    site_header = site_title = "Sora Portal: back office"

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Take tables of the portal; libraries offer theirs as well, the queue's among them, whose rows are run."""
        models = model_or_iterable if isinstance(model_or_iterable, Iterable) else [model_or_iterable]
        ours = [model for model in models if model.__module__.startswith("sora_portal.")]
        super().register(ours, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        """Return whether the person is a superuser; being an admin of the portal, or staff, is not enough."""
        return request.user.is_active and request.user.is_superuser

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Any:
        """Refuse who is signed in and may not come in, and ask the others for their password from time to time."""
        # Here, because this module is loaded before there are tables.
        from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
        from django.contrib.auth.views import redirect_to_login

        inner = super().admin_view(view, cacheable)

        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not self.has_permission(request):
                raise NotAllowed("The back office is for superusers of this portal.")
            raise_if_reauthentication_required(request, app="")
            return inner(request, *args, **kwargs)

        return update_wrapper(guarded, inner)

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Lead to the portal's own sign-in page, which limits attempts."""
        there = request.GET.get("next") or reverse("admin:index")
        return redirect(f"{reverse('account_login')}?{urlencode({'next': there})}")

    def logout(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Lead to the portal's own page for signing out."""
        return redirect("account_logout")

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Lead to the portal's own page, which tells the person of the change."""
        return redirect("account_change_password")

    def password_change_done(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Lead back to the back office."""
        return redirect("admin:index")
