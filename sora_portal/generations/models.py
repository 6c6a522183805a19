"""Tables of the heart: a generation, its attempts at vendors, what happened, and what the page has not seen yet."""

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Prefetch, Q

from sora_portal.accounts.models import User
from sora_portal.catalog.models import Connection, Credential, VideoModel
from sora_portal.ledger.models import Hold
from sora_portal.projects.models import Project
from sora_portal.references.models import Character, ReferenceImage
from sora_portal.web.search import FoldedField

TERMINAL_VALUES = ["succeeded", "failed", "cancelled"]


class Review(models.TextChoices):
    """What the reviewers think of a finished video; the decisions themselves live in the reviews room."""

    NONE = "", "Not finished"
    WAITING = "to_review", "To review"
    CHANGES = "changes", "Changes requested"
    APPROVED = "approved", "Approved"
    REJECTED = "rejected", "Rejected"


class GenerationQuerySet(models.QuerySet["Generation"]):
    """Generations, with the access check as a fetch."""

    def visible_to(self, user: User) -> "GenerationQuerySet":
        """Return what `user` may see: their projects' videos; an admin sees all."""
        if user.is_portal_admin:
            return self
        return self.filter(project__memberships__user=user)

    def for_rows(self) -> "GenerationQuerySet":
        """Return the rows with all that a list shows, newest first.

        `model_is_ambiguous` says that another connection has a model of the same name.
        """
        namesakes = VideoModel.objects.filter(label=OuterRef("model__label"))
        namesakes = namesakes.exclude(connection=OuterRef("model__connection"))
        # Beside the rows and not with each: fifty rows have three or four models, and each has a document to read.
        models = Prefetch("model", VideoModel.objects.select_related("connection"))
        rows = self.defer("search").select_related("author", "project").prefetch_related(models).order_by("-id")
        return rows.annotate(model_is_ambiguous=Exists(namesakes))


class Generation(models.Model):
    """One video somebody asked for, from the prompt to the end. Its `state` changes only in `transitions.move`."""

    public_id = models.CharField(max_length=26, unique=True)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="generations")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="generations")
    model = models.ForeignKey(VideoModel, on_delete=models.PROTECT, related_name="generations")
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="generations")
    prompt = models.TextField()
    search = FoldedField(of="prompt")
    choices = models.JSONField()
    state = models.CharField(max_length=16, default="queued")
    review = models.CharField(max_length=10, choices=Review.choices, default="", blank=True)
    submit_key = models.CharField(max_length=64)
    hold = models.OneToOneField(Hold, on_delete=models.PROTECT, related_name="+")
    price_milli = models.BigIntegerField()

    # When somebody must look at the row again. A live row always has it, so no row can be forgotten.
    # The sweep moves it on whenever it wakes somebody, so it cannot say whether that somebody may act.
    due_at = models.DateTimeField(null=True)
    # Until when nobody may submit it: while queued, the vendor's or our own wish to wait; while being sent, a lease.
    held_until = models.DateTimeField(null=True)
    # Grows with every claim: a worker that lost its lease while frozen cannot write with the old number.
    fence = models.PositiveIntegerField(default=0)
    lost_leases = models.PositiveSmallIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)
    cancel_wanted_at = models.DateTimeField(null=True)

    failure_kind = models.CharField(max_length=20, blank=True)
    failure_text = models.CharField(max_length=300, blank=True)
    waiting_for = models.CharField(max_length=300, blank=True)

    sha256 = models.CharField(max_length=64, blank=True)
    # When the file of a video that had ended without one came after all. It moved no state and no credits.
    recovered_at = models.DateTimeField(null=True)
    # Since when its stored file is known to be damaged: an approval of it does not count.
    broken_at = models.DateTimeField(null=True)
    duration_ms = models.PositiveIntegerField(default=0)
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)

    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    # Place in the change feed: of the newest change, and of the row's birth.
    changed = models.BigIntegerField(default=0)
    born = models.BigIntegerField(default=0)

    objects = GenerationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["author", "submit_key"], name="generations_one_per_submit_key"),
            models.CheckConstraint(name="generations_price_not_negative", condition=Q(price_milli__gte=0)),
            models.CheckConstraint(
                name="generations_state_known",
                condition=Q(
                    state__in=[
                        "queued",
                        "submitting",
                        "unconfirmed",
                        "running",
                        "fetching",
                        "needs_decision",
                        *TERMINAL_VALUES,
                    ]
                ),
            ),
            models.CheckConstraint(
                name="generations_live_rows_are_due",
                condition=Q(state__in=TERMINAL_VALUES, due_at=None, finished_at__isnull=False)
                | (~Q(state__in=TERMINAL_VALUES) & Q(due_at__isnull=False, finished_at=None)),
            ),
            models.CheckConstraint(
                name="generations_success_has_a_file", condition=~Q(state="succeeded") | ~Q(sha256="")
            ),
            models.CheckConstraint(
                name="generations_review_needs_a_file",
                condition=Q(review="") | Q(state="succeeded") | Q(recovered_at__isnull=False),
            ),
            models.CheckConstraint(
                name="generations_recovered_after_the_end",
                condition=Q(recovered_at=None) | Q(state__in=["failed", "cancelled"]) & ~Q(sha256=""),
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="generations_due"),
            models.Index(fields=["project", "-id"], name="generations_project_page"),
            models.Index(fields=["project", "changed"], name="generations_project_feed"),
            models.Index(fields=["author", "-id"], name="generations_author_page"),
            models.Index(fields=["project", "state", "-id"], name="generations_state_page"),
            # Whole and not partial: SQLite uses a partial one only where the query repeats its condition. By author,
            # so that whose turn it is costs as much with ten waiting as with ten thousand.
            models.Index(fields=["connection", "state", "author", "id"], name="generations_waiting"),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def is_live(self) -> bool:
        """Whether anything may still happen by itself."""
        return self.state not in TERMINAL_VALUES

    @property
    def lacks_a_file(self) -> bool:
        """Whether it ended, with its credits back, and no file has come since."""
        return self.state in ("failed", "cancelled") and self.recovered_at is None

    @property
    def has_a_file(self) -> bool:
        """Whether its file is kept: it was finished, or recovered."""
        return self.state == "succeeded" or self.recovered_at is not None


