"""What a form carries so that the browser can keep its draft: an address that takes it, and nothing else.

The address is signed and needs no session: what is typed after a session has ended is kept as well, for the person to
whom the page was shown. It can be written to, never read.
"""

import secrets
from dataclasses import dataclass

from django.core import signing
from django.http import HttpRequest
from django.urls import reverse

from sora_portal.accounts.models import User

SALT = "sora_portal.drafts"
# As long as a session.
MAX_AGE = 14 * 24 * 3600


@dataclass(frozen=True)
class Showing:
    """One showing of one form to one person."""

    person: int
    place: str
    number: str

    @property
    def token(self) -> str:
        """What the form carries; signed."""
        return signing.dumps([self.person, self.place, self.number], salt=SALT)

    @property
    def url(self) -> str:
        """The address that takes the draft."""
        return reverse("drafts:keep", args=[self.token])


def showing(person: User, place: str) -> Showing:
    """Return a new showing of the form at `place`."""
    return Showing(person.pk, place, secrets.token_hex(8))


def read(token: str) -> Showing | None:
    """Return the showing that a token of ours names; None for any other."""
    try:
        person, place, number = signing.loads(token, salt=SALT, max_age=MAX_AGE)
    except signing.BadSignature:
        return None
    return Showing(person, place, number)


def sent_from(request: HttpRequest) -> Showing | None:
    """Return the showing from which this request's form was sent, if it was shown to the person who sends it."""
    found = read(request.POST.get("draft", ""))
    return found if found is not None and found.person == request.user.pk else None
