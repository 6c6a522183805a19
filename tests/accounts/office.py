"""A browser in the back office: a superuser who has typed the password once more."""

from django.test import Client
from django.urls import reverse

from sora_portal.accounts.models import User
from tests import factories


def office(client: Client) -> Client:
    """Sign mo in as a superuser who may work in the back office for now."""
    User.objects.filter(pk=factories.mo().pk).update(is_superuser=True)
    client.force_login(User.objects.get(username="mo"))
    answer = client.post(reverse("account_reauthenticate"), {"password": factories.PASSWORD})
    assert answer.status_code == 302
    return client
