"""The request as views know it once somebody is signed in."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from sora_portal.accounts.models import User


class Request(HttpRequest):
    """A request behind `login_required`: `user` is one of ours, `htmx` says whether htmx asked and how."""

    user: User
    htmx: HtmxDetails
