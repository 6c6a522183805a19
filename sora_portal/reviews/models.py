"""What reviewers said: decisions, which are only ever added, and notes on frames."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from sora_portal.generations.models import Generation
from sora_portal.reviews import domain


class Verdict(models.TextChoices):
    """What somebody decided, as history shows it."""

    APPROVE = "approve", "Approved"
    REQUEST_CHANGES = "request_changes", "Changes requested"
    REJECT = "reject", "Rejected"
    REOPEN = "reopen", "Reopened"


class DecisionQuerySet(models.QuerySet["Decision"]):
    """Decisions."""

    def for_history(self) -> "DecisionQuerySet":
        """Return the decisions with who made them, newest first."""
        return self.select_related("by").order_by("-number")


class Decision(models.Model):
    """One decision on one file. The newest counts, and triggers (guards.py) hold that none ever changes."""

    generation = models.ForeignKey(Generation, on_delete=models.PROTECT, related_name="decisions")
    # 1, 2, 3… for each video: of two people who decide at once, the database lets one have the number.
    number = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    verdict = models.CharField(max_length=16, choices=Verdict.choices)
    reason = models.TextField(blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="decisions")
    # Whose video it is, copied here so that the database itself can refuse a decision on one's own.
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = DecisionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["generation", "number"], name="reviews_decision_number"),
            models.CheckConstraint(
                name="reviews_decision_verdict_known",
                condition=Q(verdict__in=["approve", "request_changes", "reject", "reopen"]),
            ),
            models.CheckConstraint(name="reviews_decision_not_on_ones_own", condition=~Q(by=F("author"))),
            models.CheckConstraint(name="reviews_decision_counts_from_one", condition=Q(number__gte=1)),
            models.CheckConstraint(name="reviews_decision_has_a_checksum", condition=~Q(sha256="")),
            models.CheckConstraint(
                name="reviews_decision_against_says_why",
                condition=~Q(verdict__in=["reject", "reopen"]) | ~Q(reason=""),
            ),
        ]
        indexes = [models.Index(fields=["at"], name="reviews_decision_at")]

    def __str__(self) -> str:
        return f"{self.verdict} of {self.generation_id}"

    @property
    def did(self) -> str:
        """The verdict as a verb: "approved"."""
        return domain.DID[domain.Verdict(self.verdict)]

    @property
    def tone(self) -> str:
        """How history colours it: ok, bad or nothing."""
        return {"approve": "ok", "reject": "bad"}.get(self.verdict, "")


class NoteQuerySet(models.QuerySet["Note"]):
    """Notes."""

    def unresolved(self) -> "NoteQuerySet":
        """Return the notes that still ask for something."""
        return self.filter(resolved_at=None)

    def in_order(self) -> "NoteQuerySet":
        """Return the notes with who wrote and resolved them, in the order of the video."""
        return self.select_related("by", "resolved_by").order_by("frame", "id")


class Note(models.Model):
    """What somebody said about one frame. The frame and its rate are kept; the time code follows from them."""

    generation = models.ForeignKey(Generation, on_delete=models.PROTECT, related_name="notes")
    frame = models.PositiveIntegerField()
    fps = models.FloatField()
    text = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="review_notes")
    at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = NoteQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="reviews_note_has_a_rate", condition=Q(fps__gt=0)),
            models.CheckConstraint(name="reviews_note_says_something", condition=~Q(text="")),
            models.CheckConstraint(
                name="reviews_note_resolved_by_somebody",
                condition=Q(resolved_at=None, resolved_by=None)
                | Q(resolved_at__isnull=False, resolved_by__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["generation", "frame"], name="reviews_note_in_order")]

    def __str__(self) -> str:
        return f"{self.timecode} of {self.generation_id}"

    @property
    def timecode(self) -> str:
        """Where it is, as "MM:SS:FF"."""
        return domain.timecode(self.frame, self.fps)

    @property
    def is_open(self) -> bool:
        """Whether it still asks for something."""
        return self.resolved_at is None