class Attempt(models.Model):
    """One try to have a vendor make it: the frozen request, and the only thing that may ever be sent for it."""

    generation = models.ForeignKey(Generation, on_delete=models.PROTECT, related_name="attempts")
    number = models.PositiveSmallIntegerField()
    phase = models.CharField(max_length=12, default="prepared")
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="+")
    # Frozen at the claim. Status queries go where the create went, with its key, whatever the settings say by then.
    # None: of a time when keys were not kept; then only the connection's present address gets its present key.
    credential = models.ForeignKey(Credential, on_delete=models.PROTECT, null=True, related_name="+")
    base_url = models.CharField(max_length=300)
    path_prefix = models.CharField(max_length=40, blank=True)
    body_style = models.CharField(max_length=10, blank=True)
    wire_model = models.CharField(max_length=100, blank=True)
    request = models.JSONField()
    pace = models.FloatField(default=1.0)
    interval = models.FloatField(default=10.0)
    token_hash = models.CharField(max_length=64, unique=True)

    prepared_at = models.DateTimeField()
    sending_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    vendor_task_id = models.CharField(max_length=512, null=True)  # noqa: DJ001 - null is "none yet" for the unique index
    # On whose word: one of `domain.BoundBy`, "" while there is no task.
    bound_by = models.CharField(max_length=10, blank=True, default="")
    verdict = models.CharField(max_length=20, blank=True)
    vendor_code = models.CharField(max_length=80, blank=True)
    vendor_message = models.TextField(blank=True)
    result_urls = models.JSONField(default=list)
    result_seen_at = models.DateTimeField(null=True)

    # What the vendor charges for it by its price of that day, in millionths; None: nobody had entered one.
    vendor_cost_micro = models.BigIntegerField(null=True)
    vendor_currency = models.CharField(max_length=10, blank=True)
    vendor_charges_failures = models.BooleanField(default=False)

    errors = models.PositiveIntegerField(default=0)
    not_found = models.PositiveIntegerField(default=0)
    not_found_since = models.DateTimeField(null=True)
    no_result = models.PositiveIntegerField(default=0)
    no_result_since = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["generation", "number"], name="generations_attempt_number"),
            models.UniqueConstraint(
                fields=["generation"],
                condition=Q(phase__in=["prepared", "sending", "accepted", "unknown"]),
                name="generations_one_live_attempt",
            ),
            models.UniqueConstraint(
                fields=["connection", "vendor_task_id"],
                condition=Q(vendor_task_id__isnull=False),
                name="generations_vendor_task_once",
            ),
            models.CheckConstraint(
                name="generations_phase_known",
                condition=Q(phase__in=["prepared", "sending", "accepted", "rejected", "unknown", "written_off"]),
            ),
            models.CheckConstraint(
                name="generations_accepted_has_task",
                condition=~Q(phase="accepted") | Q(vendor_task_id__isnull=False),
            ),
        ]
        # For the cap on creates: how many a connection was sent in the last seconds.
        indexes = [models.Index(fields=["connection", "prepared_at"], name="generations_attempt_rate")]

    def __str__(self) -> str:
        return f"{self.generation_id}/{self.number}"


