"""One table: what a person has typed in one place."""

from django.conf import settings
from django.db import models


class Draft(models.Model):
    """The fields of a form that was not sent yet. `place` names the form ("studio", "note:<video>").

    `spent` is the showing of the form that was sent last: what it still saves on its way out comes too late.
    """

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="drafts")
    place = models.CharField(max_length=60)
    values = models.JSONField(default=dict)
    spent = models.CharField(max_length=16, blank=True)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "place"], name="drafts_one_a_place")]

    def __str__(self) -> str:
        return f"{self.place} of {self.person_id}"

    @property
    def needs(self) -> str:
        """Its name where it is written down which pictures it needs."""
        return f"draft:{self.pk}"
