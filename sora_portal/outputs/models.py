"""Files that we keep, and who is fetching one."""

from django.db import models
from django.db.models import Q

from sora_portal.accounts.models import User
from sora_portal.generations.models import Generation


class OutputQuerySet(models.QuerySet["Output"]):
    """Outputs, with the access check as a fetch."""

    def visible_to(self, user: User) -> "OutputQuerySet":
        """Return the files that `user` may have: those of the generations that they may see."""
        return self.filter(generation__in=Generation.objects.visible_to(user))


class Output(models.Model):
    """The verified file of a generation. The file itself is named by its checksum, so equal files are stored once."""

    generation = models.OneToOneField(Generation, on_delete=models.PROTECT, related_name="output")
    sha256 = models.CharField(max_length=64, db_index=True)
    size = models.BigIntegerField()
    mime = models.CharField(max_length=20)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    duration_ms = models.PositiveIntegerField()
    fps = models.FloatField()
    codec = models.CharField(max_length=20)
    has_audio = models.BooleanField()
    # How many pictures are shown; 0 for files from before this was counted.
    frames = models.PositiveIntegerField(default=0)
    # When each begins, in microseconds on the player's clock; empty where its number and `fps` say it.
    frame_times = models.JSONField(default=list, blank=True)
    plays_everywhere = models.BooleanField(default=True)
    has_preview = models.BooleanField(default=False)
    # When the file was last written, and when somebody last looked at its size and read it through.
    mtime_ns = models.BigIntegerField(null=True)
    looked_at = models.DateTimeField(null=True, db_index=True)
    hashed_at = models.DateTimeField(null=True, db_index=True)
    # Why it is no longer the file that was stored; empty while it is.
    broken = models.CharField(max_length=200, blank=True, default="")
    source_host = models.CharField(max_length=253)
    fetched_at = models.DateTimeField()

    objects = OutputQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="outputs_file_has_content",
                condition=Q(size__gt=0, width__gt=0, height__gt=0, duration_ms__gt=0, fps__gt=0) & ~Q(sha256=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sha256[:12]} of {self.generation_id}"

    @property
    def last_frame(self) -> int:
        """The number of the last frame, counted from 0."""
        return max(0, (self.frames or round(self.duration_ms * self.fps / 1000)) - 1)

    @property
    def can_be_shown(self) -> bool:
        """Whether every browser shows it on the page: itself, or a preview in its place."""
        return self.plays_everywhere or self.has_preview


class Download(models.Model):
    """Whose turn it is to fetch a file.

    The generation's own `due_at` cannot say it: the sweep moves it on before it wakes anybody, so a worker that reads
    it cannot tell the sweep's lease from that of another worker. Until `until` nobody else may start: a lease while
    `busy`, a pause after a failure otherwise.
    """

    generation = models.OneToOneField(Generation, on_delete=models.CASCADE, primary_key=True, related_name="download")
    until = models.DateTimeField()
    busy = models.BooleanField(default=False)
    trouble = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.generation_id} until {self.until:%H:%M:%S}"
