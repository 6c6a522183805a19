"""How budgets stand and where they are heading: alerts for those whom they concern, and forecasts in words."""

from datetime import date, datetime, timedelta

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Sum, When
from django.urls import reverse

from sora_portal.accounts.models import User
from sora_portal.ledger import own_credits, periods, posting
from sora_portal.ledger.alerts import AlertView
from sora_portal.ledger.models import Alert, Hold, HoldLeg, Journal
from sora_portal.ledger.spending import Budget, budgets_of

# The pace is that of the last two weeks: long enough for a quiet weekend, short enough to notice a rush.
WINDOW = timedelta(days=14)
# Beyond this a forecast is a guess.
FAR = timedelta(days=365)
NEWEST = 400


def forecast(budget: Budget, now: datetime) -> str:
    """Return "At this pace the budget lasts until 24 November."; empty where there is no pace to speak of."""
    if not budget.available or budget.scope.pk is None:
        return ""
    since = max(now - WINDOW, _began(budget))
    used = _used(budget, since)
    if used <= 0:
        return ""
    # Less than a day's worth is no pace: one video at midnight is not a video a minute.
    elapsed = max(now - since, timedelta(days=1))
    last = _last_day(budget, used, elapsed)
    ends = periods.period_at(budget.scope.terms, budget.day).ends
    if ends is not None and last >= ends:
        return (
            "At this pace the budget lasts until it resets."
            if budget.scope.rhythm == periods.MONTHLY
            else ("At this pace the budget lasts to its end.")
        )
    if last > budget.day + FAR:
        return "At this pace the budget lasts for more than a year."
    text = periods.day_text(last) if last.year == budget.day.year else periods.long_day_text(last)
    return f"At this pace the budget lasts until {text}." if last > budget.day else "At this pace it is used up today."


def _began(budget: Budget) -> datetime:
    """Return when the period began: on its first day, or when it was given once."""
    begins = periods.period_at(budget.scope.terms, budget.day).begins
    if begins is not None:
        return periods.midnight(begins, posting.zone())
    given = Journal.objects.filter(key=f"grant:{budget.scope.pk}:{budget.period}").first()
    return given.at if given else periods.midnight(budget.day, posting.zone())


def _last_day(budget: Budget, used: int, elapsed: timedelta) -> date:
    """Return the day on which what is available is gone, in whole numbers: never further than FAR and a day."""
    seconds = budget.available * int(elapsed.total_seconds()) // used
    return budget.day + min(timedelta(seconds=seconds), FAR + timedelta(days=1))


def _used(budget: Budget, since: datetime) -> int:
    """Return what the videos took that were submitted since then: what is reserved, or what they cost in the end."""
    legs = HoldLeg.objects.filter(scope=budget.scope, hold=OuterRef("pk"))
    taken = Case(When(state="settled", then="captured"), default="amount")
    videos = Hold.objects.filter(Exists(legs), created_at__gte=since)
    return videos.aggregate(sum=Sum(taken))["sum"] or 0


def concerning(user: User) -> QuerySet[Alert]:
    """Return the alerts that are for `user`: of their own budget, of projects they lead; an admin's are all."""
    if user.is_portal_admin:
        return Alert.objects.all()
    led = Q(scope__project__memberships__user=user, scope__project__memberships__lead=True)
    return Alert.objects.filter(Q(scope__member=user) | led)


def alerts_for(user: User, now: datetime) -> list[AlertView]:
    """Return what `user` should know about budgets, one line for each, and has not put away.

    An alert of a period that is over, or of a level that a raise has taken the budget below again, is not shown. An
    admin also hears of what other admins did with their own credits.
    """
    open_ones = (
        concerning(user).exclude(seen__user=user).select_related("scope__project", "scope__member", "scope__connection")
    )
    newest: dict[int, Alert] = {}
    # Of those of a scope the newest and highest counts; beyond the newest few hundred all periods are long over.
    for alert in sorted(open_ones.order_by("-pk")[:NEWEST], key=lambda alert: (alert.period, alert.level)):
        newest[alert.scope_id] = alert
    told = own_credits.told_to(user, now)
    if not newest:
        return told
    budgets = {budget.scope.pk: budget for budget in budgets_of([a.scope for a in newest.values()], user, now)}
    for alert in newest.values():
        budget = budgets.get(alert.scope_id)
        if budget is not None and budget.period == alert.period and budget.used_pct >= alert.level:
            tone = "bad" if alert.level == 100 else "warn"
            address = reverse("credits:put_away", args=[alert.pk])
            told.append(AlertView(alert.pk, tone, _text(budget, alert.level, now), put_away=address))
    return told


def _text(budget: Budget, level: int, now: datetime) -> str:
    if not budget.available:
        return f"{budget.label}: used up. {budget.resets_text}"
    state = f"{budget.label}: {max(level, budget.used_pct)} % used, {budget.available_text} {budget.left_text}."
    return f"{state} {forecast(budget, now) or budget.resets_text}"
