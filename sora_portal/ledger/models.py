"""The ledger's tables. Amounts are integers in milli-credits (1 credit = 1000), never decimals: on SQLite a decimal
is a float.

Double entry: a journal says what happened, its transfers move amounts between accounts. A hold moves one amount in
every scope that limits it, and remembers (HoldLeg) in which periods, so that it is settled where it was taken.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from sora_portal.accounts.models import User
from sora_portal.catalog.models import Connection
from sora_portal.ledger.periods import Terms
from sora_portal.projects.models import Project


class ScopeKind(models.TextChoices):
    """What a budget is for."""

    ORGANISATION = "organisation", "Organisation"
    PROJECT = "project", "Project"
    MEMBER = "member", "Person"
    CONNECTION = "connection", "Vendor"


class Recurrence(models.TextChoices):
    """How often a budget gives its quota."""

    MONTHLY = "monthly", "Every month"
    TERM = "term", "For fixed dates"
    ONCE = "once", "Once"


class Bucket(models.TextChoices):
    """The five accounts of a scope in a period. Only the source goes below zero: it is where grants come from."""

    SOURCE = "source", "Source"
    AVAILABLE = "available", "Available"
    HELD = "held", "Reserved"
    SPENT = "spent", "Spent"
    EXPIRED = "expired", "Expired"


class Kind(models.TextChoices):
    """What a journal records."""

    GRANT = "grant", "Grant"
    HOLD = "hold", "Reserved"
    CAPTURE = "capture", "Spent"
    RELEASE = "release", "Released"
    ADJUST = "adjust", "Adjustment"
    REFUND = "refund", "Refund"
    EXPIRE = "expire", "Expired"
    CARRY = "carry", "Carried over"


class HoldState(models.TextChoices):
    """Whether a hold is still waiting for its end."""

    HELD = "held", "Reserved"
    SETTLED = "settled", "Settled"


def _subject_of_kind() -> Q:
    """Return the condition that a scope names the subject of its kind, and no other."""
    subjects = ("project", "member", "connection")
    condition = Q()
    for kind in ("organisation", *subjects):
        condition |= Q(kind=kind, **{f"{subject}__isnull": subject != kind for subject in subjects})
    return condition


class ScopeQuerySet(models.QuerySet["Scope"]):
    """Scopes, one for each subject, made when first needed."""

    def organisation(self) -> "Scope":
        """Return the organisation's scope."""
        return self.get_or_create(kind="organisation")[0]

    def of_project(self, project: Project) -> "Scope":
        """Return the scope of `project`; a new one has no limit."""
        return self.get_or_create(project=project, defaults={"kind": "project"})[0]

    def of_member(self, member: User) -> "Scope":
        """Return the scope of `member`; a new one has the organisation's quota for newcomers."""
        scope = self.filter(member=member).first()
        if scope is None:
            quota = self.organisation().default_member_quota
            scope, _ = self.get_or_create(member=member, defaults={"kind": "member", "quota": quota})
        return scope

    def of_connection(self, connection: Connection) -> "Scope":
        """Return the scope of `connection`; a new one has no limit."""
        return self.get_or_create(connection=connection, defaults={"kind": "connection"})[0]

    def kept(self, scope: "Scope") -> "Scope":
        """Return the row of `scope`, making it where a page has only thought of it (queries.scope_at)."""
        if scope.pk:
            return scope
        if scope.project is not None:
            return self.of_project(scope.project)
        if scope.member is not None:
            return self.of_member(scope.member)
        return self.of_connection(scope.connection) if scope.connection is not None else self.organisation()


