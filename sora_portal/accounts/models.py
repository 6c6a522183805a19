"""People."""

from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.db import models
from django.db.models.functions import Lower


class Role(models.TextChoices):
    """What a person may do beyond making videos in their own projects."""

    MEMBER = "member", "Member"
    REVIEWER = "reviewer", "Reviewer"
    ADMIN = "admin", "Admin"


class Theme(models.TextChoices):
    """Colours of the pages; empty follows the system."""

    SYSTEM = "", "As my system"
    LIGHT = "light", "Light"
    DARK = "dark", "Dark"


class People(DjangoUserManager["User"]):
    """Makes people, and finds them by what they type to sign in."""

    use_in_migrations = False

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        """Return an address as it is kept: allauth looks for it in small letters."""
        return (email or "").strip().lower()

    def signing_in_as(self, login: str) -> "User | None":
        """Return the person whose user name or e-mail address `login` is, in any case of letters."""
        login = login.strip()
        found = self.filter(models.Q(username__iexact=login) | models.Q(email__iexact=login)) if login else self.none()
        # A user name goes before another person's address that reads the same.
        return min(found, key=lambda person: person.username.lower() != login.lower(), default=None)


class User(AbstractUser):
    """A person who signs in, by user name or e-mail address."""

    name = models.CharField("full name", max_length=150, blank=True)
    role = models.CharField(max_length=10, choices=Role.choices, default="member")
    theme = models.CharField(max_length=5, choices=Theme.choices, default="", blank=True)

    objects: ClassVar[People] = People()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="accounts_user_role_known", condition=models.Q(role__in=["member", "reviewer", "admin"])
            ),
            # People sign in with either, in any case of letters: each must lead to one person.
            models.UniqueConstraint(Lower("username"), name="accounts_user_username_once"),
            models.UniqueConstraint(Lower("email"), condition=~models.Q(email=""), name="accounts_user_email_once"),
        ]

    @property
    def display_name(self) -> str:
        """The name that pages show."""
        return self.name or self.username

    @property
    def initials(self) -> str:
        """One or two letters for the avatar."""
        words = self.display_name.split()
        return "".join(word[0] for word in (words[0], words[-1])[: len(words)]).upper() if words else "?"

    @property
    def is_reviewer(self) -> bool:
        """Whether this person may decide on other people's videos."""
        return self.role in (Role.REVIEWER, Role.ADMIN)

    @property
    def is_portal_admin(self) -> bool:
        """Whether this person may see every project and change quotas, people and providers."""
        return self.role == Role.ADMIN
