"""How allauth behaves here."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Closes open sign-up: an account costs the team money, so an admin makes it."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return whether a visitor may make an account for themselves: never."""
        return False