class Scope(models.Model):
    """Something that may have a budget. Without `quota` it limits nothing and keeps no accounts."""

    kind = models.CharField(max_length=12, choices=ScopeKind.choices)
    project = models.OneToOneField(Project, on_delete=models.PROTECT, null=True, blank=True, related_name="scope")
    member = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="scope"
    )
    connection = models.OneToOneField(Connection, on_delete=models.PROTECT, null=True, blank=True, related_name="scope")
    quota = models.BigIntegerField(
        null=True, blank=True, help_text="Milli-credits for each of its periods; empty: no limit."
    )
    rhythm = models.CharField(max_length=7, choices=Recurrence.choices, default="monthly", db_default="monthly")
    starts_on = models.DateField(null=True, blank=True, help_text="First day of a fixed term.")
    ends_on = models.DateField(null=True, blank=True, help_text="Last day of a fixed term.")
    edition = models.PositiveSmallIntegerField(default=0, db_default=0, help_text="How often it began anew.")
    carry_over = models.BooleanField(default=False, help_text="What is left at the end of a period stays.")
    default_member_quota = models.BigIntegerField(
        null=True,
        blank=True,
        help_text="The organisation's only: monthly milli-credits of a newcomer; empty: no limit.",
    )

    objects = ScopeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="credits_scope_subject_of_kind", condition=_subject_of_kind()),
            models.CheckConstraint(
                name="credits_scope_quota_not_negative",
                condition=Q(quota__isnull=True) | Q(quota__gte=0),
            ),
            models.CheckConstraint(
                name="credits_scope_term_has_dates",
                condition=Q(rhythm="term", starts_on__isnull=False, ends_on__isnull=False, ends_on__gte=F("starts_on"))
                | Q(rhythm__in=["monthly", "once"], starts_on__isnull=True, ends_on__isnull=True),
            ),
            models.CheckConstraint(
                name="credits_scope_default_on_organisation",
                condition=Q(default_member_quota__isnull=True) | Q(kind="organisation", default_member_quota__gte=0),
            ),
            models.UniqueConstraint(
                name="credits_scope_one_organisation", fields=["kind"], condition=Q(kind="organisation")
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """What pages call it."""
        if self.project is not None:
            return f"Project {self.project.name}"
        if self.member is not None:
            return self.member.display_name
        if self.connection is not None:
            return self.connection.label
        return "Organisation"

    @property
    def address(self) -> str:
        """What URLs call it: "organisation", "project-3"."""
        subject = self.project_id or self.member_id or self.connection_id
        return f"{self.kind}-{subject}" if subject else self.kind

    @property
    def limits(self) -> bool:
        """Whether it has a budget at all."""
        return self.quota is not None

    @property
    def terms(self) -> Terms:
        """What it gives and when."""
        return Terms(self.rhythm, self.quota, self.starts_on, self.ends_on, self.carry_over, self.edition)


class Account(models.Model):
    """One bucket of one scope in one period. Written by a trigger on transfers (ledger_guards.py), never from here."""

    scope = models.ForeignKey(Scope, on_delete=models.PROTECT, related_name="accounts")
    period = models.CharField(max_length=24)
    bucket = models.CharField(max_length=9, choices=Bucket.choices)
    debits = models.BigIntegerField(default=0)
    credits = models.BigIntegerField(default=0)
    balance = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(name="credits_account_balances", condition=Q(balance=F("credits") - F("debits"))),
            models.CheckConstraint(
                name="credits_account_not_overdrawn", condition=Q(bucket="source") | Q(balance__gte=0)
            ),
            models.CheckConstraint(
                name="credits_account_totals_not_negative", condition=Q(debits__gte=0, credits__gte=0)
            ),
            models.CheckConstraint(
                name="credits_account_bucket_known",
                condition=Q(bucket__in=["source", "available", "held", "spent", "expired"]),
            ),
            models.UniqueConstraint(name="credits_account_once", fields=["scope", "period", "bucket"]),
        ]

    def __str__(self) -> str:
        return f"{self.bucket} {self.period}"


