"""The database's half of the installation's identity; the other half is a file beside the send journal."""

from django.db import models
from django.db.models import Q


class Installation(models.Model):
    """One row: who this installation is. A database that is not the one of its journal differs from the file in it."""

    uid = models.CharField(max_length=32)
    # Grows with every release from safe mode: a backup from before a release has an older one.
    epoch = models.PositiveIntegerField(default=1)
    # From when on every create call is in the journal.
    since = models.DateTimeField()
    # Whether it ever had a vendor that costs money. Copies of one that never had need no decision.
    live = models.BooleanField(default=False)

    class Meta:
        constraints = [models.CheckConstraint(name="installation_one_row", condition=Q(pk=1))]

    def __str__(self) -> str:
        return f"{self.uid}, epoch {self.epoch}"


class MediaFolder(models.Model):
    """One row: which media folder belongs to this database. A copy of both goes on with the same."""

    uid = models.CharField(max_length=32)

    class Meta:
        constraints = [models.CheckConstraint(name="installation_one_media_folder", condition=Q(pk=1))]

    def __str__(self) -> str:
        return self.uid
