"""When the portal was at work."""

from django.db import models
from django.db.models import F, Q


class Span(models.Model):
    """A time in which the portal was at work, by its own clock, without a long silence; the newest one grows."""

    began_at = models.DateTimeField()
    ended_at = models.DateTimeField()

    class Meta:
        ordering = ["began_at"]
        constraints = [
            models.CheckConstraint(name="uptime_span_is_no_less_than_nothing", condition=Q(ended_at__gte=F("began_at")))
        ]

    def __str__(self) -> str:
        return f"{self.began_at} to {self.ended_at}"
