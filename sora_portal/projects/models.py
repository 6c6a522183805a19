"""Projects: the rooms in which a team makes videos, and the first limit that a budget knows below the organisation."""

from django.conf import settings
from django.db import models

from sora_portal.accounts.models import User


class ProjectQuerySet(models.QuerySet["Project"]):
    """Projects, with the access check as a fetch."""

    def visible_to(self, user: User) -> "ProjectQuerySet":
        """Return the projects that `user` may see: an admin all of them, others those they belong to."""
        if user.is_portal_admin:
            return self
        return self.filter(memberships__user=user)

    def open(self) -> "ProjectQuerySet":
        """Return the projects that still take new videos."""
        return self.filter(archived_at=None)


class Project(models.Model):
    """A room with a name, members and a history."""

    name = models.CharField(max_length=80, unique=True)
    slug = models.SlugField(max_length=80, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, through="Membership", related_name="projects")

    objects = ProjectQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A person's place in a project."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    lead = models.BooleanField(default=False, help_text="Hears about the project's budget.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "user"], name="projects_membership_once")]

    def __str__(self) -> str:
        return f"{self.user} in {self.project}"
