"""What tests of the catalog share."""

import pytest
from django.test import Client

from sora_portal.accounts.models import User
from sora_portal.catalog.models import Connection
from tests import factories


@pytest.fixture
def mo(db: None) -> User:
    """An admin."""
    return factories.mo()


@pytest.fixture
def ruxa(db: None) -> Connection:
    """Ruxa AI as shipped, with the rest of the catalog around it."""
    return factories.offered_model("ruxa-sora-2").connection


@pytest.fixture
def admin(client: Client, mo: User) -> Client:
    """A browser in which mo is signed in."""
    client.force_login(mo)
    return client
