"""Tables: pictures that people uploaded, and characters that videos can be made with."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from sora_portal.accounts.models import User
from sora_portal.catalog.models import Connection
from sora_portal.projects.models import Project
from sora_portal.references.domain import CHARACTER, PICTURE


class ReferenceImageQuerySet(models.QuerySet["ReferenceImage"]):
    """Pictures, with the access check as a fetch."""

    def visible_to(self, user: User) -> "ReferenceImageQuerySet":
        """Return what `user` may see and use: their own, and those used in videos of their projects; an admin all."""
        if user.is_portal_admin:
            return self
        shared = self.model.objects.filter(projects__memberships__user=user)
        return self.filter(Q(owner=user) | Q(pk__in=shared.values("pk")))

    def idle(self) -> "ReferenceImageQuerySet":
        """Return those that no video uses and nothing will need."""
        return self.filter(last_used_at=None).exclude(pk__in=ReferenceNeed.objects.values("image"))


class ReferenceImage(models.Model):
    """A picture that somebody uploaded, as it was made anew; the files are named by `public_id`.

    It belongs to its owner. Using it in a video shows it to the members of that video's project, who may then use it
    as well. One that no video uses and nothing needs goes after a week.
    """

    public_id = models.CharField(max_length=32, unique=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="reference_images")
    projects = models.ManyToManyField(Project, related_name="reference_images", blank=True)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    source_format = models.CharField(max_length=8)
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)

    objects = ReferenceImageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "sha256"], name="references_one_per_owner_and_content"),
            models.CheckConstraint(
                name="references_image_has_content",
                condition=Q(size__gt=0, width__gt=0, height__gt=0) & ~Q(sha256="") & ~Q(public_id=""),
            ),
        ]
        indexes = [
            models.Index(fields=["created_at"], condition=Q(last_used_at=None), name="references_unused"),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def choice(self) -> str:
        """How a video's choices name it."""
        return f"{PICTURE}{self.public_id}"


class ReferenceNeed(models.Model):
    """That something which is no video yet will need a picture: a request that waits for budget, a draft.

    `for_what` is text ("ask:12"), because what it names is a room above.
    """

    for_what = models.CharField(max_length=64)
    image = models.ForeignKey(ReferenceImage, on_delete=models.CASCADE, related_name="needs")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["for_what", "image"], name="references_need_once")]

    def __str__(self) -> str:
        return f"{self.for_what} needs {self.image_id}"


class CharacterQuerySet(models.QuerySet["Character"]):
    """Characters, with the access check as a fetch."""

    def visible_to(self, user: User) -> "CharacterQuerySet":
        """Return what `user` may see and use: their own, and those of their projects; an admin all."""
        if user.is_portal_admin:
            return self
        shared = self.model.objects.filter(projects__memberships__user=user)
        return self.filter(Q(owner=user) | Q(pk__in=shared.values("pk")))


class Character(models.Model):
    """Somebody who may appear in videos: a part of a clip at an address, or a finished video at its own vendor.

    A vendor knows only its own tasks, and only under the account that made them: so one from a video is bound to a
    connection, and one from a clip is not.
    """

    public_id = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=60)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="characters")
    projects = models.ManyToManyField(Project, related_name="characters", blank=True)
    clip_url = models.CharField(max_length=2000, blank=True)
    # Whole seconds of the clip.
    clip_start = models.PositiveIntegerField(null=True)
    clip_end = models.PositiveIntegerField(null=True)
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, null=True, related_name="characters")
    vendor_task_id = models.CharField(max_length=512, blank=True)
    # The public id of the video whose task it is. Text, because videos are a room above.
    from_video = models.CharField(max_length=26, blank=True)
    consent = models.TextField()
    consent_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    consent_at = models.DateTimeField()
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)
    retired_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    objects = CharacterQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(
                name="references_character_has_one_source",
                condition=Q(
                    ~Q(clip_url=""),
                    clip_start__isnull=False,
                    clip_end__isnull=False,
                    connection=None,
                    vendor_task_id="",
                    from_video="",
                )
                | Q(~Q(vendor_task_id=""), clip_url="", clip_start=None, clip_end=None, connection__isnull=False),
            ),
            models.CheckConstraint(
                name="references_character_span",
                condition=Q(clip_start=None) | Q(clip_end__gte=F("clip_start") + 1, clip_end__lte=F("clip_start") + 3),
            ),
            models.CheckConstraint(name="references_character_consented", condition=~Q(consent="")),
            models.UniqueConstraint(
                fields=["connection", "vendor_task_id"],
                condition=~Q(vendor_task_id=""),
                name="references_character_once_per_task",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def choice(self) -> str:
        """How a video's choices name it."""
        return f"{CHARACTER}{self.public_id}"

    @property
    def span(self) -> str:
        """The part of the clip, as vendors write it: "0,3"; empty for one from a video."""
        return f"{self.clip_start},{self.clip_end}" if self.clip_url else ""
