"""Requests for budget. Amounts in milli-credits."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q

from sora_portal.accounts.models import User
from sora_portal.catalog.models import VideoModel
from sora_portal.generations.models import Generation
from sora_portal.ledger.models import Scope
from sora_portal.projects.models import Project


class RequestState(models.TextChoices):
    """Where a request stands."""

    WAITING = "waiting", "Waiting"
    GRANTED = "granted", "Granted"
    SUBMITTED = "submitted", "Submitted"
    DECLINED = "declined", "Declined"
    WITHDRAWN = "withdrawn", "Withdrawn"


class RequestQuerySet(models.QuerySet["Ask"]):
    """Requests, with the access check as a fetch."""

    def visible_to(self, user: User) -> "RequestQuerySet":
        """Return the requests that `user` may see: their own; an admin sees all."""
        return self if user.is_portal_admin else self.filter(author=user)

    def open(self, now: datetime) -> "RequestQuerySet":
        """Return the requests that wait for an answer. Nobody ends one that took too long: it is over by its date."""
        return self.filter(state="waiting", expires_at__gt=now)

    def for_pages(self) -> "RequestQuerySet":
        """Return them with all that pages show, newest first."""
        scope = ("scope__project", "scope__member", "scope__connection")
        people = ("author", "decided_by")
        return self.select_related(*people, *scope, "project", "model__connection", "generation").order_by("-id")


class Ask(models.Model):
    """A request for budget, with the video that waits for it, as it was to be submitted.

    waiting: nobody has answered. granted: the credits are there, but the video could not go out (`trouble` says why).
    submitted: the video is on its way. `scope` is the budget that refused, `amount` what it lacked.
    """

    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="asks")
    scope = models.ForeignKey(Scope, on_delete=models.PROTECT, related_name="asks")
    amount = models.BigIntegerField()
    reason = models.CharField(max_length=300)

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    model = models.ForeignKey(VideoModel, on_delete=models.PROTECT, related_name="+")
    prompt = models.TextField()
    choices = models.JSONField()
    submit_key = models.CharField(max_length=64)
    price_milli = models.BigIntegerField()

    state = models.CharField(max_length=9, choices=RequestState.choices, default="waiting")
    # Grows with every answer, so that an admin who looks at an old page is told instead of granting twice.
    version = models.PositiveSmallIntegerField(default=0)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=300, blank=True)
    trouble = models.CharField(max_length=500, blank=True)
    generation = models.OneToOneField(Generation, on_delete=models.PROTECT, null=True, blank=True, related_name="ask")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    objects = RequestQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="budgets_ask_once", fields=["author", "submit_key"]),
            models.CheckConstraint(name="budgets_ask_for_something", condition=Q(amount__gt=0, price_milli__gte=0)),
            models.CheckConstraint(
                name="budgets_ask_state_known",
                condition=Q(state__in=["waiting", "granted", "submitted", "declined", "withdrawn"]),
            ),
            models.CheckConstraint(
                name="budgets_ask_submitted_has_its_video",
                condition=Q(state="submitted", generation__isnull=False)
                | ~Q(state="submitted") & Q(generation__isnull=True),
            ),
            models.CheckConstraint(
                name="budgets_ask_decline_is_explained",
                condition=~Q(state="declined") | Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(answer=""),
            ),
        ]
        indexes = [
            models.Index(fields=["expires_at"], condition=Q(state="waiting"), name="budgets_ask_waiting"),
            models.Index(fields=["author", "-id"], name="budgets_ask_author"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} for {self.author}"

    @property
    def needs(self) -> str:
        """Its name where it is written down which pictures it needs."""
        return f"ask:{self.pk}"