class Line(models.Model):
    """The videos that wait for a connection: `called_at` says when a worker was called to it that has not come yet."""

    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, primary_key=True, related_name="line")
    called_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"line at {self.connection_id}"


class Served(models.Model):
    """Whose turn it was last at a connection: `last` is the newest attempt of this author there, and only grows."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    last = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "author"], name="generations_served_once")]

    def __str__(self) -> str:
        return f"{self.author_id} at {self.connection_id}: {self.last}"


class LateTask(models.Model):
    """A vendor's task that may exist although its attempt was settled, or its video ended: watched for a while.

    `due_at` is when somebody must look again, None when the watch is over; until `until` nobody else may begin: a lease
    while `busy`, a pause otherwise.
    """

    attempt = models.OneToOneField(Attempt, on_delete=models.PROTECT, primary_key=True, related_name="late")
    opened_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    until = models.DateTimeField()
    busy = models.BooleanField(default=False)
    # As on a generation: a worker that slept past its lease cannot write with the old number.
    fence = models.PositiveIntegerField(default=0)
    lost_leases = models.PositiveSmallIntegerField(default=0)
    rounds = models.PositiveSmallIntegerField(default=1)
    not_found = models.PositiveSmallIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)
    outcome = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="generations_late_due")]

    def __str__(self) -> str:
        return f"late task of {self.attempt_id}"


class ReferenceUse(models.Model):
    """That a video uses a picture or a character: written with the video, kept as long as it is."""

    generation = models.ForeignKey(Generation, on_delete=models.CASCADE, related_name="uses")
    image = models.ForeignKey(ReferenceImage, on_delete=models.PROTECT, null=True, related_name="uses")
    character = models.ForeignKey(Character, on_delete=models.PROTECT, null=True, related_name="uses")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="generations_use_names_one_thing",
                condition=Q(image=None, character__isnull=False) | Q(image__isnull=False, character=None),
            ),
            models.UniqueConstraint(
                fields=["generation", "image"], condition=Q(image__isnull=False), name="generations_image_used_once"
            ),
            models.UniqueConstraint(
                fields=["generation", "character"],
                condition=Q(character__isnull=False),
                name="generations_character_used_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.generation_id} uses {self.image_id or self.character_id}"


class Event(models.Model):
    """What happened to a generation, in order. Rows are only ever added; triggers hold that."""

    generation = models.ForeignKey(Generation, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=20)
    source = models.CharField(max_length=16, blank=True)
    target = models.CharField(max_length=16, blank=True)
    text = models.CharField(max_length=500, blank=True)
    staff_text = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.source}->{self.target}"


class Answer(models.Model):
    """The newest answer of a vendor that was worth keeping, word for word but without secrets: for staff alone.

    One for each attempt and operation ("create", "query"): of a vendor that says the same for hours, the last.
    """

    attempt = models.ForeignKey(Attempt, on_delete=models.CASCADE, related_name="answers")
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    operation = models.CharField(max_length=8)
    at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(help_text="HTTP; 0 when no answer came.")
    kind = models.CharField(max_length=20, blank=True, help_text="What it is in our words: an ErrorKind.")
    text = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["attempt", "operation"], name="generations_answer_once")]
        indexes = [models.Index(fields=["connection", "-at"], name="generations_answer_newest")]

    def __str__(self) -> str:
        return f"{self.operation} of {self.attempt_id}: HTTP {self.status}"

    @property
    def anchor(self) -> str:
        """Where it stands on the page of its video."""
        return f"answer-{self.pk}"


class CallbackInbox(models.Model):
    """A callback as it came: written in milliseconds, read later by a worker, never believed.

    Ids that an unclear answer to a create named wait here as well (`source` "answer"), to be asked about alike.
    """

    attempt = models.ForeignKey(Attempt, on_delete=models.CASCADE, related_name="callbacks")
    body_hash = models.CharField(max_length=64)
    source = models.CharField(max_length=10, default="callback")
    body = models.BinaryField()
    received_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["attempt", "body_hash"], name="generations_callback_once")]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="generations_inbox_due"),
            models.Index(fields=["received_at"], condition=Q(due_at=None), name="generations_inbox_read"),
        ]

    def __str__(self) -> str:
        return f"callback for {self.attempt_id}"


class FeedCounter(models.Model):
    """One row: the number of the newest change in the whole house."""

    value = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.value)


class ProjectFeed(models.Model):
    """The number of the newest change in one project: all that an unchanged poll has to read."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, primary_key=True)
    changed = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.project_id}: {self.changed}"


class PollerSlot(models.Model):
    """The right to be one of the pollers: who holds it, and their signs of life, counted."""

    slot = models.PositiveSmallIntegerField(primary_key=True)
    holder = models.CharField(max_length=32, blank=True)
    beats = models.PositiveBigIntegerField(default=0)
    beat_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"slot {self.slot}"