class Hold(models.Model):
    """Credits set aside for one piece of work, named by `ref`; settled once: captured + released = amount."""

    ref = models.CharField(max_length=64, unique=True)
    amount = models.BigIntegerField()
    captured = models.BigIntegerField(default=0)
    released = models.BigIntegerField(default=0)
    state = models.CharField(max_length=7, choices=HoldState.choices, default="held")
    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="holds")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="holds")
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="holds")
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="credits_hold_amounts_not_negative",
                condition=Q(amount__gte=0, captured__gte=0, released__gte=0),
            ),
            models.CheckConstraint(
                name="credits_hold_settled_in_full",
                condition=Q(state="held", captured=0, released=0, settled_at__isnull=True)
                | Q(state="settled", amount=F("captured") + F("released"), settled_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(name="credits_hold_member_settled", fields=["member", "settled_at"]),
            models.Index(name="credits_hold_project_settled", fields=["project", "settled_at"]),
            models.Index(name="credits_hold_open", fields=["created_at"], condition=Q(state="held")),
        ]

    def __str__(self) -> str:
        return self.ref

    @property
    def is_settled(self) -> bool:
        """Whether its end has come."""
        return self.state == HoldState.SETTLED


class HoldLeg(models.Model):
    """What a hold took from one period of a scope that limits it. A scope's legs add up to the hold's amount."""

    hold = models.ForeignKey(Hold, on_delete=models.PROTECT, related_name="legs")
    scope = models.ForeignKey(Scope, on_delete=models.PROTECT, related_name="legs")
    period = models.CharField(max_length=24)
    amount = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="credits_holdleg_once", fields=["hold", "scope", "period"]),
            models.CheckConstraint(name="credits_holdleg_not_negative", condition=Q(amount__gte=0)),
        ]

    def __str__(self) -> str:
        return f"{self.hold} in {self.period}"


class Journal(models.Model):
    """One thing that happened, for good. `key` makes it happen once; `amount` is what it was about, once and not per
    scope, and signed for adjustments.
    """

    key = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    amount = models.BigIntegerField()
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.CharField(max_length=500, blank=True)
    ref = models.CharField(max_length=64, blank=True)
    hold = models.ForeignKey(Hold, on_delete=models.PROTECT, null=True, blank=True, related_name="journals")
    scope = models.ForeignKey(Scope, on_delete=models.PROTECT, null=True, blank=True, related_name="journals")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="credits_journal_kind_known",
                condition=Q(kind__in=["hold", "capture", "release", "grant", "adjust", "refund", "expire", "carry"]),
            ),
            # What a hold does concerns the scopes of its legs; everything else concerns one scope.
            models.CheckConstraint(
                name="credits_journal_of_hold_or_scope",
                condition=Q(kind__in=["hold", "capture", "release", "refund"], hold__isnull=False, scope__isnull=True)
                | Q(kind__in=["grant", "adjust", "expire", "carry"], hold__isnull=True, scope__isnull=False),
            ),
        ]
        indexes = [models.Index(name="credits_journal_ref", fields=["ref"])]

    def __str__(self) -> str:
        return self.key


class Transfer(models.Model):
    """One amount moved from the account that is debited to the account that is credited."""

    journal = models.ForeignKey(Journal, on_delete=models.PROTECT, related_name="transfers")
    debit = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="debited")
    credit = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="credited")
    amount = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="credits_transfer_positive", condition=Q(amount__gt=0)),
            models.CheckConstraint(name="credits_transfer_two_accounts", condition=~Q(debit=F("credit"))),
        ]

    def __str__(self) -> str:
        return f"{self.amount} in {self.journal}"


class Reconciliation(models.Model):
    """One row: when the books were last held against their rules, and what did not hold."""

    asked_at = models.DateTimeField(null=True)
    at = models.DateTimeField(null=True)
    differences = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"{len(self.differences)} differences at {self.at}"


class OwnCreditsSeen(models.Model):
    """Up to which journal an admin has read what other admins did with their own credits."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    upto = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.user}, up to {self.upto}"


class Alert(models.Model):
    """That so many percent of a budget were used, noticed once for each level and period."""

    scope = models.ForeignKey(Scope, on_delete=models.PROTECT, related_name="alerts")
    period = models.CharField(max_length=24)
    level = models.PositiveSmallIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="credits_alert_once", fields=["scope", "period", "level"]),
            models.CheckConstraint(name="credits_alert_level_known", condition=Q(level__in=[50, 80, 95, 100])),
        ]

    def __str__(self) -> str:
        return f"{self.level} % of {self.scope} in {self.period}"


class AlertSeen(models.Model):
    """That a person has put an alert away."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="seen")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(name="credits_alertseen_once", fields=["alert", "user"])]

    def __str__(self) -> str:
        return f"{self.alert}, seen by {self.user}"
