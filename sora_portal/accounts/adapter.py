"""How allauth behaves here."""

import unicodedata
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.core.internal import ratelimit
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from sora_portal.accounts import letters
from sora_portal.accounts.models import User


class OnePersonBackend(AuthenticationBackend):  # type: ignore[misc]
    """Signs in by user name or e-mail address, and hashes a password once, whether there is such a person or not."""

    def _authenticate(self, request: HttpRequest | None, **credentials: Any) -> User | None:
        login = credentials.get("username") or credentials.get("email") or ""
        person: User | None = self._check_password(User.objects.signing_in_as(login), credentials["password"])
        return person


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Limits sign-in attempts by person, sends the portal's letters, and leads to the portal's pages only."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return whether a visitor may make an account for themselves: never, an account costs the team money."""
        return False

    def is_safe_url(self, url: str) -> bool:
        """Return whether to go to `url` after a form: to a page of the portal, named without a host."""
        return url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Return what failed attempts are counted under: the person, whichever of their names was typed and how.

        Nothing that a request can choose freely is part of it, such as the Host header.
        """
        login = credentials.get("username") or credentials.get("email") or ""
        person = User.objects.signing_in_as(login)
        return f"person:{person.pk}" if person else f"login:{unicodedata.normalize('NFKC', login).strip().casefold()}"

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the client's address behind our proxies; the sender's own for a request that came past them."""
        try:
            return str(super().get_client_ip(request))
        except ImproperlyConfigured:  # fewer hops in X-Forwarded-For than we have proxies
            return str(request.META.get("REMOTE_ADDR", ""))

    def set_password(self, user: User, password: str) -> None:
        """Set a password; what was tried against the one before no longer counts."""
        super().set_password(user, password)
        key = self._get_login_attempts_cache_key(self.request, username=user.username)
        ratelimit.clear(self.request, app="allauth.account", action="login_failed", key=key)

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Return the address below which a new password is set, at the portal's own origin."""
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return letters.origin() + path.replace("UID-KEY", key)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send one of the letters in `templates/account/email`, see `letters.send`."""
        letters.send(template_prefix, email, context)

    def send_notification_mail(
        self, template_prefix: str, user: User, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        """Tell a person of a change to how they sign in, at `email` or their address; nothing if they have none."""
        letters.send(template_prefix, email or user.email, {"user": user, **(context or {})})
